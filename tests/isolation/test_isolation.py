"""Whose rows a session sees: asked of the database itself, with the application's password and nothing else."""

from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from inventory.domain.people import Role, Viewer
from inventory.store.constraints import CONSTRAINTS
from inventory.store.database import refusal_for
from tests.conftest import Archive
from tests.isolation.breaks import BREAKS
from tests.isolation.stock import EPC, STOCKS, whatever_else

# Tables of the application that hold nothing of one agency's alone, each with the reason why every session may read it.
SHARED = {
    "agency": "the register of agencies is public",
    "place": "shelves, windows and bags belong to the city",
    "reader": "equipment",
    "antenna": "equipment",
    "reader_command": "what equipment was told",
    "registry_version": "a number",
    "model": "how the radio is read, of no dossier",
    "anchor": "where a reader was",
    "shelf_coverage": "when a reader was at a shelf",
    "coverage_gap": "when a reader was blind",
    "reader_health": "equipment",
    "reader_hour": "equipment",
    "antenna_hour": "equipment",
    "antenna_health": "equipment",
    "gate_pulse": "equipment",
    "quarantine": "bytes nobody understood",
    "ingest_commit": "packets",
    "belief_due": "antennas with news",
    "lease": "who works",
    "job": "what was done when, in numbers",
    "job_run": "what was done when, in numbers",
    "job_process": "who works",
    "command": "ids that callers made up, and hashes",
    "checkpoint": "hashes and signatures, for everybody to compare",
    "ledger_chain": "the chains' ends, printed on papers",
    "act_rule": "the rules",
    "discrepancy_rule": "the rules",
    "rule_number": "the rules",
    "label_numbering": "whose prefix stands on the site's labels, for everybody to read there",
    "calendar_day": "the rules",
    "institution": "the registry of recipients is for every window",
    "bag": "bags are the city's",
    "dossier_series": "counters of numbers",
    "account": "who acted, on every timeline; secrets are not readable",
}
# Who reads these, their own parts of the migration say, and their own tests.
KEPT_ELSEWHERE = {"access_log", "alembic_version"}

Ask = Callable[[Viewer | None, str], list[tuple[Any, ...]]]


@pytest.fixture
def counties(archive: Archive) -> Archive:
    """A county beside the archive's own, with people."""
    archive.root.execute("INSERT INTO agency (code, name, level) VALUES ('370114', '章丘区档案中心', 'county')")
    archive.stranger = archive.person("stranger", Role.WINDOW_CLERK, agency="370114")  # type: ignore[attr-defined]
    archive.strange_head = archive.person("strange_head", Role.AGENCY_HEAD, agency="370114")  # type: ignore[attr-defined]
    return archive


