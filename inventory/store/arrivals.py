"""Arrivals in SQL: their lines, boxes and signatures, how far each has come, and where it is planned to stand."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import class_row

from inventory.domain.arrivals import ArrivalState, BoxFindings, Line, LineState
from inventory.domain.identifiers import VolumeName


@dataclass(frozen=True, slots=True)
class ArrivalRow:
    """One arrival as it stands."""

    arrival_id: int
    agency_id: int
    agency_code: str
    agency_name: str
    sender: str
    is_historic: bool
    boxes_announced: int
    announced_at: datetime
    announced_by: str
    state: str
    channel: str | None
    tracking: str | None
    seal_found: str | None
    self_carried: bool
    boxes_received: int | None
    place_code: str | None
    received_at: datetime | None
    note: str | None


_ARRIVAL = """
    SELECT arrival.id AS arrival_id, holding_agency_id AS agency_id, agency.code AS agency_code, agency.name AS agency_name,
           sender, is_historic, boxes_announced, announced_at, account.name AS announced_by, state, channel, tracking,
           seal_found, self_carried, boxes_received, place.code AS place_code, received_at, note
    FROM arrival JOIN agency ON agency.id = holding_agency_id JOIN account ON account.id = announced_by
    LEFT JOIN place ON place.id = arrival.place_id
