"""Whole columns come out of the database as they are in it."""

import numpy as np
import pytest

from inventory.store.columns import PART_BYTES, columns
from tests.conftest import Archive

ROW_BYTES = 2 + 2 * (4 + 8)


def test_more_rows_than_are_taken_at_once_come_whole_and_in_order(archive: Archive) -> None:
    rows = PART_BYTES // ROW_BYTES + 1_000
    query = "SELECT n::bigint, n * 0.5::float8 FROM generate_series(1, %(rows)s) AS n ORDER BY n"
    with archive.jobs.unpooled() as connection:
        whole, half = columns(connection, query, {"rows": rows}, "if")
    assert np.array_equal(whole, np.arange(1, rows + 1))
    assert np.array_equal(half, np.arange(1, rows + 1) / 2)


def test_no_rows_are_empty_columns(archive: Archive) -> None:
    with archive.jobs.unpooled() as connection:
        whole, real = columns(connection, "SELECT 1::bigint, 1::float8 WHERE false", {}, "if")
    assert (str(whole.dtype), str(real.dtype), len(whole), len(real)) == ("int64", "float64", 0, 0)


@pytest.mark.parametrize("query", ["SELECT NULL::bigint", "SELECT 1::integer", "SELECT 1::bigint, 2::bigint"])
def test_a_column_of_another_kind_is_not_read_as_something_else(archive: Archive, query: str) -> None:
    with archive.jobs.unpooled() as connection, pytest.raises(ValueError, match="kind asked for"):
        columns(connection, query, {}, "i")