@pytest.fixture
def ask(counties: Archive) -> Ask:
    """Any SQL with the application's password, presenting somebody's session, or none; rolled back."""

    def ask(viewer: Viewer | None, statement: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(counties.app_url) as app:
            present(app, viewer)
            cursor = app.execute(statement)
            rows = cursor.fetchall() if cursor.description else [(cursor.rowcount,)]
            app.rollback()
            return rows

    return ask


def present(app: psycopg.Connection[Any], viewer: Viewer | None) -> None:
    app.execute("SELECT set_config('guiwei.session', %s, false)", ("" if viewer is None else viewer.secret,))


def isolated(archive: Archive) -> set[str]:
    query = "SELECT relname FROM pg_class WHERE relrowsecurity AND relnamespace = 'public'::regnamespace"
    return {name for (name,) in archive.root.execute(query)}


def test_every_table_is_isolated_or_shared_with_a_reason(archive: Archive) -> None:
    query = (
        "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace "
        "AND has_any_column_privilege('guiwei_app', oid, 'SELECT')"
    )
    tables = {name for (name,) in archive.root.execute(query)}
    assert tables - isolated(archive) - set(SHARED) - KEPT_ELSEWHERE == set()
    assert isolated(archive) & set(SHARED) == set()
    assert set(SHARED) <= tables


def test_views_ask_in_the_readers_name(archive: Archive) -> None:
    query = (
        "SELECT relname FROM pg_class WHERE relkind = 'v' AND relnamespace = 'public'::regnamespace "
        "AND NOT coalesce(reloptions @> '{security_invoker=true}', false)"
    )
    assert archive.root.execute(query).fetchall() == []


def test_the_application_owns_nothing_and_bypasses_nothing(archive: Archive) -> None:
    query = "SELECT rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb FROM pg_roles WHERE rolname = 'guiwei_app'"
    assert archive.root.execute(query).fetchone() == (False,)
    query = "SELECT count(*) FROM pg_class JOIN pg_roles ON pg_roles.oid = relowner WHERE rolname = 'guiwei_app'"
    assert archive.root.execute(query).fetchone() == (0,)
    query = "SELECT count(*) FROM pg_auth_members JOIN pg_roles ON pg_roles.oid = member WHERE rolname LIKE 'guiwei_%'"
    assert archive.root.execute(query).fetchone() == (0,)


@pytest.mark.parametrize("stock", STOCKS, ids=lambda stock: stock.__module__)
def test_nobody_of_another_county_sees_a_row(counties: Archive, ask: Ask, stock: Callable[[Archive], None]) -> None:
    """In every table, joined or not, counted or not; nor does who presents nothing, or a secret that was never given out."""
    stock(counties)
    forged = Viewer(counties.keeper.account_id, "keeper", "keeper", Role.KEEPER, secret="0" * 32)
    counted = 0
    for table in sorted(isolated(counties)):
        there = counties.root.execute(f"SELECT count(*) FROM {table}").fetchone()
        assert there is not None
        if there[0] == 0:
            continue
        counted += 1
        query = f"SELECT count(*) FROM {table}"
        assert ask(counties.keeper, query) == [there], table
        for nobody in (counties.stranger, counties.strange_head, forged, None):  # type: ignore[attr-defined]
            assert ask(nobody, query) == [(0,)], table
    assert counted > 5


def test_every_isolated_table_has_been_looked_at(counties: Archive) -> None:
    """Together the stocks of the test above have a row in each."""
    stocked = set()
    with psycopg.connect(counties.server.superuser_url, autocommit=True) as superuser:
        for number, stock in enumerate(STOCKS):
            name = f"{counties.name}_{number}"
            superuser.execute(f"CREATE DATABASE {name} OWNER guiwei_owner TEMPLATE guiwei_template")
            superuser.execute(f"GRANT CONNECT, TEMPORARY ON DATABASE {name} TO guiwei_app, guiwei_jobs")
            one = Archive(counties.server, name, counties.keys)
            stock(one)
            for table in isolated(one):
                if one.root.execute(f"SELECT FROM {table} LIMIT 1").rowcount:
                    stocked.add(table)
            one.close()
            superuser.execute(f"DROP DATABASE {name} WITH (FORCE)")
    assert isolated(counties) - stocked == set()


def test_a_session_that_ended_sees_nothing(counties: Archive, ask: Ask) -> None:
    whatever_else(counties)
    assert ask(counties.keeper, "SELECT number FROM dossier") == [("D-1",)]
    assert ask(counties.clerk, "SELECT number FROM dossier") == [("D-1",)]
    counties.root.execute(
        "UPDATE web_session SET expires_at = now() WHERE account_id = %s", (counties.clerk.account_id,)
    )
    assert ask(counties.clerk, "SELECT number FROM dossier") == []


def test_no_role_without_dossiers_sees_one(counties: Archive, ask: Ask) -> None:
    whatever_else(counties)
    for role in Role:
        somebody = counties.person(f"some {role}", role, agency="370112")
        reached = role.rights.dossiers.value != "none"
        assert ask(somebody, "SELECT count(*) FROM dossier") == [(int(reached),)], role


WRITES = (
    "UPDATE subject SET employer = 'x'",
    "UPDATE subject SET name = 'x'",
    "UPDATE dossier SET deposited_on = current_date",
    "UPDATE search_token SET dossier_id = dossier_id",
    "UPDATE volume SET barcode_only = true",
    "UPDATE tag SET fault = 'x' WHERE volume_id IS NOT NULL",
    "UPDATE letter SET scan_sha256 = NULL",
    "UPDATE arrival SET note = 'x'",
    "UPDATE arrival_line SET note = 'x'",
    "UPDATE agency_merger SET state = 'withdrawn'",
    "UPDATE transfer_notice_counter SET serial = 7",
    "UPDATE discrepancy SET assigned_to = 1",
)


@pytest.mark.parametrize("statement", WRITES)
def test_nobody_of_another_county_changes_a_row(counties: Archive, ask: Ask, statement: str) -> None:
    whatever_else(counties)
    (touched,) = ask(counties.keeper, statement)
    assert touched[0] >= 1, "the keeper's own session can, so the statement is one"
    assert ask(counties.stranger, statement) == [(0,)]  # type: ignore[attr-defined]
    assert ask(None, statement) == [(0,)]


PLANTS = (
    "INSERT INTO dossier (number, subject_id, holding_agency_id) VALUES ('X-1', 1, (SELECT id FROM agency WHERE code = '370112'))",
    "INSERT INTO search_token VALUES ('x', (SELECT id FROM agency WHERE code = '370112'), 1)",
    "INSERT INTO volume (dossier_id, ordinal, agency_id) VALUES (1, 9, (SELECT id FROM agency WHERE code = '370112'))",
    "INSERT INTO dossier_alias VALUES (1, 'x')",
    "INSERT INTO tag (epc, volume_id) VALUES ('\\x35', 1)",
    "INSERT INTO transfer_notice_counter VALUES ((SELECT id FROM agency WHERE code = '370112'), 2027, 1)",
    (
        "INSERT INTO request (kind, initiator, purpose, asked_by, asked_at, accepting_agency_id, holding_agency_id, dossier_id, "
        "promised_on, due_on) SELECT 'scan', 'employer', 'x', 1, now(), id, id, 1, current_date, current_date FROM agency "
        "WHERE code = '370112'"
    ),
    "INSERT INTO discrepancy_note (discrepancy_id, at, account_id, event, note) SELECT 1, now(), session_account(), 'comment', 'x'",
)


@pytest.mark.parametrize("statement", PLANTS)
def test_nobody_plants_a_row_in_another_county(counties: Archive, ask: Ask, statement: str) -> None:
    whatever_else(counties)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        ask(counties.stranger, statement)  # type: ignore[attr-defined]


def test_a_function_of_ones_own_is_not_shown_rows_before_the_policy(counties: Archive) -> None:
    """The old trick: a cheap function in WHERE that tells whatever passes by."""
    whatever_else(counties)
    with psycopg.connect(counties.app_url) as app:
        told: list[str] = []
        app.add_notice_handler(lambda notice: told.append(notice.message_primary or ""))
        present(app, counties.stranger)  # type: ignore[attr-defined]
        app.execute(
            "CREATE FUNCTION pg_temp.tell(text) RETURNS boolean LANGUAGE plpgsql COST 0.0000001 AS "
            "$$ BEGIN RAISE NOTICE 'seen %', $1; RETURN true; END $$"
        )
        assert app.execute("SELECT * FROM dossier WHERE pg_temp.tell(number)").fetchall() == []
        assert app.execute("SELECT * FROM subject WHERE pg_temp.tell(name)").fetchall() == []
        assert app.execute("SELECT * FROM dossier JOIN subject ON pg_temp.tell(name)").fetchall() == []
        assert told == []


@pytest.mark.parametrize(
    "statement",
    [
        "SET ROLE guiwei_owner",
        "SET ROLE guiwei_jobs",
        "SET SESSION AUTHORIZATION guiwei_owner",
        "ALTER TABLE dossier DISABLE ROW LEVEL SECURITY",
        "DROP POLICY seen ON dossier",
        "ALTER ROLE guiwei_app BYPASSRLS",
        "CREATE OR REPLACE FUNCTION seen_agency() RETURNS integer LANGUAGE sql AS 'SELECT 0'",
        "CREATE FUNCTION public.sees() RETURNS integer LANGUAGE sql AS 'SELECT 0'",
        "SELECT * FROM role_reach",
        "UPDATE role_reach SET reach = 'all'",
        "SELECT * FROM web_session",
        "INSERT INTO web_session (secret_hash, account_id, created_at, expires_at) SELECT '\\x01', 1, now(), now() + '1 day'",
        "SELECT * FROM api_token",
        "SELECT * FROM account_secret",
        "UPDATE account SET role = 'keeper'",
        "SET row_security = off; SELECT * FROM dossier",
    ],
)
def test_a_session_can_not_be_widened(counties: Archive, ask: Ask, statement: str) -> None:
    whatever_else(counties)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        ask(counties.stranger, statement)  # type: ignore[attr-defined]


def test_a_search_path_of_ones_own_changes_no_answer(counties: Archive) -> None:
    whatever_else(counties)
    with psycopg.connect(counties.app_url) as app:
        app.execute("CREATE TEMPORARY TABLE account (id integer, role text, agency_id integer)")
        app.execute(
            "CREATE TEMPORARY TABLE web_session (secret_hash bytea, account_id integer, expires_at timestamptz)"
        )
        app.execute("CREATE FUNCTION pg_temp.session_account() RETURNS integer LANGUAGE sql AS 'SELECT 1'")
        app.execute("SET search_path = pg_temp, public")
        present(app, counties.stranger)  # type: ignore[attr-defined]
        assert app.execute("SELECT count(*) FROM public.dossier").fetchone() == (0,)


def test_what_is_done_in_anothers_name_or_county_tells_by_which_rule(counties: Archive, ask: Ask) -> None:
    whatever_else(counties)
    counties.shelf("A-02")
    row = counties.root.execute("SELECT volume_id, version FROM holding").fetchone()
    assert row is not None
    counties.root.execute("DELETE FROM countersignature")
    people = {"clerk": counties.clerk, "stranger": counties.stranger, "strange_head": counties.strange_head}  # type: ignore[attr-defined]
    people["keeper"] = counties.keeper
    (merger,) = counties.root.execute(
        "INSERT INTO agency_merger (document, from_agency_id, to_agency_id, announced_by, announced_at) "
        "SELECT 'x', from_agency_id, to_agency_id, announced_by, now() FROM agency_merger RETURNING id"
    ).fetchone() or (0,)
    told = {}
    for constraint, (login, statement) in BREAKS.items():
        if (
            constraint == "dossier_moves_by_the_city"
        ):  # Nothing is held any more: the merger itself is all that is left.
            counties.root.execute("UPDATE holding SET legal = 'transferred'")
        with pytest.raises(psycopg.Error) as broken:
            ask(people[login], statement.format(volume=row[0], version=row[1], merger=merger))
        told[constraint] = broken.value.diag.constraint_name
        assert type(refusal_for(broken.value)) is CONSTRAINTS[constraint]
    assert told == {constraint: constraint for constraint in BREAKS}


def test_nobody_comments_in_anothers_name_and_strangers_see_no_case_of_tags(counties: Archive, ask: Ask) -> None:
    whatever_else(counties)
    says = "INSERT INTO discrepancy_note (discrepancy_id, at, account_id, event, note) SELECT id, now(), {who}, 'comment', 'x' FROM discrepancy"
    assert ask(counties.clerk, says.format(who="session_account()")) == [(1,)]
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        ask(counties.clerk, says.format(who=counties.keeper.account_id))
    counties.root.execute(
        "INSERT INTO discrepancy (kind, tag_id, opened_at, opened_numbers, seen_at, numbers) "
        "SELECT 'unknown_tag', min(id), now(), '{}', now(), '{}' FROM tag"
    )
    count = "SELECT count(*) FROM discrepancy"
    assert [ask(one, count) for one in (counties.keeper, counties.clerk)] == [[(2,)], [(1,)]]


def test_a_tag_of_nobodys_is_everybodys(counties: Archive, ask: Ask) -> None:
    """Unknown tags are proposed for binding at any desk; a tag on another county's volume is not even there."""
    whatever_else(counties)
    counties.root.execute("INSERT INTO tag (epc) VALUES ('\\x99')")
    stranger = counties.stranger  # type: ignore[attr-defined]
    assert ask(stranger, "SELECT encode(epc, 'hex') FROM tag") == [("99",)]
    assert ask(counties.clerk, f"SELECT count(*) FROM tag WHERE epc = decode('{EPC}', 'hex')") == [(1,)]
