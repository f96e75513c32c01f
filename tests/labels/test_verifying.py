"""A label is bound when its printed code, EPC and TID agree, and each way in which they don't has its own sentence."""

import threading
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.domain import refusals
from inventory.domain.identifiers import VolumeName
from inventory.domain.labels import (
    KnownLabel,
    KnownTag,
    LabelFacts,
    LabelState,
    ReadBack,
    Told,
    check_read_back,
    envelopes_in,
)
from inventory.domain.standing import Identification
from inventory.operations import labelling, tagging, verifying_labels
from inventory.operations.tagging import Printed
from inventory.operations.verifying_labels import Verified, VerifiedBatch
from inventory.store.database import refusal_for
from inventory.store.labels import LabelRow
from tests.conftest import Archive
from tests.labels.conftest import DOSSIERS, labels_of, made, now, tid
from tests.site import ONE_ENGINE

FIRST, SECOND, THIRD = DOSSIERS


@pytest.fixture
def printed(shelf: Archive) -> list[LabelRow]:
    """The shelf's labels, in its order, just from the printer."""
    return labels_of(shelf, made(shelf))


def verify(archive: Archive, code: str, label: LabelRow | str, chip: int = 1) -> Verified:
    epc = label if isinstance(label, str) else label.epc.hex()
    return verifying_labels.verify(archive.app, archive.keeper, uuid4(), Told(code, epc, tid(chip)), now())


def scans(archive: Archive, *codes: str) -> VerifiedBatch:
    return verifying_labels.verify_scans(archive.app, archive.keeper, uuid4(), codes, now())


def identification(archive: Archive, volume: str) -> Identification:
    return tagging.tagged(archive.app, archive.keeper, VolumeName(volume)).identification


def test_labels_are_printed_in_shelf_order_and_bound_when_all_three_agree(
    shelf: Archive, printed: list[LabelRow]
) -> None:
    assert [str(one.volume) for one in printed] == list(DOSSIERS)
    done = verify(shelf, FIRST, printed[0])
    assert (done.volume, done.again) == (VolumeName(FIRST), False)
    assert identification(shelf, FIRST) is Identification.TAGGED
    act = shelf.root.execute("SELECT kind, details FROM act ORDER BY sequence DESC LIMIT 1").fetchone()
    assert act == ("bound", f'{{"epc":"{printed[0].epc.hex().upper()}","tid":"{tid(1)}"}}')
    query = "SELECT state, encode(tid, 'hex'), login FROM label JOIN account ON account.id = ended_by"
    assert shelf.root.execute(query).fetchall() == [("bound", tid(1).lower(), "keeper")]
    assert verify(shelf, FIRST, printed[0]).again, "read once more, it is bound as it was"
    assert shelf.root.execute("SELECT count(*) FROM act WHERE kind = 'bound'").fetchone() == (1,)


@ONE_ENGINE
def test_a_printer_that_wrote_the_label_before_once_more_is_found_out(shelf: Archive, printed: list[LabelRow]) -> None:
    with pytest.raises(refusals.PreviousLabel) as told:
        verify(shelf, SECOND, printed[0])
    assert FIRST in str(told.value) and SECOND in str(told.value)
    verify(shelf, FIRST, printed[0], 1)
    with pytest.raises(refusals.PreviousLabel):
        verify(shelf, SECOND, printed[0], 2)
    assert identification(shelf, SECOND) is Identification.UNTAGGED


