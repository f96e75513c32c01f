"""What the law forbids everybody: to rewrite an act, to expel, to charge, to lend to a person, to leave a due date empty.

Each is tried by SQL with the application's own password, by the API, and by looking whether there is a door at all.
"""

import json
import re
from typing import Any

import psycopg
import pytest

from inventory.domain.acts import ActKind
from inventory.domain.custody_rules import RULES
from inventory.domain.people import Role
from inventory.domain.places import PlaceKind
from inventory.store.database import refusal_for
from tests.conftest import Archive
from web.app import create_app
from web.site import WebSettings

# What is only of the moment: packets waiting for their acknowledgement, news waiting for the next belief step.
# Profiles are learned anew every night, and find mode ends with the page that asked for it.
# What is drawn from evidence again, or tells how things are now; of gaps, those that late messages fill.
OF_THE_MOMENT = {
    *("ingest_commit", "belief_due", "read_profile", "zone_profile", "find_mode"),
    *("antenna_health", "antenna_hour", "reader_hour", "coverage_gap"),
    *("job_run", "job_process", "chip_read", "tap"),
}
FOR_EVER = ("act", "command", "ledger_chain", "holding", "act_rule", "request_event", "request_evidence", "access_log")
MONEY = re.compile(r"(?:^|_)(?:fees?|prices?|amount|arrears|payments?|charges?|costs?|paid|tariff)(?:_|$)|费|价|款|欠")

APPEND = "SELECT ledger_append(gen_random_uuid(), '\\x00', %s, %s, %s, %s::int[], %s::int[], %s::int[], %s::text[], %s, %s, now())"


@pytest.fixture
def app(archive: Archive) -> Any:
    """SQL with the application's password: whatever is broken into, no more than this is had."""
    archive.shelf("A-01")
    archive.dossier("D-1", on="A-01")
    archive.dossier("D-2")
    archive.bring_in("D-2", "W1-D0")
    archive.head = archive.person("head", Role.AGENCY_HEAD, agency="370112")  # type: ignore[attr-defined]
    with archive.sql_of(archive.keeper, autocommit=True) as connection:
        yield connection


def refused(connection: psycopg.Connection[Any], statement: str, facts: tuple[object, ...] = ()) -> str:
    """By which constraint, or for want of which privilege, a statement is refused."""
    with pytest.raises(psycopg.Error) as told:
        connection.execute(statement, facts)
    if told.value.sqlstate == "42501":
        return "no privilege"
    name = told.value.diag.constraint_name or f"{told.value.diag.column_name} is null"
    assert name.endswith("null") or refusal_for(told.value) is not None
    return name


def append(
    archive: Archive, kind: ActKind, volume: str, place: str | None, details: dict[str, object]
) -> tuple[object, ...]:
    """The arguments of `ledger_append`, by whoever may do such an act and with every paper."""
    people = {Role.KEEPER: archive.keeper, Role.WINDOW_CLERK: archive.clerk, Role.AGENCY_HEAD: archive.head}  # type: ignore[attr-defined]
    actor = people[min(RULES[kind].by)]
    row = archive.root.execute(
        "SELECT volume_id, version FROM holding JOIN volume ON volume.id = volume_id JOIN dossier ON dossier.id = dossier_id "
        "WHERE number = %s",
        (volume,),
    ).fetchone()
    assert row is not None
    place_id = None
    if place is not None:
        found = archive.root.execute("SELECT id FROM place WHERE code = %s", (place,)).fetchone()
        assert found is not None
        place_id = found[0]
    papers = "令 1", "as told"
    return (
        kind.value,
        actor.account_id,
        archive.second.account_id,
        [row[0]],
        [row[1]],
        [place_id],
        [json.dumps(details)],
        *papers,
    )


# ── Rewrite ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_no_role_of_ours_deletes_from_anything_but_what_is_of_the_moment(archive: Archive) -> None:
    rows = archive.root.execute(
        "SELECT DISTINCT table_name FROM information_schema.role_table_grants WHERE table_schema = 'public' "
        "AND grantee IN ('guiwei_app', 'guiwei_jobs', 'PUBLIC') AND privilege_type IN ('DELETE', 'TRUNCATE')"
    )
    assert {name for (name,) in rows} == OF_THE_MOMENT


@pytest.mark.parametrize("table", FOR_EVER)
def test_no_role_of_ours_changes_what_is_for_ever(archive: Archive, table: str) -> None:
    rows = archive.root.execute(
        "SELECT grantee, column_name FROM information_schema.column_privileges WHERE table_schema = 'public' "
        "AND grantee IN ('guiwei_app', 'guiwei_jobs', 'PUBLIC') AND privilege_type = 'UPDATE' AND table_name = %s",
        (table,),
    ).fetchall()
    assert rows == []


def test_no_address_of_the_site_deletes_or_replaces(archive: Archive) -> None:
    application = create_app(archive.app, WebSettings())
    methods = {method for route in application.routes for method in getattr(route, "methods", None) or ()}
    assert methods <= {"GET", "HEAD", "POST"}


# ── Charge ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def names_in(schema: Any) -> set[str]:
    if isinstance(schema, dict):
        own = set(schema.get("properties", {})) if isinstance(schema.get("properties"), dict) else set()
        return own.union(*(names_in(value) for value in schema.values()), set())
    return set().union(*(names_in(value) for value in schema), set()) if isinstance(schema, list) else set()


def test_nothing_has_a_price(archive: Archive) -> None:
    columns = {
        name
        for (name,) in archive.root.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_schema = 'public'"
        )
    }
    properties = names_in(create_app(archive.app, WebSettings()).openapi())
    assert len(columns) > 100
    assert len(properties) > 30
    assert not [name for name in columns | properties if MONEY.search(name)]


