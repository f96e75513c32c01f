"""How what is announced lands in the register: the same way as an imported register, but with no place and no act.

A dossier without a holding is expected. What is registered already and hasn't come yet is joined to, not registered again;
so is what was sent back or went away for good and comes again under its own number.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from inventory.domain.arrivals import GONE, ListRow
from inventory.domain.identifiers import VolumeName, new_dossier_number
from inventory.domain.refusals import BadInput
from inventory.domain.registers import DossierRow
from inventory.store.database import copy_in
from inventory.store.keys import KeyRing
from inventory.store.registers.dossiers import DOSSIERS
from inventory.store.registers.landing import Check, twice

NUMBERS_TRIED_MAX = 3

_COLUMNS = {"row": "int4", "box": "text", "note": "text", **DOSSIERS.columns}
_DISAGREE = next(check for check in DOSSIERS.checks if "don't agree" in check.problem_en)
_KNOWN = "JOIN dossier USING (number) JOIN volume ON volume.dossier_id = dossier.id AND volume.ordinal = staged.volume"

AWAITED = Check(
    "number",
    "该册已列入另一到件批次，尚未清点",
    "that volume is awaited in another arrival",
    f"SELECT row FROM staged {_KNOWN} JOIN arrival_line ON arrival_line.volume_id = volume.id "
    "AND arrival_line.state = 'listed'",
)

_GONE = ", ".join(f"'{state}'" for state in sorted(GONE))
_HELD = f"SELECT row FROM staged {_KNOWN} JOIN holding ON holding.volume_id = volume.id"
_RETURNING = (
    f"{_HELD} JOIN subject ON subject.id = subject_id JOIN agency ON agency.id = holding_agency_id "
    f"WHERE legal IN ({_GONE})"
)

CHECKS = (
    twice("number", "number", "volume"),
    _DISAGREE,
    Check("number", "该册已在管", "that volume has come already", f"{_HELD} WHERE legal NOT IN ({_GONE})"),
    # A number on an envelope that was away for years proves little: it must be the same person's.
    Check(
        "name",
        "该编号的档案曾退回或转出，须填写姓名核对",
        "the dossier of that number was sent back or went away; the name must stand there to compare",
        f"{_RETURNING} AND staged.name IS NULL",
    ),
    Check(
        "id_number",
        "该编号的档案曾退回或转出，须填写身份证号核对",
        "the dossier of that number was sent back or went away; the ID number must stand there to compare",
        f"{_RETURNING} AND subject.id_number_hash IS NOT NULL AND staged.id_number_hash IS NULL",
    ),
    Check(
        "number",
        "该编号的档案曾退回或转出，登记在另一机构，须由该机构接收",
        "the dossier of that number was sent back or went away, and is registered for another agency; that agency takes it in",
        f"{_RETURNING} AND agency.code <> staged.holding_agency",
    ),
    Check(
        "name",
        "该编号未登记，必须填写姓名",
        "that number isn't registered, so the name must stand there",
        "SELECT row FROM staged WHERE name IS NULL AND NOT EXISTS (SELECT FROM dossier WHERE number = staged.number)",
    ),
)


def allocate_numbers(connection: psycopg.Connection[Any], division: str, serial: str, count: int) -> list[str]:
    """The next `count` dossier numbers of an agency's own series; none of them stands in the register."""
    for _ in range(NUMBERS_TRIED_MAX):
        row = connection.execute(
            "INSERT INTO dossier_series AS series VALUES (%s, %s, %s) "
            "ON CONFLICT (division, serial) DO UPDATE SET last = series.last + excluded.last RETURNING last",
            (division, serial, count),
        ).fetchone()
        assert row is not None
        numbers = [new_dossier_number(division, serial, row[0] - count + n) for n in range(1, count + 1)]
        if not connection.execute("SELECT FROM dossier WHERE number = ANY(%s) LIMIT 1", (numbers,)).rowcount:
            return numbers
        # An imported register brought numbers of this very form: go on behind the last of them.
        connection.execute(
            "UPDATE dossier_series SET last = greatest(last, (SELECT max(substr(number, 11, 7)::int) FROM dossier "
            "WHERE number ~ %s)) WHERE division = %s AND serial = %s",
            (f"^{division}-{serial}-[0-9]{{7}}-[0-9A-Z]$", division, serial),
        )
    raise BadInput(problem_zh="该机构的编号已用尽", problem_en="the agency's numbers are used up")