@ONE_ENGINE
def test_each_fault_has_its_own_sentence_and_binds_nothing(shelf: Archive, printed: list[LabelRow]) -> None:
    verify(shelf, FIRST, printed[0], 1)
    before = shelf.root.execute("SELECT count(*) FROM act").fetchone()
    with pytest.raises(refusals.EpcOfAnother, match=f"{FIRST}.*{SECOND}"):
        verify(shelf, FIRST, printed[1], 2)  # that envelope's label lies on this one
    with pytest.raises(refusals.TagCloned, match=tid(1)):
        verify(shelf, SECOND, printed[1], 1)
    with pytest.raises(refusals.EpcOnAnotherChip):
        verify(shelf, FIRST, printed[0], 2)
    with pytest.raises(refusals.ReadBackDiffers):
        verify(shelf, SECOND, "3500E86F8000A9E000000586", 2)  # encoded otherwise, or not at all
    with pytest.raises(refusals.LabelNotOurs):
        verify(shelf, "D-9", "3500E86F8000A9E000000586", 2)
    with pytest.raises(refusals.CodeUnknown):
        verify(shelf, "NOBODYS", printed[1], 2)
    with pytest.raises(refusals.BadInput, match="begins with E2"):
        verifying_labels.verify(
            shelf.app, shelf.keeper, uuid4(), Told(SECOND, printed[1].epc.hex(), printed[1].epc.hex()), now()
        )
    with pytest.raises(refusals.BadInput, match="own number"):
        verifying_labels.verify(shelf.app, shelf.keeper, uuid4(), Told(SECOND, printed[1].epc.hex(), "E2801105"), now())
    with pytest.raises(refusals.NotAllowed):
        verifying_labels.verify(shelf.app, shelf.clerk, uuid4(), Told(SECOND, printed[1].epc.hex(), tid(2)), now())
    assert shelf.root.execute("SELECT count(*) FROM act").fetchone() == before
    assert [one.state for one in labels_of(shelf, "T-000001")] == ["bound", "printed", "printed"]


@ONE_ENGINE
def test_a_spoiled_labels_epc_is_gone_for_ever(shelf: Archive, printed: list[LabelRow]) -> None:
    spoiled = printed[1].epc.hex()
    with pytest.raises(refusals.BadInput):
        labelling.spoil(shelf.app, shelf.keeper, uuid4(), "T-000001", [spoiled], " ", now())
    command = uuid4()
    assert labelling.spoil(shelf.app, shelf.keeper, command, "T-000001", [spoiled], "打印不清", now()) == 1
    assert labelling.spoil(shelf.app, shelf.keeper, command, "T-000001", [spoiled], "打印不清", now()) == 0
    with pytest.raises(refusals.LabelSpoiled):
        verify(shelf, SECOND, spoiled)
    bind = [Printed(VolumeName(SECOND), spoiled, spoiled, tid(2), SECOND)]
    with pytest.raises(refusals.LabelSpoiled):
        tagging.bind(shelf.app, shelf.keeper, uuid4(), bind, now())
    assert labelling.print_anew(shelf.app, shelf.keeper, uuid4(), "T-000001", now()) == 1
    with pytest.raises(refusals.NothingToLabel):
        labelling.print_anew(shelf.app, shelf.keeper, uuid4(), "T-000001", now())
    anew = labels_of(shelf, "T-000001")[-1]
    assert str(anew.volume) == SECOND and anew.epc not in {one.epc for one in printed}
    assert verify(shelf, SECOND, anew, 2).volume == VolumeName(SECOND)
    with pytest.raises(refusals.LabelSpoiled):
        verify(shelf, SECOND, spoiled, 3)


@ONE_ENGINE
def test_a_label_printed_here_is_bound_nowhere_without_its_tid_and_code(
    shelf: Archive, printed: list[LabelRow]
) -> None:
    one = printed[0].epc.hex()

    def bind(volume: str, epc: str, read_back: str, chip: str | None, code: str) -> int:
        tags = [Printed(VolumeName(volume), epc, read_back, chip, code)]
        return tagging.bind(shelf.app, shelf.keeper, uuid4(), tags, now())

    with pytest.raises(refusals.TidMissing):
        bind(FIRST, one, one, None, FIRST)
    with pytest.raises(refusals.CodeOfAnother):
        bind(FIRST, one, one, tid(1), SECOND)
    with pytest.raises(refusals.BadInput, match="code printed"):
        bind(FIRST, one, one, tid(1), " ")
    with pytest.raises(refusals.EpcOfAnother):
        bind("D-9", one, one, tid(1), "D-9")
    with pytest.raises(refusals.PreviousLabel):
        bind(SECOND, printed[1].epc.hex(), one, tid(1), SECOND)
    assert bind(FIRST, one, one, tid(1), FIRST) == 1
    assert [label.state for label in labels_of(shelf, "T-000001")] == ["bound", "printed", "printed"]
    with pytest.raises(refusals.EpcTaken):
        bind(FIRST, one, one, tid(1), FIRST)


