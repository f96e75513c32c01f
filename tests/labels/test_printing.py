"""Labels go to a printer once: over a real socket to somebody who listens, or not at all."""

import socket
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from uuid import uuid4

import pytest

from inventory.domain import refusals
from inventory.domain.label_printers import LabelPrinter, parse_printers, printer_named
from inventory.operations import label_printing, labelling
from tests.conftest import Archive
from tests.labels.conftest import DOSSIERS, labels_of, made, now
from tests.labels.test_papers import understood
from tests.site import ONE_ENGINE


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """Where a printer listens."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        yield found


@pytest.fixture
def printer(listener: socket.socket) -> LabelPrinter:
    return LabelPrinter("一楼", "127.0.0.1", listener.getsockname()[1])


def printed(listener: socket.socket) -> bytes:
    """Everything a printer is told by the next who connects."""
    line, _ = listener.accept()
    with line:
        return b"".join(iter(lambda: line.recv(65_536), b""))


def sent(archive: Archive, number: str, printer: LabelPrinter, listener: socket.socket) -> tuple[int, bytes]:
    with ThreadPoolExecutor(1) as paper:
        told: Future[bytes] = paper.submit(printed, listener)
        count = label_printing.send_to_printer(archive.app, archive.keeper, uuid4(), number, printer, now())
        return count, told.result(30)


@ONE_ENGINE
def test_a_printer_is_told_each_label_once(shelf: Archive, printer: LabelPrinter, listener: socket.socket) -> None:
    number = made(shelf)
    count, zpl = sent(shelf, number, printer, listener)
    assert count == 3
    formats = understood(zpl)
    assert [one.encoded for one in formats] == [[label.epc.hex().upper()] for label in labels_of(shelf, number)]
    assert [dict(reversed(one.fields))["A0"] for one in formats] == list(DOSSIERS)
    with pytest.raises(refusals.LabelsSentAlready):
        label_printing.send_to_printer(shelf.app, shelf.keeper, uuid4(), number, printer, now())
    second = labels_of(shelf, number)[1]
    labelling.spoil(shelf.app, shelf.keeper, uuid4(), number, [second.epc.hex()], "写入失败", now())
    labelling.print_anew(shelf.app, shelf.keeper, uuid4(), number, now())
    count, zpl = sent(shelf, number, printer, listener)
    anew = labels_of(shelf, number)[-1]
    assert (count, [one.encoded for one in understood(zpl)]) == (1, [[anew.epc.hex().upper()]])
    copies = shelf.root.execute("SELECT count(*) FROM access_log WHERE act = 'copy_paper'").fetchone()
    assert copies == (2,), "whoever takes labels out is in the log"


@ONE_ENGINE
def test_a_printer_that_is_off_prints_nothing_and_takes_no_label(
    shelf: Archive, printer: LabelPrinter, listener: socket.socket
) -> None:
    number = made(shelf)
    listener.close()
    with pytest.raises(refusals.PrinterAway, match=r"一楼.*nothing was printed"):
        label_printing.send_to_printer(shelf.app, shelf.keeper, uuid4(), number, printer, now())
    assert {label.sent_at for label in labels_of(shelf, number)} == {None}


def test_a_printer_that_takes_nothing_more_is_given_up_after_its_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        stuck = LabelPrinter("卡纸", "127.0.0.1", listener.getsockname()[1])
        with (
            socket.create_connection((stuck.host, stuck.port)) as line,
            pytest.raises(refusals.PrinterStopped, match=r"卡纸.*spoil the rest"),
        ):
            label_printing.tell(line, stuck, b"^XA^XZ" * 4_000_000, seconds_max=0.2)


@ONE_ENGINE
def test_a_file_may_be_fetched_again_and_counts_as_sent(shelf: Archive, printer: LabelPrinter) -> None:
    number = made(shelf, with_names=True)
    first = label_printing.zpl_file(shelf.app, shelf.keeper, number, 12, now())
    assert first == label_printing.zpl_file(shelf.app, shelf.keeper, number, 12, now())
    assert all(len(one.graphics) == 1 for one in understood(first)), "the name, which no built-in font has"
    with pytest.raises(refusals.LabelsSentAlready):
        label_printing.send_to_printer(shelf.app, shelf.keeper, uuid4(), number, printer, now())
    with pytest.raises(refusals.BadInput, match="203 or 300"):
        label_printing.zpl_file(shelf.app, shelf.keeper, number, 9, now())
    sheets, _ = label_printing.label_sheets(shelf.app, shelf.keeper, number, now())
    assert [sheet.subject for sheet in sheets] == ["张三"] * 3
    with pytest.raises(refusals.NotAllowed):
        label_printing.zpl_file(shelf.app, shelf.clerk, number, 8, now())
    epcs = [label.epc.hex() for label in labels_of(shelf, number)]
    labelling.spoil(shelf.app, shelf.keeper, uuid4(), number, epcs, "整卷错位", now())
    with pytest.raises(refusals.NothingToLabel):
        label_printing.label_sheets(shelf.app, shelf.keeper, number, now())


def test_printers_are_written_with_what_differs_from_the_ordinary() -> None:
    assert parse_printers("") == ()
    one, two, three = parse_printers("一楼=10.0.0.9:9101@300, zt411.archive.local ,v6=[fd00::9]")
    assert one == LabelPrinter("一楼", "10.0.0.9", 9101, 12)
    assert two == LabelPrinter("zt411.archive.local", "zt411.archive.local", 9100, 8)
    assert (three.host, three.address) == ("fd00::9", "[fd00::9]:9100")
    assert printer_named((one, two), "一楼") is one
    with pytest.raises(refusals.PrinterNotFound):
        printer_named((one, two), "二楼")
    for wrong in ("10.0.0.9:0", "10.0.0.9:70000", "a b", "x=", "10.0.0.9@600", "a=h,a=i", "http://h"):
        with pytest.raises(refusals.BadInput, match="label printer"):
            parse_printers(wrong)
