"""Dossiers held at 24:00: the same question, the same number, whatever is recorded later."""

import threading
from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from inventory.domain import refusals
from inventory.domain.acts import ActKind
from inventory.domain.counting import LOCAL, end_of_day
from inventory.domain.people import Role
from inventory.operations import counting, custody, register_work
from inventory.operations.counting import Certifying
from inventory.operations.register_work import Announced, Duplicate
from inventory.store import counts, ledger
from inventory.store.counts import Instant
from inventory.store.database import raw
from tests.conftest import Archive
from tests.counts.conftest import People, arrive, belong_to, known_now, noon, today, yesterday

COUNTY, OTHER = "370112", "370113"


def held(archive: Archive, people: People, agency: str = COUNTY, known_at: datetime | None = None) -> int:
    return counting.held_at(archive.app, people.manager, agency, yesterday(), known_at or known_now())


def test_dossiers_are_counted_not_volumes_and_those_expected_or_gone_are_not(archive: Archive, people: People) -> None:
    arrive(archive, "D-1", noon(yesterday()), volumes=3)
    arrive(archive, "D-2", noon(yesterday()))
    archive.dossier("D-3")
    archive.act(
        ActKind.RECEIVED, "D-3", "W1-D0", details={"channel": "ems"}, happened_at=noon(yesterday()), reason="补登"
    )
    archive.dossier("D-4")
    arrive(archive, "D-5", noon(yesterday()))
    belong_to(archive, "D-5", OTHER)
    assert (held(archive, people), held(archive, people, OTHER)) == (2, 1)
    by_agency = counting.held_by_agency(archive.app, people.manager, yesterday(), known_now())
    assert [(one.code, one.dossiers) for one in by_agency] == [(COUNTY, 2), (OTHER, 1)]


def test_what_happens_at_24_sharp_belongs_to_the_next_day(archive: Archive, people: People) -> None:
    midnight = datetime(today().year, today().month, today().day, tzinfo=LOCAL)
    arrive(archive, "D-1", midnight - timedelta(microseconds=1))
    arrive(archive, "D-2", midnight)
    assert end_of_day(yesterday()) == midnight - timedelta(microseconds=1)
    assert held(archive, people) == 1
    with pytest.raises(refusals.DayNotOver):
        counting.held_at(archive.app, people.manager, COUNTY, today(), known_now())


def test_a_certificates_number_comes_out_again_whatever_is_recorded_since(archive: Archive, people: People) -> None:
    """Backdated arrivals, a correction, a death, a merged duplicate and a merged agency come after the certificate."""
    for number in ("D-1", "D-2", "D-3", "D-4"):
        arrive(archive, number, noon(yesterday()))
    arrive(archive, "E-1", noon(yesterday()))
    belong_to(archive, "E-1", OTHER)
    asked = Certifying(uuid4(), COUNTY, yesterday())
    first = counting.certify(archive.app, people.head, asked, known_now())
    assert first.held == 4
    assert counting.certify(archive.app, people.head, asked, known_now()) == first, "asked once"

    arrive(archive, "D-5", noon(yesterday()))
    archive.act(ActKind.SHELVED, "D-1", archive.shelf("A-01"))
    archive.act(ActKind.CORRECTED, "D-1", archive.shelf("A-02"), reason="放错")
    duplicate = Duplicate(uuid4(), "D-2", "D-3", "id_card", "身份证核验 2026-7", "合并决定 1", archive.clerk)
    register_work.merge_duplicate(archive.app, people.head, duplicate, known_now())
    again = counting.recount(archive.app, people.head, "Z-000001", known_now())
    assert again.holds and again.same_question
    # A merger recorded today doesn't reach back to yesterday, the late arrival does.
    assert (again.again, again.today) == (4, 5)

    number = register_work.announce_merger(
        archive.app, people.manager, Announced(uuid4(), "鲁人社 2026-9", COUNTY, OTHER), known_now()
    )
    for who in (people.head, people.other_head):
        register_work.certify_count(archive.app, who, number, 4, command_id=uuid4(), now=known_now())
    register_work.carry_out_merger(
        archive.app, people.manager, number, command_id=uuid4(), witness=people.second_manager, now=known_now()
    )
    again = counting.recount(archive.app, people.manager, "Z-000001", known_now())
    assert again.holds and (again.again, again.today) == (4, 5)
    assert (held(archive, people), held(archive, people, OTHER)) == (5, 1), "yesterday is as it was"
    tomorrow = Instant(end_of_day(today()), known_now() + timedelta(days=1))
    with archive.app.transaction(archive.keeper) as session:
        assert [(one.code, one.dossiers) for one in counts.held(raw(session), tomorrow, None)] == [
            (COUNTY, 0),
            (OTHER, 5),
        ]
    second = counting.certify(archive.app, people.manager, Certifying(uuid4(), COUNTY, yesterday()), known_now())
    assert (second.held, second.query_hash == first.query_hash) == (5, False)


