"""What the radio makes of what it heard: pure, and the same to the bit whatever the order."""

import dataclasses
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inventory.locating.arrays import NONE, Beliefs, Sightings
from inventory.locating.believing import believe
from inventory.locating.hearing import places_by_anchors
from inventory.locating.learning import VOLUMES_MIN, learn
from inventory.locating.model import Model
from tests.locating.hearsay import NOWHERE, SECOND, SHELVES, Heard, heard, ledger, shelves, trail

MODEL = Model()


def one(*rows: Heard, home: int = NOWHERE, model: Model = MODEL) -> tuple[int, float]:
    """Place and probability of the one volume heard."""
    beliefs = believe(heard(*rows), trail(), shelves(), ledger(home), model)
    assert beliefs.volume.tolist() == [0]
    return int(beliefs.place[0]), float(beliefs.probability[0])


def test_the_shelf_that_hears_it_loudest_has_it_even_where_another_reads_it_more_often() -> None:
    often = [(0, 2, 2, second, -62.0) for second in range(20)]
    assert one((0, 1, 1, 0, -45.0), *often)[0] == 1


def test_a_volume_the_ledger_knows_nothing_of_is_where_it_is_heard() -> None:
    place, probability = one((0, 1, 4, 0, -50.0))
    assert (place, probability) == (4, 1.0)


def test_the_ledger_keeps_a_volume_that_is_only_faintly_heard_next_door() -> None:
    place, probability = one((0, 1, 5, 0, -66.0), home=4)
    assert place == 4
    assert probability > 0.9


def test_a_neighbour_that_hears_it_a_little_louder_does_not_move_it() -> None:
    assert one((0, 1, 5, 0, -50.0), (0, 2, 4, 0, -53.0), home=4)[0] == 4


def test_loud_reads_far_away_move_it() -> None:
    place, probability = one((0, 1, 9, 0, -45.0), home=0)
    assert place == 9
    assert probability > 0.8
    place, probability = one((0, 1, 11, 0, -45.0), home=0)
    assert place == 11, "another room is as far as can be"
    assert probability > 0.95


def test_a_volume_heard_only_beside_its_shelf_most_likely_stands_there() -> None:
    """Who listened at its own shelf in vain is the night's to weigh: what was heard of others says nothing here."""
    assert one((0, 1, 6, 0, -50.0), home=4)[0] == 4


def test_a_reader_that_tells_no_strength_still_tells_a_place() -> None:
    assert one((0, 1, 3, 0, 0.0))[0] == 3


def test_nothing_heard_is_nothing_believed() -> None:
    beliefs = believe(heard(), trail(), shelves(), ledger(), MODEL)
    assert all(len(getattr(beliefs, field.name)) == 0 for field in dataclasses.fields(Beliefs))
    assert len(places_by_anchors(heard(), trail(), MODEL)) == 0
    assert learn(heard(), trail(), shelves(), ledger(), MODEL) is MODEL


def test_a_moving_reader_nobody_knows_the_way_of_gives_no_belief() -> None:
    beliefs = believe(heard((0, 1, NONE, 5, -45.0), (1, 2, 3, 5, -45.0)), trail(), shelves(), ledger(4, 3), MODEL)
    assert beliefs.volume.tolist() == [1]


def test_every_volume_has_its_reads_and_its_newest_moment() -> None:
    beliefs = believe(heard((0, 1, 3, 7, -50), (0, 1, 3, 2, -50), (2, 1, 3, 1, -50)), trail(), shelves(), ledger(3, 3, 3), MODEL)  # fmt: skip
    assert beliefs.volume.tolist() == [0, 2]
    assert beliefs.reads.tolist() == [8, 4]
    assert beliefs.last_seen.tolist() == [8 * SECOND, 2 * SECOND]


# ── Where a moving reader was ────────────────────────────────────────────────────────────────────────────────────────


