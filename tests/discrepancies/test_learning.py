"""What people answer teaches the next model and the profiles, and nothing else."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from devices.simulator.days import listen
from devices.simulator.halls import Profile, make_hall, plant
from inventory.locating.model import Model, tolerated
from inventory.locating.nightly import ANSWERS_KEPT, NO_ANSWERS, with_answers
from inventory.operations.gathering import newest_model
from tests.conftest import Archive
from tests.locating.halls import NIGHTS, SEED, VOLUMES, close, evening_of, hear_day, put


def test_what_is_tolerated_follows_what_people_found() -> None:
    assert tolerated(0.015, 0, 0) == 0.015
    assert tolerated(0.015, 4, 1) == pytest.approx(0.0075), (
        "twice as many wrong as promised, with what was thought before"
    )
    assert tolerated(0.015, 0, 2) == pytest.approx(0.03)
    assert tolerated(0.015, 10_000, 0) == pytest.approx(0.0015)
    assert tolerated(0.015, 0, 10_000) == pytest.approx(0.03), "never looser than twice what was stated"


def test_answers_are_counted_and_fade() -> None:
    model = with_answers(
        replace(Model(), found_wrong=(1.0, 2.0)), NO_ANSWERS._replace(found=(3.0, 0.5), missing=(1.0, 1.0))
    )
    assert model.found_wrong == (ANSWERS_KEPT + 3.0, 2 * ANSWERS_KEPT + 0.5)
    assert model.missing_wrong == (1.0, 1.0)
    assert Model.of(model.parameters()) == model
    assert Model.of({}) == Model(), "a model of before knows of no answers"


@pytest.mark.parametrize("postgres", ["PostgreSQL 18, embedded"], indirect=True)
def test_a_false_alarm_is_not_raised_again(archive: Archive, tmp_path: Path) -> None:
    """Somebody went there: it stands at home, and sounds as if it didn't. The others go on being found."""
    hall = make_hall(VOLUMES, Profile.CABINET, SEED)
    put(archive, hall, tmp_path)
    for day in range(NIGHTS):
        hear_day(archive, hall, listen(hall, day))
        close(archive, day)
    hall = plant(hall, 40, 0, SEED)
    hear_day(archive, hall, listen(hall, NIGHTS))
    assert close(archive, NIGHTS).cases.opened >= 20
    row = archive.root.execute(
        "UPDATE discrepancy SET state = 'resolved', outcome = 'false_alarm', closed_at = %s, closed_by = %s WHERE id = "
        "(SELECT min(id) FROM discrepancy WHERE kind = 'misplaced') RETURNING volume_id, probability",
        (evening_of(NIGHTS) + timedelta(hours=2), archive.keeper.account_id),
    ).fetchone()
    assert row is not None
    volume, probability = row
    others = misplaced(archive, NIGHTS) - {volume}
    hear_day(archive, hall, listen(hall, NIGHTS + 1))
    close(archive, NIGHTS + 1)
    with archive.jobs.unpooled() as connection:
        _, model = newest_model(connection, evening_of(NIGHTS + 1))
    assert model.found_wrong == pytest.approx((1.0, 1 - probability))
    assert model.found_tolerated < model.wrong_max
    assert profiled(archive, volume)
    assert not any(profiled(archive, other) for other in others), (
        "the radio has them elsewhere, and nobody said it is wrong"
    )
    hear_day(archive, hall, listen(hall, NIGHTS + 2))
    close(archive, NIGHTS + 2)
    assert volume not in misplaced(archive, NIGHTS + 2)
    assert len(others & misplaced(archive, NIGHTS + 2)) >= 0.9 * len(others)
    assert archive.root.execute("SELECT count(*) FROM discrepancy WHERE volume_id = %s", (volume,)).fetchone() == (1,)


def misplaced(archive: Archive, day: int) -> set[int]:
    """What a day's close called misplaced."""
    query = "SELECT volume_id FROM judgement WHERE outcome = 'elsewhere' AND judged_until = %s"
    return {volume for (volume,) in archive.root.execute(query, (evening_of(day),))}


def profiled(archive: Archive, volume: int) -> bool:
    return bool(archive.root.execute("SELECT FROM read_profile WHERE volume_id = %s", (volume,)).rowcount)
