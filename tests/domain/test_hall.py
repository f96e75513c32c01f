"""How far it is on foot between the shelves of a hall."""

import heapq
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inventory.domain.hall import (
    CLEARANCE_METRES,
    Aisle,
    AisleName,
    Block,
    Hall,
    Room,
    Spot,
    blocks_of,
    survey,
    walking_distances,
)

STEP = 0.5
Footprint = tuple[float, float, float, float]


def simulated_bays() -> list[tuple[AisleName, Spot]]:
    """Two blocks, one behind the other: four aisles of five bays, run along y; built as the simulator builds its floor."""
    return [
        (
            AisleName(1, "AB"[block], str(carriage + face)),
            Spot((2 * carriage + face + 0.5) * 0.35, block * 6 + bay * 0.9),
        )
        for block, carriage, face, bay in product(range(2), range(3), range(2), range(5))
    ]


def room() -> Room:
    return Room(Hall(survey(simulated_bays())), 1)


def test_an_aisle_lies_between_two_faces_and_is_as_long_as_its_bays() -> None:
    aisles = {aisle.name: aisle for aisle in survey(simulated_bays())}
    assert len(aisles) == 8
    between = aisles[AisleName(1, "A", "1")]
    assert (between.x_min, between.x_max) == pytest.approx((0.525, 0.875))
    assert (between.y_min, between.y_max) == pytest.approx((0, 3.6))
    assert aisles[AisleName(1, "A", "0")].x_min == aisles[AisleName(1, "A", "0")].x_max, (
        "before the first carriage: one face"
    )


@pytest.mark.parametrize("turned", [False, True])
def test_aisles_run_across_the_direction_in_which_they_lie_side_by_side(turned: bool) -> None:
    bays = [(name, Spot(spot.y, spot.x) if turned else spot) for name, spot in simulated_bays()]
    block = blocks_of(aisle for aisle in survey(bays) if aisle.name.block == "A")["A"]
    assert block.along == (0 if turned else 1)
    corners = [list(block.footprint[:2]), list(block.footprint[2:])]
    expected = [[0, -0.45], [2.1, 4.05]]
    assert np.allclose(corners, [corner[::-1] for corner in expected] if turned else expected)


def test_an_aisle_is_entered_from_the_corridor_at_either_end() -> None:
    low, high = room().heads(AisleName(1, "A", "1"))
    assert low == pytest.approx((0.7, -0.45 - CLEARANCE_METRES))
    assert high == pytest.approx((0.7, 4.05 + CLEARANCE_METRES))
    assert room().length(AisleName(1, "A", "1")) == pytest.approx(5.5)
    assert room().reach(AisleName(1, "A", "1"), Spot(0.525, 0.9)) == pytest.approx((1.85, 3.65))


def test_an_aisle_that_ends_at_a_wall_is_entered_from_the_other_side() -> None:
    name = AisleName(1, "A", "1")
    wall = Room(Hall((Aisle(name, 0, 0, 0, 9, high_end_open=False),)), 1)
    assert wall.reach(name, Spot(0, 9)) == pytest.approx((9.95, float("inf")))
    assert wall.length(name) == float("inf")
    with pytest.raises(ValueError, match="aisle 1 of block A has no open end"):
        Aisle(name, 0, 0, 0, 9, low_end_open=False, high_end_open=False)


def test_one_walks_along_the_corridor_to_the_next_aisle_and_around_the_block_to_its_back() -> None:
    here, behind = room().heads(AisleName(1, "A", "1"))
    beside = room().heads(AisleName(1, "A", "2"))[0]
    across = room().heads(AisleName(1, "B", "1"))[0]
    ways = room().distances(np.array([here, behind, beside, across]))
    assert ways[0, 2] == pytest.approx(0.7)
    assert ways[1, 3] == pytest.approx(abs(across.y - behind.y)), "over the corridor"
    assert ways[0, 1] == pytest.approx(5.5 + 2 * (0.7 + CLEARANCE_METRES)), (
        "past the nearer side, not through the shelves"
    )


