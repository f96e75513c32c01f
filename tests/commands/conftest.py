"""The real `guiwei` command beside a real database. What is SQL runs on both engines elsewhere; here one is enough."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from inventory.store.keys import load_key_ring
from tests import conftest as warehouse
from tests import servers
from tests.commands.running import Guiwei
from tests.conftest import Archive


@pytest.fixture(scope="session")
def postgres(server_directory: Path) -> Iterator[servers.PostgresForTests]:
    with servers.embedded_18(server_directory) as server:
        server.provision(warehouse.TEMPLATE)
        warehouse.fill_template(server)
        yield server


@pytest.fixture
def guiwei(archive: Archive, tmp_path: Path) -> Guiwei:
    """The command on the archive's database, its keys in a file of its own."""
    command = Guiwei(tmp_path / "data", tmp_path)
    command.use_database(archive.server, archive.name)
    command.set("GUIWEI_KEY_FILE", str(tmp_path / "data" / "guiwei.key"))
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
