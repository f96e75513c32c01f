"""Find mode: a keeper walks with a handheld, and a page says warmer or colder with every read of one volume."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import psycopg

from inventory.domain.people import Viewer
from inventory.domain.permissions import Permission, check_permitted
from inventory.domain.refusals import DossierNotFound
from inventory.domain.whereabouts import Whereabouts
from inventory.operations.finding import dossier_seen
from inventory.store import dossiers, find_mode, people
from inventory.store.database import Database, raw

LISTENED = timedelta(minutes=16)  # a page's stream lives for fifteen, then it comes again


@dataclass(frozen=True, slots=True)
class Wanted:
    """The volume somebody looks for."""

    dossier: str
    whereabouts: Whereabouts


def look_for(database: Database, viewer: Viewer, number: str, ordinal: int, now: datetime) -> Wanted:
    """The volume and where it is thought to be; from now on every read of it is told. Raises `NotAllowed`, `DossierNotFound`."""
    with database.transaction(viewer) as session:
        connection = raw(session)
        wanted, dossier_id = _listened_for(connection, viewer, number, ordinal, now)
        people.log_access(connection, viewer.account_id, "find", now, dossier_id)
    return wanted


def still_looking(database: Database, viewer: Viewer, number: str, ordinal: int, now: datetime) -> int:
    """The id of the volume, listened for a while longer; raises as `look_for`. Shows nothing, so it logs nothing."""
    with database.transaction(viewer) as session:
        wanted, _ = _listened_for(raw(session), viewer, number, ordinal, now)
    return wanted.whereabouts.volume_id


def _listened_for(
    connection: psycopg.Connection[Any], viewer: Viewer, number: str, ordinal: int, now: datetime
) -> tuple[Wanted, int]:
    check_permitted(viewer, Permission.SWEEP)
    row = dossier_seen(connection, viewer, number)
    volumes = dossiers.whereabouts(connection, [row.dossier_id]).get(row.dossier_id, [])
    found = next((one for one in volumes if one.ordinal == ordinal), None)
    if found is None:
        raise DossierNotFound(dossier=number)
    find_mode.listen_for(connection, found.volume_id, now + LISTENED)
    return Wanted(row.number, found), row.dossier_id
