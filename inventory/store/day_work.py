"""What waits, in SQL: one bounded query for each kind of work. None of them reads a person."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import psycopg
from psycopg.rows import class_row

from inventory.domain.day_work import WorkKind
from inventory.domain.discrepancies import KINDS, Gravity


@dataclass(frozen=True, slots=True)
class WaitingRow:
    """One thing that waits. row_id: of the request, case or consignment; total: how many there are of its kind."""

    row_id: int | None
    number: str | None
    place: str | None
    day: date | None
    volumes: int | None
    total: int


_REQUEST = """
    SELECT request.id AS row_id, dossier.number, {place} AS place, {day} AS day, NULL::int AS volumes, count(*) OVER () AS total
    FROM request LEFT JOIN dossier ON dossier.id = dossier_id LEFT JOIN place AS window_place ON window_place.id = window_place_id
    WHERE {where} ORDER BY {order} LIMIT %(shown)s
"""
_OF_AGENCY = "(%(agency)s::int IS NULL OR request.holding_agency_id = %(agency)s)"
_ON_BENCH = """
    SELECT NULL::int AS row_id, NULL::text AS number, place.code AS place,
           min(acted_at AT TIME ZONE 'Asia/Shanghai')::date AS day, count(*)::int AS volumes, sum(count(*)) OVER ()::int AS total
    FROM holding JOIN place ON place.id = place_id JOIN volume ON volume.id = volume_id JOIN dossier ON dossier.id = dossier_id
    WHERE {where} AND (%(agency)s::int IS NULL OR holding_agency_id = %(agency)s)
    GROUP BY place.code ORDER BY min(acted_at), 3 LIMIT %(shown)s
"""
_BENCH = "place.kind IN ('desk', 'cart', 'arrivals')"
_NOBODY_WAITS = """NOT EXISTS (SELECT FROM request_volume JOIN request ON request.id = request_id
    WHERE request_volume.volume_id = holding.volume_id AND state IN ('picking', 'ready', 'underway', 'at_window', 'out'))"""
_CONSIGNMENT = """
    SELECT consignment.id AS row_id, bag.code AS number, {place}.code AS place,
           (handed_at AT TIME ZONE 'Asia/Shanghai')::date AS day,
           (SELECT count(*)::int FROM consignment_volume
            WHERE consignment_id = consignment.id AND consignment_volume.state <> 'unpacked') AS volumes,
           count(*) OVER () AS total
    FROM consignment JOIN place AS bag ON bag.id = bag_id JOIN place AS origin ON origin.id = from_place_id
    JOIN place AS target ON target.id = to_place_id
    WHERE state = 'underway' AND direction = '{direction}' AND (%(agency)s::int IS NULL OR agency_id = %(agency)s)
    ORDER BY handed_at, consignment.id LIMIT %(shown)s