def test_a_room_is_entered_at_its_door_or_at_its_lowest_corner() -> None:
    assert room().door(np.empty((0, 2))) == pytest.approx((-CLEARANCE_METRES, -0.45 - CLEARANCE_METRES))
    assert Room(Hall((), {1: Spot(7, 8)}), 1).door(np.zeros((1, 2))) == Spot(7, 8)


def test_blocks_drawn_over_each_other_leave_a_way_as_if_nothing_stood_there() -> None:
    both = [Block((0, 0, 4, 4), 1), Block((0, 0, 4, 4), 1)]
    assert walking_distances(np.array([[2.0, 2.0], [3.0, 1.0]]), both)[0, 1] == pytest.approx(2)


def test_one_winds_through_blocks_that_stand_in_each_others_way() -> None:
    blocks = [Block(footprint, 1) for footprint in ((-20, 2, 10, 3), (6, 5, 30, 6), (-20, 8, 10, 9))]
    ways = walking_distances(np.array([[8.0, 0.0], [8.0, 11.0]]), blocks)
    assert ways[0, 1] == pytest.approx(11 + 2.5 + 5 + 5 + 2.5), (
        "right of the first, left of the second, right of the third"
    )


@st.composite
def floors(draw: st.DrawFn) -> tuple[list[Footprint], list[Spot]]:
    """Up to four blocks with corridors of at least two metres, and spots that keep their distance."""
    blocks = []
    for left, below in product((0, 9), (0, 9)):
        if draw(st.booleans()):
            x, y = left + draw(st.integers(0, 2)), below + draw(st.integers(0, 2))
            blocks.append((float(x), float(y), float(x + draw(st.integers(1, 5))), float(y + draw(st.integers(1, 5)))))
    floor = [Spot(float(x), float(y)) for x, y in product(range(-2, 19), repeat=2)]
    free = [spot for spot in floor if not any(_within(spot, block, CLEARANCE_METRES) for block in blocks)]
    return blocks, draw(st.lists(st.sampled_from(free), min_size=2, max_size=4, unique=True))


def _within(spot: Spot, block: Footprint, margin: float) -> bool:
    x_min, y_min, x_max, y_max = block
    return x_min - margin < spot[0] < x_max + margin and y_min - margin < spot[1] < y_max + margin


def step_by_step(start: Spot, goal: Spot, blocks: list[Footprint], margin: float) -> float:
    """Dijkstra on a grid of half metres: slow and beyond doubt."""
    reached, waiting = {start: 0.0}, [(0.0, start)]
    while waiting:
        metres, here = heapq.heappop(waiting)
        if here == goal:
            return metres
        for dx, dy in ((STEP, 0), (-STEP, 0), (0, STEP), (0, -STEP)):
            there = Spot(here.x + dx, here.y + dy)
            outside = not (-4 <= there.x <= 21 and -4 <= there.y <= 21)
            if outside or any(_within(there, block, margin) for block in blocks):
                continue
            if metres + STEP < reached.get(there, float("inf")):
                reached[there] = metres + STEP
                heapq.heappush(waiting, (metres + STEP, there))
    raise AssertionError


@settings(max_examples=40, deadline=None)
@given(floors())
def test_a_way_is_no_shorter_than_one_scraping_the_shelves_and_no_longer_than_one_keeping_away(
    floor: tuple[list[Footprint], list[Spot]],
) -> None:
    blocks, spots = floor
    ways = walking_distances(np.array(spots, float), [Block(block, 1) for block in blocks])
    assert np.array_equal(ways, ways.T)
    for (i, here), (j, there) in product(enumerate(spots), repeat=2):
        scraping = step_by_step(here, there, blocks, 0)
        keeping_away = step_by_step(here, there, blocks, CLEARANCE_METRES)
        assert scraping - 1e-9 <= ways[i, j] <= keeping_away + 1e-9
