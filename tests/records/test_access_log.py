"""The access log: nobody writes in another's name, nobody rewrites it, nobody but the audit administrator reads it."""

from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from inventory.domain.people import Role, Viewer
from inventory.domain.refusals import LogKept, NotAllowed
from inventory.operations import finding, reading_log
from inventory.store.access_log import LogFilter
from inventory.store.database import refusal_for
from tests.conftest import Archive
from tests.records.breaks import BREAKS, PREPARE
from tests.records.conftest import with_session

DAYS = timedelta(days=1)


def entries(archive: Archive, auditor: Viewer, **wanted: object) -> list[tuple[str | None, str, str | None]]:
    """Login, act and dossier, oldest first."""
    page = reading_log.read_log(archive.app, auditor, LogFilter(**wanted), datetime.now(UTC))  # type: ignore[arg-type]
    return [(one.login, one.act, one.dossier) for one in reversed(page.entries)]


def an_old_entry(archive: Archive, days: int) -> None:
    """As if it had been written that long ago: only the superuser can say so."""
    archive.root.execute(
        "INSERT INTO access_log (at, account_id, act) VALUES (now() - %s * interval '1 day', %s, 'dossier')",
        (days, archive.keeper.account_id),
    )


def test_a_look_is_entered_under_the_session_that_looked(archive: Archive, auditor: Viewer) -> None:
    archive.dossier("D-1")
    keeper = with_session(archive, archive.keeper, "the keeper's")
    finding.open_dossier(archive.app, keeper, "D-1", datetime.now(UTC))
    assert entries(archive, auditor, act="dossier") == [("keeper", "dossier", "D-1")]


def test_nobody_writes_in_anothers_name(archive: Archive, auditor: Viewer) -> None:
    with_session(archive, archive.clerk, "the clerk's")
    with psycopg.connect(archive.app_url, autocommit=True) as app:
        for statement in (
            f"INSERT INTO access_log (at, account_id, act) VALUES (now(), {archive.keeper.account_id}, 'forged')",
            "SELECT * FROM access_log",
            "SELECT * FROM access_digest",
            "SELECT access_log_seal()",
            "SELECT access_log_expire(400)",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                app.execute(statement)
        app.execute("SELECT set_config('guiwei.session', 'the clerk''s', false)")
        app.execute("SELECT access_logged('forged', NULL)")
    assert entries(archive, auditor, act="forged") == [("clerk", "forged", None)]


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.AUDIT_ADMIN])
def test_no_other_role_reads_it_not_even_by_sql(archive: Archive, role: Role) -> None:
    person = with_session(archive, archive.person("other", role, "370112"), "the other's")
    with pytest.raises(NotAllowed):
        reading_log.read_log(archive.app, person, LogFilter(), datetime.now(UTC))
    with psycopg.connect(archive.app_url) as app:
        app.execute("SELECT set_config('guiwei.session', 'the other''s', false)")
        with pytest.raises(psycopg.Error) as told:
            app.execute(BREAKS["access_log_read_by_audit_admin"])
    assert told.value.diag.constraint_name == "access_log_read_by_audit_admin"


def test_who_looked_at_this_dossier(archive: Archive, auditor: Viewer) -> None:
    archive.dossier("D-1")
    archive.dossier("D-2")
    keeper = with_session(archive, archive.keeper, "the keeper's")
    clerk = with_session(archive, archive.clerk, "the clerk's")
    for viewer, number in ((keeper, "D-1"), (clerk, "D-2"), (clerk, "D-1")):
        finding.open_dossier(archive.app, viewer, number, datetime.now(UTC))
    assert [login for login, _, _ in entries(archive, auditor, dossier="D-1")] == ["keeper", "clerk"]
    assert [number for _, _, number in entries(archive, auditor, login="clerk")] == ["D-2", "D-1"]
    assert [act for _, act, _ in entries(archive, auditor, login="shen")] == ["access_log"] * 2


@pytest.mark.parametrize("constraint", BREAKS)
def test_every_rule_of_the_log_holds_against_the_superusers_own_sql(archive: Archive, constraint: str) -> None:
    PREPARE(archive)
    with pytest.raises(psycopg.Error) as told:
        archive.root.execute(BREAKS[constraint])
    assert told.value.diag.constraint_name == constraint
    assert refusal_for(told.value) is not None


@pytest.mark.parametrize("statement", ["TRUNCATE access_log", "TRUNCATE access_digest", "DELETE FROM access_digest"])
def test_not_even_the_owner_empties_it(archive: Archive, statement: str) -> None:
    PREPARE(archive)
    with psycopg.connect(archive.owner_url) as owner, pytest.raises(psycopg.errors.CheckViolation):
        owner.execute(statement)


def test_nothing_goes_before_190_days_and_a_day_goes_only_sealed(archive: Archive) -> None:
    an_old_entry(archive, 500)
    an_old_entry(archive, 195)
    an_old_entry(archive, 100)
    with pytest.raises(LogKept):
        reading_log.seal_and_expire(archive.jobs, 189)
    assert reading_log.seal_and_expire(archive.jobs, 400).removed == 1
    kept = reading_log.seal_and_expire(archive.jobs, 190)
    assert (kept.sealed, kept.removed) == (0, 1)
    assert archive.root.execute("SELECT count(*) FROM access_log").fetchone() == (1,)
    assert reading_log.verify_log(archive.jobs) == []


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE access_log SET act = 'nothing' WHERE id = (SELECT min(id) FROM access_log)",
        "UPDATE access_log SET account_id = NULL WHERE id = (SELECT min(id) FROM access_log)",
        "DELETE FROM access_log WHERE id = (SELECT min(id) FROM access_log)",
        "INSERT INTO access_log (at, act) SELECT at, 'put in' FROM access_log ORDER BY id LIMIT 1",
        "UPDATE access_digest SET hash = previous_hash WHERE day = (SELECT min(day) FROM access_digest)",
        "DELETE FROM access_digest WHERE day = (SELECT min(day) + 1 FROM access_digest)",
    ],
)
def test_what_a_superuser_changes_behind_the_triggers_shows(archive: Archive, tampering: str) -> None:
    an_old_entry(archive, 4)
    an_old_entry(archive, 3)
    # In the first hour of a day of UTC the day before it isn't sealed yet: what began in it may still commit.
    assert reading_log.seal_and_expire(archive.jobs, 400).sealed in {3, 4}
    assert reading_log.verify_log(archive.jobs) == []
    archive.root.execute("SET session_replication_role = replica")
    archive.root.execute(tampering)
    assert reading_log.verify_log(archive.jobs) != []
