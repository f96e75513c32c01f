"""A window with its head, a registered notary, and dossiers on shelves."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from uuid import uuid4

import httpx
import pytest

from inventory.operations.signing_in import add_token
from tests.conftest import Archive
from tests.requests.counter import Counter, now
from tests.site import ONE_ENGINE

__all__ = ["ONE_ENGINE"]


@pytest.fixture
def counter(archive: Archive) -> Counter:
    """The window of agency 370112 in N-1, with a notary, a school, a court, a township centre and the archives registered."""
    return Counter(archive)


Program = Callable[[str], httpx.Client]


@pytest.fixture
def program(visitor: httpx.Client, counter: Counter) -> Iterator[Program]:
    """Programs of the counter's people: `program("clerk")` asks with the clerk's token."""
    counter.let_in()
    archive = counter.archive
    clients: list[httpx.Client] = []

    def asks(login: str) -> httpx.Client:
        secret = uuid4().hex
        add_token(archive.owner, login, "test", now(), now() + timedelta(days=1), secret)
        clients.append(httpx.Client(base_url=visitor.base_url, headers={"Authorization": f"Bearer {secret}"}))
        return clients[-1]

    yield asks
    for client in clients:
        client.close()
