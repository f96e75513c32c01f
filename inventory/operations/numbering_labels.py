"""How the site numbers its labels: set at the command line, shown to whoever tags; labels made before stay as they are."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import psycopg

from inventory.domain.label_numbering import Numbering, epc_of
from inventory.domain.people import Viewer
from inventory.domain.permissions import Permission, check_permitted
from inventory.domain.refusals import BadInput, NumberingUnset, SerialsUsedUp
from inventory.store import labels
from inventory.store.database import Database, raw
from inventory.store.labels import NumberingRow

# Serials that turn out to be on tags already, by a numbering some other program used, are passed over so often.
_ROUNDS_MAX = 20


def set_numbering(database: Database, new: Numbering, first_serial: int | None, now: datetime) -> NumberingRow:
    """Number labels so from now on; for whoever runs the command line, as owner.

    first_serial: begin there, where another program used the serials before it. Raises `BadInput` for one that was given out.
    """
    with database.transaction(None) as session:
        connection = raw(session)
        if first_serial is not None:
            last = labels.last_serial(connection)
            if not last < first_serial <= new.serial_max:
                raise BadInput(
                    problem_zh=f"起始序列号应为 {last + 1} 至 {new.serial_max}：此前的已经用过",
                    problem_en=f"the first serial is from {last + 1} to {new.serial_max}: those before are used",
                )
            labels.begin_serials_at(connection, first_serial)
        labels.set_numbering(connection, new, None, now)
        found = labels.numbering(connection)
    assert found is not None, "it was written just now"
    return found


def numbering(database: Database, viewer: Viewer | None) -> NumberingRow | None:
    """How labels are numbered now; None where that isn't set. viewer None: at the command line."""
    if viewer is not None:
        check_permitted(viewer, Permission.SEE_LABELS)
    with database.transaction(viewer) as session:
        return labels.numbering(raw(session))


def new_epcs(connection: psycopg.Connection[Any], count: int) -> tuple[int, Sequence[bytes]]:
    """The numbering's row, and so many EPCs that nothing has and nothing will get again.

    Raises `NumberingUnset`, `SerialsUsedUp`.
    """
    known = labels.numbering(connection)
    if known is None:
        raise NumberingUnset
    found: list[bytes] = []
    for _ in range(_ROUNDS_MAX):
        serials = labels.take_serials(connection, count - len(found))
        if max(serials) > known.numbering.serial_max:
            break
        epcs = [epc_of(known.numbering, serial) for serial in serials]
        taken = labels.epcs_known(connection, epcs)
        found.extend(epc for epc in epcs if epc not in taken)
        if len(found) == count:
            return known.numbering_id, found
    raise SerialsUsedUp(numbering=known.numbering.told)
