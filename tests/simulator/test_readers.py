"""Simulated readers speak the real dialects, and what they say points at the truth."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise

import numpy as np
import pytest

from devices.dialects import DIALECTS
from devices.readings import Reading
from devices.simulator import payloads
from devices.simulator.all_readers import make_readers
from devices.simulator.city import City
from devices.simulator.payloads import Report
from devices.simulator.readers import CabinetReader, CartSweep, HandheldSweep, SimulatedReader, Sweep
from devices.simulator.truth import Standing, Truth
from tests.simulator.conftest import MORNING

BEIJING = "Asia/Shanghai"
EPC = bytes.fromhex("3500E86F8000001C47BBC9D0")
REPORT = Report(EPC, -61.25, 3, MORNING + timedelta(milliseconds=125))
AT = int(REPORT.at.timestamp() * 1_000_000)


@pytest.fixture
def readers(city: City, standing: Standing) -> list[SimulatedReader]:
    return make_readers(city, standing, speed=20)


def the(kind: type, readers: list[SimulatedReader]) -> Iterator[SimulatedReader]:
    return (reader for reader in readers if isinstance(reader, kind))


@pytest.mark.parametrize(
    ("dialect", "payload", "reading"),
    [
        (
            "zebra_handheld",
            payloads.handheld_tags([REPORT], REPORT.at, first_event=1),
            Reading(EPC, 0, -6_100, 3, AT),
        ),
        ("impinj", payloads.impinj_event(REPORT, 7, queued_at=REPORT.at), Reading(EPC, 7, -6_125, 1, AT)),
        (
            "impinj",
            payloads.impinj_full_event(REPORT, 1, "impinj-C1", queued_at=REPORT.at + timedelta(seconds=2)),
            Reading(EPC, 1, -6_125, 1, AT),
        ),
        ("zebra", payloads.zebra_events([REPORT], 2, first_event=1), Reading(EPC, 2, -6_100, 3, AT)),
        ("native", payloads.native_reads([REPORT]), Reading(EPC, 0, -6_120, 3, AT)),
    ],
)
def test_a_report_survives_its_dialect(dialect: str, payload: bytes, reading: Reading) -> None:
    assert DIALECTS[dialect](payload, BEIJING).readings == [reading]


def test_a_scanned_shelf_label_survives_its_dialect() -> None:
    (barcode,) = DIALECTS["zebra_handheld"](payloads.handheld_scan("W1-A-03-2-05-4", REPORT.at), BEIJING).barcodes
    assert (barcode.code, barcode.scanned_at) == ("W1-A-03-2-05-4", AT)


def test_every_reader_says_in_its_dialect_when_it_comes_and_goes(city: City, readers: list[SimulatedReader]) -> None:
    dialects = {row.reader: row.dialect for row in city.readers}
    for reader in readers:
        decode = DIALECTS[dialects[reader.code]]
        said = [event.kind for event in decode(reader.online(MORNING), BEIJING).events]
        assert said == ([] if dialects[reader.code] == "zebra" else ["online"])
        will = reader.last_will(MORNING)
        if will is not None:
            assert [event.kind for event in decode(will, BEIJING).events] == ["offline"]


def test_every_message_decodes_to_known_tags_antennas_and_times(
    city: City, standing: Standing, readers: list[SimulatedReader]
) -> None:
    dialects = {row.reader: row.dialect for row in city.readers}
    antennas = {(row.reader, row.antenna) for row in city.readers}
    known = {epc.tobytes() for epc in standing.epc}
    labels = {row.code for row in city.places}
    for reader in readers:
        began, counted = MORNING, 0
        for _ in range(30):
            burst = reader.burst(began)
            assert burst.messages
            for message in burst.messages:
                assert 0 <= message.due_seconds <= burst.seconds
                decoded = DIALECTS[dialects[reader.code]](message.payload, BEIJING)
                counted += len(decoded.readings)
                assert {barcode.code for barcode in decoded.barcodes} <= labels
                for reading in decoded.readings:
                    assert reading.epc in known
                    assert (reader.code, reading.antenna) in antennas
                    assert_within(reading.read_at, began, burst.seconds)
            began += timedelta(seconds=burst.seconds)
        assert counted, reader.code


def assert_within(read_at: int | None, began: datetime, seconds: float) -> None:
    assert read_at is not None
    assert -0.001 <= read_at / 1_000_000 - began.timestamp() <= seconds + 0.001


def test_a_handheld_scans_nearly_every_shelf_it_starts_and_keeps_its_messages_short(
    city: City, readers: list[SimulatedReader]
) -> None:
    handheld = next(the(HandheldSweep, readers))
    assert isinstance(handheld, HandheldSweep)
    scans = []
    for shelf in np.tile(handheld.route, 8):
        messages = handheld.burst(MORNING).messages
        assert max(len(message.payload) for message in messages) <= payloads.HANDHELD_MESSAGE_BYTES_MAX
        codes = [code for message in messages for code in DIALECTS["zebra_handheld"](message.payload, BEIJING).barcodes]
        assert [code.code for code in codes] in ([], [city.places[city.shelves.place[shelf]].code])
        scans.append(bool(codes))
    assert np.mean(scans) == pytest.approx(0.95, abs=0.04)


def test_a_cart_reads_the_label_tags_of_the_shelves_it_passes(
    standing: Standing, readers: list[SimulatedReader]
) -> None:
    cart = next(the(CartSweep, readers))
    assert isinstance(cart, CartSweep)
    label_of = {epc.tobytes(): shelf for shelf, epc in enumerate(standing.epc[standing.labels_from :])}
    right = []
    for shelf in cart.route:
        heard: dict[int, list[int]] = defaultdict(list)
        for message in cart.burst(MORNING).messages:
            (reading,) = DIALECTS["impinj"](message.payload, BEIJING).readings
            if reading.epc in label_of and reading.rssi_cdbm is not None:
                heard[label_of[reading.epc]].append(reading.rssi_cdbm)
        if heard:
            right.append(max(heard, key=lambda label: np.mean(heard[label])) == shelf)
    assert len(right) > 0.9 * len(cart.route)
    assert np.mean(right) > 0.9


def test_the_three_sweeps_walk_past_every_shelf_in_use_once(city: City, readers: list[SimulatedReader]) -> None:
    walked = np.concatenate([sweep.route for sweep in the(Sweep, readers) if isinstance(sweep, Sweep)])
    used = np.flatnonzero(city.shelves.mobile & np.isin(city.shelves.place, city.dossiers.place))
    assert sorted(walked) == used.tolist()


def test_a_sweep_opens_one_aisle_after_another(city: City, readers: list[SimulatedReader]) -> None:
    for sweep in the(Sweep, readers):
        assert isinstance(sweep, Sweep)
        aisles = [city.places[city.shelves.place[shelf]].aisle for shelf in sweep.route]
        changes = sum(here != there for here, there in pairwise(aisles))
        assert changes == len(set(aisles)) - 1


def strongest_shelves(city: City, standing: Standing, sweep: Sweep) -> tuple[dict[int, int], set[int]]:
    """By tag, the place of the shelf at which two passes heard it loudest; and all tags heard."""
    loudest: dict[int, tuple[float, int]] = {}
    for shelf in np.tile(sweep.route, 2).tolist():
        heard = sweep.hear_shelf(shelf, 35.0)
        place = int(city.shelves.place[shelf])
        for tag in np.unique(heard.tag).tolist():
            mean = float(heard.rssi_dbm[heard.tag == tag].mean())
            loudest[tag] = max(loudest.get(tag, (-999.0, place)), (mean, place))
    dossiers = {tag: place for tag, (_, place) in loudest.items() if tag < standing.labels_from}
    return dossiers, set(loudest)


def test_two_passes_hear_nearly_every_dossier_loudest_where_it_stands(
    city: City, truth: Truth, standing: Standing, readers: list[SimulatedReader]
) -> None:
    for sweep in the(Sweep, readers):
        assert isinstance(sweep, Sweep)
        loudest, heard = strongest_shelves(city, standing, sweep)
        expected = np.concatenate([standing.at(int(city.shelves.place[shelf])) for shelf in sweep.route])
        assert 0.97 < np.mean([tag in heard for tag in expected.tolist()]) <= 1
        assert np.mean([truth.place[tag] == place for tag, place in loudest.items()]) > 0.95


def test_the_loudest_antenna_of_a_cabinet_is_mostly_but_not_always_the_right_one(
    city: City, truth: Truth, standing: Standing, readers: list[SimulatedReader]
) -> None:
    shelf_of = {city.places[index].code: shelf for shelf, index in enumerate(city.shelves.place)}
    loudest: dict[int, tuple[float, int]] = {}
    strays = 0
    for reader in the(CabinetReader, readers):
        assert isinstance(reader, CabinetReader)
        for row in city.readers:
            if row.reader != reader.code:
                continue
            shelf = shelf_of[row.place]
            place = int(city.shelves.place[shelf])
            heard = reader.hear_shelf(row.antenna, shelf)
            for tag in np.unique(heard.tag[heard.tag < standing.labels_from]).tolist():
                strays += truth.place[tag] != place
                mean = float(heard.rssi_dbm[heard.tag == tag].mean())
                loudest[tag] = max(loudest.get(tag, (-999.0, place)), (mean, place))
    right = np.mean([truth.place[tag] == place for tag, (_, place) in loudest.items()])
    assert strays > len(loudest) / 4
    assert 0.90 < right < 1
