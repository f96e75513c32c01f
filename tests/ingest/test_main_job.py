"""The main job on real input: an LLRP reader speaks through llrpkit's bridge, and a program finds the dossiers.

Nothing of ours plays the reader: PyPI's llrpkit brings an emulator that speaks LLRP and a bridge from LLRP to MQTT.
"""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from llrpkit import Reader
from llrpkit.emulator import EmulatedTag, LLRPEmulator, default_population
from llrpkit.mqtt import MQTTBridge

from inventory.domain.people import Role
from inventory.operations.believing import step_beliefs
from inventory.operations.signing_in import add_account, add_token
from tests.conftest import Archive
from tests.ingest.equipment import Publisher, evidence, import_rows, keep_alive, register_readers, until, working
from tests.servers import Mosquitto
from tests.site import serving
from web.app import WebSettings

BASE = "rfid/cabinet-1"
TAGS, ANTENNAS = 24, 4
READS_PER_SECOND = 200.0
READS_OF_EACH_TAG = 3


def shelf_of(tag: EmulatedTag) -> str:
    """Each emulated tag is seen by one antenna, and each antenna looks at one shelf."""
    (antenna,) = tag.antennas
    return f"A-0{antenna}"


@contextmanager
def reading(broker: Mosquitto, tags: list[EmulatedTag]) -> Iterator[MQTTBridge]:
    """The emulated reader inventories these tags, and the bridge publishes, for as long as the block."""
    bridge = MQTTBridge("127.0.0.1", broker.port, BASE, qos=1)
    emulator = LLRPEmulator(tags=tags, reads_per_sec=READS_PER_SECOND, antenna_count=ANTENNAS)
    ended: list[BaseException] = []
    loop = asyncio.new_event_loop()
    done = asyncio.Event()

    async def read() -> None:
        async with emulator, Reader("127.0.0.1", emulator.port) as reader:
            publishing = asyncio.create_task(bridge.run(reader, reader_label="cabinet-1"))
            stopping = asyncio.create_task(done.wait())
            await asyncio.wait({publishing, stopping}, return_when=asyncio.FIRST_COMPLETED)
            stopping.cancel()
            publishing.cancel()
            await asyncio.gather(publishing, stopping, return_exceptions=True)

    def run() -> None:
        try:
            loop.run_until_complete(read())
        except BaseException as error:
            ended.append(error)
        finally:
            loop.close()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield bridge
    finally:
        loop.call_soon_threadsafe(done.set)
        thread.join(20)
    assert not ended, ended


@contextmanager
def web_site(archive: Archive) -> Iterator[httpx.Client]:
    """A program with a keeper's token before the real web server."""
    add_account(archive.owner, "zhao", "赵建国", Role.KEEPER, None, None)
    now = datetime.now(UTC)
    add_token(archive.owner, "zhao", "test", now, now + timedelta(hours=1), "the-token")
    headers = {"Authorization": "Bearer the-token"}
    with (
        serving(archive, WebSettings()) as address,
        httpx.Client(base_url=f"{address}/api/v1", headers=headers) as program,
    ):
        yield program


def test_the_dossiers_an_llrp_reader_sees_are_at_its_shelves_by_api(
    archive: Archive, folder: Path, broker: Mosquitto, readers: Publisher
) -> None:
    tags = default_population(TAGS, ANTENNAS)
    numbers = {f"370112-{number:04d}": tag for number, tag in enumerate(tags)}
    shelves = [archive.shelf(f"A-0{antenna}", x=float(antenna)) for antenna in range(1, ANTENNAS + 1)]
    # The loudest were put back at the next shelf: the ledger has them where they are not.
    ledger = {
        number: shelves[(shelves.index(shelf_of(tag)) + (tag.rssi_dbm == -45.0)) % ANTENNAS]
        for number, tag in numbers.items()
    }
    misplaced = {number for number, tag in numbers.items() if ledger[number] != shelf_of(tag)}
    assert len(misplaced) == TAGS // 6
    import_rows(
        archive,
        "dossiers",
        folder,
        "number,name,id_number,holding_agency,epc,tid,place",
        *(f"{number},张三,,370112,{tag.epc.hex()},,{ledger[number]}" for number, tag in numbers.items()),
    )
    register_readers(
        archive,
        folder,
        *(f"cabinet-1,llrpkit,{BASE}/tags,{n},A-0{n},shelf,{BASE}/status" for n in range(1, ANTENNAS + 1)),
    )
    with web_site(archive) as program, working(archive, broker.url):
        keep_alive(archive, readers)
        with reading(broker, tags):
            until(lambda: all_read(archive, tags), "every tag is read by its antenna")
            assert reader_of(program)["online"] is True
        keep_alive(archive, readers)
        until(lambda: reader_of(program)["online"] is False, "the bridge says goodbye")
        with archive.jobs.unpooled() as jobs:
            assert step_beliefs(jobs, datetime.now(UTC) + timedelta(minutes=5)) == TAGS
        for number, tag in numbers.items():
            (volume,) = program.get(f"/dossiers/{number}").json()["volumes"]
            assert volume["epc"] == tag.epc.hex().upper()
            assert volume["belief"]["place"]["code"] == shelf_of(tag)
            assert volume["belief"]["probability"] > 0.5
            assert volume["holding"]["place"]["code"] == ledger[number]
            assert volume["agreement"] == ("differs" if number in misplaced else "agrees")


def all_read(archive: Archive, tags: list[EmulatedTag]) -> bool:
    """Whether evidence has each tag often enough, by the one antenna that sees it."""
    found = evidence(archive)
    return all(
        found.get(("cabinet-1", tag.antennas[0], tag.epc.hex().upper()), (0, 0))[0] >= READS_OF_EACH_TAG for tag in tags
    )


def reader_of(program: httpx.Client) -> dict[str, Any]:
    """What the API says of the reader."""
    (reader,) = [reader for reader in program.get("/readers").json()["readers"] if reader["code"] == "cabinet-1"]
    return dict(reader)
