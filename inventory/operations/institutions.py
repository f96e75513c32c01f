"""The register of institutions, and the letters they bring."""

from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

import psycopg

from inventory.domain.identifiers import folded_width
from inventory.domain.institutions import (
    ADDRESS_CHARACTERS_MAX,
    BLOCKED_REASON_CHARACTERS_MAX,
    INSTITUTION_NAME_CHARACTERS_MAX,
    InstitutionClass,
    parse_institution_code,
)
from inventory.domain.letters import Scan, parse_letter, parse_scan
from inventory.domain.people import Reach, Viewer
from inventory.domain.permissions import Permission, check_permitted
from inventory.domain.refusals import (
    AgencyNotFound,
    BadInput,
    Conflict,
    InstitutionNotFound,
    LetterNotFound,
    NotAllowed,
)
from inventory.domain.requests import LetterKind, check_free_text
from inventory.operations.request_views import local_day
from inventory.store import institutions, ledger, people
from inventory.store.database import Database, raw
from inventory.store.institutions import InstitutionRow, LetterRow

INSTITUTIONS_SHOWN_MAX = 100
LETTERS_SHOWN_MAX = 100
WINDOWS_SHOWN_MAX = 100


@dataclass(frozen=True, slots=True)
class NewInstitution:
    """An institution to register. agency: the code of the agency it is, where it holds dossiers itself."""

    command_id: UUID
    code: str
    name: str
    kind: InstitutionClass
    address: str
    agency: str | None = None


@dataclass(frozen=True, slots=True)
class NewLetter:
    """A letter to register; scan: its bytes, where it was scanned at once."""

    command_id: UUID
    kind: LetterKind
    number: str
    issuer: str
    dated: date
    scan: bytes | None = None


def register_institution(database: Database, viewer: Viewer, new: NewInstitution, now: datetime) -> InstitutionRow:
    """Register an institution; the places for what it borrows and receives come with it. Raises `NameTaken`."""
    check_permitted(viewer, Permission.REGISTER_INSTITUTIONS)
    code = parse_institution_code(new.code)
    name = _required(new.name, "单位名称", "institution's name", INSTITUTION_NAME_CHARACTERS_MAX)
    address = _required(new.address, "地址", "address", ADDRESS_CHARACTERS_MAX)
    with database.transaction(viewer) as session:
        connection = raw(session)
        if ledger.once(connection, new.command_id, ("institution", viewer.account_id, code, name, new.kind, address)):
            agency_id = people.agency_id(connection, new.agency) if new.agency else None
            if new.agency and agency_id is None:
                raise AgencyNotFound(agency=new.agency)
            institutions.add_institution(
                connection, code, name, new.kind.value, address, agency_id, viewer.account_id, now
            )
        return _institution(connection, code, now)


def _required(text: str, field_zh: str, field_en: str, characters_max: int) -> str:
    told = check_free_text(text, field_zh, field_en, characters_max)
    if not told:
        raise BadInput(problem_zh=f"请填写{field_zh}", problem_en=f"the {field_en} is missing")
    return told


def _institution(connection: psycopg.Connection[Any], code: str, now: datetime) -> InstitutionRow:
    row = institutions.institution(connection, code, local_day(now))
    if row is None:
        raise InstitutionNotFound(institution=code)
    return row


def block_institution(
    database: Database, viewer: Viewer, command_id: UUID, code: str, reason: str | None, now: datetime
) -> InstitutionRow:
    """Keep an institution from borrowing for a reason, or (None) let it borrow again: an agency's head, or the city manager."""
    check_permitted(viewer, Permission.BLOCK_INSTITUTIONS)
    told = None
    if reason is not None:
        told = _required(reason, "暂停借阅的原因", "reason for blocking", BLOCKED_REASON_CHARACTERS_MAX)
    with database.transaction(viewer) as session:
        connection = raw(session)
        row = _institution(connection, folded_width(code).upper(), now)
        if ledger.once(connection, command_id, ("block", viewer.account_id, row.code, told)):
            institutions.block(connection, row.code, told)
        return _institution(connection, row.code, now)


def find_institutions(database: Database, viewer: Viewer, text: str, now: datetime) -> list[InstitutionRow]:
    """Institutions whose name holds the text or whose code begins so; at most `INSTITUTIONS_SHOWN_MAX`."""
    if viewer.rights.dossiers is Reach.NONE:
        raise NotAllowed
    with database.transaction(viewer) as session:
        wanted = folded_width(text)[:INSTITUTION_NAME_CHARACTERS_MAX]
        return institutions.institutions(raw(session), wanted, local_day(now), INSTITUTIONS_SHOWN_MAX)