@ONE_ENGINE
def test_a_label_takes_the_place_of_a_tag_by_two(shelf: Archive) -> None:
    shelf.dossier("D-10", on="A-02", epc="3500E86F8000A9E000000586")
    with pytest.raises(refusals.VolumeTagged):
        made(shelf, "", codes=["D-10"])
    (label,) = labels_of(shelf, made(shelf, "", codes=["D-10"], replacing=True))
    with pytest.raises(refusals.VolumeTagged):
        verify(shelf, "D-10", label)
    new = Printed(VolumeName("D-10"), label.epc.hex(), label.epc.hex(), tid(1), "D-10")
    tagging.replace_tag(shelf.app, shelf.keeper, uuid4(), new, "标签脱落", shelf.second, now())
    assert identification(shelf, "D-10") is Identification.REPLACED
    assert labels_of(shelf, "T-000001")[0].state == "bound"


@ONE_ENGINE
def test_a_handheld_along_a_shelf_binds_what_agrees_and_tells_the_rest(shelf: Archive, printed: list[LabelRow]) -> None:
    one, two, three = (label.epc.hex() for label in printed)
    done = scans(shelf, FIRST, one, tid(1), SECOND, tid(2), one, THIRD, three, tid(3), three)
    assert [str(label.volume) for label in done.bound] == [THIRD]
    assert {label.code: type(label.fault) for label in done.faulty} == {
        FIRST: refusals.EpcOnAnotherChip,
        SECOND: refusals.PreviousLabel,
    }
    assert done.written == 1
    again = scans(shelf, FIRST, one, tid(1), SECOND, two, tid(2), THIRD, three, tid(3))
    assert ([label.code for label in again.bound], [label.code for label in again.again]) == ([FIRST, SECOND], [THIRD])
    assert shelf.root.execute("SELECT count(*) FROM act WHERE kind = 'bound'").fetchone() == (3,)
    with pytest.raises(refusals.ReadBackIncomplete, match=FIRST):
        scans(shelf, FIRST, one, two, tid(1))
    with pytest.raises(refusals.ReadBackIncomplete):
        scans(shelf, one, tid(1))


@ONE_ENGINE
def test_the_same_command_sent_again_binds_nothing_more(shelf: Archive, printed: list[LabelRow]) -> None:
    command, told = uuid4(), [Told(FIRST, printed[0].epc.hex(), tid(1))]
    first = verifying_labels.verify_all(shelf.app, shelf.keeper, command, told, now())
    second = verifying_labels.verify_all(shelf.app, shelf.keeper, command, told, now())
    assert (first.written, second.written, len(second.again)) == (1, 0, 1)


