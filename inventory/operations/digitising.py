"""Digitisation in batches: volumes go to be scanned with their pieces counted and come back with pages, hash and link."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg

from inventory.domain.acts import ActKind
from inventory.domain.batches import Batch
from inventory.domain.cells import parse_text
from inventory.domain.identifiers import VolumeName
from inventory.domain.materials import PAGES_MAX, check_pages, check_pieces
from inventory.domain.people import Role, Viewer
from inventory.domain.permissions import Permission, check_permitted
from inventory.domain.refusals import (
    AccountNotFound,
    BadInput,
    BatchNotFound,
    BatchStateForbids,
    DossierNotFound,
    NotAllowed,
    PlaceNotFound,
)
from inventory.operations import custody
from inventory.operations.custody import Asked, Seen, part_of
from inventory.store import digitisation, ledger, materials
from inventory.store.database import Database, raw
from inventory.store.digitisation import ScanBatch, ScanRow

VOLUMES_PER_BATCH_MAX = 2_000
BATCHES_SHOWN_MAX = 100
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Sending:
    """A batch to be scanned by order: each volume with its pieces counted. contractor: the login that reports the scans."""

    command_id: UUID
    order: str
    place: str
    volumes: Sequence[tuple[VolumeName, int]]
    contractor: str | None = None


@dataclass(frozen=True, slots=True)
class Scan:
    """What the contractor says of one volume: pages scanned, SHA-256 of the file in hexadecimal, and where it is."""

    volume: VolumeName
    pages: int
    sha256: str
    link: str
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Return:
    """One volume back from scanning, its pieces counted again; with a new seal it is closed at once."""

    volume: VolumeName
    pieces: int
    seal_number: str | None = None


@dataclass(frozen=True, slots=True)
class ScanView:
    """A batch and its volumes."""

    number: str
    batch: ScanBatch
    volumes: tuple[ScanRow, ...]


def send(database: Database, viewer: Viewer, sending: Sending, now: datetime) -> str:
    """Send volumes to be scanned; returns the batch's number.

    Raises `PiecesDiffer` where a count isn't the last one, `PlaceNotFound`, `AccountNotFound`, and what the act forbids.
    """
    check_permitted(viewer, Permission.SEND_TO_SCAN)
    order = parse_text(sending.order.strip())
    if not 1 <= len(sending.volumes) <= VOLUMES_PER_BATCH_MAX:
        raise BadInput(
            problem_zh=f"一批 1 至 {VOLUMES_PER_BATCH_MAX} 册",
            problem_en=f"a batch has 1 to {VOLUMES_PER_BATCH_MAX} volumes",
        )
    with database.transaction(viewer) as session:
        connection = raw(session)
        if not ledger.once(connection, sending.command_id, ("send to scan", sending)):
            again = digitisation.of_command(connection, sending.command_id)
            assert again is not None
            return Batch.SCAN.number(again)
        place = ledger.place_by_code(connection, sending.place)
        if place is None:
            raise PlaceNotFound(place=sending.place)
        batch_id = digitisation.add_batch(
            connection,
            sending.command_id,
            order,
            _contractor(connection, sending.contractor),
            place.place_id,
            viewer.account_id,
            now,
        )
        number = Batch.SCAN.number(batch_id)
        volume_ids = _volume_ids(connection, [volume for volume, _ in sending.volumes])
        known = materials.listed(connection, volume_ids)
        for (volume, pieces), volume_id in zip(sending.volumes, volume_ids, strict=True):
            check_pieces(str(volume), pieces, known[volume_id].pieces, None)
        asked = Asked(
            part_of(sending.command_id, "sent"),
            ActKind.SENT_TO_SCAN,
            [Seen(volume, None, {"batch": number, "pieces": pieces}) for volume, pieces in sending.volumes],
            sending.place,
            now,
            authority=order,
        )
        custody.write(connection, viewer, asked, through="digitisation")
        sent = [
            (volume_id, pieces, known[volume_id].listed_pages)
            for (_, pieces), volume_id in zip(sending.volumes, volume_ids, strict=True)
        ]
        digitisation.add_volumes(connection, batch_id, sent)
        return number


def report(database: Database, viewer: Viewer, number: str, scans: Sequence[Scan], now: datetime) -> ScanView:
    """Report scans of a batch, as often as needed until the volumes are back; the contractor his own batch only.

    Raises `BatchNotFound`, `DossierNotFound` for a volume that isn't in the batch, `PagesDiffer` without a note, `BadInput`.
    """
    check_permitted(viewer, Permission.REPORT_SCANS)
    with database.transaction(viewer) as session:
        connection = raw(session)
        batch = _batch(connection, viewer, number)
        rows = {VolumeName(row.number, row.ordinal): row for row in digitisation.volumes(connection, batch.batch_id)}
        told = []
        for scan in scans:
            row = rows.get(scan.volume)
            if row is None:
                raise DossierNotFound(dossier=str(scan.volume))
            _check_open(number, row)
            _check_scan(scan)
            check_pages(str(scan.volume), scan.pages, row.pages_listed, scan.note)
            link, note = parse_text(scan.link.strip()), None if not scan.note else parse_text(scan.note.strip())
            told.append((row.volume_id, scan.pages, bytes.fromhex(scan.sha256), link, note))
        if told:
            digitisation.report(connection, batch.batch_id, told, viewer.account_id, now)
        return _view(connection, viewer, number)


def take_back(
    database: Database,
    viewer: Viewer,
    command_id: UUID,
    number: str,
    place: str,
    returns: Sequence[Return],
    witness: Viewer | None,
    now: datetime,
    reason: str | None = None,
) -> int:
    """Take volumes back from scanning, pieces counted again; returns how many, 0 where the command was done before.

    Raises `BatchStateForbids` for one without a reported scan, `PiecesDiffer` without a reason, and what the acts forbid.
    """
    check_permitted(viewer, Permission.SEND_TO_SCAN)
    with database.transaction(viewer) as session:
        connection = raw(session)
        if not ledger.once(connection, command_id, ("back from scan", number, place, returns, reason)):
            return 0
        batch = _batch(connection, viewer, number)
        rows = {VolumeName(row.number, row.ordinal): row for row in digitisation.volumes(connection, batch.batch_id)}
        back = []
        for one in returns:
            row = rows.get(one.volume)
            if row is None:
                raise DossierNotFound(dossier=str(one.volume))
            _check_open(number, row)
            check_pieces(str(one.volume), one.pieces, row.pieces_out, reason)
            back.append((row, one))
        named = Batch.SCAN.number(batch.batch_id)
        seen = [Seen(one.volume, None, _scanned(named, number, row, one)) for row, one in back]
        asked = Asked(part_of(command_id, "scanned"), ActKind.SCANNED, seen, place, now, reason=reason)
        written = custody.write(connection, viewer, asked, through="digitisation")
        digitisation.mark_back(connection, batch.batch_id, [row.volume_id for row, _ in back], reason, now)
        if sealed := [one for _, one in back if one.seal_number]:
            asked = Asked(
                part_of(command_id, "sealed"),
                ActKind.SEALED,
                [Seen(one.volume, None, {"seal_number": one.seal_number, "pieces": one.pieces}) for one in sealed],
                None,
                now,
                witness=witness,
            )
            custody.write(connection, viewer, asked)
        return written


def batches(database: Database, viewer: Viewer) -> list[ScanBatch]:
    """The newest batches; a contractor's own only."""
    check_permitted(viewer, Permission.SEE_SCANS)
    own = viewer.account_id if viewer.role is Role.CONTRACTOR else None
    with database.transaction(viewer) as session:
        return digitisation.batches(raw(session), own, BATCHES_SHOWN_MAX)


