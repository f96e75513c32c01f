"""What really stands where differs from the register exactly as drawn."""

from collections import Counter

import numpy as np
import pytest

from devices.simulator.city import City
from devices.simulator.floor import DESKS
from devices.simulator.truth import MISPLACEMENTS, NOWHERE, DifferenceKind, Standing, Truth, make_truth


def test_only_the_drawn_dossiers_stand_elsewhere(city: City, truth: Truth) -> None:
    elsewhere = np.flatnonzero(truth.place != city.dossiers.place)
    assert sorted(elsewhere) == sorted(difference.dossier for difference in truth.differences)
    for difference in truth.differences:
        place = truth.place[difference.dossier]
        assert difference.number == city.dossiers.number[difference.dossier].decode()
        assert difference.register == city.places[city.dossiers.place[difference.dossier]].code
        assert difference.truly == (None if place == NOWHERE else city.places[place].code)


def metres(coordinate: float | None) -> float:
    """A shelf's coordinate; only places of other kinds have none."""
    assert coordinate is not None
    return coordinate


def test_each_kind_of_misplacement_is_what_it_is_called(city: City, truth: Truth) -> None:
    assert Counter(difference.kind for difference in truth.differences) == {
        **dict.fromkeys(MISPLACEMENTS, 3),
        DifferenceKind.LEFT_ON_DESK: 2,
        DifferenceKind.REMOVED: 4,
    }
    rows = {row.code: row for row in city.places}
    for difference in truth.differences:
        was, now = rows[difference.register], rows.get(difference.truly or "")
        match difference.kind:
            case DifferenceKind.NEXT_LEVEL:
                assert now
                assert was.parent == now.parent
                assert metres(now.z) - metres(was.z) in (pytest.approx(0.35), pytest.approx(-0.35))
            case DifferenceKind.NEXT_BAY:
                assert now
                assert (was.aisle, was.face, was.z) == (now.aisle, now.face, now.z)
                assert metres(now.y) - metres(was.y) in (pytest.approx(0.9), pytest.approx(-0.9))
            case DifferenceKind.FACING:
                assert now
                assert (was.aisle, was.y, was.z) == (now.aisle, now.y, now.z)
                assert was.face != now.face
            case DifferenceKind.FAR:
                assert now
                assert was.parent != now.parent
            case DifferenceKind.LEFT_ON_DESK:
                assert difference.truly == DESKS[0]
            case DifferenceKind.REMOVED:
                assert now is None


def test_some_tags_are_dead_but_none_that_was_moved(city: City) -> None:
    truth = make_truth(city, 1, dead_share=0.05)
    assert truth.dead.mean() == pytest.approx(0.05, abs=0.012)
    assert not any(truth.dead[difference.dossier] for difference in truth.differences)


def test_what_stands_somewhere_is_every_living_tag_and_every_shelf_label_once(
    city: City, truth: Truth, standing: Standing
) -> None:
    tags = np.concatenate([standing.at(place) for place in range(len(city.places))])
    alive = np.flatnonzero(~truth.dead & (truth.place != NOWHERE))
    labels = np.arange(len(city.shelves.place)) + standing.labels_from
    assert sorted(tags) == [*alive, *labels]
    for place in np.unique(truth.place[alive]):
        here = standing.at(int(place))
        dossiers = here[here < standing.labels_from]
        assert (truth.place[dossiers] == place).all()
        assert (np.diff(standing.along[dossiers]) > 0).all()


def test_more_differences_than_a_tenth_of_the_dossiers_are_refused(city: City) -> None:
    with pytest.raises(ValueError, match="at most a tenth"):
        make_truth(city, 1, misplaced=700)
