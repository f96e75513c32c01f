"""How agencies land: codes stay, everything else follows the newest file."""

from typing import Any

from inventory.domain.registers import AgencyRow
from inventory.store.keys import KeyRing
from inventory.store.registers.landing import Landing, cycle, twice, unknown


def _agency_cells(row: AgencyRow, _keys: KeyRing) -> tuple[Any, ...]:
    return row.code, row.name, row.level.value, row.parent, row.valid_from, row.valid_to, row.successor


_AGENCIES = "SELECT code FROM agency UNION ALL SELECT code FROM staged"

AGENCIES = Landing(
    columns={
        "code": "text",
        "name": "text",
        "level": "text",
        "parent": "text",
        "valid_from": "date",
        "valid_to": "date",
        "successor": "text",
    },
    cells=_agency_cells,
    checks=(
        twice("code"),
        unknown("parent", "上级机构", "agency above it", _AGENCIES),
        unknown("successor", "承接机构", "successor agency", _AGENCIES),
        cycle(
            "parent",
            "上级关系成环",
            "it is, by way of others, above itself",
            "SELECT agency.code, above.code FROM agency JOIN agency AS above ON above.id = agency.parent_id",
        ),
    ),
    steps=(
        (
            "agencies",
            """
            INSERT INTO agency (code, name, level, valid_from, valid_to)
            SELECT code, name, level, valid_from, valid_to FROM staged
            ON CONFLICT (code) DO UPDATE SET name = excluded.name, level = excluded.level,
                valid_from = excluded.valid_from, valid_to = excluded.valid_to
            """,
        ),
        (
            "hierarchy",
            """
            UPDATE agency SET parent_id = above.id, successor_id = next.id
            FROM staged LEFT JOIN agency AS above ON above.code = staged.parent
            LEFT JOIN agency AS next ON next.code = staged.successor
            WHERE agency.code = staged.code
            """,
        ),
    ),
)