def test_a_certificate_states_its_roots_its_doubts_and_a_hash_over_everything(archive: Archive, people: People) -> None:
    for number in ("D-1", "D-2", "D-3"):
        arrive(archive, number, noon(yesterday()))
    late = {"happened_at": noon(yesterday()) + timedelta(minutes=1)}
    archive.act(ActKind.SEAL_BROKEN, "D-1", None, reason="封条开裂", **late)
    archive.act(ActKind.DAMAGED, "D-1", None, reason="水渍", **late)
    archive.act(ActKind.REPAIRED, "D-1", None, reason="已修复", **late)
    archive.act(ActKind.GAP_COMMITTED, "D-2", None, details={"gap": "学历证明"}, reason="补登", **late)
    row = counting.certify(archive.app, people.head, Certifying(uuid4(), COUNTY, yesterday()), known_now())
    assert row.exceptions == {"seal_broken": 1, "gap": 1}
    head = archive.root.execute("SELECT sequence, hash FROM ledger_chain").fetchone()
    assert head is not None
    assert [(warehouse, sequence, bytes.fromhex(root)) for warehouse, sequence, root in row.ledger_roots] == [
        ("W1", *head)
    ]
    assert row.coverage is None, "no audit is known"
    assert counting.recount(archive.app, people.head, "Z-000001", known_now()).untouched
    archive.root.execute("ALTER TABLE count_certificate DISABLE TRIGGER USER")
    archive.root.execute("UPDATE count_certificate SET held = 2")
    assert not counting.recount(archive.app, people.head, "Z-000001", known_now()).untouched


def test_an_act_under_way_while_the_certificate_is_made_is_waited_for(archive: Archive, people: People) -> None:
    """It was recorded before the count and is committed after: without waiting the number could never come out again."""
    arrive(archive, "D-1", noon(yesterday()))
    archive.dossier("D-2")
    late = {"happened_at": noon(yesterday()), "reason": "补登"}
    archive.act(ActKind.RECEIVED, "D-2", "W1-D0", details={"channel": "staff"}, **late)
    accepted = archive.asked(ActKind.ACCEPTED, "D-2", None, details={"pieces": 3}, witness=archive.second, **late)
    found: list[int] = []

    def certify() -> None:
        asked = Certifying(uuid4(), COUNTY, yesterday())
        found.append(counting.certify(archive.app, people.head, asked, known_now()).held)

    with archive.app.transaction(archive.keeper) as session:
        custody.write(raw(session), archive.keeper, accepted)
        thread = threading.Thread(target=certify)
        thread.start()
        thread.join(0.5)
        assert thread.is_alive(), "it waits for the act"
    thread.join(60)
    assert found == [2]


def test_only_a_head_for_the_own_agency_or_the_city_certifies(archive: Archive, people: People) -> None:
    arrive(archive, "D-1", noon(yesterday()))
    asked = Certifying(uuid4(), COUNTY, yesterday())
    for viewer in (archive.keeper, archive.clerk, archive.person("auditor", Role.AUDITOR)):
        with pytest.raises(refusals.NotAllowed):
            counting.certify(archive.app, viewer, asked, known_now())
    with pytest.raises(refusals.AgencyNotFound):
        counting.certify(archive.app, people.other_head, asked, known_now())
    counting.certify(archive.app, people.head, asked, known_now())
    assert len(counting.newest_certificates(archive.app, people.manager)) == 1
    assert counting.newest_certificates(archive.app, people.other_head) == []
    with pytest.raises(refusals.CertificateNotFound):
        counting.certificate(archive.app, people.other_head, "Z-1")
    with pytest.raises(refusals.DayNotOver):
        counting.certify(archive.app, people.head, Certifying(uuid4(), COUNTY, today()), known_now())
    assert counting.held_by_agency(archive.app, people.other_head, yesterday(), known_now())[0].code == OTHER


