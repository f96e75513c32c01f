"""A second look at a person: the ID number whole, for a reason, counted and logged."""

from dataclasses import dataclass, field

from inventory.domain.people import Viewer
from inventory.domain.permissions import Permission, check_permitted
from inventory.domain.unmasking import parse_reason, parse_why
from inventory.operations.finding import dossier_seen
from inventory.store import people
from inventory.store.database import Database, raw


@dataclass(frozen=True, slots=True)
class Unmasked:
    """An ID number whole, None where none is known; shown once and kept nowhere."""

    number: str
    id_number: str | None = field(repr=False)


def unmask(database: Database, viewer: Viewer, number: str, reason: str, why: str) -> Unmasked:
    """The whole ID number; the look stands in the log before it is told.

    Raises `NotAllowed`, `DossierNotFound`, `NotOwnOrRelative`, `BadInput` for a reason that is none, and `UnmaskLimit`.
    """
    check_permitted(viewer, Permission.UNMASK)
    coded = parse_reason(reason)
    with database.transaction(viewer) as session:
        connection = raw(session)
        row = dossier_seen(connection, viewer, number)
        people.log_unmasking(connection, row.dossier_id, coded.value, parse_why(why, row.name))
    cipher = row.id_number_cipher
    return Unmasked(row.number, None if cipher is None else database.keys.decrypt(cipher))
