"""docs/simulator.md says what the code does."""

import inspect
import re
from pathlib import Path
from types import ModuleType

import pytest

from devices.simulator import gates, passers, radio, tunnels
from devices.simulator.city import City

PAGE = Path(__file__).parents[2] / "docs" / "simulator.md"


@pytest.mark.parametrize(
    ("module", "heading"),
    [(radio, "The radio"), (gates, "Gates"), (passers, "Who passes"), (tunnels, "Tunnel and pads")],
)
def test_the_page_lists_every_parameter_with_its_value(module: ModuleType, heading: str) -> None:
    section = re.split(r"^##+ ", PAGE.read_text("utf-8"), flags=re.MULTILINE)
    (body,) = (text for text in section if text.partition("\n")[0] == heading)
    rows = re.findall(r"^\| `([A-Z_]+)` \| (-?[0-9.]+) \|", body, re.MULTILINE)
    source = inspect.getsource(module)
    named = {
        name: value
        for name, value in vars(module).items()
        if re.search(rf"(?m)^(?:[A-Z_]+, )*{name}(?:, [A-Z_]+)* = ", source)
    }
    assert {name: float(value) for name, value in rows} == {
        name: value for name, value in named.items() if isinstance(value, float)
    }


def test_the_page_names_every_reader_and_its_dialect(city: City) -> None:
    page = PAGE.read_text("utf-8")
    table = page[page.index("| readers | dialect |") : page.index("A sweep goes")]
    families = {(re.sub(r"[0-9]", "", row.reader), str(row.dialect)) for row in city.readers}
    listed = re.findall(r"^\| ([A-Z])[0-9].*?\| `([a-z_]+)` \|", table, re.MULTILINE)
    assert set(listed) == families
