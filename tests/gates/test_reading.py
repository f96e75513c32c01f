"""Messages of gates' readers to reads, without a broker."""

import json
from dataclasses import replace
from pathlib import Path

from devices.gate_knowledge import load_model, save_model
from devices.gate_reading import GateReading, Heard
from inventory.locating.gate_model import ORDER
from inventory.locating.reads import INNER, OUTER, SECOND, by_side, gate_antenna
from inventory.store.readers import RegisteredAntenna

TOPIC = "guiwei/W1/G1/reads"
NOW = 1_700_000_000 * SECOND
FIRST = RegisteredAntenna(
    antenna_id=11, number=1, role="gate_inner", place_id=5, reader_id=3, reader="G1", dialect="native", topic=TOPIC,
    status_topic=None, timezone="Asia/Shanghai", mapping=None, control_url=None, slot=0,
)  # fmt: skip
FOUR = [
    replace(FIRST, antenna_id=10 + number, number=number, role="gate_inner" if number in {1, 2} else "gate_outer")
    for number in (4, 2, 1, 3)
]


def heard_by(reading: GateReading) -> tuple[list[int], list[int]]:
    """The antennas of a read by each of the reader's, and their sides."""
    reads = [
        {"epc": "3500E86F8000A9E000000586", "antenna": number, "rssi_dbm": -50, "at": NOW / SECOND + number / 10}
        for number in range(1, 5)
    ]
    found = list(reading.read(Heard(TOPIC, json.dumps(reads).encode(), NOW + SECOND)))
    assert [gate for gate, _ in found] == [5]
    return found[0][1].antenna.tolist(), by_side(found[0][1]).antenna.tolist()


def test_several_antennas_of_one_side_are_told_apart_and_stay_of_that_side() -> None:
    reading = GateReading()
    assert reading.use(FOUR)
    assert heard_by(reading) == ([INNER, gate_antenna(INNER, 1), OUTER, gate_antenna(OUTER, 1)], [0, 0, 1, 1])


def test_an_antenna_registered_later_leaves_the_others_their_numbers() -> None:
    reading = GateReading()
    reading.use([one for one in FOUR if one.number != 1])
    assert heard_by(reading)[0] == [INNER, OUTER, gate_antenna(OUTER, 1)]
    reading.use([*(one for one in FOUR if one.number != 1), replace(FIRST, antenna_id=20)])
    assert heard_by(reading)[0] == [gate_antenna(INNER, 1), INNER, OUTER, gate_antenna(OUTER, 1)]


def test_a_gate_s_antennas_are_known_by_their_numbers_in_its_reads() -> None:
    reading = GateReading()
    reading.use([*FOUR, replace(FIRST, antenna_id=30, number=5, place_id=6)])
    assert reading.antennas_of(5) == {INNER: 11, gate_antenna(INNER, 1): 12, OUTER: 13, gate_antenna(OUTER, 1): 14}
    assert reading.antennas_of(6) == {INNER: 30}
    assert reading.antennas_of(7) == {}


def test_what_a_gate_was_taught_before_it_kept_how_wholly_passages_are_in_order_is_not_lost(tmp_path: Path) -> None:
    kept = {"dbm": [-48.0, -50.0], "spread": [4.0, 5.0], "lag": 1.2, "loudest": 1.1, "share": 0.4}
    (tmp_path / "model-G-1.json").write_text(json.dumps(kept))
    levels = load_model(tmp_path, "G-1").levels
    assert levels is not None
    assert tuple(levels.usual) == (1.2, 1.1, 0.4, ORDER)
    taught = replace(load_model(tmp_path, "G-1"), levels=levels._replace(usual=levels.usual._replace(order=0.7)))
    save_model(tmp_path, "G-1", taught)
    again = load_model(tmp_path, "G-1").levels
    assert again is not None
    assert tuple(again.usual) == (1.2, 1.1, 0.4, 0.7)
