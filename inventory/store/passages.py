"""Passages through gates in SQL: what a gate's process tells, stored set-wise and once; lists, alarms and their answers."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import psycopg
from psycopg.rows import class_row, scalar_row

from inventory.store import discrepancies
from inventory.store.discrepancies import Kept


class Line(NamedTuple):
    """A volume somebody carried, or that should have been: reads 0.

    held: kind of the place the ledger had it at; ledger_since: ISO 8601; both None before its arrival.
    """

    volume_id: int
    reads: int
    ledger_place_id: int | None
    ledger_since: str | None
    held: str | None
    paper: str | None
    unexpected: bool


class Telling(NamedTuple):
    """What a gate tells of a passage; every later one of the same `id` says all of it again. Moments in ISO 8601, aware."""

    id: UUID
    gate_place_id: int
    telling: int
    direction: str
    probability: float
    doubts: tuple[str, ...]
    colour: str
    settled: bool
    crossed_at: str
    since_at: str
    until_at: str
    strange: int
    listed_at: str
    heard_at: str
    decided_at: str
    alarmed_at: str | None
    siren_at: str | None
    lines: tuple[Line, ...]


_TOLD = """
    jsonb_to_recordset(%(told)s) AS told (
        id uuid, gate_place_id integer, telling integer, direction text, probability float8, doubts jsonb, colour text,
        settled boolean, crossed_at timestamptz, since_at timestamptz, until_at timestamptz, strange integer,
        listed_at timestamptz, heard_at timestamptz, decided_at timestamptz, alarmed_at timestamptz, siren_at timestamptz,
        lines jsonb)
"""

# The last telling says everything the ones before said; what is settled stays.
KEEP = f"""
    INSERT INTO passage AS kept (id, gate_place_id, telling, direction, probability, doubts, colour, settled, crossed_at,
        since_at, until_at, strange, listed_at, heard_at, decided_at, alarmed_at, siren_at, stored_at)
    SELECT id, gate_place_id, telling, direction, probability,
        ARRAY(SELECT jsonb_array_elements_text(doubts)), colour, settled, crossed_at, since_at, until_at, strange, listed_at,
        heard_at, decided_at, alarmed_at, siren_at, %(now)s
    FROM {_TOLD} ORDER BY id
    ON CONFLICT (id) DO UPDATE SET telling = excluded.telling, direction = excluded.direction,
        probability = excluded.probability, doubts = excluded.doubts, colour = excluded.colour, settled = excluded.settled,
        crossed_at = excluded.crossed_at, since_at = excluded.since_at, until_at = excluded.until_at,
        strange = excluded.strange, listed_at = excluded.listed_at, heard_at = excluded.heard_at,
        decided_at = excluded.decided_at, alarmed_at = coalesce(kept.alarmed_at, excluded.alarmed_at),
        siren_at = coalesce(kept.siren_at, excluded.siren_at)
    WHERE NOT kept.settled AND kept.telling < excluded.telling
    RETURNING id, telling, settled
"""
KEEP_LINES = f"""
    INSERT INTO passage_volume (passage_id, volume_id, telling, reads, ledger_place_id, ledger_since, paper, unexpected)
    SELECT told.id, volume_id, told.telling, reads, ledger_place_id, ledger_since, paper, unexpected
    FROM {_TOLD} JOIN unnest(%(ids)s::uuid[], %(tellings)s::integer[]) AS kept (id, telling) USING (id, telling)
    CROSS JOIN LATERAL jsonb_to_recordset(told.lines) AS line (
        volume_id integer, reads integer, ledger_place_id integer, ledger_since timestamptz, paper text, unexpected boolean)
    WHERE EXISTS (SELECT FROM volume WHERE volume.id = volume_id)
    ORDER BY told.id, volume_id
    ON CONFLICT (passage_id, volume_id) DO UPDATE SET telling = excluded.telling, reads = excluded.reads,
        ledger_place_id = excluded.ledger_place_id, ledger_since = excluded.ledger_since, paper = excluded.paper,
        unexpected = excluded.unexpected
