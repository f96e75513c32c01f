"""How places land: rows first, then parents, then the paths of the whole tree."""

from typing import Any

from inventory.domain.places import PlaceKind
from inventory.domain.registers import PlaceRow
from inventory.store.keys import KeyRing
from inventory.store.registers.landing import Check, Landing, cycle, epc_taken, twice, unknown

# (kind, kind of parent) pairs that don't stand, straight from the domain's table.
_MISPLACED_KINDS = ", ".join(
    f"('{kind}', '{parent}')" for kind in PlaceKind for parent in PlaceKind if not kind.may_stand_in(parent)
)
_PLACE_DETAILS = ("block", "face", "aisle", "x", "y", "z", "width", "height", "depth", "capacity")
_KINDS = "SELECT code, kind FROM staged UNION SELECT code, kind FROM place"


def _place_cells(row: PlaceRow, _keys: KeyRing) -> tuple[Any, ...]:
    details = tuple(getattr(row, name) for name in _PLACE_DETAILS)
    return row.code, row.kind.value, row.name, row.parent, *details, row.epc


PLACES = Landing(
    columns={
        "code": "text",
        "kind": "text",
        "name": "text",
        "parent": "text",
        "block": "text",
        "face": "text",
        "aisle": "text",
        "x": "float8",
        "y": "float8",
        "z": "float8",
        "width": "float8",
        "height": "float8",
        "depth": "float8",
        "capacity": "int4",
        "epc": "bytea",
    },
    cells=_place_cells,
    checks=(
        twice("code"),
        twice("epc"),
        unknown("parent", "上级所在", "place above it", "SELECT code FROM place UNION ALL SELECT code FROM staged"),
        Check(
            "kind",
            "所在种类不可更改",
            "a place never changes its kind",
            "SELECT row FROM staged JOIN place USING (code) WHERE place.kind <> staged.kind",
        ),
        Check(
            "parent",
            "该种所在不能在这种上级之内",
            "a place of this kind can't stand in one of that kind",
            f"SELECT row FROM staged JOIN ({_KINDS}) AS above (code, kind) ON above.code = staged.parent "
            f"WHERE (staged.kind, above.kind) IN ({_MISPLACED_KINDS})",
        ),
        # Kinds alone forbid a cycle among the places that stand already.
        cycle("parent", "上级关系成环", "it stands, by way of others, in itself", "SELECT NULL, NULL WHERE false"),
        epc_taken("place.code <> staged.code"),
    ),
    steps=(
        (
            "places",
            f"""
            INSERT INTO place (code, kind, name, {", ".join(_PLACE_DETAILS)})
            SELECT code, kind, name, {", ".join(_PLACE_DETAILS)} FROM staged ORDER BY row
            ON CONFLICT (code) DO UPDATE SET name = excluded.name,
                {", ".join(f"{name} = excluded.{name}" for name in _PLACE_DETAILS)}
            """,
        ),
        (
            "tree",
            """
            UPDATE place SET parent_id = above.id FROM staged LEFT JOIN place AS above ON above.code = staged.parent
            WHERE place.code = staged.code AND place.parent_id IS DISTINCT FROM above.id
            """,
        ),
        (
            "paths",
            """
            WITH RECURSIVE tree AS (
                SELECT id, '/' || id || '/' AS path, CASE kind WHEN 'warehouse' THEN id END AS warehouse_id,
                       CASE kind WHEN 'room' THEN id END AS room_id FROM place WHERE parent_id IS NULL
                UNION ALL
                SELECT place.id, tree.path || place.id || '/', tree.warehouse_id,
                       CASE place.kind WHEN 'room' THEN place.id ELSE tree.room_id END
                FROM place JOIN tree ON tree.id = place.parent_id)
            UPDATE place SET path = tree.path, warehouse_id = tree.warehouse_id, room_id = tree.room_id
            FROM tree WHERE tree.id = place.id AND (place.path, place.warehouse_id, place.room_id)
                IS DISTINCT FROM (tree.path, tree.warehouse_id, tree.room_id)
            """,
        ),
        (
            "label tags",
            """
            INSERT INTO tag (epc, place_id) SELECT epc, place.id FROM staged JOIN place USING (code) WHERE epc IS NOT NULL
            ON CONFLICT (epc) DO UPDATE SET place_id = excluded.place_id
            """,
        ),
        ("registry version", "UPDATE registry_version SET version = version + 1"),
    ),
)
