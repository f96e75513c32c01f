"""Work on the register in SQL: merged duplicates, merged agencies, deposit types, and the clocks of the deceased and retired."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import psycopg
from psycopg.rows import class_row, scalar_row

from inventory.domain.standing import Legal

# What an agency answers for: these go over by an act when it is merged.
ALIVE = [state.value for state in (Legal.EXPECTED, Legal.HELD, Legal.TRANSFER_PENDING, Legal.DECEASED_RETAINED)]


# ── Duplicates ───────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Envelope:
    """A dossier as a merger of duplicates needs it; volumes: ordinals of all its volumes."""

    dossier_id: int
    number: str
    agency_id: int
    deposit_type: str | None
    aliases: list[str]
    name: str = field(repr=False)
    id_number_cipher: bytes | None = field(repr=False)
    id_number_hash: bytes | None = field(repr=False)
    volumes: list[int]


def envelopes(connection: psycopg.Connection[Any], numbers: Sequence[str]) -> dict[str, Envelope]:
    """The dossiers of these numbers, locked in one order."""
    query = """
        SELECT dossier.id AS dossier_id, number, holding_agency_id AS agency_id, deposit_type, subject.name, id_number_cipher,
               id_number_hash,
               ARRAY(SELECT alias FROM dossier_alias WHERE dossier_id = dossier.id ORDER BY alias) AS aliases,
               ARRAY(SELECT ordinal FROM volume WHERE dossier_id = dossier.id ORDER BY ordinal) AS volumes
        FROM dossier JOIN subject ON subject.id = subject_id WHERE number = ANY(%s)
        ORDER BY dossier.id FOR NO KEY UPDATE OF dossier
    """
    with connection.cursor(row_factory=class_row(Envelope)) as cursor:
        return {found.number: found for found in cursor.execute(query, (list(numbers),))}


def add_merge(
    connection: psycopg.Connection[Any],
    duplicate: Envelope,
    survivor: Envelope,
    proof: tuple[str, str],
    authority: str,
    reviewers: tuple[int, int],
    now: datetime,
) -> None:
    """Write down that two dossiers are one person's; proof: its kind and what was shown."""
    connection.execute(
        "INSERT INTO dossier_merge (duplicate_id, survivor_id, proof_kind, proof, authority, reviewer_id, second_reviewer_id, "
        "merged_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
        (duplicate.dossier_id, survivor.dossier_id, *proof, authority, *reviewers, now),
    )


def find_also_as(
    connection: psycopg.Connection[Any], survivor: Envelope, aliases: Sequence[str], tokens: Sequence[str]
) -> None:
    """Let a dossier be found by further numbers."""
    connection.execute(
        "INSERT INTO dossier_alias (dossier_id, alias) SELECT %s, unnest(%s::text[]) ON CONFLICT DO NOTHING",
        (survivor.dossier_id, list(aliases)),
    )
    connection.execute(
        "INSERT INTO search_token (token, agency_id, dossier_id) SELECT unnest(%s::text[]), %s, %s ON CONFLICT DO NOTHING",
        (list(tokens), survivor.agency_id, survivor.dossier_id),
    )


# ── Agencies ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Merger:
    """A merger of agencies as stored, with its names; counts and certifiers are None until certified."""

    merger_id: int
    document: str
    from_id: int
    from_code: str
    from_name: str
    to_id: int
    to_code: str
    to_name: str
    state: str
    announced_by: str
    announced_at: datetime
    from_count: int | None
    from_by: str | None
    from_at: datetime | None
    to_count: int | None
    to_by: str | None
    to_at: datetime | None
    dossiers: int | None
    volumes: int | None
    done_by: str | None
    done_with: str | None
    done_at: datetime | None


_MERGER = """
    SELECT merger.id AS merger_id, document, from_agency_id AS from_id, giving.code AS from_code, giving.name AS from_name,
           to_agency_id AS to_id, taking.code AS to_code, taking.name AS to_name, state, announcer.name AS announced_by,
           announced_at, from_count, giver.name AS from_by, from_at, to_count, taker.name AS to_by, to_at, dossiers, volumes,
           doer.name AS done_by, witness.name AS done_with, done_at
    FROM agency_merger AS merger JOIN agency AS giving ON giving.id = from_agency_id
    JOIN agency AS taking ON taking.id = to_agency_id JOIN account AS announcer ON announcer.id = announced_by
    LEFT JOIN account AS giver ON giver.id = from_by LEFT JOIN account AS taker ON taker.id = to_by
    LEFT JOIN account AS doer ON doer.id = done_by LEFT JOIN account AS witness ON witness.id = done_with
"""


