"""One site for all: no test changes its files, and each says its own words."""

from collections.abc import Iterator

import pytest

from tests.servers import server_directory
from tests.transport.site import Secured, secured


@pytest.fixture(scope="module")
def site() -> Iterator[Secured]:
    """Mosquitto on generated files, by TLS with passwords, by TLS with certificates, and on loopback."""
    with server_directory() as directory, secured(directory) as running:
        yield running
