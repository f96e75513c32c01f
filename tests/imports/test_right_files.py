"""What a right register brings into the warehouse."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from inventory.domain.search import tokens_of
from inventory.operations.believing import step_beliefs
from inventory.operations.verifying import verify_ledger
from inventory.store import evidence
from inventory.store.batch import SliceReads
from inventory.store.keys import new_key_ring
from tests.conftest import Archive
from tests.imports.files import (
    DOSSIERS,
    EPCS,
    HEADERS,
    PLACES,
    READERS,
    csv_file,
    rows,
    small_site,
    tables,
    take_in,
    xlsx_file,
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_four_files_make_a_warehouse_in_either_encoding(archive: Archive, tmp_path: Path, encoding: str) -> None:
    small_site(archive, tmp_path)
    report = take_in(archive, "dossiers", csv_file(tmp_path, "dossiers", *DOSSIERS, encoding=encoding))
    assert (report.rows, report.imported, report.error_count) == (4, 4, 0)
    assert [archive.where(volume) for volume in ("D-17", "D-17/2", "D-18", "D-19")] == [
        "W2-A-01-1",
        "W2-A-01-2",
        "W2-A-01-1",
        None,
    ]
    assert rows(archive, "SELECT number, name, birth_year, employer, deposit_type, deposited_on::text FROM dossier "
                         "JOIN subject ON subject.id = subject_id ORDER BY 1") == [
        ("D-17", "单雄信", 1949, "济南第二机床厂", "employer", "1998-07-01"),
        ("D-18", "阿迪力·买买提", 1970, None, "individual", None),
        ("D-19", "𠮷野家", 1980, None, None, None),
    ]  # fmt: skip
    assert rows(archive, "SELECT alias FROM dossier_alias ORDER BY 1") == [("旧-3",), ("旧-4",)]
    assert rows(
        archive,
        "SELECT encode(epc, 'hex'), encode(tid, 'hex'), volume_name(number, ordinal) FROM tag "
        "JOIN volume ON volume.id = volume_id JOIN dossier ON dossier.id = dossier_id ORDER BY 1",
    ) == [
        (EPCS[1].lower(), "e2801160", "D-17"),
        (EPCS[2].lower(), None, "D-17/2"),
        (EPCS[3].lower(), None, "D-18"),
    ]


def test_a_workbook_says_the_same_as_a_text_file(archive: Archive, tmp_path: Path) -> None:
    small_site(archive, tmp_path)
    table = [row.split(",") for row in DOSSIERS]
    table[0][-1] = datetime(1998, 7, 1)  # type: ignore[call-overload]
    table[1][-1] = 2  # type: ignore[call-overload]
    assert take_in(archive, "dossiers", xlsx_file(tmp_path, "dossiers", *table)).imported == 4
    assert archive.where("D-17/2") == "W2-A-01-2"
    assert rows(archive, "SELECT deposited_on::text FROM dossier WHERE number = 'D-17'") == [("1998-07-01",)]


def test_the_tree_of_places_knows_warehouse_room_and_path(archive: Archive, tmp_path: Path) -> None:
    small_site(archive, tmp_path)
    query = (
        "SELECT place.code, parent.code, warehouse.code, room.code, "
        "(SELECT string_agg(above.code, '>' ORDER BY length(above.path)) FROM place AS above "
        "WHERE place.path LIKE above.path || '%%') "
        "FROM place LEFT JOIN place AS parent ON parent.id = place.parent_id "
        "LEFT JOIN place AS warehouse ON warehouse.id = place.warehouse_id "
        "LEFT JOIN place AS room ON room.id = place.room_id WHERE place.code ~ '^(W2|N-)' ORDER BY 1"
    )
    assert rows(archive, query, *()) == [
        ("N-1", None, None, None, "N-1"),
        ("W2", None, "W2", None, "W2"),
        ("W2-A-01", "W2-R1-B1", "W2", "W2-R1", "W2>W2-R1>W2-R1-B1>W2-A-01"),
        ("W2-A-01-1", "W2-A-01", "W2", "W2-R1", "W2>W2-R1>W2-R1-B1>W2-A-01>W2-A-01-1"),
        ("W2-A-01-2", "W2-A-01", "W2", "W2-R1", "W2>W2-R1>W2-R1-B1>W2-A-01>W2-A-01-2"),
        ("W2-D1", "W2", "W2", None, "W2>W2-D1"),
        ("W2-R1", "W2", "W2", "W2-R1", "W2>W2-R1"),
        ("W2-R1-B1", "W2-R1", "W2", "W2-R1", "W2>W2-R1>W2-R1-B1"),
    ]
    assert rows(archive, "SELECT place.code FROM tag JOIN place ON place.id = place_id ORDER BY 1") == [
        ("W2-A-01",),
        ("W2-A-01-1",),
    ]


def test_a_block_that_moves_to_another_room_takes_everything_in_it_along(archive: Archive, tmp_path: Path) -> None:
    small_site(archive, tmp_path)
    take_in(archive, "places", csv_file(tmp_path, "places", "W2-R1-B1,block,甲区,W1-R1"))
    assert rows(
        archive,
        "SELECT DISTINCT warehouse.code, room.code FROM place JOIN place AS warehouse ON warehouse.id = place.warehouse_id "
        "JOIN place AS room ON room.id = place.room_id WHERE place.code LIKE 'W2-A%%'",
    ) == [("W1", "W1-R1")]


def test_registers_imported_again_bring_what_has_changed(archive: Archive, tmp_path: Path) -> None:
    small_site(archive, tmp_path)
    versions = [rows(archive, "SELECT version FROM registry_version")]
    take_in(
        archive, "agencies", csv_file(tmp_path, "agencies", "370113,长清区人社局,县级,,2001-01-01,2020-12-31,370112")
    )
    again = [
        PLACES[3].replace("一节", "第一节").replace("200", "300"),
        PLACES[5] + EPCS[92],
        "W2-A-01-3,shelf,三层,W2-A-01",
    ]
    assert take_in(archive, "places", csv_file(tmp_path, "places", *again)).imported == 3
    versions.append(rows(archive, "SELECT version FROM registry_version"))
    swapped = [READERS[0].replace("guiwei/W2/H-1/reads", "tunnel/1")] + [
        row.replace("tunnel/1", "guiwei/W2/H-1/reads").replace(",3", ",4") for row in READERS[1:]
    ]
    take_in(archive, "readers", csv_file(tmp_path, "readers", *swapped))
    versions.append(rows(archive, "SELECT version FROM registry_version"))
    assert rows(
        archive,
        "SELECT agency.name, agency.parent_id, agency.valid_to::text, next.code FROM agency "
        "JOIN agency AS next ON next.id = agency.successor_id",
    ) == [("长清区人社局", None, "2020-12-31", "370112")]
    assert rows(archive, "SELECT name, capacity FROM place WHERE code = 'W2-A-01'") == [("第一节", 300)]
    assert rows(archive, "SELECT count(*) FROM place WHERE code LIKE 'W2%%'") == [(8,)]
    assert rows(archive, "SELECT count(*) FROM tag WHERE place_id IS NOT NULL") == [(3,)]
    assert rows(archive, "SELECT code, topic, slot, count(*) FROM reader JOIN antenna ON reader.id = reader_id "
                         "GROUP BY 1, 2, 3 ORDER BY 1") == [
        ("H-1", "tunnel/1", 0, 1),
        ("T-1", "guiwei/W2/H-1/reads", 4, 2),
    ]  # fmt: skip
    assert len(set(map(str, versions))) == 3, "a running ingest must hear of new places and of new readers"


def test_a_further_volume_joins_the_dossier_that_is_registered(archive: Archive, tmp_path: Path) -> None:
    small_site(archive, tmp_path)
    take_in(archive, "dossiers", csv_file(tmp_path, "dossiers", DOSSIERS[0]))
    take_in(archive, "dossiers", csv_file(tmp_path, "dossiers", DOSSIERS[1]))
    assert rows(archive, "SELECT number, ordinal FROM volume JOIN dossier ON dossier.id = dossier_id ORDER BY 2") == [
        ("D-17", 1),
        ("D-17", 2),
    ]
    assert rows(archive, "SELECT count(*) FROM subject") == [(1,)]


def test_columns_may_stand_in_any_order_and_optional_ones_may_be_absent(archive: Archive, tmp_path: Path) -> None:
    path = csv_file(
        tmp_path, "dossiers", "370112,,,D-1,,张三,", header="HOLDING_AGENCY,epc,tid,Number,place,name,id_number"
    )
    assert take_in(archive, "dossiers", path).imported == 1


def test_no_id_number_stands_in_plain_text_and_each_can_be_read_with_the_keys(archive: Archive, tmp_path: Path) -> None:
    small_site(archive, tmp_path)
    take_in(archive, "dossiers", csv_file(tmp_path, "dossiers", *DOSSIERS))
    for table in tables(archive):
        for (text,) in archive.root.execute(f"SELECT {table}::text FROM {table}"):
            for number in ("11010519491231002X", "370102800101001", "370102198001010015", "31002X", "010015"):
                assert number not in text
                assert number.encode().hex() not in text
    found = rows(
        archive,
        "SELECT number, id_number_cipher, id_number_hash, id_last_six_hash FROM subject JOIN dossier "
        "ON subject.id = subject_id WHERE id_number_cipher IS NOT NULL ORDER BY 1",
    )
    expected = {"D-17": "11010519491231002X", "D-19": "370102198001010015"}
    assert [number for number, *_ in found] == list(expected)
    for named, cipher, whole, six in found:
        plain = expected[str(named)]
        assert archive.keys.decrypt(cipher) == plain  # type: ignore[arg-type]
        assert (whole, six) == (archive.keys.number_hash(plain), archive.keys.last_six_hash(plain[-6:]))
        assert new_key_ring().number_hash(plain) != whole


def test_a_dossier_stands_under_all_it_is_looked_for_by(archive: Archive, tmp_path: Path) -> None:
    small_site(archive, tmp_path)
    take_in(archive, "dossiers", csv_file(tmp_path, "dossiers", *DOSSIERS))
    found = rows(
        archive,
        "SELECT token, agency.code FROM search_token JOIN agency ON agency.id = agency_id "
        "JOIN dossier ON dossier.id = dossier_id WHERE number = 'D-17' ORDER BY 1",
    )
    tokens = tokens_of("D-17", ["旧-3", "旧-4"], "单雄信")
    assert {"d17", "旧3", "单雄信", "shanxiongxin", "sxx"} <= set(tokens)
    assert found == sorted((token, "370113") for token in tokens)


def test_the_imported_shelving_is_an_act_like_any_other(archive: Archive, tmp_path: Path) -> None:
    small_site(archive, tmp_path)
    take_in(archive, "dossiers", csv_file(tmp_path, "dossiers", *DOSSIERS))
    assert rows(
        archive,
        "SELECT sequence, kind, from_place_id, login, authority, happened_at = recorded_at OR happened_at < recorded_at "
        "FROM act JOIN account ON account.id = actor_id ORDER BY sequence",
    ) == [(number, "registered", None, "register", "登记册 register dossiers.csv", True) for number in (1, 2, 3)]
    verification = verify_ledger(archive.jobs)
    assert (verification.acts, verification.sound) == (3, True)


def test_a_named_person_answers_for_the_register(archive: Archive, tmp_path: Path) -> None:
    small_site(archive, tmp_path)
    take_in(archive, "dossiers", csv_file(tmp_path, "dossiers", *DOSSIERS), actor="keeper")
    assert rows(archive, "SELECT DISTINCT login FROM act JOIN account ON account.id = actor_id") == [("keeper",)]


def seen(archive: Archive, epc: str, at: datetime) -> None:
    """The shelf's fixed antenna reads a tag, known or not, at this moment."""
    moment = round(at.timestamp() * 1_000_000)
    with archive.jobs.unpooled() as connection:
        evidence.prepare(connection)
        evidence.ensure_days(connection, [at.date()])
        antenna = connection.execute("SELECT id FROM antenna WHERE role = 'shelf'").fetchone()
        assert antenna is not None
        read = SliceReads(antenna[0], bytes.fromhex(epc), moment, 5, 5, -25_000, -4_800, moment, moment + 2_000_000)
        evidence.add_slices(connection, [read])


