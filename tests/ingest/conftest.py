"""Brokers for the readers of a test, and ingest at work behind them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ingest.equipment import Publisher, publisher
from tests.servers import Mosquitto, mosquitto, server_directory

# Where the broker, the process or a pure rule is the point; what is SQL runs on both engines.
ONE_ENGINE = pytest.mark.parametrize("postgres", ["PostgreSQL 18, embedded"], indirect=True)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A directory that servers may use."""
    with server_directory() as directory:
        yield directory


@pytest.fixture
def broker(folder: Path) -> Iterator[Mosquitto]:
    """A Mosquitto of the test's own."""
    with mosquitto(folder) as running:
        yield running


@pytest.fixture
def readers(broker: Mosquitto) -> Iterator[Publisher]:
    """The readers' connection to it."""
    with publisher(broker.url) as connection:
        yield connection
