"""The nightly close on a real database: days of a simulated hall judged, remembered, and judged again."""

from dataclasses import replace
from datetime import timedelta

import numpy as np

from devices.simulator.days import Disturbance, listen
from devices.simulator.halls import Hall, Plant, plant
from devices.simulator.truth import NOWHERE
from inventory.domain.acts import ActKind
from inventory.locating.nightly import close_night
from inventory.locating.profiling import Profiles
from inventory.operations.gathering import newest_model
from tests.conftest import Archive
from tests.locating.halls import NIGHTS, SEED, VOLUMES, close, evening_of, hear_day, interval_of, number_of, shelf_of


def outcomes(archive: Archive) -> dict[str, tuple[str, str | None, int]]:
    """How each volume was judged last: outcome, place by radio, nights covered and not heard."""
    rows = archive.root.execute(
        "SELECT number, outcome, place.code, nights_unseen FROM judgement JOIN volume ON volume.id = volume_id "
        "JOIN dossier ON dossier.id = dossier_id LEFT JOIN place ON place.id = judgement.place_id"
    )
    return {number: (outcome, place, nights) for number, outcome, place, nights in rows}


def test_after_three_nights_what_is_misplaced_or_gone_is_found(cabinet: tuple[Archive, Hall]) -> None:
    """The belief that pages show says so too, and nothing is called missing that stands there."""
    archive, hall = cabinet
    hall = plant(hall, 80, 20, SEED)
    hear_day(archive, hall, listen(hall, NIGHTS))
    closed = close(archive, NIGHTS)
    said = outcomes(archive)
    away = np.flatnonzero(np.isin(hall.planted, [kind.value for kind in Plant if kind is not Plant.REMOVED]))
    right = [said[number_of(volume)][:2] == ("elsewhere", shelf_of(hall.stands[volume])) for volume in away.tolist()]
    assert len(away) >= 40
    assert np.mean(right) > 0.9
    gone = {number_of(volume) for volume in np.flatnonzero(hall.planted == Plant.REMOVED.value).tolist()}
    missing = {number for number, (outcome, _, _) in said.items() if outcome == "missing"}
    assert len(gone & missing) >= 0.9 * len(gone)
    assert len(missing - gone) <= 2
    assert {outcome: count for outcome, count in closed.outcomes.items() if count} == {
        outcome: sum(one == outcome for one, _, _ in said.values()) for outcome in {one for one, _, _ in said.values()}
    }
    believed = archive.root.execute(
        "SELECT count(*) FROM belief WHERE model_version = %s", (closed.version,)
    ).fetchone()
    assert believed is not None
    assert believed[0] > 0.9 * VOLUMES


def test_profiles_come_back_to_the_bit(cabinet: tuple[Archive, Hall]) -> None:
    """A close that reads the profiles of earlier nights finds the very numbers those left behind."""
    archive, hall = cabinet
    before = interval_of(archive, NIGHTS - 1).profiles
    hear_day(archive, hall, listen(hall, NIGHTS))
    interval = interval_of(archive, NIGHTS)
    assert same(before, interval.profiles)
    gathered = interval.gathered
    with archive.jobs.unpooled() as connection:
        _, model = newest_model(connection, evening_of(NIGHTS))
        connection.commit()
    _, after, _ = close_night(
        gathered.sightings, gathered.trail, gathered.places, gathered.ledger_place, model, interval.profiles, interval.past
    )  # fmt: skip
    close(archive, NIGHTS)
    assert not same(before, after)
    assert same(interval_of(archive, NIGHTS).profiles, after)


def same(one: Profiles, other: Profiles) -> bool:
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in Profiles.__dataclass_fields__)


def test_what_a_dead_antenna_covers_keeps_the_judgement_it_had(cabinet: tuple[Archive, Hall]) -> None:
    archive, hall = cabinet
    before = archive.root.execute("SELECT count(*) FROM judgement").fetchone()
    dead = int(hall.ledger[0])
    hear_day(archive, hall, listen(hall, NIGHTS, Disturbance(dead_antennas=(dead,))))
    close(archive, NIGHTS)
    silent = {number_of(volume) for volume in np.flatnonzero(hall.ledger == dead).tolist()}
    assert not {number for number, (outcome, _, _) in outcomes(archive).items() if outcome == "missing"} & silent
    assert archive.root.execute("SELECT count(*) FROM judgement").fetchone() == before
    old = archive.root.execute(
        "SELECT count(*) FROM judgement JOIN place ON place.id = ledger_place_id WHERE code = %s AND judged_until = %s",
        (shelf_of(dead), evening_of(NIGHTS - 1)),
    ).fetchone()
    assert old is not None
    assert old[0] > 0
    covered = archive.root.execute(
        "SELECT listened_at < %s FROM shelf_coverage JOIN place ON place.id = place_id WHERE code = %s",
        (evening_of(NIGHTS - 1), shelf_of(dead)),
    ).fetchone()
    assert covered == (True,)


def test_an_earlier_day_closed_again_replaces_nothing(cabinet: tuple[Archive, Hall]) -> None:
    archive, _ = cabinet
    query = "SELECT volume_id, judged_until, outcome, model_version FROM judgement ORDER BY 1"
    before, believed = archive.root.execute(query).fetchall(), archive.root.execute("TABLE belief").fetchall()
    close(archive, 0)
    assert archive.root.execute(query).fetchall() == before
    assert sorted(archive.root.execute("TABLE belief").fetchall()) == sorted(believed)


def test_a_volume_shelved_after_its_shelf_was_heard_is_not_missing(cabinet: tuple[Archive, Hall]) -> None:
    """The cabinet listened in the first minutes of the day; the keeper brought the volume in the afternoon."""
    archive, hall = cabinet
    volume = int(np.flatnonzero(~hall.dead)[0])
    there = shelf_of(int(hall.ledger[VOLUMES - 1]))
    hall = replace(hall, stands=np.where(np.arange(VOLUMES) == volume, NOWHERE, hall.stands))
    hear_day(archive, hall, listen(hall, NIGHTS))
    archive.act(
        ActKind.CORRECTED, number_of(volume), there, happened_at=evening_of(NIGHTS) - timedelta(hours=6), reason="放错"
    )
    close(archive, NIGHTS)
    outcome, place, _ = outcomes(archive)[number_of(volume)]
    assert (outcome, place) == ("at_home", shelf_of(int(hall.ledger[volume]))), (
        "the judgement of the night before stands"
    )
