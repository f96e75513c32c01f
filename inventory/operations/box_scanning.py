"""What one scan means while a box is counted: on the list, in another box, or one too many."""

from datetime import datetime

from inventory.domain.batches import Batch
from inventory.domain.people import Viewer
from inventory.domain.permissions import Permission, check_permitted
from inventory.domain.refusals import BatchNotFound, ListedInBox, NotOnList, Refusal
from inventory.operations.scanning import Scanned, ScannedKind, scanned
from inventory.store import arrivals
from inventory.store.database import Database, raw


def scanned_in_box(
    database: Database, viewer: Viewer, number: str, box: str, code: str, now: datetime
) -> tuple[Scanned, Refusal | None]:
    """What a code is, and what is odd about it in this box (None: nothing); nothing is counted yet.

    Raises `BatchNotFound`, `NotAllowed`.
    """
    check_permitted(viewer, Permission.RECEIVE_ARRIVALS)
    (one,) = scanned(database, viewer, [code], now)
    if one.kind is ScannedKind.PLACE:
        return one, None
    with database.transaction(viewer) as session:
        connection = raw(session)
        found = arrivals.by_id(connection, Batch.ARRIVAL.parse(number), viewer.agency_seen())
        if found is None:
            raise BatchNotFound(number=number)
        listed_in = None if one.volume is None else arrivals.box_of(connection, found.arrival_id, one.volume)
    if listed_in is None:
        return one, NotOnList(code=one.code)
    return one, None if listed_in == box else ListedInBox(code=one.code, box=listed_in)
