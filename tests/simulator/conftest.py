"""One small city, made once; it is never changed."""

from datetime import UTC, datetime

import pytest

from devices.simulator.city import City, make_city
from devices.simulator.truth import Standing, Truth, make_truth

SEED = 7
MORNING = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def city() -> City:
    return make_city(6_000, seed=SEED)


@pytest.fixture(scope="session")
def truth(city: City) -> Truth:
    return make_truth(city, SEED)


@pytest.fixture(scope="session")
def standing(city: City, truth: Truth) -> Standing:
    return Standing(city, truth)
