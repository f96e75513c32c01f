"""The rules in SQL are the pure ones: every combination of facts, told by both."""

import itertools
from dataclasses import dataclass
from datetime import datetime, timedelta

from inventory.domain.discrepancies import (
    KINDS,
    LIVE_AFTER,
    OF_JUDGEMENT,
    DiscrepancyKind,
    Held,
    Since,
    Told,
    kind_at_night,
    kind_live,
    over_by,
)
from inventory.domain.judged import JudgedAs
from inventory.domain.places import PlaceKind
from tests.conftest import Archive
from tests.discrepancies.nights import DAY, Nights
from tests.discrepancies.test_nights import put_in_bag

BEFORE, WITHIN, AFTER = timedelta(days=2), timedelta(hours=5), timedelta(hours=-1)
# In order of time: shelves where somebody scanned it, so long before the night's end.
COUNTED = (
    (),
    (("B-1-1", timedelta(hours=30)),),
    (("B-1-1", timedelta(hours=3)),),
    (("B-1-1", timedelta(hours=3)), ("B-2-1", timedelta(hours=2))),
    (("B-2-1", timedelta(hours=3)), ("B-1-1", timedelta(hours=2))),
)
PLACES = {
    "B-1-1": PlaceKind.SHELF, "K-1": PlaceKind.CART, "W1-D1": PlaceKind.DESK, "LOST": PlaceKind.LOST, "N-1": PlaceKind.WINDOW,
    "NOT-FOUND": PlaceKind.NOT_FOUND, "BAG-2": PlaceKind.BAG, "BAG-1": PlaceKind.BAG,
}  # fmt: skip


def test_every_night_opens_what_the_rules_say(nights: Nights, archive: Archive) -> None:
    _places(archive, nights)
    heard = {"B-1-1", "B-1", "B-2-1", "W1-D1", None}
    worlds = list(
        itertools.product(
            sorted(PLACES), (BEFORE, WITHIN, AFTER), (False, True), JudgedAs, sorted(heard, key=str), COUNTED
        )
    )
    expected: dict[int, DiscrepancyKind] = {}
    for number, (home, ago, in_work, judged, place, counted) in enumerate(worlds):
        if (judged is JudgedAs.ELSEWHERE) != (place is not None) or (in_work and home == "BAG-1"):
            continue
        volume = _volume(archive, f"V-{number}", home, nights.until - ago)
        nights.judged(f"V-{number}", judged.value, place)
        for shelf, before in counted:
            _count(archive, volume, shelf, nights.until - before)
        if in_work:
            _put_in_plan(archive, volume, number)
        if home == "BAG-1":
            _pack(archive, volume)
        touches = place is not None and (place == home or (home.startswith("B-1") and place == "B-1"))
        held = Held(PLACES[home], nights.until - ago, in_work, sealed=home == "BAG-1")
        within = [one for one, before in counted if before < min(ago, DAY)]
        told_so = Told(
            judged, nights.until - DAY, nights.until, place is not None and not touches, within[-1:] == [home]
        )
        kind = kind_at_night(held, told_so)
        if kind is not None:
            expected[volume] = kind
    nights.pass_by()
    told: dict[int, str] = dict(archive.root.execute("SELECT volume_id, kind FROM discrepancy").fetchall())
    assert told == expected
    assert len(expected) > 40
    assert set(expected.values()) == set(OF_JUDGEMENT)


def test_every_belief_opens_what_the_rules_say(nights: Nights, archive: Archive) -> None:
    _places(archive, nights)
    expected: dict[int, DiscrepancyKind] = {}
    volumes = []
    worlds = itertools.product(
        sorted(PLACES), ("B-2-1", "W1-D1"), (0.89, 0.9), (LIVE_AFTER - timedelta(seconds=1), LIVE_AFTER)
    )
    for number, (home, place, probability, later) in enumerate(worlds):
        volume = _volume(archive, f"V-{number}", home, nights.until)
        volumes.append(f"V-{number}")
        if home == "BAG-1":
            _pack(archive, volume)
        nights.believed(f"V-{number}", place, probability, nights.until + later)
        held = Held(PLACES[home], nights.until, sealed=home == "BAG-1")
        kind = kind_live(held, on_shelf=place == "B-2-1", probability=probability, seen_at=nights.until + later)
        if kind is not None:
            expected[volume] = kind
    nights.step(*volumes)
    assert dict(archive.root.execute("SELECT volume_id, kind FROM discrepancy").fetchall()) == expected
    assert set(expected.values()) == {DiscrepancyKind.PRESENT_THOUGH_OUT, DiscrepancyKind.MOVED_WHILE_SEALED}


@dataclass(frozen=True)
class World:
    """What comes after a case was told: where the ledger has the volume, how it is judged, what else is told, what is read, where it is counted."""

    moved_to: str | None
    judged: JudgedAs | None
    told: DiscrepancyKind | None
    heard: bool
    counted: str | None
    retagged: bool