def test_the_count_in_one_pass_is_the_ledger_folded_act_by_act(archive: Archive, people: People) -> None:
    """Against `holding_as_of`, at every instant at which something happened and as known at every one."""
    shelf = archive.shelf("A-01")
    for number in ("D-1", "D-2", "D-3"):
        arrive(archive, number, noon(yesterday() - timedelta(days=1)))
    archive.act(ActKind.SHELVED, "D-1", shelf)
    archive.act(ActKind.SEAL_BROKEN, "D-2", None, reason="x")
    archive.act(ActKind.DAMAGED, "D-3", None, reason="x")
    archive.act(ActKind.REPAIRED, "D-3", None, reason="x")
    deceased = archive.asked(ActKind.DECEASED, "D-2", None, authority="死亡证明", details={"died_on": "2026-01-01"})
    custody.record(archive.app, people.head, deceased)
    times = [row[0] for row in archive.root.execute("SELECT DISTINCT happened_at FROM act ORDER BY 1")]
    known = [row[0] for row in archive.root.execute("SELECT DISTINCT recorded_at FROM act ORDER BY 1")]
    folded = """
        SELECT count(DISTINCT dossier_id) FROM holding_as_of(%s, %s) JOIN volume ON volume.id = volume_id
        WHERE legal = ANY(%s) AND NOT 'merged' = ANY(marks)
    """
    kinds = """
        SELECT place.kind, count(*) FROM holding_as_of(%s, %s) JOIN place ON place.id = place_id GROUP BY 1
    """
    with archive.app.transaction(archive.keeper) as session:
        connection = raw(session)
        for moment in times:
            for known_at in known:
                instant = Instant(moment, known_at)
                expected = connection.execute(folded, (moment, known_at, list(counts.COUNTED))).fetchone()
                assert (sum(one.dossiers for one in counts.held(connection, instant, None)),) == expected
                places = dict(connection.execute(kinds, (moment, known_at)).fetchall())
                assert {one.kind: one.volumes for one in counts.by_place_kind(connection, instant, None)} == places
        assert len(ledger.warehouses(connection)) == 1


def test_a_dossier_and_a_shelf_are_shown_as_they_were(archive: Archive, people: People) -> None:
    shelf, other = archive.shelf("A-01"), archive.shelf("A-02")
    archive.dossier("D-17", on=shelf)
    archive.dossier("D-18", on=shelf)
    before = known_now()
    archive.act(ActKind.RESHELVED, "D-17", other)
    archive.act(ActKind.SEAL_BROKEN, "D-17", None, reason="x")
    after = known_now()
    view = counting.as_of(archive.app, archive.keeper, "D-17", before, after, after)
    assert [(one.place, one.seal, one.legal, one.version) for one in view.volumes] == [("A-01", "sealed", "held", 3)]
    assert view.agency_code == COUNTY
    view = counting.as_of(archive.app, archive.keeper, "D-17", after, before, after)
    assert [one.place for one in view.volumes] == ["A-01"], "what was recorded later wasn't known"
    view = counting.as_of(archive.app, archive.keeper, "D-17", after, after, after)
    assert [(one.place, one.seal) for one in view.volumes] == [("A-02", "broken")]
    long_ago = before - timedelta(days=400)
    assert counting.as_of(archive.app, archive.keeper, "D-17", long_ago, after, after).volumes == ()
    room = counting.contents_as_of(archive.app, archive.keeper, "W1-R1", before, after)
    assert [(one.volume, one.place) for one in room.volumes] == [("D-17", "A-01"), ("D-18", "A-01")]
    shelved = counting.contents_as_of(archive.app, archive.keeper, "A-01", after, after)
    assert [one.volume for one in shelved.volumes] == ["D-18"] and shelved.count == 1
    with pytest.raises(refusals.DossierNotFound):
        counting.as_of(archive.app, people.other_head, "D-17", after, after, after)
    with pytest.raises(refusals.PlaceNotFound):
        counting.contents_as_of(archive.app, archive.keeper, "NOWHERE", after, after)
    assert counting.contents_as_of(archive.app, people.other_head, "W1-R1", after, after).count == 0
