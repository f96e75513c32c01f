"""A second look at a person: the ID number whole, for a reason, counted and logged."""

from dataclasses import dataclass, field

from inventory.domain.identifiers import parse_dossier_number
from inventory.domain.people import Viewer
from inventory.domain.permissions import Permission, check_permitted
from inventory.domain.refusals import BadInput, DossierNotFound
from inventory.domain.unmasking import parse_reason, parse_why
from inventory.store import dossiers, people
from inventory.store.database import Database, raw


@dataclass(frozen=True, slots=True)
class Unmasked:
    """An ID number whole, None where none is known; shown once and kept nowhere."""

    number: str
    id_number: str | None = field(repr=False)


def unmask(database: Database, viewer: Viewer, number: str, reason: str, why: str) -> Unmasked:
    """The whole ID number; the look stands in the log before it is told.

    Raises `NotAllowed`, `DossierNotFound`, `BadInput` for a reason that is none, and `UnmaskLimit`.
    """
    check_permitted(viewer, Permission.UNMASK)
    agency_id = viewer.agency_seen()
    assert agency_id is not None, "these roles see their own agency's dossiers"
    coded = parse_reason(reason)
    with database.transaction(viewer) as session:
        connection = raw(session)
        try:
            row = dossiers.dossier_by_number(connection, parse_dossier_number(number), agency_id)
        except BadInput:
            row = None
        if row is None:
            raise DossierNotFound(dossier=number)
        people.log_unmasking(connection, row.dossier_id, coded.value, parse_why(why, row.name))
    cipher = row.id_number_cipher
    return Unmasked(row.number, None if cipher is None else database.keys.decrypt(cipher))
