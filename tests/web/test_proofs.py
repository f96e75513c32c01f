"""With the application's own password, raw SQL opens nothing: only the proof of a password makes a session."""

from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import psycopg
import pytest
from argon2 import PasswordHasher

from inventory.domain.people import Role
from inventory.operations import secrets_kept, signing_in
from inventory.operations.countersigning import countersign, set_pin
from inventory.store.people import secret_hash
from tests.conftest import Archive
from tests.web.stock import password_of

PIN = "271828"
GUARDED = ("account_secret", "password_before", "second_factor_role", "sign_in_attempt", "sign_in_seed", "countersignature",
           "web_session", "api_token", "badge", "tap_wish", "tap")  # fmt: skip


@pytest.fixture
def app(archive: Archive) -> Iterator[psycopg.Connection[Any]]:
    """SQL with the application's password, under the clerk's session; whatever is broken into, no more than this is had."""
    signing_in.add_account(archive.owner, "zhao", "赵建国", Role.KEEPER, None, password_of("zhao"))
    set_pin(archive.owner, "zhao", PIN)
    archive.root.execute("DELETE FROM countersignature")
    with psycopg.connect(archive.app_url, autocommit=True) as connection:
        connection.execute("SELECT set_config('guiwei.session', %s, false)", (archive.clerk.secret,))
        yield connection


def value(connection: psycopg.Connection[Any], query: str, *facts: object) -> object:
    row = connection.execute(query, facts).fetchone()
    return row[0] if row else None


@pytest.mark.parametrize("table", GUARDED)
@pytest.mark.parametrize("act", ["SELECT FROM {}", "DELETE FROM {}", "INSERT INTO {} DEFAULT VALUES", "TRUNCATE {}"])
def test_what_proofs_and_sessions_lie_in_is_out_of_reach(app: psycopg.Connection[Any], table: str, act: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        app.execute(act.format(table))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE web_session SET expires_at = now() + interval '1 year'",
        "UPDATE web_session SET last_seen_at = now(), owes = NULL",
        "UPDATE account SET role = 'city_manager' WHERE login = 'clerk'",
        "UPDATE account SET agency_id = NULL WHERE login = 'clerk'",
        "INSERT INTO account (login, name, role) VALUES ('mallory', 'x', 'system_admin')",
        "SELECT secret_proven('zhao', 'password', 'x', 'x')",
        "SELECT attempt_counted('zhao')",
        "SELECT seeded('x')",
        "SELECT account_log(1, 'x')",
    ],
)
def test_nobody_makes_himself_somebody_else(app: psycopg.Connection[Any], statement: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        app.execute(statement)


OPEN = "SELECT login FROM session_open(%s, %s, %s, '30 minutes', '', '')"


def test_a_session_opens_by_the_proof_and_by_nothing_that_is_stored(
    archive: Archive, app: psycopg.Connection[Any]
) -> None:
    setting = value(app, "SELECT setting FROM secret_asked('zhao', 'password')")
    verifier = value(archive.root, "SELECT password_verifier FROM account_secret WHERE password_setting = %s", setting)
    proof = secrets_kept.proof(password_of("zhao"), str(setting))
    assert sha256(proof).digest() == verifier
    for wrong in (verifier, b"", None, password_of("zhao").encode(), proof[:-1]):
        assert value(app, OPEN, "zhao", wrong, secret_hash("mine")) is None
        archive.root.execute("UPDATE sign_in_attempt SET failures = 0, locked_until = NULL")
    assert value(app, OPEN, "zhao", proof, secret_hash("mine")) == "zhao"
    app.execute("SELECT set_config('guiwei.session', 'mine', false)")
    assert value(app, "SELECT session_account()") == value(archive.root, "SELECT id FROM account WHERE login = 'zhao'")


@pytest.mark.parametrize("login", ["zhao", "nobody"])
def test_proofs_are_counted_where_they_are_compared(archive: Archive, app: psycopg.Connection[Any], login: str) -> None:
    setting = str(value(app, "SELECT setting FROM secret_asked(%s, 'password')", login))
    for _ in range(5):
        assert value(app, OPEN, login, b"a guess", secret_hash("mine")) is None
    assert value(app, OPEN, login, secrets_kept.proof(password_of("zhao"), setting), secret_hash("mine")) is None
    assert value(app, "SELECT locked_minutes FROM secret_asked(%s, 'pin')", login) == 15
    assert value(archive.root, "SELECT count(*) FROM web_session WHERE secret_hash = %s", secret_hash("mine")) == 0


def test_a_name_that_is_not_there_is_answered_like_one_that_is(app: psycopg.Connection[Any]) -> None:
    for kind in ("password", "pin"):
        known, unknown, again = (
            str(value(app, "SELECT setting FROM secret_asked(%s, %s)", login, kind))
            for login in ("zhao", "nobody", "nobody")
        )
        assert unknown == again
        assert unknown != str(value(app, "SELECT setting FROM secret_asked('nobody2', %s)", kind))
        assert len(known) == len(unknown)
        assert known.rpartition("$")[0] == unknown.rpartition("$")[0]


def test_the_second_person_s_signature_is_good_for_one_transaction_of_the_session_it_stands_beside(
    archive: Archive, app: psycopg.Connection[Any]
) -> None:
    zhao = countersign(archive.app, archive.clerk, "zhao", PIN).account_id
    proven = "SELECT witness_proven(%s)"
    assert value(app, proven, archive.second.account_id) is False
    app.execute("SELECT set_config('guiwei.session', %s, false)", (archive.keeper.secret,))
    assert value(app, proven, zhao) is False, "it stood beside another session"
    app.execute("SELECT set_config('guiwei.session', %s, false)", (archive.clerk.secret,))
    with app.transaction(force_rollback=True):
        assert value(app, proven, zhao) is True
    with app.transaction():
        assert value(app, proven, zhao) is True
        assert value(app, proven, zhao) is True
    assert value(app, proven, zhao) is False, "it was used up"
    countersign(archive.app, archive.clerk, "zhao", PIN)
    archive.root.execute("UPDATE countersignature SET expires_at = expires_at - interval '5 minutes'")
    assert value(app, proven, zhao) is False, "it is too old"


@pytest.mark.usefixtures("app")
def test_a_password_from_before_opens_as_it_did_and_is_kept_with_todays_parameters(archive: Archive) -> None:
    older = PasswordHasher(time_cost=2, memory_cost=8192, parallelism=1).hash(password_of("zhao"))
    setting, _, raw_hash = older.rpartition("$")
    archive.root.execute(
        "UPDATE account_secret SET password_setting = %s, password_verifier = sha256(decode(%s || '=', 'base64'))",
        (setting, raw_hash),
    )
    assert signing_in.sign_in(archive.app, "zhao", password_of("zhao"), "one").viewer.login == "zhao"
    kept = str(value(archive.root, "SELECT password_setting FROM account_secret"))
    assert kept.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert signing_in.sign_in(archive.app, "zhao", password_of("zhao"), "two").viewer.login == "zhao"
