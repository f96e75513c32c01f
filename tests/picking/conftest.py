"""Most of picking is one engine's work; what two keepers do at once runs on both (see the tests that say so)."""

import pytest

ONE_ENGINE = pytest.mark.parametrize("postgres", ["PostgreSQL 18, embedded"], indirect=True)
