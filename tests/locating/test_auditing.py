"""An audit on a real database: what it finds, what it can't decide, and what it doesn't claim to know."""

import json
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from devices.simulator.days import Disturbance, listen
from devices.simulator.halls import Hall, Plant, plant
from devices.simulator.truth import NOWHERE
from guiwei.audit_commands import told_of_audit
from inventory.domain.acts import ActKind
from inventory.domain.findings import FindingKind
from inventory.domain.refusals import BadInput, PlaceNotFound
from inventory.operations.audit_judging import Audit
from inventory.operations.auditing import audit
from inventory.operations.locating import locate
from tests.conftest import Archive
from tests.locating.halls import NIGHTS, SEED, close, evening_of, hear_day, hear_stranger, number_of, shelf_of


def audited(archive: Archive, scope: str = "W1") -> Audit:
    with archive.jobs.unpooled() as connection:
        return audit(connection, scope, evening_of(NIGHTS - 1), evening_of(NIGHTS))


def named(found: Audit, kind: FindingKind) -> dict[str | None, str | None]:
    return {one.dossier: one.place_belief for one in found.findings if one.kind is kind}


def test_an_audit_finds_what_was_planted_and_leaves_alone_what_is_out(cabinet: tuple[Archive, Hall]) -> None:
    """One is at the desk by the ledger and gone from its shelf, another at the desk by the ledger and still on its shelf."""
    archive, hall = cabinet
    hall = plant(hall, 60, 15, SEED)
    out, left = np.flatnonzero((hall.planted == "") & ~hall.dead)[:2].tolist()
    desk, noon = archive.desk(), evening_of(NIGHTS - 1) - timedelta(hours=12)
    for volume in (out, left):
        archive.act(ActKind.PICKED, number_of(volume), desk, authority="R-1", happened_at=noon, reason="补登")
    hall = replace(hall, stands=np.where(np.arange(len(hall)) == out, NOWHERE, hall.stands))
    hear_day(archive, hall, listen(hall, NIGHTS))
    before = archive.root.execute("SELECT * FROM judgement ORDER BY 1").fetchall()
    found = audited(archive)
    assert found.coverage == 1
    assert found.expected == len(hall) - 2
    misplaced, missing = named(found, FindingKind.MISPLACED), named(found, FindingKind.MISSING)
    away = np.flatnonzero(np.isin(hall.planted, [kind.value for kind in Plant if kind is not Plant.REMOVED])).tolist()
    right = [misplaced.get(number_of(volume)) == shelf_of(int(hall.stands[volume])) for volume in away]
    assert np.mean(right) > 0.85
    gone = {number_of(volume) for volume in np.flatnonzero(hall.planted == Plant.REMOVED.value).tolist()}
    assert len(gone & missing.keys()) > 0.85 * len(gone)
    assert number_of(out) not in missing
    assert named(found, FindingKind.PRESENT_THOUGH_OUT) == {number_of(left): shelf_of(int(hall.ledger[left]))}
    assert {one.dossier for one in found.undecided} & {one.dossier for one in found.findings} == set()
    assert archive.root.execute("SELECT * FROM judgement ORDER BY 1").fetchall() == before, "an audit changes nothing"
    told = json.loads(json.dumps(told_of_audit(found), default=str))
    assert told.keys() >= {"audit", "scope", "from", "to", "coverage", "findings", "undecided", "gaps"}


def test_what_nobody_listened_at_is_a_gap_and_not_a_finding(cabinet: tuple[Archive, Hall]) -> None:
    archive, hall = cabinet
    dead = int(hall.ledger[0])
    hear_day(archive, hall, listen(hall, NIGHTS, Disturbance(dead_antennas=(dead,))))
    found = audited(archive)
    assert [gap.place for gap in found.gaps] == [shelf_of(dead)]
    assert 0.9 < found.coverage < 1
    there = {number_of(volume) for volume in np.flatnonzero(hall.ledger == dead).tolist()}
    assert not there & named(found, FindingKind.MISSING).keys()


def test_a_day_nobody_listened_is_one_gap_for_the_whole_scope(cabinet: tuple[Archive, Hall]) -> None:
    archive, _ = cabinet
    found = audited(archive, "W1")
    assert [gap.place for gap in found.gaps] == ["W1"]
    assert (found.coverage, found.findings, found.undecided) == (0, (), ())


def test_a_tag_that_is_nobodys_is_told_with_its_place(cabinet: tuple[Archive, Hall]) -> None:
    archive, hall = cabinet
    there = int(hall.ledger[0])
    hear_day(archive, hall, listen(hall, NIGHTS))
    hear_stranger(archive, "ABCD00000000000000000001", there, evening_of(NIGHTS) - timedelta(hours=3))
    strange = [one for one in audited(archive).findings if one.kind is FindingKind.UNKNOWN_TAG]
    assert [(one.dossier, one.place_belief, one.epc) for one in strange] == [
        (None, shelf_of(there), "ABCD00000000000000000001")
    ]


def test_locate_says_how_a_volume_was_found_and_how_it_usually_sounds(cabinet: tuple[Archive, Hall]) -> None:
    archive, hall = cabinet
    volume = int(np.flatnonzero(~hall.dead)[0])
    with archive.jobs.unpooled() as connection:
        (found,) = locate(connection, number_of(volume))
    assert found.whereabouts.judged is not None
    assert found.whereabouts.judged.place == shelf_of(int(hall.ledger[volume]))
    assert found.nights == NIGHTS
    assert found.heard_at[0].place == shelf_of(int(hall.ledger[volume]))
    close(archive, NIGHTS)


@pytest.mark.parametrize(("scope", "hours", "refusal"), [("W1", -24, BadInput), ("W9", 24, PlaceNotFound)])
def test_a_wrong_audit_is_refused(archive: Archive, scope: str, hours: int, refusal: type[Exception]) -> None:
    since = evening_of(0)
    with archive.jobs.unpooled() as connection, pytest.raises(refusal):
        audit(connection, scope, since, since + timedelta(hours=hours))


def test_an_audit_before_the_first_close_makes_no_model(archive: Archive) -> None:
    with archive.jobs.unpooled() as connection:
        found = audit(connection, "W1", evening_of(0), evening_of(1))
    assert (found.model_version, found.expected, found.coverage) == (0, 0, 1.0)
    assert archive.root.execute("SELECT count(*) FROM model").fetchone() == (0,)