def add_merger(
    connection: psycopg.Connection[Any], document: str, from_id: int, to_id: int, account_id: int, now: datetime
) -> int:
    """Announce a merger; returns its id."""
    with connection.cursor(row_factory=scalar_row) as cursor:
        merger_id = cursor.execute(
            "INSERT INTO agency_merger (document, from_agency_id, to_agency_id, announced_by, announced_at) "
            "VALUES (%s, %s, %s, %s, %s) RETURNING id",
            (document, from_id, to_id, account_id, now),
        ).fetchone()
    assert merger_id is not None
    return int(merger_id)


def merger_from(connection: psycopg.Connection[Any], agency: str) -> int | None:
    """The id of the merger, announced or done, in which an agency hands over."""
    with connection.cursor(row_factory=scalar_row) as cursor:
        return cursor.execute(
            "SELECT merger.id FROM agency_merger AS merger JOIN agency ON agency.id = from_agency_id "
            "WHERE agency.code = %s AND state <> 'withdrawn'",
            (agency,),
        ).fetchone()


def merger_by_id(
    connection: psycopg.Connection[Any], merger_id: int, agency_id: int | None, *, locked: bool = False
) -> Merger | None:
    """A merger this agency takes part in (None: any); `locked`: nobody else changes it until this transaction ends."""
    query = _MERGER + " WHERE merger.id = %s AND (%s::int IS NULL OR %s IN (from_agency_id, to_agency_id))"
    with connection.cursor(row_factory=class_row(Merger)) as cursor:
        return cursor.execute(
            query + (" FOR NO KEY UPDATE OF merger" if locked else ""), (merger_id, agency_id, agency_id)
        ).fetchone()


def mergers(connection: psycopg.Connection[Any], agency_id: int | None, mergers_max: int) -> list[Merger]:
    """The newest mergers this agency takes part in (None: all), newest first."""
    query = _MERGER + " WHERE %s::int IS NULL OR %s IN (from_agency_id, to_agency_id) ORDER BY merger.id DESC LIMIT %s"
    with connection.cursor(row_factory=class_row(Merger)) as cursor:
        return cursor.execute(query, (agency_id, agency_id, mergers_max)).fetchall()


def certify_side(
    connection: psycopg.Connection[Any], merger: Merger, agency_id: int, count: int, account_id: int, now: datetime
) -> None:
    """Write down what one side certifies to hold, hand over or take over."""
    side = "from" if agency_id == merger.from_id else "to"
    connection.execute(
        f"UPDATE agency_merger SET {side}_count = %s, {side}_by = %s, {side}_at = %s WHERE id = %s",
        (count, account_id, now, merger.merger_id),
    )


def withdraw_merger(connection: psycopg.Connection[Any], merger_id: int) -> None:
    """The merger doesn't take place."""
    connection.execute("UPDATE agency_merger SET state = 'withdrawn' WHERE id = %s", (merger_id,))


def volumes_alive(connection: psycopg.Connection[Any], agency_id: int) -> list[tuple[str, int]]:
    """(dossier number, ordinal) of every volume an agency answers for, in one order."""
    query = """
        SELECT number, ordinal FROM dossier JOIN volume ON volume.dossier_id = dossier.id
        JOIN holding ON holding.volume_id = volume.id
        WHERE holding_agency_id = %s AND legal = ANY(%s) ORDER BY dossier.id, ordinal
    """
    return connection.execute(query, (agency_id, ALIVE)).fetchall()


def dossiers_counted(connection: psycopg.Connection[Any], agency_id: int, counted: Sequence[Legal]) -> int:
    """Dossiers an agency holds just now, in these legal states, merged ones once: what `counts.held` says of this instant."""
    query = """
        SELECT count(DISTINCT dossier.id) FROM dossier JOIN volume ON volume.dossier_id = dossier.id
        JOIN holding ON holding.volume_id = volume.id
        WHERE holding_agency_id = %s AND legal = ANY(%s) AND NOT 'merged' = ANY(marks)
    """
    with connection.cursor(row_factory=scalar_row) as cursor:
        found = cursor.execute(query, (agency_id, [state.value for state in counted])).fetchone()
    assert found is not None
    return int(found)