"""


def add(
    connection: psycopg.Connection[Any],
    command_id: UUID,
    agency_id: int,
    sender: str,
    boxes: int,
    account_id: int,
    now: datetime,
    *,
    is_historic: bool,
    note: str | None,
) -> int:
    """A new arrival, announced."""
    row = connection.execute(
        "INSERT INTO arrival (command_id, holding_agency_id, sender, is_historic, boxes_announced, announced_by, "
        "announced_at, note) VALUES (%s, %s, %s, %s, %s, %s, %s, %s) RETURNING id",
        (command_id, agency_id, sender, is_historic, boxes, account_id, now, note),
    ).fetchone()
    assert row is not None
    return int(row[0])


def of_command(connection: psycopg.Connection[Any], command_id: UUID) -> int | None:
    """The arrival a command announced."""
    row = connection.execute("SELECT id FROM arrival WHERE command_id = %s", (command_id,)).fetchone()
    return row[0] if row else None


def by_id(
    connection: psycopg.Connection[Any], arrival_id: int, agency_id: int | None, *, lock: bool = False
) -> ArrivalRow | None:
    """An arrival, if the agency asked for (None: any) holds its dossiers; `lock` it for the rest of the transaction."""
    query = _ARRIVAL + " WHERE arrival.id = %s AND (%s::int IS NULL OR holding_agency_id = %s)"
    with connection.cursor(row_factory=class_row(ArrivalRow)) as cursor:
        return cursor.execute(
            query + (" FOR UPDATE OF arrival" if lock else ""), (arrival_id, agency_id, agency_id)
        ).fetchone()


def newest(connection: psycopg.Connection[Any], agency_id: int | None, arrivals_max: int) -> list[ArrivalRow]:
    """The newest arrivals an agency (None: any) sees, newest first."""
    query = _ARRIVAL + " WHERE %s::int IS NULL OR holding_agency_id = %s ORDER BY arrival.id DESC LIMIT %s"
    with connection.cursor(row_factory=class_row(ArrivalRow)) as cursor:
        return cursor.execute(query, (agency_id, agency_id, arrivals_max)).fetchall()


def receive(
    connection: psycopg.Connection[Any],
    arrival_id: int,
    channel: str,
    tracking: str | None,
    seal_found: str,
    boxes: int,
    place_id: int,
    account_id: int,
    now: datetime,
) -> None:
    """Its boxes are here."""
    connection.execute(
        "UPDATE arrival SET state = 'received', channel = %s, tracking = %s, seal_found = %s, self_carried = %s, "
        "boxes_received = %s, place_id = %s, received_by = %s, received_at = %s WHERE id = %s",
        (channel, tracking, seal_found, channel == "self", boxes, place_id, account_id, now, arrival_id),
    )


def set_state(connection: psycopg.Connection[Any], arrival_id: int, state: ArrivalState) -> None:
    """The state it has now."""
    connection.execute("UPDATE arrival SET state = %s WHERE id = %s AND state <> %s", (state, arrival_id, state))


def agencies(connection: psycopg.Connection[Any], agency_id: int | None) -> list[tuple[str, str]]:
    """(code, name) of the agencies an arrival may be for: one, or all that still exist."""
    return connection.execute(
        "SELECT code, name FROM agency WHERE (%s::int IS NULL OR id = %s) AND successor_id IS NULL ORDER BY code",
        (agency_id, agency_id),
    ).fetchall()


# ── Lines ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def lines_for_counting(
    connection: psycopg.Connection[Any], arrival_id: int, codes: Sequence[tuple[str, VolumeName | None]]
) -> list[Line]:
    """The lines of an arrival that these scanned codes can mean, as comparing a box needs them."""
    query = """
        WITH met AS (
            SELECT line.id FROM unnest(%(numbers)s::text[]) AS asked (number) JOIN dossier USING (number)
            JOIN volume ON volume.dossier_id = dossier.id JOIN arrival_line AS line ON line.volume_id = volume.id
            WHERE arrival_id = %(arrival)s
            UNION
            SELECT id FROM arrival_line WHERE arrival_id = %(arrival)s AND state = 'extra' AND number = ANY(%(codes)s))
        SELECT line.id, box, dossier.number, ordinal, state, line.number FROM met JOIN arrival_line AS line USING (id)
        LEFT JOIN volume ON volume.id = volume_id LEFT JOIN dossier ON dossier.id = dossier_id ORDER BY line.id
    """
    facts = {
        "arrival": arrival_id,
        "numbers": list({volume.number for _, volume in codes if volume is not None}),
        "codes": [code for code, _ in codes],
    }
    return [
        Line(line_id, box, None if known is None else VolumeName(known, ordinal), LineState(state), number)
        for line_id, box, known, ordinal, state, number in connection.execute(query, facts)
    ]


def box_of(connection: psycopg.Connection[Any], arrival_id: int, volume: VolumeName) -> str | None:
    """The box an arrival's list has a volume in; None where it isn't on it."""
    row = connection.execute(
        "SELECT box FROM arrival_line AS line JOIN volume ON volume.id = volume_id JOIN dossier ON dossier.id = dossier_id "
        "WHERE arrival_id = %s AND dossier.number = %s AND ordinal = %s",
        (arrival_id, volume.number, volume.volume),
    ).fetchone()
    return row[0] if row else None


def write_findings(
    connection: psycopg.Connection[Any],
    arrival_id: int,
    box: str,
    findings: BoxFindings,
    broken: Sequence[int],
    nameless: Sequence[str],
    account_id: int,
    now: datetime,
) -> None:
    """What one batch of scans showed: lines counted, those with a broken seal, codes on no list, nameless envelopes."""
    connection.execute(
        "UPDATE arrival_line SET state = 'counted', found_box = %s, seal_broken = id = ANY(%s), counted_by = %s, "
        "counted_at = %s WHERE id = ANY(%s)",
        (box, list(broken), account_id, now, [line.line_id for line in findings.counted]),
    )
    connection.execute(
        """
        WITH last AS (SELECT coalesce(max(position), 0) AS position FROM arrival_line WHERE arrival_id = %(arrival)s),
        found AS (
            SELECT code AS number, NULL AS note, 'extra' AS state, place
            FROM unnest(%(codes)s::text[]) WITH ORDINALITY AS extra (code, place)
            UNION ALL
            SELECT NULL, note, 'unidentified', 1000000 + place
            FROM unnest(%(nameless)s::text[]) WITH ORDINALITY AS nameless (note, place))
        INSERT INTO arrival_line (arrival_id, box, found_box, position, number, note, state, is_listed, counted_by, counted_at)
        SELECT %(arrival)s, %(box)s, %(box)s, last.position + row_number() OVER (ORDER BY place), number, note, state,
               false, %(account)s, %(now)s FROM found, last
        """,
        {
            "arrival": arrival_id,
            "codes": [code for code, _ in findings.extra],
            "nameless": list(nameless),
            "box": box,
            "account": account_id,
            "now": now,
        },
    )


def meet_nameless(
    connection: psycopg.Connection[Any],
    arrival_id: int,
    box: str,
    line_ids: Sequence[int],
    account_id: int,
    now: datetime,
) -> None:
    """Envelopes that the list itself says name nobody are there."""
    connection.execute(
        "UPDATE arrival_line SET state = 'unidentified', found_box = %s, counted_by = %s, counted_at = %s "
        "WHERE arrival_id = %s AND id = ANY(%s) AND volume_id IS NULL AND counted_at IS NULL",
        (box, account_id, now, arrival_id, list(line_ids)),
    )


def close_box(connection: psycopg.Connection[Any], arrival_id: int, box: str, account_id: int, now: datetime) -> int:
    """A box counted to its end; what was listed in it and not met is missing. Returns how many are."""
    connection.execute(
        "INSERT INTO arrival_box VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING", (arrival_id, box, account_id, now)
    )
    return connection.execute(
        "UPDATE arrival_line SET state = 'missing' WHERE arrival_id = %s AND box = %s "
        "AND (state = 'listed' OR (state = 'unidentified' AND counted_at IS NULL))",
        (arrival_id, box),
    ).rowcount


def add_unidentified(
    connection: psycopg.Connection[Any], arrival_id: int, rows: Sequence[tuple[int, str, str | None]]
) -> None:
    """Lines (position, box, note) of a list that names neither number nor person."""
    connection.execute(
        "INSERT INTO arrival_line (arrival_id, box, position, state, is_listed, note) "
        "SELECT %s, box, position, 'unidentified', true, note FROM unnest(%s::int[], %s::text[], %s::text[]) "
        "AS row (position, box, note)",
        (arrival_id, [row[0] for row in rows], [row[1] for row in rows], [row[2] for row in rows]),
    )


@dataclass(frozen=True, slots=True)
class OpenLine:
    """A line somebody is to find out about."""

    line_id: int
    arrival_id: int
    box: str
    state: str
    volume_id: int | None


def line_by_id(connection: psycopg.Connection[Any], arrival_id: int, line_id: int) -> OpenLine | None:
    """One line of an arrival, locked."""
    query = (
        "SELECT id AS line_id, arrival_id, box, state, volume_id FROM arrival_line "
        "WHERE arrival_id = %s AND id = %s FOR UPDATE"
    )
    with connection.cursor(row_factory=class_row(OpenLine)) as cursor:
        return cursor.execute(query, (arrival_id, line_id)).fetchone()


def resolve_line(
    connection: psycopg.Connection[Any], line: OpenLine, volume_id: int, account_id: int, now: datetime
) -> None:
    """What nobody had listed or known is this volume: its own line, or the line that had it listed."""
    met = connection.execute(
        "UPDATE arrival_line SET state = 'counted', found_box = %s, counted_by = %s, counted_at = %s "
        "WHERE arrival_id = %s AND volume_id = %s AND state IN ('listed', 'missing') RETURNING id",
        (line.box, account_id, now, line.arrival_id, volume_id),
    ).fetchone()
    if met is not None:
        connection.execute(
            "UPDATE arrival_line SET state = 'resolved', same_as = %s, counted_by = %s, counted_at = %s WHERE id = %s",
            (met[0], account_id, now, line.line_id),
        )
    else:
        connection.execute(
            "UPDATE arrival_line SET state = 'counted', volume_id = %s, found_box = box, counted_by = %s, counted_at = %s "
            "WHERE id = %s",
            (volume_id, account_id, now, line.line_id),
        )


@dataclass(frozen=True, slots=True)
class LineNow:
    """One line with how far it has come."""

    line_id: int
    box: str
    found_box: str | None
    number: str | None
    name: str | None = field(repr=False)
    volume: str | None
    state: str
    reached: str
    is_tagged: bool
    place: str | None
    planned: str | None
    duplicate_of: str | None
    note: str | None


_LINE_NOW = """
    SELECT line.id AS line_id, box, found_box, line.number, coalesce(line.name, subject.name) AS name,
           volume_name(dossier.number, volume.ordinal) AS volume, state, reached, is_tagged, line.place,
           planned.code AS planned,
           CASE WHEN %(agency)s::int IS NULL OR double.holding_agency_id = %(agency)s THEN double.number END AS duplicate_of, note
    FROM arrival_line_now AS line LEFT JOIN volume ON volume.id = volume_id
    LEFT JOIN dossier ON dossier.id = volume.dossier_id LEFT JOIN subject ON subject.id = dossier.subject_id
    LEFT JOIN place AS planned ON planned.id = planned_place_id LEFT JOIN arrival_double ON line_id = line.id
    LEFT JOIN dossier AS double ON double.id = arrival_double.dossier_id