"""


class Case(NamedTuple):
    """A discrepancy that a passage opens, as the store of discrepancies takes it."""

    kind: str
    volume_id: int
    gate_place_id: int
    ledger_place_id: int | None
    ledger_since: str | None
    probability: float
    numbers: dict[str, object]
    seen_at: str


def keep(connection: psycopg.Connection[Any], tellings: Sequence[Telling], now: datetime) -> set[UUID]:
    """Store what is new of these; returns the passages that are settled by it, each of them once for ever."""
    last = {telling.id: telling for telling in sorted(tellings, key=lambda one: one.telling)}
    told = json.dumps([_as_json(telling) for telling in last.values()])
    kept = connection.execute(KEEP, {"told": told, "now": now}).fetchall()
    ids, numbers = [row[0] for row in kept], [row[1] for row in kept]
    connection.execute(KEEP_LINES, {"told": told, "ids": ids, "tellings": numbers})
    return {passage for passage, _, settled in kept if settled}


def open_cases(connection: psycopg.Connection[Any], cases: Sequence[Case]) -> Kept:
    """Open these, or tell again those that are open."""
    return discrepancies.tell_passages(connection, json.dumps([case._asdict() for case in cases]))


def _as_json(telling: Telling) -> dict[str, object]:
    return telling._asdict() | {"id": str(telling.id), "lines": [line._asdict() for line in telling.lines]}


def note_pulse(
    connection: psycopg.Connection[Any],
    gate_place_id: int,
    now: datetime,
    heard_at: datetime | None,
    silent: Sequence[str],
    deaf: Sequence[int] = (),
) -> None:
    """A gate is watched; silent: which of its sides hear nothing though people pass; deaf: ids of single antennas that don't."""
    connection.execute(
        "INSERT INTO gate_pulse AS kept VALUES (%s, %s, %s, %s, %s) ON CONFLICT (gate_place_id) DO UPDATE SET "
        "at = excluded.at, heard_at = coalesce(excluded.heard_at, kept.heard_at), silent = excluded.silent, "
        "deaf_antenna_ids = excluded.deaf_antenna_ids",
        (gate_place_id, now, heard_at, list(silent), list(deaf)),
    )


# ── For people ───────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class GateRow:
    """A gate with antennas; pulse_at: None where nobody ever watched it. rearmed_*: who armed it again last.

    silent: sides that hear nothing though people pass. deaf: single antennas that don't, as reader and number.
    """

    place_id: int
    code: str
    name: str
    pulse_at: datetime | None
    heard_at: datetime | None
    silent: list[str]
    deaf: list[str]
    ringing: int
    rearmed_at: datetime | None
    rearmed_by: str | None


@dataclass(frozen=True, slots=True)
class PassageRow:
    """A passage; acknowledged_*: None while an alarm waits for somebody. opened_by: whose badge lay at the gate just before."""

    passage: UUID
    gate: str
    direction: str
    probability: float
    doubts: list[str]
    colour: str
    settled: bool
    crossed_at: datetime
    until_at: datetime
    strange: int
    alarmed_at: datetime | None
    siren_at: datetime | None
    listed_at: datetime
    decided_at: datetime
    stored_at: datetime
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    is_false: bool | None
    reason: str | None
    opened_by: str | None


@dataclass(frozen=True, slots=True)
class LineRow:
    """A volume of a passage; shelf: where the ledger had it, and since when; case_id: the discrepancy about its passage."""

    passage: UUID
    dossier_id: int
    number: str
    ordinal: int
    reads: int
    shelf: str | None
    since: datetime | None
    paper: str | None
    unexpected: bool
    case_id: int | None


_HAS_ANTENNAS = "place.id IN (SELECT place_id FROM antenna WHERE role IN ('gate_inner', 'gate_outer'))"
OPENED_SECONDS = 60  # before somebody crosses: a door that a badge opened is shut again by then
GATES = f"""
    SELECT place.id AS place_id, place.code, place.name, gate_pulse.at AS pulse_at, heard_at, coalesce(silent, '{{}}') AS silent,
           ARRAY(SELECT reader.code || ':' || antenna.number FROM antenna JOIN reader ON reader.id = reader_id
                 WHERE antenna.id = ANY (deaf_antenna_ids) ORDER BY reader.code, antenna.number) AS deaf,
           (SELECT count(*) FROM passage WHERE passage.gate_place_id = place.id AND alarmed_at IS NOT NULL AND NOT EXISTS (
                SELECT FROM alarm_acknowledgement WHERE passage_id = passage.id)) AS ringing,
           rearmed.at AS rearmed_at, rearmed.name AS rearmed_by
    FROM place LEFT JOIN gate_pulse ON gate_pulse.gate_place_id = place.id
    LEFT JOIN LATERAL (
        SELECT at, name FROM gate_rearming JOIN account ON account.id = account_id
        WHERE gate_rearming.gate_place_id = place.id ORDER BY gate_rearming.id DESC LIMIT 1) AS rearmed ON true
    WHERE {_HAS_ANTENNAS} ORDER BY place.code
"""
_PASSAGES = f"""
    SELECT passage.id AS passage, gate.code AS gate, direction, probability, doubts, colour, settled, crossed_at, until_at,
           strange, alarmed_at, siren_at, listed_at, decided_at, stored_at, answer.at AS acknowledged_at,
           account.name AS acknowledged_by, is_false, answer.reason,
           (SELECT opener.name FROM gate_opening JOIN account AS opener ON opener.id = gate_opening.account_id
            WHERE gate_opening.gate_place_id = passage.gate_place_id
                AND gate_opening.at BETWEEN crossed_at - interval '{OPENED_SECONDS} seconds' AND until_at
            ORDER BY gate_opening.at DESC LIMIT 1) AS opened_by
    FROM passage JOIN place AS gate ON gate.id = gate_place_id
    LEFT JOIN alarm_acknowledgement AS answer ON answer.passage_id = passage.id
    LEFT JOIN account ON account.id = answer.account_id
"""


def gates(connection: psycopg.Connection[Any]) -> list[GateRow]:
    """Every place with gate antennas, by code."""
    with connection.cursor(row_factory=class_row(GateRow)) as cursor:
        return cursor.execute(GATES).fetchall()


