"""The keeper at the screen; the server and the browser before it are `tests.site`."""

import httpx
import pytest

from tests.site import ONE_ENGINE, SignIn

__all__ = ["ONE_ENGINE", "SignIn"]


@pytest.fixture
def keeper(signed_in: SignIn) -> httpx.Client:
    return signed_in("zhao")