"""


def lines(
    connection: psycopg.Connection[Any],
    arrival_id: int,
    box: str | None,
    reached: Sequence[str] | None,
    agency_id: int | None,
    lines_max: int,
) -> list[LineNow]:
    """Lines of an arrival, of one box or of some steps only, in the list's order; doubles as far as an agency sees them."""
    query = (
        _LINE_NOW
        + " WHERE arrival_id = %(arrival)s AND (%(box)s::text IS NULL OR box = %(box)s OR found_box = %(box)s)"
        + " AND (%(steps)s::text[] IS NULL OR reached = ANY(%(steps)s)) ORDER BY position LIMIT %(most)s"
    )
    facts = {
        "arrival": arrival_id,
        "box": box,
        "steps": None if reached is None else list(reached),
        "agency": agency_id,
        "most": lines_max,
    }
    with connection.cursor(row_factory=class_row(LineNow)) as cursor:
        return cursor.execute(query, facts).fetchall()


def line_now(
    connection: psycopg.Connection[Any], arrival_id: int, line_id: int, agency_id: int | None
) -> LineNow | None:
    """One line of an arrival."""
    facts = {"arrival": arrival_id, "line": line_id, "agency": agency_id}
    with connection.cursor(row_factory=class_row(LineNow)) as cursor:
        return cursor.execute(_LINE_NOW + " WHERE arrival_id = %(arrival)s AND line.id = %(line)s", facts).fetchone()