@pytest.mark.parametrize(("register_hours_ago", "counts"), [(5, True), (1, False)])
def test_a_tag_read_before_anybody_registered_it_keeps_its_evidence_from_when_the_register_is_true(
    archive: Archive, tmp_path: Path, register_hours_ago: float, *, counts: bool
) -> None:
    small_site(archive, tmp_path)
    take_in(
        archive, "readers", csv_file(tmp_path, "readers", "S-1,native,shelf/1,1,W2-A-01-1,shelf"), accept_valid=False
    )
    now = datetime.now(UTC)
    seen(archive, EPCS[1], now - timedelta(hours=3))
    with archive.jobs.unpooled() as connection:
        assert step_beliefs(connection, now) == 0, "nobody knows that tag yet"
    as_of = now - timedelta(hours=register_hours_ago)
    take_in(archive, "dossiers", csv_file(tmp_path, "dossiers", *DOSSIERS), as_of=as_of)
    assert rows(archive, "SELECT DISTINCT happened_at FROM act") == [(as_of,)]
    assert rows(archive, "SELECT first_seen_at IS NOT NULL, reads FROM tag JOIN evidence ON tag.id = tag_id "
                         "WHERE volume_id IS NOT NULL") == [(True, 5)]  # fmt: skip
    with archive.jobs.unpooled() as connection:
        step_beliefs(connection, now)
    believed = rows(archive, "SELECT code FROM belief JOIN place ON place.id = place_id")
    assert believed == ([("W2-A-01-1",)] if counts else [])


