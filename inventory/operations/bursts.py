"""Bursts: what a handheld in keyboard mode typed at a shelf, brought as reads."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from inventory.domain.custody_rules import STORED
from inventory.domain.people import Viewer
from inventory.domain.permissions import Permission, check_permitted
from inventory.domain.places import PlaceKind
from inventory.domain.read_files import ReadColumn, ReadRow
from inventory.domain.refusals import BadInput, PlaceNotFound, RegisterInvalid
from inventory.operations.bringing import Brought, Message, entries_of, keep, meant_by, met_by, reader_of
from inventory.operations.importing import ImportReport
from inventory.operations.scanning import as_meant
from inventory.store.database import Database, raw
from inventory.store.scans import Met

BURST_CODES_MAX = 2_000


def bring_burst(
    database: Database,
    viewer: Viewer,
    command_id: UUID,
    reader: str,
    shelf: str,
    codes: Sequence[str],
    now: datetime,
) -> Brought:
    """Bring what a handheld typed at a shelf, whose label was scanned first: EPCs, or printed codes of dossiers.

    The same command again brings nothing. Raises `NotAllowed`, `ReaderNotFound`, `PlaceNotFound` where the label is no
    shelf's, and `RegisterInvalid` where a code is nobody's (row: its place in the burst).
    """
    check_permitted(viewer, Permission.SWEEP)
    if not 0 < len(codes) <= BURST_CODES_MAX:
        raise BadInput(
            problem_zh=f"一次应为1至{BURST_CODES_MAX}个码", problem_en=f"a burst has 1 to {BURST_CODES_MAX} codes"
        )
    report = ImportReport(rows=len(codes))
    with database.transaction(viewer) as session:
        connection = raw(session)
        known = reader_of(connection, reader)
        found = met_by(connection, list(dict.fromkeys([shelf, *codes])))
        label = found.get(shelf)
        if label is None or label.volume_id is not None or PlaceKind(label.place_kind or "") not in STORED:
            raise PlaceNotFound(place=shelf)
        rows = [(number, _typed(code, found, now)) for number, code in enumerate(codes, 1)]
        meant = meant_by(connection, rows, found, {ReadColumn.BARCODE: "code"}, report)
        if report.error_count:
            raise RegisterInvalid(file=label.place_code, count=report.error_count, report=report)
        anchor: dict[str, object] = {"barcode": label.place_code, "at": now.isoformat()}
        message = Message([anchor, *entries_of(meant, known.antennas[0])], now, now, sha256(command_id.bytes).digest())
        return keep(connection, viewer, known, "burst", str(label.place_code), message, now, report, None, None)


def _typed(code: str, found: Mapping[str, Met | None], now: datetime) -> ReadRow:
    """A code that nothing of ours has, but that is an EPC, is a tag nobody registered."""
    epc = as_meant(code).epc
    return ReadRow(now, epc) if code not in found and epc is not None else ReadRow(now, code=code)