def stage(
    connection: psycopg.Connection[Any], keys: KeyRing, agency_code: str, rows: Sequence[tuple[int, ListRow]]
) -> None:
    """Stage numbered rows for `CHECKS` and `register`."""
    connection.execute(
        sql.SQL("CREATE TEMPORARY TABLE staged ({}) ON COMMIT DROP").format(
            sql.SQL(", ").join(
                sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(kind)) for name, kind in _COLUMNS.items()
            )
        )
    )
    copy_in(connection, "staged", tuple(_COLUMNS), tuple(_COLUMNS.values()), _staged(keys, agency_code, rows))
    connection.execute("ANALYZE staged")


def _staged(keys: KeyRing, agency_code: str, rows: Sequence[tuple[int, ListRow]]) -> Iterator[tuple[Any, ...]]:
    for position, row in rows:
        assert row.number is not None
        dossier = DossierRow(
            row.number,
            row.name or "",
            row.id_number,
            agency_code,
            None,
            None,
            None,
            row.volume,
            (),
            None,
            None,
            None,
            None,
        )
        number, volume, _, *rest = DOSSIERS.cells(dossier, keys)
        yield position, row.box, row.note, number, volume, row.name, *rest


def register(connection: psycopg.Connection[Any]) -> None:
    """Register what is staged and not yet registered; `listed` keeps all of it for the arrival's lines."""
    connection.execute(
        "CREATE TEMPORARY TABLE listed ON COMMIT DROP AS SELECT row, box, note, number, volume, name FROM staged"
    )
    connection.execute(f"DELETE FROM staged WHERE row IN (SELECT row FROM staged {_KNOWN})")
    for _, statement in DOSSIERS.steps:
        connection.execute(statement)


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A row whose person has another dossier already."""

    row: int
    dossier_id: int
    number: str
    agency_id: int


def duplicates(connection: psycopg.Connection[Any]) -> list[Duplicate]:
    """Rows whose ID number stands in another dossier's register entry, after `register`; one for each row."""
    query = """
        SELECT DISTINCT ON (row) row, other.id, other.number, other.holding_agency_id
        FROM listed JOIN dossier ON dossier.number = listed.number JOIN subject ON subject.id = dossier.subject_id
        JOIN subject AS same ON same.id_number_hash = subject.id_number_hash
        JOIN dossier AS other ON other.subject_id = same.id AND other.id <> dossier.id ORDER BY row, other.id
    """
    return [Duplicate(*row) for row in connection.execute(query)]


def add_lines(connection: psycopg.Connection[Any], arrival_id: int) -> None:
    """The lines of an arrival, from what `register` listed; whose person has another dossier already is marked."""
    connection.execute(
        """
        INSERT INTO arrival_line (arrival_id, box, position, number, name, volume_id, state, is_listed, note)
        SELECT %s, box, listed.row, listed.number, listed.name, volume.id, 'listed', true, note
        FROM listed JOIN dossier ON dossier.number = listed.number
        JOIN volume ON volume.dossier_id = dossier.id AND volume.ordinal = listed.volume ORDER BY listed.row
        """,
        (arrival_id,),
    )
    connection.execute("SELECT arrival_mark_doubles(%s)", (arrival_id,))


def registered_volume(connection: psycopg.Connection[Any]) -> tuple[int, VolumeName]:
    """Row id and name of the one volume that `register` listed."""
    row = connection.execute(
        "SELECT volume.id, dossier.number, ordinal FROM listed JOIN dossier ON dossier.number = listed.number "
        "JOIN volume ON volume.dossier_id = dossier.id AND volume.ordinal = listed.volume"
    ).fetchone()
    assert row is not None
    return row[0], VolumeName(row[1], row[2])