def open_batch(database: Database, viewer: Viewer, number: str) -> ScanView:
    """A batch and its volumes; raises `BatchNotFound`, also for another contractor's."""
    check_permitted(viewer, Permission.SEE_SCANS)
    with database.transaction(viewer) as session:
        return _view(raw(session), viewer, number)


def _view(connection: psycopg.Connection[Any], viewer: Viewer, number: str) -> ScanView:
    batch = _batch(connection, viewer, number)
    return ScanView(Batch.SCAN.number(batch.batch_id), batch, tuple(digitisation.volumes(connection, batch.batch_id)))


def _batch(connection: psycopg.Connection[Any], viewer: Viewer, number: str) -> ScanBatch:
    found = digitisation.batch(connection, Batch.SCAN.parse(number))
    if found is None or (viewer.role is Role.CONTRACTOR and found.contractor_id != viewer.account_id):
        raise BatchNotFound(number=number)
    return found


def _scanned(named: str, number: str, row: ScanRow, one: Return) -> dict[str, object]:
    if row.pages is None or row.sha256 is None or row.link is None:
        raise BatchStateForbids(
            number=f"{number}/{row.volume}",
            state_zh="尚无扫描结果",
            state_en="has no scan reported",
            step_zh="返还",
            step_en="taken back",
        )
    return {"batch": named, "pages": row.pages, "sha256": row.sha256.hex(), "link": row.link, "pieces": one.pieces}


def _check_open(number: str, row: ScanRow) -> None:
    if row.back_at is not None:
        raise BatchStateForbids(
            number=f"{number}/{row.volume}",
            state_zh="已返还",
            state_en="is back already",
            step_zh="再次登记",
            step_en="reported again",
        )


def _check_scan(scan: Scan) -> None:
    if not 1 <= scan.pages <= PAGES_MAX or not _SHA256.fullmatch(scan.sha256):
        raise BadInput(
            problem_zh=f"请填写页数（1至{PAGES_MAX}）和扫描件的 SHA-256（64 位十六进制小写）",
            problem_en=f"a scan has 1 to {PAGES_MAX} pages and a SHA-256 of 64 small hexadecimal digits",
        )


def _contractor(connection: psycopg.Connection[Any], login: str | None) -> int | None:
    if not login:
        return None
    row = connection.execute("SELECT id, role FROM account WHERE login = %s", (login.strip().lower(),)).fetchone()
    if row is None:
        raise AccountNotFound(login=login)
    if row[1] != Role.CONTRACTOR:
        raise NotAllowed
    return int(row[0])


def _volume_ids(connection: psycopg.Connection[Any], volumes: Sequence[VolumeName]) -> list[int]:
    held = ledger.held(connection, [(volume.number, volume.volume) for volume in volumes])
    for volume in volumes:
        if (volume.number, volume.volume) not in held:
            raise DossierNotFound(dossier=str(volume))
    return [held[volume.number, volume.volume].volume_id for volume in volumes]