def test_every_fact_closes_what_the_rules_say(nights: Nights, archive: Archive) -> None:
    """Each case was told last night, radio at B-2-1; then something happens, or nothing."""
    _places(archive, nights)
    first, second = nights.until, nights.until + DAY
    kinds = [*sorted(OF_JUDGEMENT), DiscrepancyKind.TWO_TAGS, DiscrepancyKind.TWO_DOSSIERS]
    expected: dict[int, str | None] = {}
    others: list[tuple[str, DiscrepancyKind]] = []
    for number, (kind, world) in enumerate(itertools.product(kinds, _worlds())):
        if world.told is kind:
            continue
        volume = _volume(
            archive,
            f"V-{number}",
            world.moved_to or "B-1-1",
            first + timedelta(hours=1) if world.moved_to else first - BEFORE,
        )
        _case(archive, volume, kind, first, first - BEFORE)
        if world.judged is not None:
            nights.until = second
            nights.judged(f"V-{number}", world.judged.value, None)
        if world.told is not None:
            others.append((f"V-{number}", world.told))
            _case(archive, volume, world.told, second, first - BEFORE)
        if world.heard:
            nights.believed(f"V-{number}", "B-2-1", at=first + timedelta(hours=1))
        if world.counted is not None:
            _count(archive, volume, world.counted, first + timedelta(hours=3))
        if world.retagged:
            _retag(archive, volume, first + timedelta(hours=2))
        since = Since(
            None if world.moved_to is None else PLACES.get(world.moved_to, PlaceKind.SHELF),
            world.moved_to == "B-2-1",
            world.judged,
            world.told,
            world.heard,
            world.counted is not None and world.counted == (world.moved_to or "B-1-1"),
            world.retagged,
        )
        over = over_by(kind, since)
        expected[volume] = None if over is None else over.value
    nights.until = second
    nights.pass_by()
    query = "SELECT volume_id, outcome FROM discrepancy WHERE opened_at = %s"
    assert dict(archive.root.execute(query, (first,)).fetchall()) == expected
    assert {over for over in expected.values() if over is not None} == {
        fact.value for kind in kinds for fact in KINDS[kind].facts
    }


def _worlds() -> list[World]:
    moved = (None, "B-2-1", "K-1", "NOT-FOUND")
    judged = (None, JudgedAs.AT_HOME, JudgedAs.UNDECIDED)
    told = (None, DiscrepancyKind.MISPLACED, DiscrepancyKind.MISSING)
    return [
        World(*one)
        for one in itertools.product(moved, judged, told, (False, True), (None, "B-1-1", "B-2-1"), (False, True))
    ]


def _places(archive: Archive, nights: Nights) -> None:
    archive.place("N-1", "window")
    archive.place("BAG-2", "bag")
    put_in_bag(archive, nights.id_of("D-1"), "sealed")


def _volume(archive: Archive, number: str, place: str, since: datetime) -> int:
    row = archive.root.execute(
        "WITH one AS (INSERT INTO dossier (number, subject_id, holding_agency_id) SELECT %s, subject_id, holding_agency_id "
        "FROM dossier WHERE number = 'D-3' RETURNING id, holding_agency_id) "
        "INSERT INTO volume (dossier_id, agency_id) SELECT id, holding_agency_id FROM one RETURNING id",
        (number,),
    ).fetchone()
    assert row is not None
    archive.root.execute(
        "INSERT INTO holding (volume_id, place_id, version, moved_at, acted_at, warehouse_id) "
        "SELECT %s, place.id, 1, %s, %s, warehouse.id FROM place, place AS warehouse WHERE place.code = %s AND warehouse.code = 'W1'",
        (row[0], since, since, place),
    )
    return int(row[0])


def _put_in_plan(archive: Archive, volume: int, number: int) -> None:
    archive.root.execute(
        "WITH plan AS (INSERT INTO reshelving (reason, planned_by, planned_at, command_id) "
        "VALUES ('x', %s, now(), gen_random_uuid()) RETURNING id) INSERT INTO reshelving_line "
        "SELECT plan.id, %s, one.id, other.id, %s FROM plan, place AS one, place AS other "
        "WHERE one.code = 'B-1-1' AND other.code = 'B-1-2'",
        (archive.keeper.account_id, volume, number),
    )


def _pack(archive: Archive, volume: int) -> None:
    archive.root.execute(
        "INSERT INTO consignment_volume SELECT id, %s, NULL, 'packed', now() FROM consignment", (volume,)
    )


def _case(archive: Archive, volume: int, kind: DiscrepancyKind, at: datetime, since: datetime) -> None:
    archive.root.execute(
        "INSERT INTO discrepancy (kind, volume_id, opened_at, opened_numbers, seen_at, ledger_place_id, ledger_since, "
        "radio_place_id, numbers) SELECT %s, %s, %s, '{}', %s, one.id, %s, other.id, '{}' FROM place AS one, place AS other "
        "WHERE one.code = 'B-1-1' AND other.code = 'B-2-1'",
        (kind.value, volume, at, at, since),
    )


def _count(archive: Archive, volume: int, shelf: str, at: datetime) -> None:
    archive.root.execute(
        "WITH one AS (INSERT INTO shelf_count (id, place_id, counter_id, begun_at, received_at) "
        "SELECT gen_random_uuid(), id, %(counter)s, %(at)s, %(at)s FROM place WHERE code = %(shelf)s RETURNING id) "
        "INSERT INTO shelf_count_scan SELECT gen_random_uuid(), id, 'x', %(volume)s, %(at)s, %(at)s FROM one",
        {"counter": archive.keeper.account_id, "shelf": shelf, "volume": volume, "at": at},
    )


def _retag(archive: Archive, volume: int, at: datetime) -> None:
    """As the superuser, past the ledger's door: only that such an act is there."""
    archive.root.execute("SET session_replication_role = replica")
    archive.root.execute(
        "INSERT INTO act SELECT warehouse_id, 100000 + %s, %s, 9, 'retagged', NULL, NULL, actor_id, command_id, NULL, 'x', %s, %s, "
        "hash, hash, NULL, NULL FROM act LIMIT 1",
        (volume, volume, at, at),
    )
    archive.root.execute("SET session_replication_role = origin")
