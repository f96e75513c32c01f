"""The discrepancy sheet of an arrival (差异单), as a paper for both sides to sign."""

from datetime import datetime
from zoneinfo import ZoneInfo

from inventory.domain.arrivals import DIFFERENCE_NAMES, DifferenceKind, SheetDifference
from inventory.domain.people import Viewer
from inventory.operations.arriving import discrepancies
from inventory.operations.count_papers import printed
from inventory.papers.sheets import Difference, DiscrepancySheet, Printed, Term
from inventory.store import people
from inventory.store.database import Database, raw

LOCAL = ZoneInfo("Asia/Shanghai")


def arrival_sheet(database: Database, viewer: Viewer, number: str, now: datetime) -> tuple[DiscrepancySheet, Printed]:
    """Where an arrival differs from its list; raises `BatchNotFound`. A look at whoever stands on it."""
    view = discrepancies(database, viewer, number)
    with database.transaction(viewer) as session:
        connection = raw(session)
        people.log_access(connection, viewer.account_id, "discrepancy_sheet", now)
        row = connection.execute(
            "SELECT warehouse.code FROM arrival JOIN place ON place.id = place_id "
            "JOIN place AS warehouse ON warehouse.id = place.warehouse_id WHERE arrival.id = %s",
            (view.arrival.arrival_id,),
        ).fetchone()
        warehouse = row[0] if row else None
        foot = printed(connection, viewer, warehouse, now, f"discrepancy sheet {view.number}")
    paper = DiscrepancySheet(
        f"{view.number}-{view.hash[:8].upper()}",
        Term("进馆批次", "arrival"),
        view.number,
        view.arrival.sender,
        warehouse or "",
        view.sheet.listed,
        view.sheet.counted,
        (view.arrival.received_at or now).astimezone(LOCAL),
        tuple(name for _, name, *_ in view.signatures),
        tuple(_difference(viewer, one) for one in view.sheet.differences),
    )
    return paper, foot


def _difference(viewer: Viewer, one: SheetDifference) -> Difference:
    listed = f"箱 {one.box}"
    found = None if one.found_box is None else f"箱 {one.found_box}"
    beyond = one.kind in {DifferenceKind.EXTRA, DifferenceKind.UNIDENTIFIED}
    return Difference(
        one.volume,
        None if one.name is None else viewer.name_seen(one.name),
        Term(*DIFFERENCE_NAMES[one.kind]),
        None if beyond else listed,
        None if one.kind is DifferenceKind.MISSING else found or listed,
        one.note,
    )
