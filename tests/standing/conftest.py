"""A counter with its head, another county's, and a city's manager."""

import pytest

from tests.conftest import Archive
from tests.requests.conftest import ONE_ENGINE, Program, program
from tests.requests.counter import Counter
from tests.requests.test_pages import Browse, browse

__all__ = ["ONE_ENGINE", "Browse", "Program", "browse", "program"]


@pytest.fixture
def counter(archive: Archive) -> Counter:
    return Counter(archive)
