"""The real `guiwei` command, beside a database of the site's own or on embedded services."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from inventory.store.keys import load_key_ring
from tests import servers
from tests.commands.running import Guiwei
from tests.conftest import Archive


@pytest.fixture
def guiwei(archive: Archive, tmp_path: Path) -> Guiwei:
    """The command on the archive's database, with a key file of its own and no broker."""
    command = Guiwei(tmp_path / "data")
    command.use_database(archive.server, archive.name)
    load_key_ring(tmp_path / "data" / "guiwei.key", make=True)
    return command


@pytest.fixture
def empty_database(postgres: servers.PostgresForTests) -> Iterator[str]:
    """A provisioned database nobody has migrated."""
    name = "archive_empty"
    postgres.provision(name)
    yield name
    with psycopg.connect(postgres.superuser_url, autocommit=True) as superuser:
        superuser.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def directory() -> Iterator[Path]:
    """A data directory that the embedded PostgreSQL can reach."""
    with servers.server_directory() as found:
        yield found
