"""Time travel: where a dossier was and how it stood at any instant, what a place held, how many an agency held at 24:00.

Every question has two times: of which moment, and as the ledger was known when. The answer to the same question stays the
same for ever, whatever is recorded later; a certificate keeps both, and the hash of the question.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import psycopg

from inventory.domain.counting import (
    Certified,
    certificate_number,
    check_day_over,
    end_of_day,
    parse_certificate_number,
)
from inventory.domain.people import Viewer
from inventory.domain.permissions import Permission, check_permitted
from inventory.domain.refusals import (
    AgencyNotFound,
    CertificateNotFound,
    PlaceNotFound,
)
from inventory.operations.finding import dossier_seen
from inventory.store import as_of as as_of_store
from inventory.store import certificates, counts, ledger, people
from inventory.store.as_of import VolumeAsOf
from inventory.store.certificates import CertificateRow
from inventory.store.counts import Held, Instant, PlaceKindCount
from inventory.store.database import Database, raw

VOLUMES_SHOWN_MAX = 500
CERTIFICATES_SHOWN_MAX = 100


@dataclass(frozen=True, slots=True)
class DossierAsOf:
    """A dossier at a moment; volumes: those that had come by then."""

    number: str
    instant: Instant
    agency_code: str
    agency_name: str
    volumes: tuple[VolumeAsOf, ...]


@dataclass(frozen=True, slots=True)
class PlaceAsOf:
    """What stood at a place, or within it, at a moment; of `count` volumes the first are listed."""

    place: str
    instant: Instant
    count: int
    volumes: tuple[VolumeAsOf, ...]


def as_of(
    database: Database, viewer: Viewer, number: str, moment: datetime, known_at: datetime, now: datetime
) -> DossierAsOf:
    """Where a dossier's volumes were at `moment` and how they stood, as the ledger was known at `known_at`.

    Raises what `finding.dossier_seen` raises; whose people may look is decided by who holds it today.
    """
    instant = Instant(moment, known_at)
    with database.transaction(viewer) as session:
        connection = raw(session)
        known = dossier_seen(connection, viewer, number)
        people.log_access(connection, viewer.account_id, "as_of", now, known.dossier_id)
        code, name = as_of_store.agency(connection, known.dossier_id, instant)
        volumes = as_of_store.volumes(connection, known.dossier_id, instant)
    return DossierAsOf(known.number, instant, code, name, tuple(volumes))


def contents_as_of(database: Database, viewer: Viewer, place: str, moment: datetime, known_at: datetime) -> PlaceAsOf:
    """What stood at a place, or anywhere within it, at `moment`; an agency's people see their own dossiers there."""
    instant = Instant(moment, known_at)
    with database.transaction(viewer) as session:
        connection = raw(session)
        path = as_of_store.place_path(connection, place)
        if path is None:
            raise PlaceNotFound(place=place)
        shown, count = as_of_store.contents(connection, path, instant, viewer.agency_seen(), VOLUMES_SHOWN_MAX)
    return PlaceAsOf(place, instant, count, tuple(shown))


def by_place_kind(database: Database, viewer: Viewer, moment: datetime, known_at: datetime) -> list[PlaceKindCount]:
    """How many volumes and dossiers were at each kind of place; an agency's people count their own."""
    with database.transaction(viewer) as session:
        return counts.by_place_kind(raw(session), Instant(moment, known_at), viewer.agency_seen())


# ── At 24:00 on a day ────────────────────────────────────────────────────────────────────────────────────────────────


def held_at(database: Database, viewer: Viewer, agency: str, day: date, known_at: datetime) -> int:
    """Dossiers an agency legally held at 24:00 local time on a day, as the ledger was known at `known_at`.

    Dossiers, not volumes; merged duplicates count once, what was lost counts until another act says otherwise. Raises
    `AgencyNotFound` and `DayNotOver`.
    """
    check_day_over(day, known_at)
    with database.transaction(viewer) as session:
        connection = raw(session)
        agency_id, _ = _agency(connection, viewer, agency)
        (held,) = counts.held(connection, Instant(end_of_day(day), known_at), agency_id)
    return held.dossiers


def held_by_agency(database: Database, viewer: Viewer, day: date, known_at: datetime) -> list[Held]:
    """The same for every agency the viewer sees, in order of their codes; raises `DayNotOver`."""
    check_day_over(day, known_at)
    with database.transaction(viewer) as session:
        return counts.held(raw(session), Instant(end_of_day(day), known_at), viewer.agency_seen())


@dataclass(frozen=True, slots=True)
class Certifying:
    """A certificate asked for; known_at: as the ledger was known then, None for now."""

    command_id: UUID
    agency: str
    day: date
    known_at: datetime | None = None


