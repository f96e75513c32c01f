"""Whole columns out of the database: COPY in binary form, straight into arrays.

A city's night is millions of rows of whole numbers. As rows of Python objects they would cost fifty times their size.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import psycopg
from numpy.typing import NDArray

HEADER_BYTES = 19  # signature, flags, and the length of a header extension that PostgreSQL never sends
TRAILER = b"\xff\xff"  # in place of a row's number of fields
OTHER_KIND = "a column is not of the kind asked for, or NULL"
PART_BYTES = 16 << 20
EPOCH_MICROSECONDS = 946_684_800_000_000  # PostgreSQL counts from 2000-01-01


class Kind(NamedTuple):
    """How one kind of column comes, and what is added to it to be what we mean."""

    sent: str
    kept: type[np.generic]
    add: int = 0

    @property
    def width(self) -> int:
        """Bytes of a value on the wire."""
        return np.dtype(self.sent).itemsize

    def of(self, sent: NDArray[Any]) -> NDArray[Any]:
        """Values as we keep them."""
        values = sent.astype(self.kept)
        return np.add(values, self.add, out=values) if self.add else values


KINDS = {
    "i": Kind(">i8", np.int64),
    "f": Kind(">f8", np.float64),
    "j": Kind(">i4", np.int32),
    "t": Kind(">i8", np.int64, EPOCH_MICROSECONDS),
}


def columns(
    connection: psycopg.Connection[Any], query: str, parameters: dict[str, Any], kinds: str
) -> list[NDArray[Any]]:
    """What a query answers, a contiguous array a column.

    kinds: one letter a column: `i` for bigint (int64), `j` for integer (int32), `f` for double precision (float64), `t` for
    timestamptz (int64, microseconds since 1970). No column may be NULL: a query says by `coalesce` what stands for that.
    Raises `ValueError` where a column isn't what `kinds` says.
    """
    parts = list(column_parts(connection, query, parameters, kinds))
    # Each column's parts are let go of in turn.
    return [np.concatenate([part.pop(0) for part in parts]) for _ in kinds]


def column_parts(
    connection: psycopg.Connection[Any], query: str, parameters: dict[str, Any], kinds: str
) -> Iterator[list[NDArray[Any]]]:
    """The same in parts of some hundred thousand rows, for who makes less of them than all at once; at least one part."""
    row = np.dtype(_row(kinds))
    waiting, start = bytearray(), HEADER_BYTES
    with connection.cursor() as cursor:
        statement: Any = (
            f"COPY ({query}) TO STDOUT (FORMAT BINARY)"  # the query is one of ours; its values are parameters
        )
        with cursor.copy(statement, parameters) as copy:
            for block in copy:
                waiting += block
                if len(waiting) >= PART_BYTES + HEADER_BYTES:
                    part, waiting = _take(waiting, start, row, kinds)
                    start = 0
                    yield part
    part, waiting = _take(waiting, start, row, kinds)
    if waiting != TRAILER:
        raise ValueError(OTHER_KIND)
    yield part


def _row(kinds: str) -> list[tuple[str, str]]:
    fields = [("fields", ">i2")]
    for number, kind in enumerate(kinds):
        fields += [(f"length{number}", ">i4"), (f"value{number}", KINDS[kind].sent)]
    return fields


def _take(waiting: bytearray, start: int, row: np.dtype[Any], kinds: str) -> tuple[list[NDArray[Any]], bytearray]:
    """The whole rows among these bytes as arrays, and what is left."""
    count = (len(waiting) - start) // row.itemsize
    table = np.frombuffer(bytes(waiting), row, count, start)
    wrong = np.any(table["fields"] != len(kinds))
    for number, letter in enumerate(kinds):
        wrong |= np.any(table[f"length{number}"] != KINDS[letter].width)
    if wrong:
        raise ValueError(OTHER_KIND)
    part = [KINDS[letter].of(table[f"value{number}"]) for number, letter in enumerate(kinds)]
    return part, waiting[start + count * row.itemsize :]