def gate_id(connection: psycopg.Connection[Any], code: str) -> int | None:
    """A gate by its code."""
    query = f"SELECT id FROM place WHERE code = %s AND {_HAS_ANTENNAS}"
    with connection.cursor(row_factory=scalar_row) as cursor:
        return cursor.execute(query, (code,)).fetchone()


def alarms_waiting(connection: psycopg.Connection[Any], most: int) -> list[PassageRow]:
    """Alarms nobody has answered, the newest first."""
    query = _PASSAGES + " WHERE alarmed_at IS NOT NULL AND answer.at IS NULL ORDER BY alarmed_at DESC LIMIT %s"
    with connection.cursor(row_factory=class_row(PassageRow)) as cursor:
        return cursor.execute(query, (most,)).fetchall()


def passages(
    connection: psycopg.Connection[Any], gate: str | None, before: datetime | None, most: int
) -> list[PassageRow]:
    """The newest passages (before then), of one gate or all."""
    query = (
        _PASSAGES
        + """
        WHERE (%(gate)s::text IS NULL OR gate.code = %(gate)s) AND (%(before)s::timestamptz IS NULL OR crossed_at < %(before)s)
        ORDER BY crossed_at DESC, passage.id LIMIT %(most)s
    """
    )
    with connection.cursor(row_factory=class_row(PassageRow)) as cursor:
        return cursor.execute(query, {"gate": gate, "before": before, "most": most}).fetchall()


def passage_by_id(connection: psycopg.Connection[Any], passage: UUID) -> PassageRow | None:
    """One passage."""
    with connection.cursor(row_factory=class_row(PassageRow)) as cursor:
        return cursor.execute(_PASSAGES + " WHERE passage.id = %s", (passage,)).fetchone()


def lines(connection: psycopg.Connection[Any], ids: Sequence[UUID]) -> list[LineRow]:
    """The volumes of these passages: unexpected ones first, then those read, then those missing; nobody's own or relative's."""
    query = """
        SELECT passage_id AS passage, dossier.id AS dossier_id, dossier.number, volume.ordinal, reads, shelf.code AS shelf,
               ledger_since AS since, paper, unexpected, (
                   SELECT max(one.id) FROM discrepancy AS one WHERE one.volume_id = volume.id AND unexpected
                       AND one.kind IN ('left_without_order', 'entered_without_order')
                       AND one.seen_at >= passage.crossed_at) AS case_id
        FROM passage_volume JOIN passage ON passage.id = passage_id AND passage.telling = passage_volume.telling
        JOIN volume ON volume.id = volume_id JOIN dossier ON dossier.id = dossier_id
        LEFT JOIN place AS shelf ON shelf.id = ledger_place_id
        WHERE passage_id = ANY(%s) AND dossier.id NOT IN (SELECT dossiers_kept_from_me())
        ORDER BY passage_id, NOT unexpected, reads = 0, dossier.number, volume.ordinal
    """
    with connection.cursor(row_factory=class_row(LineRow)) as cursor:
        return cursor.execute(query, (list(ids),)).fetchall()


def sirens(connection: psycopg.Connection[Any], since: datetime) -> tuple[int, int]:
    """(alarms, those somebody called false) since then."""
    row = connection.execute(
        "SELECT count(*), count(*) FILTER (WHERE is_false) FROM passage "
        "LEFT JOIN alarm_acknowledgement ON passage_id = passage.id WHERE alarmed_at >= %s",
        (since,),
    ).fetchone()
    assert row is not None
    return int(row[0]), int(row[1])


def acknowledge(
    connection: psycopg.Connection[Any], passage: UUID, account_id: int, now: datetime, *, is_false: bool, reason: str
) -> bool:
    """Answer an alarm; False where somebody has."""
    query = "INSERT INTO alarm_acknowledgement VALUES (%s, %s, %s, %s, %s) ON CONFLICT DO NOTHING"
    return connection.execute(query, (passage, account_id, now, is_false, reason)).rowcount == 1


def rearm(connection: psycopg.Connection[Any], gate_place_id: int, account_id: int, now: datetime) -> None:
    """Silence a gate's siren; it is armed again at once."""
    connection.execute(
        "INSERT INTO gate_rearming (gate_place_id, account_id, at) VALUES (%s, %s, %s)",
        (gate_place_id, account_id, now),
    )


def silenced(connection: psycopg.Connection[Any]) -> dict[int, datetime]:
    """By gate, since when its siren may be silent: when it was armed again last, or its last alarm answered."""
    rows = connection.execute(
        "SELECT gate_place_id, max(at) FROM ("
        "SELECT gate_place_id, at FROM gate_rearming UNION ALL "
        "SELECT gate_place_id, max(answer.at) FROM passage LEFT JOIN alarm_acknowledgement AS answer ON passage_id = passage.id "
        "WHERE alarmed_at IS NOT NULL GROUP BY 1 HAVING count(*) = count(answer.at)) AS told GROUP BY 1"
    )
    return dict(rows.fetchall())
