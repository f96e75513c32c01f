"""Four LLRP readers of llrpkit's emulator behind its own bridge, and the network cut while they read."""

import asyncio
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiomqtt
import pytest
from llrpkit import Reader
from llrpkit.emulator import EmulatedTag, LLRPEmulator
from llrpkit.mqtt import MQTTBridge

from inventory.operations.closing import close_day
from tests.conftest import Archive
from tests.ingest.equipment import Publisher, Working, import_rows, keep_alive, until
from tests.servers import Mosquitto

EXTENDED = os.environ.get("GUIWEI_EXTENDED") == "1"
CUT_SECONDS = 300 if EXTENDED else 8
READERS, ANTENNAS, TAGS = 4, 4, 200
READS_A_SECOND = 60.0
READS = 400  # of each reader before the cut and after it

Listening = Callable[..., Working]


def epc(reader: int, tag: int) -> bytes:
    return bytes.fromhex("3500E86F8000A9E0") + bytes([0, reader, tag >> 8, tag & 0xFF])


class Bridge(threading.Thread):
    """One reader and its bridge; `published` counts what the broker has acknowledged. It ends when the broker goes."""

    def __init__(self, number: int, port: int) -> None:
        super().__init__(name=f"llrpkit {number}")
        self.number = number
        self.bridge = MQTTBridge("127.0.0.1", port, base_topic=f"llrp/{number}", qos=1)
        self._loop = asyncio.new_event_loop()
        self._work: asyncio.Task[None] | None = None

    def run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._work = self._loop.create_task(self._publish())
        with suppress(aiomqtt.MqttError, asyncio.CancelledError):
            self._loop.run_until_complete(self._work)
        self._loop.close()

    async def _publish(self) -> None:
        tags = [EmulatedTag(epc(self.number, tag), (1 + tag % ANTENNAS,)) for tag in range(TAGS)]
        async with (
            LLRPEmulator(tags=tags, antenna_count=ANTENNAS, reads_per_sec=READS_A_SECOND, seed=self.number) as emulator,
            Reader("127.0.0.1", emulator.port) as reader,
        ):
            await self.bridge.run(reader, reader_label=f"L-{self.number}")

    def end(self) -> None:
        """Say goodbye as a bridge does that is stopped."""
        work = self._work
        assert work is not None
        self._loop.call_soon_threadsafe(work.cancel)
        self.join()


@contextmanager
def bridges(port: int) -> Iterator[list[Bridge]]:
    """All four at work; whoever is still there at the end says goodbye."""
    running = [Bridge(number, port) for number in range(1, READERS + 1)]
    for bridge in running:
        bridge.start()
    try:
        yield running
    finally:
        for bridge in running:
            if bridge.is_alive():
                bridge.end()


@pytest.mark.parametrize("postgres", ["PostgreSQL 18, embedded"], indirect=True)
def test_a_cut_network_loses_nothing_that_was_published_and_makes_nothing_missing(
    archive: Archive, readers: Publisher, listening: Listening, broker: Mosquitto, folder: Path
) -> None:
    shelves = {
        (reader, antenna): f"S-{reader}-{antenna}"
        for reader in range(1, READERS + 1)
        for antenna in range(1, ANTENNAS + 1)
    }
    for shelf in shelves.values():
        archive.shelf(shelf)
    import_rows(
        archive, "dossiers", folder, "number,name,id_number,holding_agency,epc,tid,place",
        *(f"D-{reader}-{tag},张三,,370112,{epc(reader, tag).hex()},,{shelves[reader, 1 + tag % ANTENNAS]}"
          for reader in range(1, READERS + 1) for tag in range(TAGS)),
    )  # fmt: skip
    listening(
        *(
            f"L-{reader},llrpkit,llrp/{reader}/tags,{antenna},{shelf},shelf,llrp/{reader}/status"
            for (reader, antenna), shelf in shelves.items()
        )
    )
    began = datetime.now(UTC)
    with bridges(broker.port) as first:
        until(lambda: all(one.bridge.published >= READS for one in first), "the bridges publish", 120)
        cut_at = datetime.now(UTC)
        broker.stop()
        for bridge in first:
            bridge.join(30)
            assert not bridge.is_alive(), "a bridge doesn't reconnect by itself"
    threading.Event().wait(CUT_SECONDS)
    broker.start()
    back_at = datetime.now(UTC)
    with bridges(broker.port) as second:
        until(lambda: all(one.bridge.published >= READS for one in second), "the bridges publish again", 120)
    keep_alive(archive, readers)
    for one, other in zip(first, second, strict=True):
        published = one.bridge.published + other.bridge.published
        row = archive.root.execute(
            "SELECT sum(evidence.reads) FROM evidence JOIN antenna ON antenna.id = antenna_id JOIN reader ON reader.id = reader_id "
            "WHERE code = %s",
            (f"L-{one.number}",),
        ).fetchone()
        assert row is not None
        # The broker may have had one more, whose acknowledgement the cut took away.
        assert published <= row[0] <= published + 2
    gaps = archive.root.execute(
        "SELECT code, from_at, to_at FROM coverage_gap JOIN reader ON reader.id = reader_id WHERE from_at < %s",
        (back_at,),
    ).fetchall()
    assert sorted(code for code, _, _ in gaps) == [one.name.replace("llrpkit ", "L-") for one in first]
    for _, from_at, to_at in gaps:
        assert began < from_at < cut_at + timedelta(seconds=5)
        assert back_at <= to_at < datetime.now(UTC)
    with archive.jobs.unpooled() as connection:
        closed = close_day(connection, datetime.now(UTC))
    assert closed.outcomes["missing"] == 0
    assert closed.outcomes["at_home"] > TAGS
    assert archive.root.execute("SELECT count(*) FROM discrepancy WHERE kind = 'missing'").fetchone() == (0,)
    assert archive.root.execute("SELECT count(*) FROM quarantine").fetchone() == (0,)