"""


def _request(where: str, order: str, day: str = "promised_on", place: str = "window_place.code") -> str:
    return _REQUEST.format(where=where, order=order, day=day, place=place)


_SHELF = """(SELECT min(code) FROM volume JOIN holding ON volume_id = volume.id JOIN place ON place.id = place_id
    WHERE volume.dossier_id = request.dossier_id)"""
_LATE = """((request.kind = 'transfer' AND sent_on IS NULL AND state NOT IN ('asked', 'refused', 'withdrawn', 'closed'))
    OR (request.kind <> 'transfer' AND state IN ('out', 'at_window') AND done_at IS NULL)) AND due_on < %(today)s"""
_SOON = ", ".join(f"'{kind.value}'" for kind, nature in KINDS.items() if nature.gravity is not Gravity.LIGHT)

QUERIES: dict[WorkKind, str] = {
    # For the city's manager (no agency): only what was delegated.
    WorkKind.TO_APPROVE: _request(
        "state = 'asked' AND (request.holding_agency_id = %(agency)s "
        "OR (%(agency)s::int IS NULL AND delegation_in_force(request.holding_agency_id, %(account)s) IS NOT NULL))",
        "priority DESC, request.id",
    ),
    WorkKind.TO_PICK: _request(
        f"state IN ('approved', 'picking') AND {_OF_AGENCY}", "priority DESC, promised_on, request.id", place=_SHELF
    ),
    WorkKind.TO_PACK: _request(f"state = 'ready' AND {_OF_AGENCY}", "priority DESC, promised_on, request.id", place=_SHELF),
    WorkKind.TO_SHELVE: _ON_BENCH.format(
        where=f"{_BENCH} AND legal IN ('held', 'deceased_retained') AND seal = 'sealed' AND {_NOBODY_WAITS}"
    ),
    WorkKind.TO_SEAL: _ON_BENCH.format(where=f"{_BENCH} AND seal <> 'sealed' AND legal <> 'expected'"),
    WorkKind.TO_ACCEPT: _ON_BENCH.format(where=f"{_BENCH} AND legal = 'expected'"),
    WorkKind.IN_QUARANTINE: _ON_BENCH.format(where="place.kind = 'quarantine'"),
    WorkKind.TO_SEARCH: """
        SELECT search_case.id AS row_id, volume_name(dossier.number, ordinal) AS number, place.code AS place,
               (opened_at AT TIME ZONE 'Asia/Shanghai')::date AS day, NULL::int AS volumes, count(*) OVER () AS total
        FROM search_case JOIN volume ON volume.id = volume_id JOIN dossier ON dossier.id = dossier_id
        JOIN place ON place.id = from_place_id
        WHERE state IN ('suspected', 'open') AND (%(agency)s::int IS NULL OR holding_agency_id = %(agency)s)
        ORDER BY opened_at, search_case.id LIMIT %(shown)s
    """,
    # Nobody's yet or one's own, the gravest first; what only wants a new tag or a sweep waits for its occasion.
    WorkKind.DISCREPANCIES: f"""
        SELECT discrepancy.id AS row_id, coalesce(volume_name(dossier.number, ordinal), reader.code) AS number,
               place.code AS place, (opened_at AT TIME ZONE 'Asia/Shanghai')::date AS day, NULL::int AS volumes,
               count(*) OVER () AS total
        FROM discrepancy LEFT JOIN volume ON volume.id = volume_id LEFT JOIN dossier ON dossier.id = dossier_id
        LEFT JOIN reader ON reader.id = reader_id LEFT JOIN place ON place.id = coalesce(radio_place_id, ledger_place_id)
        WHERE state = 'open' AND discrepancy.kind IN ({_SOON}) AND coalesce(assigned_to, %(account)s) = %(account)s
            AND (volume_id IS NULL OR dossier_id <> ALL (ARRAY(SELECT dossiers_kept_from_me())))
            AND (%(agency)s::int IS NULL OR holding_agency_id = %(agency)s)
        ORDER BY array_position(ARRAY[{_SOON}], discrepancy.kind), place.code, discrepancy.id LIMIT %(shown)s
    """,
    WorkKind.COMING_HOME: _CONSIGNMENT.format(direction="home", place="origin"),
    WorkKind.INCOMING: _CONSIGNMENT.format(direction="out", place="target"),
    WorkKind.ARRIVING: """
        SELECT arrival.id AS row_id, 'A-' || lpad(arrival.id::text, 6, '0') AS number, agency.name AS place,
               (announced_at AT TIME ZONE 'Asia/Shanghai')::date AS day, NULL::int AS volumes, count(*) OVER () AS total
        FROM arrival JOIN agency ON agency.id = holding_agency_id
        WHERE state <> 'settled' AND (%(agency)s::int IS NULL OR holding_agency_id = %(agency)s)
        ORDER BY announced_at, arrival.id LIMIT %(shown)s
    """,
    WorkKind.AT_WINDOW: _request(f"state = 'at_window' AND {_OF_AGENCY}", "promised_on, request.id"),
    WorkKind.MINE: _request(
        f"state NOT IN ('refused', 'withdrawn', 'closed') AND asked_by = %(account)s AND {_OF_AGENCY}", "request.id DESC"
    ),
    WorkKind.OVERDUE: _request(f"{_OF_AGENCY} AND {_LATE}", "due_on, request.id", day="due_on"),
    WorkKind.RECEIPT_MISSING: _request(
        f"request.kind = 'transfer' AND state = 'out' AND receipt_on IS NULL AND {_OF_AGENCY}",
        "sent_on, request.id",
        day="sent_on",
    ),
    # What borrowers ask or announce, until the loan is renewed or back.
    WorkKind.TOLD: _request(
        f"""{_OF_AGENCY} AND state = 'out' AND done_at IS NULL AND EXISTS (
            SELECT FROM request_event AS told WHERE told.request_id = request.id
                AND told.event IN ('renewal_asked', 'return_announced') AND NOT EXISTS (
                SELECT FROM request_event AS renewed WHERE renewed.request_id = request.id AND renewed.event = 'renewed'
                    AND renewed.id > told.id))""",
        "due_on, request.id",
        day="due_on",
    ),
    WorkKind.UNRESOLVED: _request("dossier_id IS NULL AND state = 'asked'", "request.id"),
}  # fmt: skip


def waiting(
    connection: psycopg.Connection[Any], kind: WorkKind, agency_id: int | None, account_id: int, today: date, shown: int
) -> list[WaitingRow]:
    """The first `shown` of what waits of a kind, for an agency's dossiers (None: all)."""
    facts = {"agency": agency_id, "account": account_id, "today": today, "shown": shown}
    with connection.cursor(row_factory=class_row(WaitingRow)) as cursor:
        return cursor.execute(QUERIES[kind], facts).fetchall()
