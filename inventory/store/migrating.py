"""Bringing a database to the newest schema, as the owner role."""

from pathlib import Path
from typing import Any

import psycopg
import sqlalchemy
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

MIGRATIONS = Path(__file__).parent / "migrations"


def _config(connection: sqlalchemy.Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config


def upgrade(owner: sqlalchemy.Engine) -> tuple[str | None, str]:
    """Run every migration the database lacks, all in one transaction; returns (revision before, revision after)."""
    with owner.begin() as connection:
        # Two upgrades at once (compose starts many containers) wait for each other here.
        connection.execute(sqlalchemy.text("SELECT pg_advisory_xact_lock(hashtext('guiwei db upgrade'))"))
        before = MigrationContext.configure(connection).get_current_revision()
        command.upgrade(_config(connection), "head")
        after = MigrationContext.configure(connection).get_current_revision()
    assert after is not None
    return before, after


def revisions(connection: psycopg.Connection[Any]) -> tuple[str | None, str]:
    """The database's revision (None: no schema yet) and the newest one this program knows."""
    newest = ScriptDirectory(str(MIGRATIONS)).get_current_head()
    assert newest is not None
    if connection.execute("SELECT to_regclass('alembic_version')").fetchone() == (None,):
        return None, newest
    row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    return row[0] if row else None, newest
