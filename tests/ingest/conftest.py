"""Brokers for the readers of a test, and ingest at work behind them."""

import itertools
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest

from inventory.store.keys import new_key_ring
from tests.conftest import TEMPLATE, Archive
from tests.ingest.equipment import Publisher, Working, keep_alive, publisher, register_readers, working
from tests.servers import Mosquitto, PostgresForTests, mosquitto

_numbers = itertools.count(1)

# Where the broker, the process or a pure rule is the point; what is SQL runs on both engines.
ONE_ENGINE = pytest.mark.parametrize("postgres", ["PostgreSQL 18, embedded"], indirect=True)


@pytest.fixture
def another_archive(postgres: PostgresForTests) -> Iterator[Callable[[], Archive]]:
    """More warehouses like `archive`, each empty, on the same server."""
    with psycopg.connect(postgres.superuser_url, autocommit=True) as superuser, ExitStack() as opened:

        def build() -> Archive:
            name = f"another_{next(_numbers)}"
            superuser.execute(f"CREATE DATABASE {name} OWNER guiwei_owner TEMPLATE {TEMPLATE}")
            opened.callback(superuser.execute, f"DROP DATABASE {name} WITH (FORCE)")
            superuser.execute(f"GRANT CONNECT, TEMPORARY ON DATABASE {name} TO guiwei_app, guiwei_jobs")
            another = Archive(postgres, name, new_key_ring())
            opened.callback(another.close)
            return another

        yield build


@pytest.fixture
def broker(folder: Path) -> Iterator[Mosquitto]:
    """A Mosquitto of the test's own, whose log says who subscribes to what."""
    with mosquitto(folder, log_type="subscribe") as running:
        yield running


@pytest.fixture
def readers(broker: Mosquitto) -> Iterator[Publisher]:
    """The readers' connection to it."""
    with publisher(broker.url) as connection:
        yield connection


@pytest.fixture
def listening(
    archive: Archive, folder: Path, broker: Mosquitto, readers: Publisher
) -> Iterator[Callable[..., Working]]:
    """Register readers and let ingest listen to them: `listening("A-1,native,r/a,0,A-01,shelf,", ...)`."""
    with ExitStack() as shift:

        def listen(*rows: str) -> Working:
            register_readers(archive, folder, *rows)
            ingest = shift.enter_context(working(archive, broker.url))
            keep_alive(archive, readers)
            return ingest

        yield listen