def test_agencies_nobody_knows_are_registered_when_asked(archive: Archive, tmp_path: Path) -> None:
    path = csv_file(tmp_path, "dossiers", "D-1,张三,,370181,,,", "D-2,李四,,370112,,,")
    assert take_in(archive, "dossiers", path, create_agencies=True).imported == 2
    assert rows(archive, "SELECT code, name, level FROM agency WHERE code = '370181'") == [
        ("370181", "370181", "county")
    ]
    assert rows(archive, "SELECT name FROM agency WHERE code = '370112'") == [("历城区档案中心",)]


def test_agencies_are_created_only_for_rows_that_come_in(archive: Archive, tmp_path: Path) -> None:
    path = csv_file(tmp_path, "dossiers", "D-1,张三,,370181,,,NOWHERE", "D-2,李四,,370182,,,")
    report = take_in(archive, "dossiers", path, create_agencies=True, accept_valid=True)
    assert (report.imported, report.error_count) == (1, 1)
    assert rows(archive, "SELECT code FROM agency ORDER BY 1") == [("370112",), ("370182",)]


def test_a_register_without_rows_changes_nothing(archive: Archive, tmp_path: Path) -> None:
    for kind in HEADERS:
        assert take_in(archive, kind, csv_file(tmp_path, kind)).imported == 0


def test_progress_is_told_phase_by_phase_to_the_end(archive: Archive, tmp_path: Path) -> None:
    from uuid import uuid4

    from inventory.operations.importing import import_register

    told: list[tuple[str, int, int]] = []
    small_site(archive, tmp_path)
    path = csv_file(tmp_path, "dossiers", *DOSSIERS)
    import_register(
        archive.owner, "dossiers", path, uuid4(), datetime.now(UTC), on_progress=lambda *step: told.append(step)
    )
    phases = list(dict.fromkeys(phase for phase, _, _ in told))
    assert phases[:2] == ["reading", "checking"]
    assert told[-1] == ("done", 1, 1)
    assert all(done <= total for _, done, total in told)