def where(
    codes: Sequence[tuple[int, float, int]], labels: Sequence[tuple[int, float, int, float]], *at: float
) -> list[int]:
    sightings = heard(*((0, 1, NONE, moment, -50.0) for moment in at))
    return [int(place) for place in places_by_anchors(sightings, trail(codes, labels), MODEL)]


def test_a_scanned_code_holds_until_the_next_one() -> None:
    assert where([(1, 10, 3), (1, 40, 4)], [], 9.9, 10, 39.9, 40, 60) == [NOWHERE, 3, 3, 4, 4]


def test_a_scanned_code_holds_no_longer_than_is_sensible() -> None:
    longest = MODEL.code_seconds_max
    assert where([(1, 10, 3)], [], 10 + longest, 10 + longest + 0.1) == [3, NOWHERE]


def test_the_label_nearest_in_time_says_better_where_it_is_than_a_code() -> None:
    labels = [(1, 20, 5, -48.0), (1, 30, 6, -48.0)]
    assert where([(1, 10, 3)], labels, 12, 19, 24, 26, 39, 41) == [5, 5, 5, 6, 6, 3]


def test_of_two_labels_as_near_the_earlier_is_taken() -> None:
    assert where([], [(1, 20, 5, -48.0), (1, 30, 6, -48.0)], 25) == [5]


def test_a_label_far_weaker_than_usual_is_a_stray() -> None:
    usual = [(1, float(second), 5, -48.0) for second in range(0, 100, 20)]
    assert where([], [*usual, (1, 41, 9, -70.0)], 41) == [5]


def test_another_readers_way_says_nothing() -> None:
    assert where([(2, 10, 3)], [(3, 12, 4, -48.0)], 12) == [NOWHERE]


# ── The same to the bit ──────────────────────────────────────────────────────────────────────────────────────────────

