"""What nobody understood is tried again when the registration is put right, and counts as if it had been understood at once."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from inventory.domain.equipment import Lack, lack_of
from inventory.domain.people import Role, Viewer
from inventory.operations.equipment import change_registration, equipment, read_sample, try_again
from tests.conftest import Archive
from tests.discrepancies.test_equipment import hear
from tests.ingest.equipment import Publisher, Working, keep_alive, now_us, quarantined, reads_of, rfc3339, until

ONE_ENGINE = pytest.mark.parametrize("postgres", ["PostgreSQL 18, embedded"], indirect=True)
EPC, OTHER = "2C76451FD46072000000162E", "3500E86F8000A9E000000586"
SECOND = 1_000_000

Listening = Callable[..., Working]


@pytest.fixture
def manager(archive: Archive) -> Viewer:
    return archive.person("manager", Role.CITY_MANAGER)


def waiting(archive: Archive) -> int:
    """How many messages are in quarantine and not understood yet."""
    row = archive.root.execute("SELECT count(*) FROM quarantine WHERE understood_at IS NULL").fetchone()
    assert row is not None
    return int(row[0])


@ONE_ENGINE
def test_a_mapping_put_right_reads_what_waited_with_its_times_and_numbers_and_once(
    archive: Archive, readers: Publisher, listening: Listening, manager: Viewer
) -> None:
    archive.shelf("A-01")
    listening('R,mapping,r/reads,0,A-01,shelf,,"{""epc"": ""id"", ""number"": ""n""}"')
    at = now_us() // SECOND - 500
    for number in (1, 2, 3):
        readers.say("r/reads", json.dumps({"code": EPC, "when": at + number, "n": number}))
    readers.say("r/reads", json.dumps({"id": OTHER, "n": 9}), json.dumps({"bell": "rung"}))
    keep_alive(archive, readers)
    assert [reason for _, _, reason in quarantined(archive)] == ["A read has no EPC at 'id'."] * 4
    assert reads_of(archive, EPC) == 0
    mapping = '{"epc": "code", "time": "when", "time_form": "epoch_s", "number": "n"}'
    sample = read_sample("mapping", "UTC", mapping, "")
    change_registration(archive.app, manager, "R", sample, datetime.now(UTC))
    until(lambda: waiting(archive) == 1, "quarantine is tried again")
    keep_alive(archive, readers)
    assert reads_of(archive, EPC) == 3
    span = archive.root.execute(
        "SELECT extract(epoch FROM min(first_at)), extract(epoch FROM max(last_at)) FROM evidence "
        "JOIN tag ON tag.id = tag_id WHERE encode(epc, 'hex') = lower(%s)",
        (EPC,),
    ).fetchone()
    assert span is not None
    assert [float(one) for one in span] == [at + 1, at + 3]
    heard = archive.root.execute(
        "SELECT messages, quarantined FROM reader_health JOIN reader ON reader.id = reader_id WHERE code = 'R'"
    )
    assert heard.fetchall() == [(5, 4)], "when they came, nobody understood them"
    left = [(topic, reason) for topic, _, reason in quarantined(archive)][-1]
    assert left == ("r/reads", "A read has no EPC at 'code'."), "the reason of the newest try"


@ONE_ENGINE
def test_a_code_is_an_anchor_once_its_place_is_registered_and_a_button_tries_what_nothing_changed_for(
    archive: Archive, readers: Publisher, listening: Listening, manager: Viewer
) -> None:
    archive.shelf("A-01")
    listening("R,native,r/reads,0,A-01,handheld,")
    at = rfc3339(now_us())
    readers.say("r/reads", json.dumps({"barcode": "A-77", "at": at}), json.dumps({"epc": EPC, "antenna": "left"}))
    keep_alive(archive, readers)
    assert waiting(archive) == 2
    archive.shelf("A-77")
    assert try_again(archive.app, manager, "R", None) == 2
    until(lambda: waiting(archive) == 1, "the code is tried again")
    anchors = "SELECT scanned_at FROM anchor JOIN place ON place.id = place_id WHERE code = 'A-77'"
    assert archive.root.execute(anchors).fetchall() == [(datetime.fromisoformat(at),)]
    until(
        lambda: all(group.tried for group in equipment(archive.app, manager, datetime.now(UTC)).groups),
        "the other one was tried in vain",
    )


@ONE_ENGINE
def test_messages_are_grouped_by_what_is_wrong_with_them_and_by_reader(archive: Archive, manager: Viewer) -> None:
    archive.root.execute(
        "INSERT INTO reader (code, dialect, topic, timezone) VALUES ('R', 'native', 'r', 'UTC'), ('S', 'native', 's', 'UTC')"
    )
    for reader, reason in (
        ("R", "antenna 7 of reader R is not registered"), ("R", "antenna 12 of reader R is not registered"),
        ("R", "The EPC '2C7' is not 1 to 31 whole 16-bit words in hex."),
        ("S", "The EPC 'zz''z' is not 1 to 31 whole 16-bit words in hex."),
        (None, "no reader has this topic"), ("R", "antenna -3.5 of reader R is not registered"),
    ):  # fmt: skip
        archive.root.execute(
            "INSERT INTO quarantine (received_at, topic, reader_id, payload, reason) "
            "VALUES (now(), 't', (SELECT id FROM reader WHERE code = %s), '\\x00ff', %s)",
            (reader, reason),
        )
    found = equipment(archive.app, manager, datetime.now(UTC)).groups
    assert [(group.reader, group.count, lack_of(group.reason)) for group in found] == [
        ("R", 3, Lack.ANTENNA), ("R", 1, Lack.TAG), ("S", 1, Lack.TAG), (None, 1, Lack.NO_READER),
    ]  # fmt: skip
    assert found[0].sample == b"\x00\xff"
    assert try_again(archive.app, manager, "R", found[0].cause) == 3
    assert try_again(archive.app, manager, None, found[3].cause) == 1


@ONE_ENGINE
def test_a_tag_nobody_bound_is_proposed_for_what_has_none_where_it_is_read(archive: Archive, manager: Viewer) -> None:
    for shelf in ("A-01", "A-02"):
        archive.shelf(shelf)
    archive.dossier("D-1", on="A-01", epc="3500E86F8000A9E000000001")
    archive.dossier("D-2", on="A-01")
    archive.dossier("D-3", on="A-02")
    archive.root.execute("INSERT INTO reader (code, dialect, topic, timezone) VALUES ('R', 'native', 'r', 'UTC')")
    archive.root.execute(
        "INSERT INTO antenna (reader_id, number, place_id, role) SELECT reader.id, place.id, place.id, 'shelf' FROM reader, place "
        "WHERE place.code LIKE 'A-0_'"
    )
    antennas: dict[str, int] = dict(
        archive.root.execute("SELECT code, antenna.id FROM antenna JOIN place ON place.id = place_id").fetchall()
    )
    now = datetime.now(UTC).replace(microsecond=0)
    hear(archive, EPC, antennas["A-02"], now - timedelta(hours=3), reads=4)
    hear(archive, EPC, antennas["A-01"], now - timedelta(hours=2), reads=9)
    hear(archive, OTHER, antennas["A-02"], now - timedelta(hours=1), reads=2)
    (tag,) = equipment(archive.app, manager, now).unknown
    assert (tag.epc.hex().upper(), tag.place, tag.reader, tag.reads) == (EPC, "A-01", "R", 13)
    assert (tag.first_at, tag.last_at) == (now - timedelta(hours=3), now - timedelta(hours=2) + timedelta(seconds=1))
    assert (list(tag.untagged), tag.untagged_count) == (["D-2"], 1), "two reads of the other may be garbled"
