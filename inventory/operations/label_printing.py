"""Labels leave the house's books for paper: as PDF, as a ZPL file, or straight to a network printer.

A PDF may be printed as often as one likes, it encodes nothing. ZPL writes chips: sent twice, two tags would have one EPC. So
a label goes to a printer once, and one that failed is spoiled and made anew; a file may be fetched again: downloads do fail.
"""

import socket
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from inventory.domain.label_printers import LabelPrinter
from inventory.domain.people import Viewer
from inventory.domain.permissions import Permission, check_permitted
from inventory.domain.refusals import BadInput, LabelsSentAlready, NothingToLabel, PrinterAway, PrinterStopped
from inventory.operations.count_papers import printed
from inventory.operations.labelling import LabelsView, view_of
from inventory.papers.sheets import Printed, TagLabel
from inventory.papers.zpl import DOTS_PER_MM, tag_labels_zpl
from inventory.store import labels, ledger, people
from inventory.store.database import Database, raw
from inventory.store.labels import LabelRow

DOTS_BY_DPI = {203: 8, 300: 12}
CONNECT_SECONDS_MAX = 5.0
SEND_SECONDS_MAX = 30.0  # a roll of 500 labels with names is a few megabytes


def label_sheets(
    database: Database, viewer: Viewer, number: str, now: datetime
) -> tuple[tuple[TagLabel, ...], Printed]:
    """The labels of a batch that wait to be verified, for a PDF; raises `NothingToLabel` where none does."""
    check_permitted(viewer, Permission.TAG)
    with database.transaction(viewer) as session:
        connection = raw(session)
        view = view_of(connection, number)
        waiting = _waiting(view)
        people.log_looks(connection, viewer.account_id, "labels", now, sorted({one.dossier_id for one in waiting}))
        foot = printed(connection, viewer, None, now, f"labels {view.number}")
    return _sheets(view, waiting, viewer), foot


def zpl_file(database: Database, viewer: Viewer | None, number: str, dots_per_mm: int, now: datetime) -> bytes:
    """The labels of a batch that wait to be verified, for whoever brings them to a printer; the log knows who took them.

    They count as sent. viewer None: at the command line. Raises `NothingToLabel`, and `BadInput` for another resolution.
    """
    if viewer is not None:
        check_permitted(viewer, Permission.TAG)
    if dots_per_mm not in DOTS_PER_MM:
        raise BadInput(problem_zh="分辨率应为 203 或 300 dpi", problem_en="the resolution is 203 or 300 dpi")
    with database.transaction(viewer) as session:
        connection = raw(session)
        view = view_of(connection, number, lock=True)
        waiting = _waiting(view)
        if viewer is not None:
            people.log_looks(connection, viewer.account_id, "labels", now, sorted({one.dossier_id for one in waiting}))
            printed(connection, viewer, None, now, f"labels {view.number}")
        labels.mark_sent(connection, [one.label_id for one in waiting], now)
    return tag_labels_zpl(_sheets(view, waiting, viewer), dots_per_mm)


def send_to_printer(
    database: Database, viewer: Viewer, command_id: UUID, number: str, printer: LabelPrinter, now: datetime
) -> int:
    """Send a batch's labels that no printer was given yet; returns how many, 0 where the command was done before.

    They count as sent from the moment the printer listens, whatever becomes of them then. Raises `PrinterAway` (nothing was
    printed, and nothing counts as sent), `PrinterStopped` (some may be), `LabelsSentAlready`, `NothingToLabel`.
    """
    check_permitted(viewer, Permission.TAG)
    with database.transaction(viewer) as session:
        connection = raw(session)
        if ledger.is_known(connection, command_id):
            return 0
        _unsent(view_of(connection, number))
    with _reached(printer) as line:
        with database.transaction(viewer) as session:
            connection = raw(session)
            if not ledger.once(connection, command_id, ("send labels", number, printer.name)):
                return 0
            view = view_of(connection, number, lock=True)
            unsent = _unsent(view)
            labels.mark_sent(connection, [one.label_id for one in unsent], now)
            people.log_looks(connection, viewer.account_id, "labels", now, sorted({one.dossier_id for one in unsent}))
            printed(connection, viewer, None, now, f"labels {view.number}")
            zpl = tag_labels_zpl(_sheets(view, unsent, viewer), printer.dots_per_mm)
        # Marked first: a label that may be printed is never sent once more.
        tell(line, printer, zpl)
    return len(unsent)


def _reached(printer: LabelPrinter) -> socket.socket:
    try:
        return socket.create_connection((printer.host, printer.port), timeout=CONNECT_SECONDS_MAX)
    except OSError as error:
        raise PrinterAway(printer=printer.name, address=printer.address) from error


def tell(line: socket.socket, printer: LabelPrinter, zpl: bytes, seconds_max: float = SEND_SECONDS_MAX) -> None:
    """Give a printer all of it, in so many seconds; raises `PrinterStopped` where it doesn't take it."""
    try:
        line.settimeout(seconds_max)
        line.sendall(zpl)
        line.shutdown(socket.SHUT_WR)
    except OSError as error:
        raise PrinterStopped(printer=printer.name) from error


def _waiting(view: LabelsView) -> list[LabelRow]:
    waiting = [one for one in view.labels if one.state == "printed"]
    if not waiting:
        raise NothingToLabel(scope=view.number)
    return waiting


def _unsent(view: LabelsView) -> list[LabelRow]:
    unsent = [one for one in _waiting(view) if one.sent_at is None]
    if not unsent:
        raise LabelsSentAlready(number=view.number)
    return unsent


def _sheets(view: LabelsView, rows: Sequence[LabelRow], viewer: Viewer | None) -> tuple[TagLabel, ...]:
    with_names = view.batch.with_names and viewer is not None
    return tuple(
        TagLabel(
            one.volume,
            one.epc.hex().upper(),
            view.number,
            one.position,
            one.agency,
            viewer.name_seen(one.subject) if with_names and viewer is not None else None,
        )
        for one in rows
    )
