"""Finding dossiers and reading where their volumes are. Every query is bounded before it joins."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg.rows import class_row, dict_row

from inventory.domain.judged import Judged, JudgedAs
from inventory.domain.search import Query, prefix_range
from inventory.domain.standing import Identification, Legal, Mark, Seal
from inventory.domain.tagging import identification_of
from inventory.domain.whereabouts import Condition, CountedAt, LedgerPlace, NamedPlace, RadioPlace, Whereabouts
from inventory.store.keys import KeyRing

# A dossier stands under several tokens that begin alike (readings of a polyphone), so more tokens than dossiers are read.
TOKENS_PER_DOSSIER_READ = 8
VOLUMES_PER_DOSSIER_READ_MAX = 100
PLACE_STEPS_MAX = 12  # warehouse, room, block, range, bay, shelf, and as many again


@dataclass(frozen=True, slots=True)
class DossierRow:
    """A dossier with its subject as stored; the ID number is still encrypted."""

    dossier_id: int
    number: str
    aliases: list[str]
    name: str = field(repr=False)
    birth_year: int | None
    employer: str | None
    id_number_cipher: bytes | None = field(repr=False)
    agency_code: str
    agency_name: str
    deposit_type: str | None


_DOSSIER = """
    SELECT dossier.id AS dossier_id, number,
           ARRAY(SELECT alias FROM dossier_alias WHERE dossier_id = dossier.id ORDER BY alias LIMIT 20) AS aliases,
           subject.name, birth_year, employer, id_number_cipher, agency.code AS agency_code, agency.name AS agency_name,
           deposit_type
    FROM dossier JOIN subject ON subject.id = subject_id JOIN agency ON agency.id = holding_agency_id