def reached_counts(connection: psycopg.Connection[Any], arrival_ids: Sequence[int]) -> dict[int, dict[str, int]]:
    """How many lines of each arrival have come how far; `is_tagged` counted beside them."""
    query = """
        SELECT arrival_id, reached, count(*), count(*) FILTER (WHERE is_tagged) FROM arrival_line_now
        WHERE arrival_id = ANY(%s) GROUP BY 1, 2
    """
    counts: dict[int, dict[str, int]] = {arrival_id: {"is_tagged": 0} for arrival_id in arrival_ids}
    for arrival_id, reached, lines_there, tagged in connection.execute(query, (list(arrival_ids),)):
        counts[arrival_id][reached] = lines_there
        counts[arrival_id]["is_tagged"] += tagged
    return counts


@dataclass(frozen=True, slots=True)
class BoxNow:
    """A box: how many are listed in it, how many of them were met, and whether it was counted to its end."""

    box: str
    listed: int
    counted: int
    missing: int
    extra: int
    closed: bool


def boxes(connection: psycopg.Connection[Any], arrival_id: int) -> list[BoxNow]:
    """The boxes of an arrival, by name."""
    query = """
        SELECT box, count(*) FILTER (WHERE is_listed) AS listed,
               count(*) FILTER (WHERE state = 'counted') AS counted, count(*) FILTER (WHERE state = 'missing') AS missing,
               count(*) FILTER (WHERE state IN ('extra', 'unidentified') AND counted_at IS NOT NULL) AS extra,
               EXISTS (SELECT FROM arrival_box AS done WHERE done.arrival_id = %s AND done.box = line.box) AS closed
        FROM arrival_line AS line WHERE arrival_id = %s GROUP BY box ORDER BY length(box), box
    """
    with connection.cursor(row_factory=class_row(BoxNow)) as cursor:
        return cursor.execute(query, (arrival_id, arrival_id)).fetchall()
