"""The days themselves: every `.feature` file of this folder."""

from pathlib import Path

from pytest_bdd import scenarios
from pytest_bdd.feature import get_feature

from tests.web.conftest import ONE_ENGINE

pytest_plugins = [
    "tests.scenarios.steps_acts",
    "tests.scenarios.steps_arrivals",
    "tests.scenarios.steps_bags",
    "tests.scenarios.steps_contents",
    "tests.scenarios.steps_handing",
    "tests.scenarios.steps_house",
    "tests.scenarios.steps_outcomes",
    "tests.scenarios.steps_picking",
    "tests.scenarios.steps_register",
    "tests.scenarios.steps_requests",
    "tests.scenarios.steps_searches",
]
pytestmark = ONE_ENGINE
DAYS = Path(__file__).parent

scenarios(".")


def test_every_day_ends_with_the_ledger() -> None:
    """A day that nobody checks in the evening proves nothing."""
    features = [get_feature(str(path.parent), path.name) for path in sorted(DAYS.glob("*.feature"))]
    days = [scenario for feature in features for scenario in feature.scenarios.values()]
    assert len(features) >= 16
    assert [day.name for day in days if day.steps[-1].name != "台账完好，每册只在一处"] == []