def certify(database: Database, viewer: Viewer, asked: Certifying, now: datetime) -> CertificateRow:
    """Count, and write down for ever what was counted; the same command sent again gives the same certificate.

    Raises `NotAllowed`, `AgencyNotFound` and `DayNotOver`.
    """
    check_permitted(viewer, Permission.CERTIFY_COUNTS)
    # In a transaction of its own: acts wait while the instant is read, they needn't wait while a city is counted.
    with database.transaction(viewer) as session:
        complete = counts.known_now(raw(session))
    known_at = min(asked.known_at or complete, complete)
    check_day_over(asked.day, known_at)
    with database.transaction(viewer) as session:
        connection = raw(session)
        content = ("certify", viewer.account_id, asked.agency, asked.day, asked.known_at)
        if not ledger.once(connection, asked.command_id, content):
            known = certificates.of_command(connection, asked.command_id)
            assert known is not None, "a command is known when its certificate stands"
            return known
        agency_id, code = _agency(connection, viewer, asked.agency)
        instant = Instant(end_of_day(asked.day), known_at)
        (held,) = counts.held(connection, instant, agency_id)
        certificate_id = certificates.next_id(connection)
        told = Certified(
            certificate_number(certificate_id),
            code,
            asked.day,
            known_at,
            held.dossiers,
            counts.query_hash(instant, code),
            [(root.warehouse, root.sequence, root.hash) for root in counts.roots(connection, known_at)],
            counts.exceptions(connection, instant, agency_id),
            None,  # No audit has been recorded yet: its coverage is unknown, and the certificate says so.
            viewer.login,
            now,
        )
        certificates.add(connection, certificate_id, agency_id, viewer.account_id, asked.command_id, told)
        written = certificates.one(connection, certificate_id, None)
        assert written is not None
    return written


@dataclass(frozen=True, slots=True)
class Recount:
    """A certificate put to the test.

    again: the same question asked again. today: the same day as the ledger is known by now. untouched: its hash still fits
    what it states. same_question: this release asks the question it was answered by.
    """

    certificate: CertificateRow
    again: int
    today: int
    untouched: bool
    same_question: bool

    @property
    def holds(self) -> bool:
        """Whether the certificate is what it was and its number comes out again."""
        return self.untouched and self.again == self.certificate.held


def certificate(database: Database, viewer: Viewer, number: str) -> CertificateRow:
    """One certificate by its number; raises `CertificateNotFound`."""
    with database.transaction(viewer) as session:
        return _certificate(raw(session), viewer, number)


def newest_certificates(database: Database, viewer: Viewer) -> list[CertificateRow]:
    """The newest `CERTIFICATES_SHOWN_MAX` certificates the viewer may see, newest first."""
    with database.transaction(viewer) as session:
        return certificates.newest(raw(session), viewer.agency_seen(), CERTIFICATES_SHOWN_MAX)


def recount(database: Database, viewer: Viewer, number: str, now: datetime) -> Recount:
    """Ask a certificate's question again, and as the ledger is known at `now`; raises `CertificateNotFound`."""
    with database.transaction(viewer) as session:
        connection = raw(session)
        row = _certificate(connection, viewer, number)
        moment = end_of_day(row.day)
        (again,) = counts.held(connection, Instant(moment, row.known_at), row.agency_id)
        (today,) = counts.held(connection, Instant(moment, now), row.agency_id)
    return Recount(
        row,
        again.dossiers,
        today.dossiers,
        untouched=stated(row).hash() == row.certificate_hash,
        same_question=counts.query_hash(Instant(moment, row.known_at), row.agency) == row.query_hash,
    )


def stated(row: CertificateRow) -> Certified:
    """What a stored certificate states, as its hash was taken over."""
    return Certified(
        certificate_number(row.certificate_id),
        row.agency,
        row.day,
        row.known_at,
        row.held,
        row.query_hash,
        [(warehouse, sequence, bytes.fromhex(root)) for warehouse, sequence, root in row.ledger_roots],
        row.exceptions,
        row.coverage,
        row.issued_by_login,
        row.issued_at,
    )


def _certificate(connection: psycopg.Connection[Any], viewer: Viewer, number: str) -> CertificateRow:
    row = certificates.one(connection, parse_certificate_number(number), viewer.agency_seen())
    if row is None:
        raise CertificateNotFound(certificate=number)
    return row


def _agency(connection: psycopg.Connection[Any], viewer: Viewer, code: str) -> tuple[int, str]:
    """Row id and code of an agency, if the viewer may count for it; raises `AgencyNotFound`."""
    row = connection.execute("SELECT id, code FROM agency WHERE code = %s", (code.strip(),)).fetchone()
    if row is None or viewer.agency_seen() not in {None, row[0]}:
        raise AgencyNotFound(agency=code)
    return row[0], row[1]
