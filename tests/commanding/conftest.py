"""A broker for commands."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.commanding.equipment import Web
from tests.servers import Mosquitto, mosquitto, server_directory


@pytest.fixture
def folder() -> Iterator[Path]:
    """A directory that servers may use."""
    with server_directory() as directory:
        yield directory


@pytest.fixture
def broker(folder: Path) -> Iterator[Mosquitto]:
    """A real Mosquitto."""
    with mosquitto(folder) as running:
        yield running


@pytest.fixture
def web() -> Iterator[Web]:
    """A real HTTP server that is an R700."""
    server = Web()
    yield server
    server.close()