def move_agency(connection: psycopg.Connection[Any], merger: Merger, day: date, now: datetime) -> int:
    """Hand every dossier of the merged agency to its successor, with all it is found by; returns how many there were."""
    with connection.cursor(row_factory=scalar_row) as cursor:
        moved = cursor.execute("SELECT agency_merger_move(%s, %s, %s)", (merger.merger_id, day, now)).fetchone()
    # What windows still wait for is decided by the successor from now on.
    connection.execute(
        "UPDATE request SET holding_agency_id = %s "
        "WHERE holding_agency_id = %s AND state NOT IN ('refused', 'withdrawn', 'closed')",
        (merger.to_id, merger.from_id),
    )
    # Bags under way and boxes not yet settled are received by the successor's people, who from now on see all of them.
    for table, column in (("consignment", "agency_id"), ("arrival", "holding_agency_id")):
        connection.execute(f"UPDATE {table} SET {column} = %s WHERE {column} = %s", (merger.to_id, merger.from_id))
    return int(moved or 0)


def finish_merger(
    connection: psycopg.Connection[Any],
    merger_id: int,
    dossiers: int,
    volumes: int,
    people: tuple[int, int],
    now: datetime,
) -> None:
    """Write down that a merger is done: how many went over, by whom and beside whom."""
    connection.execute(
        "UPDATE agency_merger SET state = 'done', dossiers = %s, volumes = %s, done_by = %s, done_with = %s, done_at = %s "
        "WHERE id = %s",
        (dossiers, volumes, *people, now, merger_id),
    )


# ── Deposit type ─────────────────────────────────────────────────────────────────────────────────────────────────────


def change_deposit_type(connection: psycopg.Connection[Any], dossier_id: int, deposit_type: str) -> None:
    """Follow the act by which the deposit type changed."""
    connection.execute("UPDATE dossier SET deposit_type = %s WHERE id = %s", (deposit_type, dossier_id))


# ── Deceased and retired ─────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Kept:
    """A dossier kept after death or retirement; on: the day of death told, or the local day the retirement was recorded."""

    dossier_id: int
    number: str
    name: str = field(repr=False)
    agency: str
    on: date
    authority: str | None
    place: str
    place_kind: str


_KEPT = """
    SELECT dossier.id AS dossier_id, number, subject.name, agency.name AS agency, {on} AS on, act.authority,
           place.code AS place, place.kind AS place_kind
    FROM holding JOIN volume ON volume.id = holding.volume_id AND volume.ordinal = 1
    JOIN dossier ON dossier.id = dossier_id JOIN subject ON subject.id = subject_id
    JOIN agency ON agency.id = holding_agency_id JOIN place ON place.id = holding.place_id
    JOIN LATERAL (SELECT * FROM act WHERE act.volume_id = holding.volume_id AND act.kind = '{kind}'
                  ORDER BY version DESC LIMIT 1) AS act ON true
    WHERE {where} AND (%s::int IS NULL OR holding_agency_id = %s) AND {on} <= %s ORDER BY {on}, number LIMIT %s
"""
_DECEASED = _KEPT.format(
    on="(act.details::jsonb ->> 'died_on')::date", kind="deceased", where="holding.legal = 'deceased_retained'"
)
_RETIRED = _KEPT.format(
    on="(act.happened_at AT TIME ZONE 'Asia/Shanghai')::date",
    kind="retired",
    where="holding.legal = 'held' AND holding.marks @> ARRAY['retired']",
)


def deceased(connection: psycopg.Connection[Any], until: date, agency_id: int | None, kept_max: int) -> list[Kept]:
    """Dossiers kept after a death up to a day, the longest kept first."""
    with connection.cursor(row_factory=class_row(Kept)) as cursor:
        return cursor.execute(_DECEASED, (agency_id, agency_id, until, kept_max)).fetchall()


def retired(connection: psycopg.Connection[Any], until: date, agency_id: int | None, kept_max: int) -> list[Kept]:
    """Dossiers of people retired up to a day that haven't gone to their township yet, the longest waiting first."""
    with connection.cursor(row_factory=class_row(Kept)) as cursor:
        return cursor.execute(_RETIRED, (agency_id, agency_id, until, kept_max)).fetchall()
