"""How each import file lands in the database: what is staged, what is checked as a set, and which statements apply it.

A file's rows go by COPY into the temporary table `staged` (one column for each below, and `row`, the row's number as a
spreadsheet shows it). Each check is a query for the numbers of the rows it finds wrong. Only when all is well do the
steps run, in order, in the same transaction.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from inventory.store.keys import KeyRing

STEPS_MAX = 20  # from a place or an agency up to the topmost; nothing is nested so deep


@dataclass(frozen=True, slots=True)
class Check:
    """`query` finds the rows whose `column` has this problem."""

    column: str
    problem_zh: str
    problem_en: str
    query: str


@dataclass(frozen=True, slots=True)
class Landing:
    """One register's way in. `cells(row, keys)` gives the staged values in the order of `columns`."""

    columns: dict[str, str]
    cells: Callable[[Any, KeyRing], tuple[Any, ...]]
    checks: tuple[Check, ...]
    steps: tuple[tuple[str, str], ...]


def twice(column: str, *key: str) -> Check:
    """No two rows of the file share this column, or this `key` of columns."""
    keys = ", ".join(key or (column,))
    return Check(
        column,
        "在文件中重复",
        "it stands twice in the file",
        f"SELECT row FROM (SELECT row, count(*) OVER (PARTITION BY {keys}) AS times FROM staged WHERE {column} IS NOT NULL) "
        "AS counted WHERE times > 1",
    )


def unknown(column: str, what_zh: str, what_en: str, known: str) -> Check:
    """What the column names is among the codes that the query `known` gives."""
    return Check(
        column,
        f"没有这个{what_zh}",
        f"there is no such {what_en}",
        f"SELECT row FROM staged WHERE {column} IS NOT NULL AND NOT EXISTS (SELECT FROM ({known}) AS known (code) "
        f"WHERE known.code = staged.{column})",
    )


def cycle(column: str, problem_zh: str, problem_en: str, standing: str) -> Check:
    """`standing` gives the (code, above) pairs that stand already; where the file has the code, the file is right."""
    return Check(
        column,
        problem_zh,
        problem_en,
        f"""
        WITH RECURSIVE pair (code, above) AS (
            SELECT code, parent FROM staged UNION
            SELECT code, above FROM ({standing}) AS standing (code, above) WHERE code NOT IN (SELECT code FROM staged)),
        walk (row, start, above, steps) AS (
            SELECT row, code, parent, 1 FROM staged WHERE parent IS NOT NULL
            UNION SELECT walk.row, walk.start, pair.above, steps + 1
            FROM walk JOIN pair ON pair.code = walk.above
            WHERE pair.above IS NOT NULL AND steps < {STEPS_MAX} AND walk.above <> walk.start)
        SELECT DISTINCT row FROM walk WHERE above = start OR steps >= {STEPS_MAX}
        """,
    )


def epc_taken(mine: str) -> Check:
    """No EPC of the file is on a volume or another label already; the condition `mine` says which label is another."""
    return Check(
        "epc",
        "EPC 已用于别的标签，不得重复使用",
        "that EPC is already in use; it is never used twice",
        "SELECT row FROM staged JOIN tag USING (epc) LEFT JOIN place ON place.id = tag.place_id "
        f"WHERE tag.volume_id IS NOT NULL OR (tag.place_id IS NOT NULL AND {mine})",
    )
