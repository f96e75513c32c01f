"""The three roles: the same made twice, the same by SQL file, and no more than they need."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from inventory.store.provision import ROLES
from tests.servers import PostgresForTests, debian_15, debian_programs, embedded_18, server_directory

ROLES_SQL = Path(__file__).parents[2] / "deploy" / "postgres" / "roles.sql"
_WHAT_A_ROLE_MAY = """
    SELECT rolname, rolcanlogin, rolsuper, rolbypassrls, rolcreatedb, rolcreaterole, rolreplication
    FROM pg_roles WHERE rolname LIKE 'guiwei%' ORDER BY rolname
"""
_HOW_A_ROLE_IS_SET = """
    SELECT rolname, ARRAY(SELECT unnest(setconfig) ORDER BY 1) FROM pg_db_role_setting JOIN pg_roles ON pg_roles.oid = setrole
    WHERE rolname LIKE 'guiwei%' ORDER BY rolname
"""
_HOW_THE_DATABASE_IS = """
    SELECT pg_get_userbyid(datdba), pg_encoding_to_char(encoding), datcollate, datctype, datlocprovider, datacl::text
    FROM pg_database WHERE datname = %s
"""


@pytest.fixture(scope="module", params=[embedded_18, debian_15])
def server(request: pytest.FixtureRequest) -> Iterator[PostgresForTests]:
    """A fresh server, once of each kind."""
    with server_directory() as directory, request.param(directory) as running:
        yield running


@pytest.fixture(scope="module")
def provisioned(server: PostgresForTests) -> PostgresForTests:
    """A server provisioned twice, with two databases."""
    for database in ("guiwei", "guiwei", "another"):
        server.provision(database)
    return server


def described(server: PostgresForTests, database: str) -> list[object]:
    with psycopg.connect(server.superuser_url) as connection:
        return [
            connection.execute(_WHAT_A_ROLE_MAY).fetchall(),
            connection.execute(_HOW_A_ROLE_IS_SET).fetchall(),
            connection.execute(_HOW_THE_DATABASE_IS, [database]).fetchone(),
        ]


def test_roles_may_sign_in_and_nothing_above_it(provisioned: PostgresForTests) -> None:
    roles, settings, _ = described(provisioned, "guiwei")
    assert roles == [(f"guiwei_{role}", True, *[False] * 5) for role in sorted(ROLES)]
    assert len(settings) == len(ROLES)  # type: ignore[arg-type]


@pytest.mark.parametrize("role", ["app", "jobs"])
def test_app_and_jobs_make_no_tables(provisioned: PostgresForTests, role: str) -> None:
    with psycopg.connect(provisioned.url(role, "guiwei")) as connection:  # type: ignore[arg-type]
        connection.execute("CREATE TEMPORARY TABLE staging (epc bytea)")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("CREATE TABLE mine (epc bytea)")


@pytest.mark.parametrize("role", ["app", "jobs"])
def test_app_and_jobs_do_not_get_into_others_databases(provisioned: PostgresForTests, role: str) -> None:
    with psycopg.connect(provisioned.superuser_url, autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS payroll")
        connection.execute("CREATE DATABASE payroll")
        connection.execute("REVOKE CONNECT ON DATABASE payroll FROM PUBLIC")
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        psycopg.connect(provisioned.url(role, "payroll"))  # type: ignore[arg-type]


def test_the_owner_brings_the_extensions_search_needs_and_they_know_chinese(provisioned: PostgresForTests) -> None:
    with psycopg.connect(provisioned.url("owner", "guiwei"), autocommit=True) as connection:
        connection.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
        assert connection.execute("SELECT array_length(show_trgm('尉迟恭'), 1)").fetchone() == (4,)


def test_no_password_stands_in_the_server_s_log(provisioned: PostgresForTests) -> None:
    logs = "".join(path.read_text("utf-8") for path in provisioned.cluster.home.rglob("*.log"))
    assert "ready to accept connections" in logs
    assert not any(password in logs for password in provisioned.passwords.values())


def test_the_sql_file_for_administrators_says_the_same(provisioned: PostgresForTests) -> None:
    expected = described(provisioned, "guiwei")
    with psycopg.connect(provisioned.superuser_url, autocommit=True) as connection:
        connection.execute("DROP DATABASE guiwei")
        connection.execute("DROP DATABASE another")
        for role in ROLES:
            connection.execute(f"DROP ROLE guiwei_{role}")
    for _ in range(2):
        passwords = [f"--set={role}_password={provisioned.passwords[role]}" for role in ROLES]
        psql = [
            str(debian_programs() / "psql"),
            "--no-psqlrc",
            *passwords,
            "--file",
            str(ROLES_SQL),
            provisioned.superuser_url,
        ]
        done = subprocess.run(psql, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    assert described(provisioned, "guiwei") == expected
    provisioned.provision("another")  # The other tests, in any order, find what they need.
    psycopg.connect(provisioned.url("app", "guiwei")).close()
