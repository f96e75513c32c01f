"""EPCs of labels: the site's own prefix or none, within the standard's limits, each once and for ever."""

import threading
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.domain import refusals
from inventory.domain.epcs import EpcScheme, describe_epc, gdti96
from inventory.domain.label_numbering import (
    MANAGER_MAX,
    OBJECT_CLASS_MAX,
    SERIAL_MAX,
    Numbering,
    epc_of,
    numbering_of,
)
from inventory.operations import labelling
from inventory.operations.labelling import Wanted
from inventory.operations.numbering_labels import numbering, set_numbering
from tests.conftest import Archive
from tests.labels.conftest import GDTI, GID, furnish, labels_of, made, now
from tests.site import ONE_ENGINE

digits = st.text("0123456789", min_size=12, max_size=12)


@given(all_digits=digits, split=st.integers(6, 12), serial=st.integers(1, SERIAL_MAX[EpcScheme.GDTI_96]))
def test_a_gdti_says_the_sites_prefix_and_the_serial_as_it_is(all_digits: str, split: int, serial: int) -> None:
    known = numbering_of(all_digits[:split], all_digits[split:], None, None)
    epc = epc_of(known, serial)
    assert len(epc) == 12 and epc[0] == 0x2C
    assert describe_epc(epc).uri == f"urn:epc:id:gdti:{all_digits[:split]}.{all_digits[split:]}.{serial}"


@given(
    manager=st.integers(0, MANAGER_MAX),
    object_class=st.integers(0, OBJECT_CLASS_MAX),
    serial=st.integers(1, SERIAL_MAX[EpcScheme.GID_96]),
)
def test_a_gid_says_the_sites_manager_number_and_the_serial(manager: int, object_class: int, serial: int) -> None:
    epc = epc_of(numbering_of(None, None, manager, object_class), serial)
    assert len(epc) == 12 and epc[0] == 0x35
    assert describe_epc(epc).uri == f"urn:epc:id:gid:{manager}.{object_class}.{serial}"


@given(one=st.integers(1, SERIAL_MAX[EpcScheme.GID_96]), other=st.integers(1, SERIAL_MAX[EpcScheme.GID_96]))
def test_two_serials_are_two_epcs(one: int, other: int) -> None:
    for known in (GDTI, GID):
        assert (epc_of(known, one) == epc_of(known, other)) == (one == other)
    assert epc_of(GDTI, one) != epc_of(GID, other)


@pytest.mark.parametrize("known", [GDTI, GID])
def test_a_serial_beyond_the_standards_limit_is_refused(known: Numbering) -> None:
    assert {GDTI.serial_max, GID.serial_max} == {2_199_023_255_551, 68_719_476_735}
    epc_of(known, known.serial_max)
    for serial in (0, known.serial_max + 1):
        with pytest.raises(refusals.BadInput, match="serial"):
            epc_of(known, serial)


def test_the_standards_own_examples_come_out() -> None:
    # The example's filter value is 3; a dossier is none of those that have one ("all others", 0).
    assert epc_of(GDTI, 5678).hex().upper() == "2C16451FD46072000000162E"
    assert gdti96("9521141", "12345", 5678, filter_value=3).hex().upper() == "2C76451FD46072000000162E"
    assert epc_of(GID, 1414).hex().upper() == "3500E86F8000A9E000000586"


@pytest.mark.parametrize(
    "told",
    [
        (None, None, None, None),
        ("9521141", None, None, None),
        ("9521141", "12345", 1, 1),
        (None, None, 1, None),
        ("9521141", "1234", None, None),
        ("95211", "1234567", None, None),
        ("952114x", "12345", None, None),
        ("９521141", "12345", None, None),
        (None, None, MANAGER_MAX + 1, 1),
        (None, None, 1, OBJECT_CLASS_MAX + 1),
        (None, None, -1, 1),
    ],
)
def test_half_a_numbering_or_one_out_of_range_is_refused(
    told: tuple[str | None, str | None, int | None, int | None],
) -> None:
    with pytest.raises(refusals.BadInput):
        numbering_of(*told)


