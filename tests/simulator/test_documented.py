"""docs/simulator.md says what the code does."""

import re
from pathlib import Path

from devices.simulator import radio
from devices.simulator.city import City

PAGE = Path(__file__).parents[2] / "docs" / "simulator.md"


def test_the_page_lists_every_radio_parameter_with_its_value() -> None:
    rows = re.findall(r"^\| `([A-Z_]+)` \| (-?[0-9.]+) \|", PAGE.read_text("utf-8"), re.MULTILINE)
    listed = {name: float(value) for name, value in rows}
    assert listed == {name: value for name, value in vars(radio).items() if name.isupper() and isinstance(value, float)}


def test_the_page_names_every_reader_and_its_dialect(city: City) -> None:
    page = PAGE.read_text("utf-8")
    table = page[page.index("| readers | dialect |") : page.index("A sweep goes")]
    families = {(re.sub(r"[0-9]", "", row.reader), str(row.dialect)) for row in city.readers}
    listed = re.findall(r"^\| ([A-Z])[0-9].*?\| `([a-z_]+)` \|", table, re.MULTILINE)
    assert set(listed) == families
