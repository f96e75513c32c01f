"""How readers land: a row an antenna, and what the rows of one reader must agree on."""

from typing import Any

from psycopg.types.json import Jsonb

from inventory.domain.registers import ReaderRow
from inventory.store.keys import KeyRing
from inventory.store.registers.landing import Check, Landing, twice, unknown

TIMEZONE_UNTOLD = "Asia/Shanghai"
_READER_DETAILS = ("dialect", "topic", "status_topic", "timezone", "mapping", "control_url", "slot")


def _reader_cells(row: ReaderRow, _keys: KeyRing) -> tuple[Any, ...]:
    return (
        row.reader,
        row.antenna,
        row.place,
        row.role.value,
        row.dialect.value,
        row.topic,
        row.status_topic,
        row.timezone or TIMEZONE_UNTOLD,
        None if row.mapping is None else Jsonb(row.mapping),
        row.control_url,
        row.slot or 0,
    )


READERS = Landing(
    columns={
        "reader": "text",
        "antenna": "int2",
        "place": "text",
        "role": "text",
        "dialect": "text",
        "topic": "text",
        "status_topic": "text",
        "timezone": "text",
        "mapping": "jsonb",
        "control_url": "text",
        "slot": "int2",
    },
    cells=_reader_cells,
    checks=(
        twice("antenna", "reader", "antenna"),
        unknown("place", "所在", "place", "SELECT code FROM place"),
        Check(
            "topic",
            "同一读写器各行的设置不一致",
            "the rows of one reader don't agree",
            f"""
            SELECT row FROM staged WHERE reader IN (
                SELECT reader FROM (SELECT DISTINCT reader, {", ".join(_READER_DETAILS)} FROM staged) AS kinds
                GROUP BY reader HAVING count(*) > 1)
            """,
        ),
        Check(
            "topic",
            "主题已属于另一读写器",
            "the topic belongs to another reader",
            """
            WITH claimed (reader, topic) AS (
                SELECT reader, topic FROM staged UNION SELECT reader, status_topic FROM staged UNION
                SELECT code, topic FROM reader WHERE code NOT IN (SELECT reader FROM staged) UNION
                SELECT code, status_topic FROM reader WHERE code NOT IN (SELECT reader FROM staged))
            SELECT row FROM staged JOIN claimed ON claimed.topic IN (staged.topic, staged.status_topic)
            WHERE claimed.reader <> staged.reader
            """,
        ),
    ),
    steps=(
        # Readers may swap their topics: each topic is free before anyone takes it.
        ("topics", "UPDATE reader SET topic = 'moving ' || code WHERE code IN (SELECT reader FROM staged)"),
        (
            "readers",
            f"""
            INSERT INTO reader (code, {", ".join(_READER_DETAILS)})
            SELECT DISTINCT ON (reader) reader, {", ".join(_READER_DETAILS)} FROM staged ORDER BY reader, row
            ON CONFLICT (code) DO UPDATE SET {", ".join(f"{name} = excluded.{name}" for name in _READER_DETAILS)}
            """,
        ),
        (
            "antennas",
            """
            INSERT INTO antenna (reader_id, number, place_id, role)
            SELECT reader.id, antenna, place.id, role FROM staged JOIN reader ON reader.code = staged.reader
            JOIN place ON place.code = staged.place ORDER BY row
            ON CONFLICT (reader_id, number) DO UPDATE SET place_id = excluded.place_id, role = excluded.role
            """,
        ),
        ("registry version", "UPDATE registry_version SET version = version + 1"),
    ),
)
