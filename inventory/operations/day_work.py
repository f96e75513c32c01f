"""What must I do now: the work that waits for one person, counts first."""

from datetime import datetime
from zoneinfo import ZoneInfo

from inventory.domain import discrepancies
from inventory.domain.batches import Batch
from inventory.domain.day_work import WORK_OF, Work, WorkKind, WorkLine
from inventory.domain.people import Viewer
from inventory.domain.picking import work_number
from inventory.domain.refusals import NotAllowed
from inventory.domain.requests import request_number
from inventory.domain.searching import case_number
from inventory.store import day_work
from inventory.store.database import Database, raw
from inventory.store.day_work import WaitingRow

WAITING_SHOWN_MAX = 12
_LOCAL = ZoneInfo("Asia/Shanghai")
_CONSIGNMENTS = frozenset({WorkKind.COMING_HOME, WorkKind.INCOMING})
_ON_BENCH = frozenset({WorkKind.TO_SHELVE, WorkKind.TO_SEAL, WorkKind.TO_ACCEPT, WorkKind.IN_QUARANTINE})


def work_waiting(database: Database, viewer: Viewer, now: datetime) -> list[Work]:
    """Every kind of work of the viewer's role with its count and its first `WAITING_SHOWN_MAX`; raises `NotAllowed`.

    Lines are numbers, places and days; no person is looked at, so nothing is logged.
    """
    kinds = WORK_OF.get(viewer.role)
    if kinds is None:
        raise NotAllowed
    today = now.astimezone(_LOCAL).date()
    agency_id = viewer.agency_seen()
    with database.transaction(viewer) as session:
        connection = raw(session)
        found = {
            kind: day_work.waiting(connection, kind, agency_id, viewer.account_id, today, WAITING_SHOWN_MAX)
            for kind in kinds
        }
    return [
        Work(kind, rows[0].total if rows else 0, tuple(_line(kind, row) for row in rows))
        for kind, rows in found.items()
    ]


def _line(kind: WorkKind, row: WaitingRow) -> WorkLine:
    if kind in _ON_BENCH or row.row_id is None:
        return WorkLine(row.place or "", day=row.day, volumes=row.volumes)
    if kind in _CONSIGNMENTS:
        number = work_number("C", row.row_id)
    elif kind is WorkKind.TO_SEARCH:
        number = case_number(row.row_id)
    elif kind is WorkKind.DISCREPANCIES:
        number = discrepancies.case_number(row.row_id)
    elif kind is WorkKind.ARRIVING:
        number = Batch.ARRIVAL.number(row.row_id)
    else:
        number = request_number(row.row_id)
    return WorkLine(number, row.number, row.place, row.day, row.volumes)