@ONE_ENGINE
def test_nobodys_prefix_is_made_up(archive: Archive) -> None:
    furnish(archive)
    assert numbering(archive.app, archive.keeper) is None
    with pytest.raises(refusals.NumberingUnset, match="guiwei label numbering --gs1-prefix"):
        made(archive)
    assert archive.root.execute("SELECT count(*) FROM label_batch").fetchone() == (0,)


@ONE_ENGINE
def test_another_numbering_leaves_labels_as_they_are_and_repeats_no_serial(shelf: Archive) -> None:
    first = made(shelf, "A-02")
    set_numbering(shelf.owner, GID, None, now())
    second = made(shelf, "A-01")
    assert labels_of(shelf, first)[0].epc == epc_of(GDTI, 1)
    assert [one.epc for one in labels_of(shelf, second)] == [epc_of(GID, serial) for serial in (2, 3, 4)]
    set_numbering(shelf.owner, GDTI, None, now())
    known = numbering(shelf.app, shelf.keeper)
    assert known is not None and known.numbering == GDTI
    shelf.dossier("D-10", on="A-02")
    assert labels_of(shelf, made(shelf, "A-02"))[0].epc == epc_of(GDTI, 5)


@ONE_ENGINE
def test_a_serial_another_program_used_is_passed_over_and_a_site_may_begin_beyond_them_all(shelf: Archive) -> None:
    shelf.dossier("D-10", on="A-02", epc=epc_of(GDTI, 2).hex())
    shelf.root.execute("INSERT INTO tag (epc) VALUES (%s)", (epc_of(GDTI, 3),))
    assert [one.epc for one in labels_of(shelf, made(shelf))] == [epc_of(GDTI, serial) for serial in (1, 4, 5)]
    set_numbering(shelf.owner, GDTI, 1_000_000, now())
    assert labels_of(shelf, made(shelf, "A-02"))[0].epc == epc_of(GDTI, 1_000_000)
    for used in (1, 1_000_000, GDTI.serial_max + 1):
        with pytest.raises(refusals.BadInput, match="first serial"):
            set_numbering(shelf.owner, GDTI, used, now())
    set_numbering(shelf.owner, GDTI, GDTI.serial_max, now())
    shelf.dossier("D-11", on="A-02")
    made(shelf, "A-02")
    shelf.dossier("D-12", on="A-02")
    with pytest.raises(refusals.SerialsUsedUp):
        made(shelf, "A-02")


@ONE_ENGINE
def test_what_failed_to_be_made_took_its_serials_with_it(shelf: Archive) -> None:
    shelf.dossier("D-10", on="A-02", epc="3500E86F8000A9E000000586")
    with pytest.raises(refusals.VolumeTagged):
        made(shelf, "", codes=["D-2", "D-10"])
    shelf.root.execute("ALTER TABLE label ADD CONSTRAINT label_not_today CHECK (false) NOT VALID")
    with pytest.raises(psycopg.Error):
        made(shelf, "A-02")
    shelf.root.execute("ALTER TABLE label DROP CONSTRAINT label_not_today")
    assert labels_of(shelf, made(shelf, "A-02"))[0].epc == epc_of(GDTI, 2)


@ONE_ENGINE
def test_two_who_print_at_once_share_no_epc_and_no_volume(shelf: Archive) -> None:
    at_once = threading.Barrier(2)
    people = (shelf.keeper, shelf.second)

    def print_shelf(at: int) -> str | None:
        at_once.wait()
        try:
            return labelling.make_batch(shelf.app, people[at], Wanted(uuid4(), "A-01"), now())
        except (refusals.LabelWaits, refusals.NothingToLabel):
            return None

    with ThreadPoolExecutor(2) as keepers:
        batches = [number for number in keepers.map(print_shelf, range(2)) if number is not None]
    assert len(batches) == 1
    assert shelf.root.execute("SELECT count(*), count(DISTINCT epc) FROM label").fetchone() == (3, 3)