"""

# Each arm stops by itself after what one page can show, so no common surname walks the warehouse. What is met whole has
# rank '', which sorts before every token. `{agency}` narrows inside the index: it is the second column of the key.
_PREFIX_ARM = """(SELECT token AS rank, dossier_id FROM search_token
    WHERE token >= %s AND token < %s {agency} AND {mine} ORDER BY token LIMIT %s)"""
_EXACT_ARM = """(SELECT '' AS rank, dossier_id FROM search_token WHERE token = %s {agency} AND {mine} LIMIT %s)"""
_ID_ARM = """(SELECT '' AS rank, dossier.id FROM subject JOIN dossier ON subject_id = subject.id
    WHERE {column} = ANY(%s) {agency} AND {mine} LIMIT %s)"""
_EPC_ARM = """(SELECT '' AS rank, dossier.id FROM tag JOIN volume ON volume.id = volume_id
    JOIN dossier ON dossier.id = volume.dossier_id WHERE epc = %s {agency} AND {mine} LIMIT %s)"""
# The own dossier and a declared relative's are as if they weren't there: left out before anything is counted.
_KEPT_FROM_ME = "kept AS MATERIALIZED (SELECT ARRAY(SELECT dossiers_kept_from_me()) AS ids)"
_MINE = "{id_column} <> ALL ((SELECT ids FROM kept)::integer[])"


def is_empty(connection: psycopg.Connection[Any]) -> bool:
    """Whether there is no dossier yet."""
    return connection.execute("SELECT FROM dossier LIMIT 1").fetchone() is None


def search(
    connection: psycopg.Connection[Any], keys: KeyRing, query: Query, agency_id: int | None, dossiers_max: int
) -> list[DossierRow]:
    """Up to `dossiers_max` dossiers a query can mean: those met whole first, then those that begin so, in token order.

    Whoever searches finds neither the own dossier nor a declared relative's.
    """
    arms: list[str] = []
    facts: list[object] = []

    def arm(template: str, agency_column: str, limit: int, *what: object, **names: object) -> None:
        narrowed = "" if agency_id is None else f"AND {agency_column} = %s"
        mine = _MINE.format(id_column="dossier_id" if agency_column == "agency_id" else "dossier.id")
        arms.append(template.format(agency=narrowed, mine=mine, **names))
        facts.extend((*what, *(() if agency_id is None else (agency_id,)), limit))

    for token in query.exact:
        arm(_EXACT_ARM, "agency_id", dossiers_max, token)
    if query.id_number:
        arm(_ID_ARM, "holding_agency_id", dossiers_max, keys.number_hashes(query.id_number), column="id_number_hash")
    if query.id_last_six:
        arm(
            _ID_ARM,
            "holding_agency_id",
            dossiers_max,
            keys.last_six_hashes(query.id_last_six),
            column="id_last_six_hash",
        )
    if query.epc:
        arm(_EPC_ARM, "holding_agency_id", dossiers_max, query.epc)
    for prefix in query.prefixes:
        arm(_PREFIX_ARM, "agency_id", dossiers_max * TOKENS_PER_DOSSIER_READ, *prefix_range(prefix))
    if not arms:
        return []
    statement = f"""
        WITH {_KEPT_FROM_ME}, met AS ({" UNION ALL ".join(arms)}),
        page AS (SELECT dossier_id, min(rank COLLATE "C") AS rank FROM met GROUP BY dossier_id ORDER BY 2, 1 LIMIT %s)
        SELECT found.* FROM page JOIN ({_DOSSIER}) AS found USING (dossier_id) ORDER BY page.rank, found.number
    """
    with connection.cursor(row_factory=class_row(DossierRow)) as cursor:
        return cursor.execute(statement, (*facts, dossiers_max)).fetchall()


def dossier_by_number(connection: psycopg.Connection[Any], number: str, agency_id: int | None) -> DossierRow | None:
    """The dossier of that number, if the agency asked for (None: any) holds it."""
    with connection.cursor(row_factory=class_row(DossierRow)) as cursor:
        return cursor.execute(
            _DOSSIER + " WHERE number = %s AND (%s::int IS NULL OR holding_agency_id = %s)",
            (number, agency_id, agency_id),
        ).fetchone()


def whereabouts(connection: psycopg.Connection[Any], dossier_ids: Sequence[int]) -> dict[int, list[Whereabouts]]:
    """Every volume of these dossiers with both its places, by dossier, in order of volume."""
    query = """
        SELECT volume.dossier_id, volume.id AS volume_id, volume_name(number, ordinal) AS volume, ordinal,
               tag.epc, tag.fault, barcode_only, legal, seal, seal_number, pieces, marks,
               EXISTS (SELECT FROM tag AS former WHERE former.volume_id = volume.id AND retired_at IS NOT NULL) AS retagged,
               holding.place_id AS ledger_place_id, moved_at, version,
               belief.place_id AS radio_place_id, belief.probability, runner_up_place_id, runner_up_probability, reads,
               last_seen_at, outcome, judged_from, judged_until, judgement.place_id AS judged_place_id,
               judgement.probability AS judged_probability, section_only, missing_probability, nights_unseen,
               counted.place_id AS counted_place_id, counted.scanned_at
        FROM volume JOIN dossier ON dossier.id = volume.dossier_id
        LEFT JOIN tag ON tag.volume_id = volume.id AND tag.retired_at IS NULL
        LEFT JOIN holding ON holding.volume_id = volume.id LEFT JOIN belief ON belief.volume_id = volume.id
        LEFT JOIN judgement ON judgement.volume_id = volume.id AND judged_until > holding.moved_at
        LEFT JOIN LATERAL (
            SELECT place_id, scanned_at FROM counted_volume
            WHERE counted_volume.volume_id = volume.id AND scanned_at > holding.moved_at ORDER BY scanned_at DESC LIMIT 1
        ) AS counted ON true
        WHERE volume.dossier_id = ANY(%s) ORDER BY ordinal LIMIT %s
    """
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(
            query, (list(dossier_ids), VOLUMES_PER_DOSSIER_READ_MAX * max(1, len(dossier_ids)))
        ).fetchall()
    columns = ("ledger_place_id", "radio_place_id", "runner_up_place_id", "judged_place_id", "counted_place_id")
    places = named_places(connection, {row[column] for row in rows for column in columns if row[column] is not None})
    found: dict[int, list[Whereabouts]] = defaultdict(list)
    for row in rows:
        found[row["dossier_id"]].append(
            Whereabouts(
                row["volume_id"],
                row["volume"],
                row["ordinal"],
                row["epc"],
                _ledger_place(row, places),
                _radio_place(row, places),
                _condition(row),
                _identification(row),
                _judged(row, places),
                None if row["scanned_at"] is None else CountedAt(places[row["counted_place_id"]], row["scanned_at"]),
            )
        )
    return found


def _ledger_place(row: dict[str, Any], places: dict[int, NamedPlace]) -> LedgerPlace | None:
    if row["ledger_place_id"] is None:
        return None
    return LedgerPlace(places[row["ledger_place_id"]], row["moved_at"], row["version"])


def _condition(row: dict[str, Any]) -> Condition | None:
    if row["ledger_place_id"] is None:
        return None
    marks = tuple(Mark(mark) for mark in row["marks"])
    return Condition(Legal(row["legal"]), Seal(row["seal"]), row["seal_number"], row["pieces"], marks)


def _identification(row: dict[str, Any]) -> Identification:
    return identification_of(
        has_tag=row["epc"] is not None,
        has_fault=row["fault"] is not None,
        retired=int(row["retagged"]),
        barcode_only=row["barcode_only"],
    )


def _radio_place(row: dict[str, Any], places: dict[int, NamedPlace]) -> RadioPlace | None:
    if row["radio_place_id"] is None:
        return None
    return RadioPlace(
        places[row["radio_place_id"]],
        row["probability"],
        places.get(row["runner_up_place_id"]),
        row["runner_up_probability"],
        row["reads"],
        row["last_seen_at"],
    )


def _judged(row: dict[str, Any], places: dict[int, NamedPlace]) -> Judged | None:
    if row["outcome"] is None:
        return None
    return Judged(
        judged_as=JudgedAs(row["outcome"]),
        since=row["judged_from"],
        until=row["judged_until"],
        place=None if row["judged_place_id"] is None else places[row["judged_place_id"]].code,
        probability=row["judged_probability"],
        section_only=row["section_only"],
        missing_probability=row["missing_probability"],
        nights_unseen=row["nights_unseen"],
    )


def named_places(connection: psycopg.Connection[Any], place_ids: Iterable[int]) -> dict[int, NamedPlace]:
    """Places by row id, each with the names from its warehouse down to itself."""
    query = """
        WITH RECURSIVE up AS (
            SELECT id AS place_id, id, parent_id, name, 0 AS steps FROM place WHERE id = ANY(%s)
            UNION ALL
            SELECT up.place_id, place.id, place.parent_id, place.name, steps + 1
            FROM up JOIN place ON place.id = up.parent_id WHERE steps < %s)
        SELECT place.id, place.code, place.name, place.kind,
               array_agg(up.name ORDER BY steps DESC) AS path, array_agg(up.id ORDER BY steps DESC) AS lineage
        FROM up JOIN place ON place.id = up.place_id GROUP BY place.id
    """
    rows = connection.execute(query, (list(place_ids), PLACE_STEPS_MAX)).fetchall()
    return {row[0]: NamedPlace(row[1], row[2], row[3], tuple(row[4]), tuple(row[5])) for row in rows}
