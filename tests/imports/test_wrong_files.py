"""A wrong register tells all its errors at once, with row and column, and nothing of it comes in."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier, Event, Thread
from uuid import uuid4

import psycopg
import pytest

from inventory.domain import refusals
from inventory.domain.places import PlaceKind
from inventory.operations.importing import ERRORS_SHOWN_MAX, ImportReport, import_register
from inventory.operations.verifying import verify_ledger
from tests.conftest import Archive
from tests.imports.files import (
    DOSSIERS,
    EPCS,
    contents,
    csv_file,
    refused,
    rows,
    small_site,
    take_in,
)


def test_every_error_of_a_file_of_agencies_is_told(archive: Archive, tmp_path: Path) -> None:
    small_site(archive, tmp_path)
    assert refused(archive, "agencies", csv_file(
        tmp_path, "agencies",
        "A-1,甲,县级,NOBODY,,,NOBODY-2",
        "A-2,乙,州级,",
        "A-3,,county,A-3",
        "A-4,丁,county,,2020-01-02,2020-01-01",
        "A-5,戊,county,,,1.1.2020",
        "A-6,己,county,A-7",
        "A-7,庚,county,A-6",
        "A-8,辛,county,",
        "A-8,辛,county,",
        "3701,济南市档案中心,city,370113",
    )) == [
        (2, "parent", "there is no such agency above it"),
        (2, "successor", "there is no such successor agency"),
        (3, "level", "this is one of province, city, county, 省级, 市级, 县级"),
        (4, "name", "this can't be empty"),
        (5, "valid_to", "the last day is before the first"),
        (6, "valid_to", "a date is a real day written YYYY-MM-DD, YYYY/MM/DD or YYYYMMDD"),
        (7, "parent", "it is, by way of others, above itself"),
        (8, "parent", "it is, by way of others, above itself"),
        (9, "code", "it stands twice in the file"),
        (10, "code", "it stands twice in the file"),
        (11, "parent", "it is, by way of others, above itself"),
    ]  # fmt: skip


def test_every_error_of_a_file_of_places_is_told(archive: Archive, tmp_path: Path) -> None:
    small_site(archive, tmp_path)
    take_in(archive, "dossiers", csv_file(tmp_path, "dossiers", *DOSSIERS))
    assert refused(archive, "places", csv_file(
        tmp_path, "places",
        "P-1,shelf,一,NOWHERE",
        "P-2,shelf,二,W2",
        "W2-A-01,range,三,W2-R1",
        f"P-4,shelf,四,W2-A-01,,,,,,,,,,,{EPCS[91]}",
        f"P-5,shelf,五,W2-A-01,,,,,,,,,,,{EPCS[1]}",
        f"P-6,shelf,六,W2-A-01,,,,,,,,,,,{EPCS[80]}",
        f"P-7,shelf,七,W2-A-01,,,,,,,,,,,{EPCS[80]}",
        "P-8,room,八,W2",
        "P-8,room,八,W2",
        "P-9,库,九,W2",
        "P-10,shelf,十,",
        "P-11,warehouse,十一,W2",
        "P-12,shelf,十二,W2-A-01,,,,left,,,,,,many",
        "P-13,cabinet,十三,P-14",
        "P-14,block,十四,P-13",
        f"W2-A-01-1,shelf,一层,W2-A-01,,,,,,,,,,,{EPCS[91]}",
    )) == [
        (2, "parent", "there is no such place above it"),
        (3, "parent", "a place of this kind can't stand in one of that kind"),
        (4, "kind", "a place never changes its kind"),
        (5, "epc", "it stands twice in the file"),
        (5, "epc", "that EPC is already in use; it is never used twice"),
        (6, "epc", "that EPC is already in use; it is never used twice"),
        (7, "epc", "it stands twice in the file"),
        (8, "epc", "it stands twice in the file"),
        (9, "code", "it stands twice in the file"),
        (10, "code", "it stands twice in the file"),
        (11, "kind", "the kind of a place is one of " + ", ".join(k for k in PlaceKind if k.is_registered)),
        (12, "parent", "a shelf stands in another place"),
        (13, "parent", "a warehouse stands in no other place"),
        (14, "capacity", "this is a whole number from 0 to 1000000"),
        (14, "x", "this is a number of metres, at most 10000 either way"),
        (15, "parent", "it stands, by way of others, in itself"),
        (16, "parent", "a place of this kind can't stand in one of that kind"),
        (16, "parent", "it stands, by way of others, in itself"),
        (17, "epc", "it stands twice in the file"),
    ]  # fmt: skip


def test_every_error_of_a_file_of_readers_is_told(archive: Archive, tmp_path: Path) -> None:
    small_site(archive, tmp_path)
    found = refused(archive, "readers", csv_file(
        tmp_path, "readers",
        "R-1,native,r/1,1,NOWHERE,shelf",
        "R-2,native,r/2,1,W2-D1,desk",
        "R-2,native,r/2,1,W2-D1,desk",
        "R-3,native,r/3,1,W2-D1,desk",
        "R-3,native,r/3b,2,W2-D1,desk",
        "R-4,native,tunnel/1,1,W2-D1,desk",
        "R-5,native,r/5,1,W2-D1,desk,guiwei/W2/H-1/status",
        "R-6,native,r/6,1,W2-D1,desk,r/7",
        "R-7,native,r/7,1,W2-D1,desk",
        "R-8,mobydick,r/#,x,W2-D1,roof,,Asia/Jinan,,file:///etc,1000",
        'R-9,native,r/9,1,W2-D1,desk,,,"{""a"": ""\\u0000""}"',
        "R-10,native,r/10,1,W2-D1,desk,,,[1]",
    ))  # fmt: skip
    assert [(row, column) for row, column, _ in found] == [
        (2, "place"),
        (3, "antenna"),
        (4, "antenna"),
        (5, "topic"),
        (6, "topic"),
        (7, "topic"),
        (8, "topic"),
        (9, "topic"),
        (10, "topic"),
        (11, "antenna"),
        (11, "control_url"),
        (11, "dialect"),
        (11, "role"),
        (11, "slot"),
        (11, "timezone"),
        (11, "topic"),
        (12, "mapping"),
        (13, "mapping"),
    ]
    told = {row: problem for row, _, problem in found}
    assert told[2] == "there is no such place"
    assert told[4] == "it stands twice in the file"
    assert told[5] == told[6] == "the rows of one reader don't agree"
    assert told[7] == told[8] == told[9] == told[10] == "the topic belongs to another reader"


def test_every_error_of_a_file_of_dossiers_is_told(archive: Archive, tmp_path: Path) -> None:
    small_site(archive, tmp_path)
    take_in(archive, "dossiers", csv_file(tmp_path, "dossiers", *DOSSIERS))
    assert refused(archive, "dossiers", csv_file(
        tmp_path, "dossiers",
        "D-17,单雄信,,370113,,,",
        "N-2,甲,,379999,,,",
        "N-3,乙,,370113,,,NOWHERE",
        "N-4,丙,,370113,,,W2-R1",
        f"N-5,丁,,370113,{EPCS[1]},,",
        f"N-6,戊,,370113,{EPCS[91]},,",
        f"N-7,己,,370113,{EPCS[50]},E2801160,",
        f"N-8,庚,,370113,{EPCS[51]},E280AAAA,",
        f"N-9,辛,,370113,{EPCS[52]},E280AAAA,",
        f"N-10,壬,,370113,{EPCS[53]},,",
        f"N-11,癸,,370113,{EPCS[53]},,",
        "N-12,子,,370113,,,",
        "N-12,子,,370113,,,",
        "N-13,丑,,370113,,,",
        "N-13,寅,,370113,,,,2",
        "D-18,别人,,370113,,,,3",
        "N-14/2,,,,XYZ,E280,",
        "N-15,卯,,370113,,E280BBBB,",
        "N-16,辰,,370113,,,N-1-没有",
    )) == [
        (2, "number", "that volume is already registered"),
        (3, "holding_agency", "there is no such agency"),
        (4, "place", "there is no such place"),
        (5, "place", "a dossier can't be kept there"),
        (6, "epc", "that EPC is already in use; it is never used twice"),
        (7, "epc", "that EPC is already in use; it is never used twice"),
        (8, "tid", "that TID is already in use; it is never used twice"),
        (9, "tid", "it stands twice in the file"),
        (10, "tid", "it stands twice in the file"),
        (11, "epc", "it stands twice in the file"),
        (12, "epc", "it stands twice in the file"),
        (13, "number", "it stands twice in the file"),
        (14, "number", "it stands twice in the file"),
        (15, "number", "the volumes of one dossier don't agree on the name, the ID number or the agency"),
        (16, "number", "the volumes of one dossier don't agree on the name, the ID number or the agency"),
        (17, "number", "the volumes of one dossier don't agree on the name, the ID number or the agency"),
        (18, "epc", "EPC is written in hexadecimal digits, in groups of four, at most 124"),
        (18, "holding_agency", "this can't be empty"),
        (18, "name", "this can't be empty"),
        (18, "number", 'a dossier number can\'t contain "/", because "number/2" names volume 2'),
        (19, "tid", "a tag with a TID also has an EPC"),
        (20, "place", "there is no such place"),
    ]  # fmt: skip


def test_a_place_outside_every_warehouse_holds_no_dossier(archive: Archive, tmp_path: Path) -> None:
    """A window far away belongs to no warehouse, so no chain of the ledger could take the act."""
    small_site(archive, tmp_path)
    assert refused(archive, "dossiers", csv_file(tmp_path, "dossiers", "N-1,甲,,370113,,,N-1")) == [
        (2, "place", "a dossier can't be kept there")
    ]


def test_what_is_right_comes_in_and_the_rest_is_told_when_asked(archive: Archive, tmp_path: Path) -> None:
    small_site(archive, tmp_path)
    path = csv_file(
        tmp_path, "dossiers", "N-1,甲,,370113,,,NOWHERE", DOSSIERS[0], "N-2,,,370113,,,", DOSSIERS[0], DOSSIERS[2]
    )
    report = take_in(archive, "dossiers", path, accept_valid=True)
    assert (report.rows, report.imported, report.error_count) == (5, 1, 8)
    assert [(error.row, error.column) for error in report.errors] == [
        (2, "place"),
        *((3, column) for column in ("epc", "number", "tid")),
        (4, "name"),
        *((5, column) for column in ("epc", "number", "tid")),
    ]
    assert rows(archive, "SELECT number FROM dossier") == [("D-18",)]
    assert verify_ledger(archive.jobs).sound


def test_a_row_left_out_makes_the_rows_that_lean_on_it_wrong_too(archive: Archive, tmp_path: Path) -> None:
    path = csv_file(
        tmp_path, "places", "W3,warehouse,东库,", f"W3-R1,room,一层,W3,,,,,,,,,,,{EPCS[1]}",
        f"W3-R2,room,二层,W3,,,,,,,,,,,{EPCS[1]}", "W3-B1,bay,节,W3-R1", "W3-S1,shelf,层,W3-B1", "W3-D1,desk,台,W3",
    )  # fmt: skip
    report = take_in(archive, "places", path, accept_valid=True)
    assert [(error.row, error.column) for error in report.errors] == [
        (3, "epc"),
        (4, "epc"),
        (5, "parent"),
        (6, "parent"),
    ]
    assert rows(archive, "SELECT code FROM place WHERE code LIKE 'W3%%' ORDER BY 1") == [("W3",), ("W3-D1",)]


def test_errors_beyond_what_anybody_reads_are_counted(archive: Archive, tmp_path: Path) -> None:
    path = csv_file(tmp_path, "dossiers", *(f"N-{number},甲,,NOBODY,,," for number in range(ERRORS_SHOWN_MAX + 50)))
    with pytest.raises(refusals.RegisterInvalid) as refusal:
        take_in(archive, "dossiers", path)
    report = refusal.value.facts["report"]
    assert isinstance(report, ImportReport)
    assert (report.error_count, len(report.errors)) == (ERRORS_SHOWN_MAX + 50, ERRORS_SHOWN_MAX)
    assert str(ERRORS_SHOWN_MAX + 50) in str(refusal.value)


@pytest.mark.parametrize(
    ("options", "refusal"),
    [
        ({"actor": "nobody"}, refusals.AccountNotFound),
        ({"as_of": datetime.now(UTC) + timedelta(days=1)}, refusals.HappensInTheFuture),
    ],
)
def test_a_register_nobody_answers_for_or_of_tomorrow_is_refused(
    archive: Archive, tmp_path: Path, options: dict[str, object], refusal: type[refusals.Refusal]
) -> None:
    small_site(archive, tmp_path)
    before = contents(archive)
    with pytest.raises(refusal):
        take_in(archive, "dossiers", csv_file(tmp_path, "dossiers", *DOSSIERS), **options)
    assert contents(archive) == before


def test_a_file_that_breaks_further_down_leaves_nothing(archive: Archive, tmp_path: Path) -> None:
    small_site(archive, tmp_path)
    before = contents(archive)
    many = [f"N-{number},甲,,370113,,," for number in range(5_000)]
    with pytest.raises(refusals.FileUnreadable):
        take_in(archive, "dossiers", csv_file(tmp_path, "dossiers", *many, 'N-9,"甲,,370113,,,'))
    assert contents(archive) == before


def test_of_two_who_import_the_same_register_at_once_one_is_told_row_by_row(archive: Archive, tmp_path: Path) -> None:
    small_site(archive, tmp_path)
    path = csv_file(tmp_path, "dossiers", *(f"N-{number},甲,,370113,,,W2-D1" for number in range(2_000)))
    outcomes: list[object] = []
    start = Barrier(2)

    def work() -> None:
        start.wait()
        try:
            outcomes.append(take_in(archive, "dossiers", path).imported)
        except refusals.RegisterInvalid as refusal:
            outcomes.append(refusal.facts["count"])
            outcomes.append(refusal.sentence("en"))

    hands = [Thread(target=work) for _ in range(2)]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join()
    assert outcomes.count(2_000) == 2
    assert "The file dossiers.csv has 2000 errors; nothing was imported." in outcomes
    assert rows(archive, "SELECT count(*) FROM dossier") == [(2_000,)]
    assert verify_ledger(archive.jobs).sound


@pytest.mark.parametrize("phase", ["checking", "persons", "tags", "ledger"])
def test_an_import_whose_connection_is_cut_leaves_nothing_and_says_one_sentence(
    archive: Archive, tmp_path: Path, phase: str
) -> None:
    small_site(archive, tmp_path)
    path = csv_file(tmp_path, "dossiers", *DOSSIERS)
    before = contents(archive)
    cut = Event()

    def on_progress(reached: str, *_: int) -> None:
        if reached == phase and not cut.is_set():
            cut.set()
            archive.root.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'guiwei_owner' AND datname = %s",
                (archive.name,),
            )

    with pytest.raises(refusals.Unavailable):
        import_register(archive.owner, "dossiers", path, uuid4(), datetime.now(UTC), on_progress=on_progress)
    assert cut.is_set()
    assert contents(archive) == before
    assert take_in(archive, "dossiers", path).imported == len(DOSSIERS), "and the next try goes through"


def test_a_command_done_before_is_not_done_again(archive: Archive, tmp_path: Path) -> None:
    small_site(archive, tmp_path)
    path, command = csv_file(tmp_path, "dossiers", DOSSIERS[0]), uuid4()
    import_register(archive.owner, "dossiers", path, command, datetime.now(UTC))
    with pytest.raises(refusals.RegisterInvalid):
        import_register(archive.owner, "dossiers", path, command, datetime.now(UTC))
    assert rows(archive, "SELECT count(*) FROM act") == [(1,)]


def test_two_registers_that_share_tags_in_opposite_order_do_not_block_each_other(
    archive: Archive, tmp_path: Path
) -> None:
    """Ingest adds the tags it doesn't know, by EPC, while an import binds the same: one waits for the other, and both end."""
    small_site(archive, tmp_path)
    epcs = sorted(EPCS[:60], reverse=True)
    path = csv_file(tmp_path, "dossiers", *(f"N-{n},甲,,370113,{epc},,W2-D1" for n, epc in enumerate(epcs)))
    with psycopg.connect(archive.server.url("jobs", archive.name)) as ingest:
        ingest.execute("INSERT INTO tag (epc) VALUES (decode(%s, 'hex'))", (min(epcs),))
        outcome: list[object] = []
        hand = Thread(target=lambda: outcome.append(take_in(archive, "dossiers", path).imported))
        hand.start()
        hand.join(0.7)
        assert hand.is_alive(), "it waits for the tag ingest is just adding"
        ingest.execute("INSERT INTO tag (epc) VALUES (decode(%s, 'hex')) ON CONFLICT DO NOTHING", (max(epcs),))
        ingest.commit()
        hand.join(30)
    assert outcome == [60]
