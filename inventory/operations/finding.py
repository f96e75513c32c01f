"""Looking: for dossiers, at one of them, at its history, at the readers. Every look at a person is logged."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import psycopg

from inventory.domain.acts import Act
from inventory.domain.identifiers import parse_dossier_number
from inventory.domain.people import Viewer
from inventory.domain.permissions import Permission, check_permitted
from inventory.domain.refusals import BadInput, DossierNotFound, NotOwnOrRelative
from inventory.domain.search import interpret
from inventory.domain.whereabouts import Whereabouts, fingerprint
from inventory.store import dossiers, ledger, people, reader_list, request_facts
from inventory.store.database import Database, raw
from inventory.store.dossiers import DossierRow
from inventory.store.keys import KeyRing
from inventory.store.reader_list import ReaderView

FOUND_DOSSIERS_MAX = 50
HISTORY_ACTS_MAX = 200
READERS_MAX = 1_000
GAPS_SHOWN_HOURS = 24


@dataclass(frozen=True, slots=True)
class Subject:
    """The person a dossier is about, as far as the viewer may know; None is kept from it, or unknown."""

    name: str
    birth_year: int | None
    employer: str | None
    id_number_masked: str | None


@dataclass(frozen=True, slots=True)
class DossierView:
    """A dossier as its viewer sees it, with every volume's places."""

    number: str
    aliases: tuple[str, ...]
    subject: Subject
    agency_code: str
    agency_name: str
    deposit_type: str | None
    volumes: tuple[Whereabouts, ...]


@dataclass(frozen=True, slots=True)
class Watched:
    """What an open page follows: row ids of the volumes, and the fingerprint of their whereabouts just now."""

    volumes: frozenset[int]
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found: at most `FOUND_DOSSIERS_MAX` dossiers, and whether there are more."""

    dossiers: tuple[DossierView, ...]
    more: bool


def find_dossiers(database: Database, viewer: Viewer, text: str, now: datetime) -> Found:
    """Find by number, alias, name, pinyin, ID number or its last six, EPC: best matches first.

    Raises `BadInput` for a text nothing can be found by, `NotAllowed` where the role doesn't search. `text` is logged nowhere.
    """
    agency_id = viewer.agency_seen()
    query = viewer.narrowed(interpret(text))
    with database.transaction(viewer) as session:
        connection = raw(session)
        rows = dossiers.search(connection, database.keys, query, agency_id, FOUND_DOSSIERS_MAX + 1)
        shown = rows[:FOUND_DOSSIERS_MAX]
        volumes = dossiers.whereabouts(connection, [row.dossier_id for row in shown])
        if shown:
            only = shown[0].dossier_id if len(shown) == 1 else None
            people.log_access(connection, viewer.account_id, "search", now, only)
    found = tuple(_seen_by(viewer, database.keys, row, volumes.get(row.dossier_id, [])) for row in shown)
    return Found(found, more=len(rows) > FOUND_DOSSIERS_MAX)


def open_dossier(database: Database, viewer: Viewer, number: str, now: datetime) -> DossierView:
    """One dossier by its number; raises `DossierNotFound` where there is none, or another agency's."""
    with database.transaction(viewer) as session:
        connection = raw(session)
        row = dossier_seen(connection, viewer, number)
        volumes = dossiers.whereabouts(connection, [row.dossier_id])
        people.log_access(connection, viewer.account_id, "dossier", now, row.dossier_id)
    return _seen_by(viewer, database.keys, row, volumes.get(row.dossier_id, []))


def history(database: Database, viewer: Viewer, number: str, now: datetime) -> list[Act]:
    """The newest `HISTORY_ACTS_MAX` acts on a dossier, newest first; raises `DossierNotFound`."""
    with database.transaction(viewer) as session:
        connection = raw(session)
        row = dossier_seen(connection, viewer, number)
        people.log_access(connection, viewer.account_id, "history", now, row.dossier_id)
        return ledger.history(connection, row.dossier_id, HISTORY_ACTS_MAX)


def watch_dossier(database: Database, viewer: Viewer, number: str) -> Watched:
    """What to follow of a dossier; raises `DossierNotFound`. Shows nothing, so it logs nothing."""
    with database.transaction(viewer) as session:
        connection = raw(session)
        row = dossier_seen(connection, viewer, number)
        volumes = tuple(dossiers.whereabouts(connection, [row.dossier_id]).get(row.dossier_id, []))
    return Watched(frozenset(volume.volume_id for volume in volumes), fingerprint(volumes))


def readers(database: Database, viewer: Viewer, now: datetime) -> list[ReaderView]:
    """All readers with their health, those in trouble first; raises `NotAllowed`."""
    check_permitted(viewer, Permission.SEE_READERS)
    with database.transaction(viewer) as session:
        return reader_list.readers(raw(session), now - timedelta(hours=GAPS_SHOWN_HOURS), now, READERS_MAX)


def dossier_seen(connection: psycopg.Connection[Any], viewer: Viewer, number: str) -> DossierRow:
    """The dossier, for somebody who may look at it; raises `DossierNotFound`, `NotOwnOrRelative`.

    Another agency's dossier, an impossible number and one nobody has look alike.
    """
    agency_id = viewer.agency_seen()
    try:
        row = dossiers.dossier_by_number(connection, parse_dossier_number(number), agency_id)
    except BadInput:
        row = None
    if row is None:
        raise DossierNotFound(dossier=number)
    if request_facts.is_tied(connection, viewer.account_id, row.dossier_id):
        raise NotOwnOrRelative
    return row


def _seen_by(viewer: Viewer, keys: KeyRing, row: DossierRow, volumes: list[Whereabouts]) -> DossierView:
    persons = viewer.rights.sees_persons
    cipher = row.id_number_cipher
    subject = Subject(
        name=viewer.name_seen(row.name),
        birth_year=row.birth_year if persons else None,
        employer=row.employer if persons else None,
        id_number_masked=None if cipher is None else viewer.id_number_seen(keys.decrypt(cipher)),
    )
    return DossierView(
        row.number, tuple(row.aliases), subject, row.agency_code, row.agency_name, row.deposit_type, tuple(volumes)
    )
