"""The three roles and the database, made by a superuser before the first migration.

*owner* owns the tables, runs migrations and brings registers in; *app* serves people, each by the session they present; *jobs*
takes in what readers say and works at night. Neither of the latter owns or bypasses anything. A site with its own server may
run `deploy/postgres/roles.sql`: it says the same.
"""

from collections.abc import Mapping
from typing import Literal, get_args

import psycopg
from psycopg import sql

Role = Literal["owner", "app", "jobs"]
ROLES: tuple[Role, ...] = get_args(Role)

_PRIVILEGES_NOBODY_HAS = sql.SQL("LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOREPLICATION")
_PROVISION_LOCK = 0x6775_6977_6569  # "guiwei": roles belong to the whole server, so two provisions take turns.


def role_name(role: Role) -> str:
    """The database's name of a role, such as `guiwei_app`."""
    return f"guiwei_{role}"


# The server's log tells no statement of these roles, no row of theirs and nothing they typed: an error's message may repeat a
# value, its DETAIL a row. That something failed, and where, is in our own log. Only a superuser can set or unset these.
SILENT = {
    "log_min_messages": "log",  # which ranks above errors: starts, checkpoints and what ends the server are still told
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_statement": "none",
    "log_min_duration_statement": "-1",
    "log_min_duration_sample": "-1",
    "log_transaction_sample_rate": "0",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
}


def provision(superuser_url: str, database: str, passwords: Mapping[Role, str]) -> None:
    """Create what is missing of roles and `database`, and set the roles' passwords; a second run changes nothing.

    `superuser_url` is a `postgresql://` URL of any existing database. Errors are psycopg's.
    """
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", [_PROVISION_LOCK])
        for role in ROLES:
            _create_role(connection, role_name(role), passwords[role])
        _create_database(connection, database)
        _close_to_the_public(connection, database)
    with psycopg.connect(superuser_url, dbname=database, autocommit=True) as connection:
        # A server upgraded from before PostgreSQL 15 still lets everybody create tables here.
        connection.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")


def _create_role(connection: psycopg.Connection, name: str, password: str) -> None:
    role = sql.Identifier(name)
    if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [name]).fetchone():
        connection.execute(sql.SQL("CREATE ROLE {}").format(role))
    # The verifier is computed here: the password itself never reaches the server or its log.
    verifier = connection.pgconn.encrypt_password(password.encode(), name.encode(), b"scram-sha-256").decode()
    connection.execute(
        sql.SQL("ALTER ROLE {} {} PASSWORD {}").format(role, _PRIVILEGES_NOBODY_HAS, sql.Literal(verifier)),
    )
    # The planner takes row-level policies for costlier than they are, and would compile what is over in a millisecond.
    connection.execute(sql.SQL("ALTER ROLE {} SET jit = off").format(role))
    for setting, value in SILENT.items():
        told = (role, sql.Identifier(setting), sql.Literal(value))
        connection.execute(sql.SQL("ALTER ROLE {} SET {} = {}").format(*told))


def _create_database(connection: psycopg.Connection, database: str) -> None:
    if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database]).fetchone():
        return
    # Order by code point needs no operating system's collation, so no upgrade of glibc can corrupt an index. The
    # character classes must be Unicode's: with LC_CTYPE "C" trigrams skip every Chinese character.
    builtin = connection.info.server_version >= 170000  # noqa: PLR2004 - PostgreSQL 17 brought the provider
    provider = sql.SQL("LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8'" if builtin else "LOCALE_PROVIDER libc")
    connection.execute(
        sql.SQL(
            "CREATE DATABASE {} OWNER {} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C.UTF-8' {}",
        ).format(sql.Identifier(database), sql.Identifier(role_name("owner")), provider),
    )


def _close_to_the_public(connection: psycopg.Connection, database: str) -> None:
    connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(database)))
    for role in ("app", "jobs"):
        connection.execute(
            sql.SQL("GRANT CONNECT, TEMPORARY ON DATABASE {} TO {}").format(
                sql.Identifier(database),
                sql.Identifier(role_name(role)),
            ),
        )