rows = st.tuples(
    st.integers(0, 7),
    st.integers(0, 2),
    st.sampled_from([NONE, *range(SHELVES)]),
    st.integers(0, 300).map(float),
    st.integers(-75, -35).map(float),
)
homes = st.lists(st.sampled_from([NOWHERE, *range(SHELVES)]), min_size=8, max_size=8)
WAY = trail(
    [(reader, float(second), second // 30) for reader in range(3) for second in range(0, 300, 30)],
    [(0, float(second), second // 40, -45.0 - second % 7) for second in range(0, 300, 25)],
)


def as_bytes(beliefs: Beliefs) -> list[bytes]:
    return [getattr(beliefs, field.name).tobytes() for field in dataclasses.fields(Beliefs)]


def chosen(sightings: Sightings, which: object) -> Sightings:
    return Sightings(**{f.name: getattr(sightings, f.name)[which] for f in dataclasses.fields(Sightings)})


@settings(max_examples=60, deadline=None)
@given(st.lists(rows, min_size=1, max_size=60), homes, st.randoms(use_true_random=False))
def test_the_order_in_which_evidence_came_changes_no_bit(
    evidence: list[Heard], home: list[int], chance: object
) -> None:
    sightings = heard(*evidence)
    order = list(range(len(evidence)))
    chance.shuffle(order)  # type: ignore[attr-defined]
    again = believe(chosen(sightings, order), WAY, shelves(), ledger(*home), MODEL)
    assert as_bytes(again) == as_bytes(believe(sightings, WAY, shelves(), ledger(*home), MODEL))


@settings(max_examples=60, deadline=None)
@given(st.lists(rows, min_size=1, max_size=60), homes)
def test_probabilities_are_probabilities_and_places_are_places(evidence: list[Heard], home: list[int]) -> None:
    sightings = heard(*evidence)
    beliefs = believe(sightings, WAY, shelves(), ledger(*home), MODEL)
    assert np.all(np.diff(beliefs.volume) > 0)
    assert set(beliefs.volume) == set(sightings.volume[places_by_anchors(sightings, WAY, MODEL) != NONE])
    assert np.all((beliefs.place >= 0) & (beliefs.place < SHELVES))
    assert np.all((beliefs.runner_up >= NONE) & (beliefs.runner_up < SHELVES))
    assert np.all(beliefs.place != beliefs.runner_up)
    assert np.all((beliefs.probability > 0) & (beliefs.probability <= 1))
    assert np.all((beliefs.runner_up_probability >= 0) & (beliefs.runner_up_probability <= beliefs.probability))
    assert np.all(beliefs.probability + beliefs.runner_up_probability <= 1 + 1e-12)
    alone = beliefs.runner_up == NONE
    assert np.allclose(beliefs.probability[alone], 1)


@settings(max_examples=60, deadline=None)
@given(st.lists(rows, min_size=1, max_size=60), homes)
def test_a_volume_does_not_care_what_else_is_heard(evidence: list[Heard], home: list[int]) -> None:
    """Beliefs are drawn for whatever is new, at one site more at once than at another."""
    together = believe(heard(*evidence), WAY, shelves(), ledger(*home), MODEL)
    mine = [row for row in evidence if row[0] == evidence[0][0]]
    alone = believe(heard(*mine), WAY, shelves(), ledger(*home), MODEL)
    assert of_one(together, mine[0][0]) == of_one(alone, mine[0][0])


def of_one(beliefs: Beliefs, volume: int) -> list[bytes]:
    return [getattr(beliefs, field.name)[beliefs.volume == volume].tobytes() for field in dataclasses.fields(Beliefs)]


def test_places_that_nobody_measured_are_far_from_everything() -> None:
    unmeasured = dataclasses.replace(shelves(), x=np.full(SHELVES, np.nan))
    beliefs = believe(heard((0, 1, 5, 0, -45.0)), trail(), unmeasured, ledger(4), MODEL)
    assert beliefs.place.tolist() == [5]


# ── Learning ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def site(volumes: int, shadowing_db: float, seed: int = 7) -> tuple[Sightings, np.ndarray]:
    """Volumes at home, each also heard next door, all with this much static shadowing; one in a hundred is misplaced."""
    chance = np.random.default_rng(seed)
    home = chance.integers(1, SHELVES - 3, volumes)
    rows: list[Heard] = []
    for volume, place in enumerate(home.tolist()):
        stands = place if volume % 100 else (place + 4) % (SHELVES - 2)
        for heard_at in (stands - 1, stands, stands + 1):
            strength = (-48.0 if heard_at == stands else -54.0) + chance.normal(0, shadowing_db)
            rows.append((volume, 1, max(heard_at, 0), 0.0, min(strength, -30.0)))
    return heard(*rows), home.astype(np.int64)


def test_too_little_teaches_nothing() -> None:
    sightings, home = site(VOLUMES_MIN - 1, 3.0)
    assert learn(sightings, trail(), shelves(), home, MODEL) == MODEL


@pytest.mark.parametrize("shadowing_db", [1.0, 3.0, 6.0])
def test_a_site_learns_how_telling_a_difference_in_strength_is(shadowing_db: float) -> None:
    sightings, home = site(1_000, shadowing_db)
    learned = learn(sightings, trail(), shelves(), home, MODEL)
    assert dataclasses.replace(learned, scale_db=MODEL.scale_db) == MODEL, "only the scale is learned"
    assert 0.5 <= learned.scale_db <= 12.0
    assert learned == learn(sightings, trail(), shelves(), home, MODEL)


def test_where_walls_shadow_more_a_difference_tells_less() -> None:
    scales = [_learned(*site(1_000, db)).scale_db for db in (1.0, 3.0, 6.0)]
    assert scales == sorted(scales)
    assert scales[0] < scales[-1]


def _learned(sightings: Sightings, home: np.ndarray) -> Model:
    return learn(sightings, trail(), shelves(), home, MODEL)


def test_a_model_comes_out_of_the_database_as_it_went_in() -> None:
    assert Model.of(Model(scale_db=1.234).parameters()) == Model(scale_db=1.234)
