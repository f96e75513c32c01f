"""A docked handheld's file becomes evidence: once, in the one way evidence goes, with all its errors told at once."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from inventory.domain.people import Role
from inventory.domain.read_files import ReadColumn, guessed, parse_read_time
from inventory.domain.refusals import BadInput, NotAllowed, PlaceNotFound, ReaderNotFound, Refusal, RegisterInvalid
from inventory.operations.bringing import ENTRIES_A_MESSAGE
from inventory.operations.bursts import bring_burst
from inventory.operations.docking import FileAsked, bring_file, look_at_file
from inventory.operations.sweeping import look_at_sweeps, watch_sweep
from inventory.store.constraints import CONSTRAINTS
from inventory.store.database import refusal_for
from tests.bringing.breaks import BREAKS, PREPARE
from tests.bringing.conftest import EPCS, HEADER, ago, believed, evidence_of, sheet
from tests.conftest import Archive
from web.site import CHINA_TIME

H1 = FileAsked("H-1")
Take = Callable[[], int]


def now() -> datetime:
    return datetime.now(UTC)


def test_a_docked_file_is_counted_once_and_beliefs_and_sweeps_follow(
    docked: Archive, tmp_path: Path, take: Take
) -> None:
    at = [ago(90, seconds) for seconds in (4, 2, 0)]
    rows = [("", at[0], "", "", "A-02"), (EPCS["D-1"], at[1], "-52.5", 40, ""), (EPCS["D-2"], at[2], "-60 dBm", 30, "")]
    foreign = ("E2801160600002084D2A5B01", at[1], -71, 2, "")
    brought = bring_file(docked.app, docked.keeper, sheet(tmp_path, "morning.csv", *rows, foreign), H1, now())
    assert (brought.again, brought.row.reads, brought.row.codes, brought.row.new_reads) == (False, 72, 1, None)
    assert evidence_of(docked) == {}, "the application writes no evidence"
    assert take() == 72
    assert evidence_of(docked) == {"D-1": (40, -5250), "D-2": (30, -6000), foreign[0].lower(): (2, -7100)}
    assert believed(docked)["D-1"] == "A-02"

    # The same again: in another order, as a workbook, at another time.
    again = bring_file(docked.app, docked.second, sheet(tmp_path, "again.xlsx", foreign, *rows[::-1]), H1, now())
    assert (again.again, again.row.brought_by, again.row.name) == (True, "keeper", "morning.csv")
    # What the handheld exports in the evening has the morning in it.
    evening = (EPCS["D-3"], ago(5), -58, 25, "")
    bring_file(docked.app, docked.keeper, sheet(tmp_path, "evening.csv", *rows, evening), H1, now())
    assert take() == 25
    assert evidence_of(docked)["D-1"] == (40, -5250)

    sweeps = look_at_sweeps(docked.app, docked.keeper, now())
    assert [(one.reader, one.reads) for one in sweeps.readers] == [("H-1", 97)]
    assert [(one.name, one.new_reads) for one in sweeps.brought] == [("evening.csv", 25), ("morning.csv", 72)]
    back_then = watch_sweep(docked.app, docked.keeper, "H-1", sweeps.brought[1].last_at)
    assert (back_then.reads, watch_sweep(docked.app, docked.keeper, "H-1", now()).reads) == (70, 25)
    health = docked.root.execute("SELECT reads, clock_offset_ms FROM reader_health").fetchone()
    assert health == (97, None), "an old file says nothing of the reader's clock"


def test_all_errors_are_told_at_once_and_nothing_is_brought_unless_the_clerk_takes_the_right_rows(
    docked: Archive, tmp_path: Path, take: Take
) -> None:
    path = sheet(
        tmp_path,
        "wrong.csv",
        (EPCS["D-1"], ago(3), "-55", "1", ""),
        ("123", "yesterday", "+99", "0", ""),
        ("", ago(2), "", "", "NOWHERE"),
        ("", ago(2), "", "", "BARE"),
        ("", ago(-60), "", "", "A-01"),
        (EPCS["D-2"], ago(50_000), "", "", ""),
        ("", ago(1), "", "", ""),
        encoding="gb18030",
    )
    with pytest.raises(RegisterInvalid) as refused:
        bring_file(docked.app, docked.keeper, path, H1, now())
    report = refused.value.facts["report"]
    assert {(error.row, error.column) for error in report.errors} == {  # type: ignore[attr-defined]
        *((3, "EPC"), (3, "时间"), (3, "RSSI"), (3, "次数")), (4, "条码"), (5, "条码"), (6, "时间"), (7, "时间"), (8, "EPC"),
    }  # fmt: skip
    seen = look_at_file(docked.app, docked.keeper, path, H1, now())
    assert (seen.report.error_count, seen.reads, seen.timezone) == (9, 1, "Asia/Shanghai")
    assert seen.columns == dict(zip((ReadColumn.EPC, ReadColumn.AT, ReadColumn.RSSI, ReadColumn.COUNT, ReadColumn.BARCODE), HEADER, strict=True))  # fmt: skip
    assert (take(), evidence_of(docked)) == (0, {})
    valid = bring_file(docked.app, docked.keeper, path, FileAsked("H-1", accept_valid=True), now())
    assert (valid.report.rows, valid.report.imported, take()) == (7, 1, 1)


def test_columns_are_told_once_and_known_the_next_time(docked: Archive, tmp_path: Path) -> None:
    header = ("No.", "值", "何时", "x")
    path = sheet(tmp_path, "odd.csv", (1, EPCS["D-1"], ago(7).replace(" ", "T").replace("/", "-"), -48), header=header)
    with pytest.raises(BadInput):
        bring_file(docked.app, docked.keeper, path, H1, now())
    columns = {ReadColumn.EPC: "值", ReadColumn.AT: "何时", ReadColumn.RSSI: "x"}
    for wrong in ({ReadColumn.EPC: "值"}, columns | {ReadColumn.TID: "值"}, columns | {ReadColumn.TID: "none"}):
        seen = look_at_file(docked.app, docked.keeper, path, FileAsked("H-1", wrong), now())
        assert seen.problem is not None
        assert (seen.header, len(seen.first_rows), seen.reads) == (header, 1, 0)
    bring_file(docked.app, docked.keeper, path, FileAsked("H-1", columns), now())
    assert look_at_file(docked.app, docked.keeper, path, H1, now()).columns == columns
    # By another clock the same rows are another hour's.
    seen = look_at_file(docked.app, docked.keeper, path, FileAsked("H-1", timezone="Asia/Tokyo"), now())
    assert seen.first_at is not None
    assert abs(seen.first_at - (now() - timedelta(hours=1, minutes=7))) < timedelta(minutes=2)


def test_a_handhelds_whole_day_is_more_than_one_message(docked: Archive, tmp_path: Path, take: Take) -> None:
    began = (datetime.now(UTC) - timedelta(hours=4)).timestamp()
    rows = [
        (f"3500E86F8000A9E0{at % 900:08X}", f"{began + at:.3f}", -60, 1, "") for at in range(2 * ENTRIES_A_MESSAGE + 1)
    ]
    assert bring_file(docked.app, docked.keeper, sheet(tmp_path, "day.csv", *rows), H1, now()).row.reads == len(rows)
    assert take() == len(rows)
    assert docked.root.execute("SELECT sum(reads) FROM evidence").fetchone() == (len(rows),)


def test_a_burst_typed_at_a_shelf_is_read_there(docked: Archive, take: Take) -> None:
    command = uuid4()
    typed = [EPCS["D-1"].lower(), "D-2", "E2801160600002084D2A5B01"]
    burst = bring_burst(docked.app, docked.keeper, command, "H-1", "A-02", typed, now())
    assert (burst.row.way, burst.row.name, burst.row.reads, burst.row.codes) == ("burst", "A-02", 3, 1)
    assert bring_burst(docked.app, docked.keeper, command, "H-1", "A-02", typed, now()).again
    assert take() == 3
    assert {number: believed(docked).get(number) for number in ("D-1", "D-2")} == {"D-1": "A-02", "D-2": "A-02"}
    with pytest.raises(RegisterInvalid) as refused:
        bring_burst(docked.app, docked.keeper, uuid4(), "H-1", "A-02", ["D-2", "BARE", "WHAT"], now())
    assert [error.row for error in refused.value.facts["report"].errors] == [2, 3]  # type: ignore[attr-defined]
    for shelf in ("W1-R1", "D-1", "WHAT"):
        with pytest.raises(PlaceNotFound):
            bring_burst(docked.app, docked.keeper, uuid4(), "H-1", shelf, typed, now())


def test_who_doesnt_sweep_brings_nothing(docked: Archive, tmp_path: Path) -> None:
    path = sheet(tmp_path, "x.csv", (EPCS["D-1"], ago(1), "", "", ""))
    auditor = docked.person("auditor", Role.AUDITOR)
    with pytest.raises(NotAllowed):
        bring_file(docked.app, auditor, path, H1, now())
    with pytest.raises(ReaderNotFound):
        bring_file(docked.app, docked.keeper, path, FileAsked("H-9"), now())
    statement = (
        "INSERT INTO brought_evidence (reader_id, way, name, content_hash, payload, reads, codes, first_at, last_at, brought_by, "
        "brought_at) SELECT id, 'file', 'x', '\\x05', '[]', 1, 0, now(), now(), %s, now() FROM reader"
    )
    for session, name in ((auditor, auditor), (docked.keeper, docked.second), (None, docked.keeper)):
        with docked.sql_of(session) as app, pytest.raises(psycopg.errors.InsufficientPrivilege):
            app.execute(statement, (name.account_id,))
    with docked.sql_of(docked.keeper) as app:
        app.execute(statement, (docked.keeper.account_id,))
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            app.execute("UPDATE brought_evidence SET taken_at = now(), new_reads = 0")


def test_whatever_is_broken_tells_by_which_rule(archive: Archive) -> None:
    PREPARE(archive)
    told: dict[str, tuple[str | None, type[Refusal | None]]] = {}
    for constraint, statement in BREAKS.items():
        with pytest.raises(psycopg.Error) as broken:
            archive.root.execute(statement)
        told[constraint] = broken.value.diag.constraint_name, type(refusal_for(broken.value))
    assert told == {constraint: (constraint, CONSTRAINTS[constraint]) for constraint in BREAKS}


HEADERS = {
    ("序号", "标签EPC", "最后读取时间", "RSSI(dBm)", "读取次数"): {"epc": 1, "at": 2, "rssi": 3, "count": 4},
    ("EPC ID", "Date", "Time", "Peak RSSI", "TID"): {"epc": 0, "date": 1, "at": 2, "rssi": 3, "tid": 4},
    ("Tag", "日期", "天线号"): {"epc": 0, "at": 1, "antenna": 2},
    ("barcode", "Timestamp"): {"barcode": 0, "at": 1},
    ("a", "b"): {},
}


@pytest.mark.parametrize("header", HEADERS)
def test_columns_are_guessed_by_what_makers_call_them(header: tuple[str, ...]) -> None:
    assert guessed(header) == {ReadColumn(name): header[at] for name, at in HEADERS[header].items()}


@pytest.mark.parametrize(
    "text",
    ["2026-03-01 08:00:01", "2026/3/1 8:00:01", "2026年3月1日 8时0分1秒", "2026-03-01T00:00:01Z", "2026.3.1 08:00:01.000",
     "1772323201", "1772323201000", "1772323201.0", "2026-03-01T09:00:01+09:00"],
)  # fmt: skip
def test_a_time_is_read_however_it_is_written(text: str) -> None:
    assert parse_read_time(text, CHINA_TIME) == datetime(2026, 3, 1, 0, 0, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "text", ["", "08:00:00", "2026-02-30 08:00:00", "0", "9999999999999999999", "2026-03-01 25:00"]
)
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        parse_read_time(text, CHINA_TIME)