@ONE_ENGINE
def test_two_who_verify_the_same_label_bind_it_once(shelf: Archive, printed: list[LabelRow]) -> None:
    at_once = threading.Barrier(2)
    told = Told(FIRST, printed[0].epc.hex(), tid(1))

    def by(at: int) -> Verified:
        at_once.wait()
        return verifying_labels.verify(shelf.app, (shelf.keeper, shelf.second)[at], uuid4(), told, now())

    with ThreadPoolExecutor(2) as keepers:
        assert sorted(one.again for one in keepers.map(by, range(2))) == [False, True]
    assert shelf.root.execute("SELECT count(*) FROM act WHERE kind = 'bound'").fetchone() == (1,)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE label SET state = 'bound', ended_at = now(), tid = '\\xE2801105' WHERE position = 1",
        "UPDATE label SET state = 'spoiled', ended_at = now(), reason = 'x', ended_by = (SELECT min(id) FROM account)",
        "INSERT INTO tag (epc, tid, volume_id) SELECT epc, '\\xE2801105', (SELECT max(id) FROM volume) FROM label LIMIT 1",
        "DELETE FROM label",
        "SELECT setval('label_serial', 1)",
        "UPDATE label SET epc = '\\x00'",
        "INSERT INTO label_numbering (manager, object_class, set_at) VALUES (1, 1, now())",
    ],
)
@ONE_ENGINE
def test_the_application_itself_can_bind_no_label_that_was_not_read_back(
    shelf: Archive, printed: list[LabelRow], statement: str
) -> None:
    assert printed
    with shelf.sql_of(shelf.second) as app, pytest.raises(psycopg.Error) as broken:
        app.execute(statement)
    assert broken.value.sqlstate == "42501" or refusal_for(broken.value) is not None


@ONE_ENGINE
def test_a_clerks_session_sees_and_changes_no_label(shelf: Archive, printed: list[LabelRow]) -> None:
    assert printed
    with shelf.sql_of(shelf.clerk) as app:
        assert app.execute("SELECT FROM label").rowcount == 0
        assert app.execute("UPDATE label SET sent_at = now()").rowcount == 0


volumes, epcs, chips = st.sampled_from("AB"), st.binary(min_size=1, max_size=1), st.binary(min_size=1, max_size=1)


@given(
    read=st.builds(ReadBack, volumes, epcs, chips),
    labels=st.dictionaries(epcs, st.builds(KnownLabel, st.just(1), volumes, st.sampled_from(LabelState)), max_size=4),
    tags=st.dictionaries(epcs, st.builds(KnownTag, st.none() | volumes, st.none() | chips, st.booleans()), max_size=4),
    chips=st.dictionaries(chips, epcs, max_size=4),
    waiting=st.dictionaries(volumes, st.tuples(epcs, st.none() | epcs), max_size=2),
    tagged=st.dictionaries(volumes, epcs, max_size=2),
)
def test_whatever_is_known_only_a_waiting_label_of_this_volume_on_a_chip_of_its_own_is_bound(
    read: ReadBack,
    labels: dict[bytes, KnownLabel],
    tags: dict[bytes, KnownTag],
    chips: dict[bytes, bytes],
    waiting: dict[str, tuple[bytes, bytes | None]],
    tagged: dict[str, bytes],
) -> None:
    facts = LabelFacts(labels, tags, chips, waiting, tagged)
    try:
        bound = check_read_back(read, facts)
    except refusals.Refusal:
        return
    label = labels[read.epc]
    assert label.volume == read.volume and label.state is (LabelState.PRINTED if bound else LabelState.BOUND)
    assert chips.get(read.tid, read.epc) == read.epc
    assert read.epc not in tags or tags[read.epc].tid in {None, read.tid}
    assert not bound or read.volume not in tagged


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["D-1", "370112-99-0000017-6", "鲁人档〔1998〕0017", "0017", "E2"]),
            st.from_regex(r"(2C|35)[0-9A-F]{22}", fullmatch=True),
            st.from_regex(r"E2[0-9A-F]{14}|E2[0-9A-F]{22}", fullmatch=True),
            st.booleans(),
            st.integers(1, 3),
        ),
        max_size=8,
    )
)
def test_a_burst_is_taken_apart_into_the_envelopes_it_was_read_from(
    read: list[tuple[str, str, str, bool, int]],
) -> None:
    typed: list[str] = []
    for code, epc, chip, tid_first, times in read:
        typed += [code, *([chip, epc] if tid_first else [epc, chip]) * times]
    assert envelopes_in(typed) == [Told(code, epc, chip) for code, epc, chip, _, _ in read]
