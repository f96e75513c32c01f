"""Whole columns out of the database: COPY in binary form, straight into arrays.

A city's night is millions of rows of whole numbers. As rows of Python objects they would cost fifty times their size.
"""

from typing import Any

import numpy as np
import psycopg
from numpy.typing import NDArray

HEADER_BYTES = 19  # signature, flags, and the length of a header extension that PostgreSQL never sends
TRAILER = b"\xff\xff"  # in place of a row's number of fields
OTHER_KIND = "a column is not of the kind asked for, or NULL"
VALUE_BYTES = 8  # of either kind
PART_BYTES = 16 << 20


def columns(
    connection: psycopg.Connection[Any], query: str, parameters: dict[str, Any], kinds: str
) -> list[NDArray[Any]]:
    """What a query answers, a contiguous array a column.

    kinds: one letter a column, `i` for bigint (int64), `f` for double precision (float64). No column may be NULL: a
    query says by `coalesce` what stands for that. Raises `ValueError` where a column isn't what `kinds` says.
    """
    row = np.dtype(_row(kinds))
    parts: list[list[NDArray[Any]]] = []
    waiting = bytearray()
    with connection.cursor() as cursor:
        statement: Any = (
            f"COPY ({query}) TO STDOUT (FORMAT BINARY)"  # the query is one of ours; its values are parameters
        )
        with cursor.copy(statement, parameters) as copy:
            for block in copy:
                waiting += block
                if len(waiting) >= PART_BYTES + HEADER_BYTES:
                    waiting = _take(waiting, row, kinds, parts)
    if _take(waiting, row, kinds, parts) != TRAILER:
        raise ValueError(OTHER_KIND)
    return [np.concatenate([part[column] for part in parts]) for column in range(len(kinds))]


def _row(kinds: str) -> list[tuple[str, str]]:
    fields = [("fields", ">i2")]
    for number, kind in enumerate(kinds):
        fields += [(f"length{number}", ">i4"), (f"value{number}", f">{kind}8")]
    return fields


def _take(waiting: bytearray, row: np.dtype[Any], kinds: str, parts: list[list[NDArray[Any]]]) -> bytearray:
    """Turn the whole rows among these bytes into arrays; returns what is left."""
    start = 0 if parts else HEADER_BYTES
    count = (len(waiting) - start) // row.itemsize
    table = np.frombuffer(bytes(waiting), row, count, start)
    lengths = [table[f"length{number}"] for number in range(len(kinds))]
    if np.any(table["fields"] != len(kinds)) or any(np.any(length != VALUE_BYTES) for length in lengths):
        raise ValueError(OTHER_KIND)
    parts.append([table[f"value{n}"].astype(f"{kind}8") for n, kind in enumerate(kinds)])
    return waiting[start + count * row.itemsize :]