# ── Expel ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_every_act_that_ends_a_holding_needs_a_request() -> None:
    leaving = {kind for kind, rule in RULES.items() if rule.leads and PlaceKind.RECIPIENT in rule.leads}
    assert leaving
    assert {RULES[kind].asked_as for kind in leaving | {ActKind.TRANSFER_STARTED, ActKind.TRANSFERRED}} == {"transfer"}


def test_nobody_starts_a_transfer_that_nobody_asked_for(archive: Archive, app: psycopg.Connection[Any]) -> None:
    for request in ("R-000001", "R-1", "x", ""):
        details: dict[str, object] = {"request": request, "recipient": "某单位"}
        assert (
            refused(app, APPEND, append(archive, ActKind.TRANSFER_STARTED, "D-1", None, details))
            == "act_has_its_request"
        )


REQUEST = (
    "INSERT INTO request (kind, occasion, initiator, purpose, asked_by, asked_at, accepting_agency_id, holding_agency_id, "
    "dossier_id, institution_id, institution_class, letter_id, paper_reason, promised_on, due_on) "
    "SELECT %s::text, %s::text, %s::text, 'other', account.id, now(), account.agency_id, holding_agency_id, dossier.id, institution.id, class, letter.id, "
    "'x', current_date + 1, %s::date FROM account, dossier, institution, letter "
    "WHERE account.login = 'clerk' AND dossier.number = %s"
)
INSTITUTION = (
    "INSERT INTO institution (code, name, class, address, borrower_place_id, recipient_place_id, registered_by, registered_at) "
    "SELECT 'I-1', '某某', %s, '某路', place.id, place.id, account.id, now() FROM place, account "
    "WHERE place.code = 'W1-D0' AND account.login = 'clerk'"
)


@pytest.fixture
def institution(archive: Archive, app: psycopg.Connection[Any]) -> None:
    app.execute(INSTITUTION, ("notary",))
    archive.root.execute(
        "INSERT INTO letter (agency_id, kind, number, issuer, dated, registered_by, registered_at) "
        "SELECT agency_id, 'loan_letter', '1', '某单位', '2026-01-02', id, now() FROM account WHERE login = 'clerk'"
    )


@pytest.mark.usefixtures("institution")
def test_no_agency_asks_that_a_dossier_leave(app: psycopg.Connection[Any]) -> None:
    for initiator in ("agency", "warehouse", "keeper", ""):
        told = refused(app, REQUEST, ("transfer", "job_change", initiator, "2099-01-01", "D-1"))
        assert told == "request_initiator_known"
    told = refused(app, REQUEST, ("transfer", "job_change", "institution", "2099-01-01", "D-1"))
    assert told == "request_transfer_by_employer_or_person"


# ── Lend to a person ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_no_person_is_registered_as_a_borrower(app: psycopg.Connection[Any]) -> None:
    for kind in ("person", "individual", "relative", ""):
        assert refused(app, INSTITUTION, (kind,)) == "institution_class_known"


def test_a_place_somebody_calls_a_borrower_gets_nothing(archive: Archive, app: psycopg.Connection[Any]) -> None:
    app.execute("INSERT INTO place (code, kind, name) VALUES ('ZHANG-SAN', 'borrower', '张三')")
    for kind in ActKind:
        if kind is ActKind.REGISTERED or RULES[kind].begins or RULES[kind].leads is None:
            continue
        details: dict[str, object] = dict.fromkeys(RULES[kind].evidence, "x")
        told = refused(app, APPEND, append(archive, kind, "D-2", "ZHANG-SAN", details))
        expected = "act_has_its_request" if kind in {ActKind.LENT, ActKind.HANDED_OVER} else "act_leads_there"
        assert told == expected, kind


@pytest.mark.usefixtures("institution")
def test_what_one_institution_asked_for_goes_to_no_other(archive: Archive, app: psycopg.Connection[Any]) -> None:
    app.execute(REQUEST, ("loan", None, "institution", "2099-01-01", "D-2"))
    by_the_head = "UPDATE request SET state = 'approved', decided_at = now(), decided_by = (SELECT id FROM account WHERE login = 'head')"
    assert refused(app, by_the_head) == "request_decided_by_its_head"
    archive.root.execute(by_the_head)
    app.execute("INSERT INTO place (code, kind, name) VALUES ('ANOTHER', 'borrower', '另一单位')")
    papers: dict[str, object] = {
        "request": "R-000001", "carriers": ["甲", "乙"], "seal_number": "F-1", "due_on": "2099-01-01",
    }  # fmt: skip
    assert refused(app, APPEND, append(archive, ActKind.LENT, "D-2", "ANOTHER", papers)) == "act_to_its_institution"


# ── Leave the due date empty ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.usefixtures("institution")
def test_no_request_is_without_a_due_date(app: psycopg.Connection[Any]) -> None:
    assert refused(app, REQUEST, ("loan", None, "institution", None, "D-1")) == "due_on is null"
    app.execute(REQUEST, ("loan", None, "institution", "2099-01-01", "D-1"))
    assert refused(app, "UPDATE request SET due_on = NULL") == "due_on is null"


def test_nothing_is_lent_without_a_due_date(archive: Archive, app: psycopg.Connection[Any]) -> None:
    app.execute("INSERT INTO place (code, kind, name) VALUES ('B-1', 'borrower', '某单位')")
    papers: dict[str, object] = {"request": "R-000001", "carriers": ["甲", "乙"], "seal_number": "F-1"}
    for due in ({}, {"due_on": None}):
        assert refused(app, APPEND, append(archive, ActKind.LENT, "D-2", "B-1", papers | due)) == "act_carries_evidence"