def register_letter(database: Database, viewer: Viewer, new: NewLetter, now: datetime) -> LetterRow:
    """Register a letter a window took in, with its scan if there is one. Raises `NameTaken`, `LetterScanUnreadable`."""
    check_permitted(viewer, Permission.KEEP_LETTERS)
    assert viewer.agency_id is not None, "these roles belong to an agency"
    number, issuer = parse_letter(new.number, new.issuer, new.dated, local_day(now))
    scan = None if new.scan is None else parse_scan(new.scan)
    with database.transaction(viewer) as session:
        connection = raw(session)
        content = (
            "letter",
            viewer.account_id,
            new.kind,
            number,
            issuer,
            new.dated,
            None if scan is None else scan.sha256,
        )
        if ledger.once(connection, new.command_id, content):
            letter_id = institutions.add_letter(
                connection, viewer.agency_id, new.kind.value, number, issuer, new.dated, viewer.account_id, now
            )
            _add_scan(connection, letter_id, scan)
        row = institutions.letter_told(connection, viewer.agency_id, new.kind.value, issuer, number)
        assert row is not None, "a command done once has its letter"
        return row


def _add_scan(connection: psycopg.Connection[Any], letter_id: int, scan: Scan | None) -> None:
    if scan is not None and not institutions.add_scan(connection, letter_id, scan.media, scan.sha256, scan.content):
        raise Conflict


def add_scan(
    database: Database, viewer: Viewer, command_id: UUID, letter_id: int, content: bytes, now: datetime
) -> LetterRow:
    """Keep the scan of a letter registered without one; a letter's scan is never replaced. `now`: logged with the look."""
    check_permitted(viewer, Permission.KEEP_LETTERS)
    scan = parse_scan(content)
    with database.transaction(viewer) as session:
        connection = raw(session)
        row = _letter_seen(connection, viewer, letter_id)
        if row.agency_id != viewer.agency_id:
            raise LetterNotFound(letter=letter_id)
        if ledger.once(connection, command_id, ("scan", viewer.account_id, letter_id, scan.sha256)):
            _add_scan(connection, letter_id, scan)
            people.log_access(connection, viewer.account_id, "letter", now)
        return institutions.letters(connection, [letter_id])[letter_id]


def letter_scan(database: Database, viewer: Viewer, letter_id: int, now: datetime) -> tuple[str, bytes]:
    """Media type and bytes of a letter's scan; raises `LetterNotFound` where it isn't for the viewer, or has none."""
    with database.transaction(viewer) as session:
        connection = raw(session)
        row = _letter_seen(connection, viewer, letter_id)
        content = institutions.scan_of(connection, letter_id)
        if content is None or row.scan_media is None or row.scan_sha256 != sha256(content).digest():
            raise LetterNotFound(letter=letter_id)
        people.log_access(connection, viewer.account_id, "letter", now)
        return row.scan_media, content


def _letter_seen(connection: psycopg.Connection[Any], viewer: Viewer, letter_id: int) -> LetterRow:
    """A letter of the viewer's agency, or one that a request to that agency rests on."""
    agency_id = viewer.agency_seen()
    row = institutions.letters(connection, [letter_id]).get(letter_id)
    if row is None or not (
        agency_id in {None, row.agency_id} or institutions.is_evidence_for(connection, letter_id, agency_id)
    ):
        raise LetterNotFound(letter=letter_id)
    return row


def my_letters(database: Database, viewer: Viewer) -> list[LetterRow]:
    """The newest letters the viewer's agency took in; at most `LETTERS_SHOWN_MAX`."""
    check_permitted(viewer, Permission.KEEP_LETTERS)
    assert viewer.agency_id is not None, "these roles belong to an agency"
    with database.transaction(viewer) as session:
        return institutions.letters_of_agency(raw(session), viewer.agency_id, LETTERS_SHOWN_MAX)


def windows(database: Database, viewer: Viewer) -> list[tuple[str, str]]:
    """Codes and names of the windows a dossier may be brought to, at most `WINDOWS_SHOWN_MAX`; one's own, where one has one."""
    if viewer.rights.dossiers is Reach.NONE:
        raise NotAllowed
    with database.transaction(viewer) as session:
        own = people.own_window(raw(session))
        if own is not None:
            return [own]
        return institutions.windows(raw(session), WINDOWS_SHOWN_MAX)
