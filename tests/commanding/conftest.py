"""A broker for commands."""

from collections.abc import Iterator

import pytest

from tests.commanding.equipment import Web


@pytest.fixture
def web() -> Iterator[Web]:
    """A real HTTP server that is an R700."""
    server = Web()
    yield server
    server.close()
