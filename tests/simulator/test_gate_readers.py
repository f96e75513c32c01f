"""Readers at gates: what they say is a passage each, which Guiwei's own inference tells as it was."""

from datetime import timedelta

import numpy as np
import pytest

from devices.dialects import DIALECTS
from devices.simulator.all_readers import make_readers
from devices.simulator.city import City
from devices.simulator.equipment import GATE_ANTENNA_INNER
from devices.simulator.floor import CARTS
from devices.simulator.gate_readers import STROLLS, GateReader
from devices.simulator.truth import Standing
from inventory.domain.registers import Dialect
from inventory.locating.gate_model import GateModel
from inventory.locating.passages import Direction, watch
from inventory.locating.reads import INNER, OUTER, SECOND, Reads
from tests.simulator.conftest import MORNING


@pytest.fixture(name="gates")
def _gates(city: City, standing: Standing) -> list[GateReader]:
    readers = make_readers(city, standing, speed=1)
    return [reader for reader in readers if isinstance(reader, GateReader)]


def heard_at(gate: GateReader, people: int) -> tuple[Reads, dict[bytes, int]]:
    """What the gate says while so many go through, as the gates' process understands it; and the tags' numbers."""
    began, rows = MORNING, []
    numbers: dict[bytes, int] = {}
    for _ in range(people):
        burst = gate.burst(began)
        due = [message.due_seconds for message in burst.messages]
        assert due == sorted(due)
        for message in burst.messages:
            received = round((began + timedelta(seconds=message.due_seconds)).timestamp() * SECOND)
            for one in DIALECTS[Dialect.ZEBRA](message.payload, "Asia/Shanghai").readings:
                number = numbers.setdefault(one.epc, len(numbers))
                side = INNER if one.antenna == GATE_ANTENNA_INNER else OUTER
                rows.append((number, 0, side, one.read_at, received, one.count, 1, one.rssi_cdbm))
        began += timedelta(seconds=burst.seconds)
    return Reads(*np.array(rows, np.int64).T), numbers


def test_the_gates_share_what_lies_on_the_carrying_cart(
    gates: list[GateReader], city: City, standing: Standing
) -> None:
    load = {standing.epc[tag].tobytes() for tag in standing.at(city.place_index(CARTS[1]))}
    carried = [set(heard_at(gate, STROLLS)[1]) for gate in gates]
    assert set.union(*carried) <= load
    assert not set.intersection(*carried)


def test_somebody_takes_a_dossier_out_and_brings_it_back(gates: list[GateReader]) -> None:
    reads, _ = heard_at(gates[0], 2 * STROLLS)
    told = watch(reads, GateModel(), int(reads.received_at.max()) + 60 * SECOND).passages
    inwards, out = (np.flatnonzero(told.direction == way) for way in (Direction.IN, Direction.OUT))
    assert len(out) == 2
    for one in out.tolist():
        taken = told.tag[told.member == one]
        next_in = inwards[inwards > one][0]
        assert taken.tolist() == told.tag[told.member == next_in].tolist()
    assert len(out) < len(inwards) < STROLLS
