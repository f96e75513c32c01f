"""`python -m bench.find_mode`: from a handheld's read to a browser's stream, through broker, ingest, database and web server.

A handheld publishes one read of a wanted tag ten times a second, beside a background of reads of other tags. Promised: at
least five updates a second. Also told: how long each took from publishing to the stream.
"""

import argparse
import json
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median, quantiles

import httpx
import sqlalchemy
from rich.console import Console

from inventory.domain.people import Role
from inventory.operations.signing_in import add_account, add_token
from inventory.store import migrating
from inventory.store.keys import new_key_ring
from tests import servers
from tests.conftest import Archive
from tests.ingest.equipment import Publisher, keep_alive, register_readers, working
from tests.site import serving
from web.app import WebSettings

WANTED = "3500E86F8000A9E000000001"
READS_PER_SECOND = 10
UPDATES_PROMISED = 5
BACKGROUND_PER_SECOND = 200

screen = Console()


@contextmanager
def site(directory: Path) -> Iterator[tuple[Archive, str]]:
    """A warehouse with one volume and one handheld, a keeper's token, and the real web server; its address."""
    engine_directory = directory / "engine"
    engine_directory.mkdir(mode=0o711)
    with servers.embedded_18(engine_directory) as server:
        server.provision("bench")
        engine = sqlalchemy.create_engine(server.url("owner", "bench").replace("postgresql:", "postgresql+psycopg:"))
        migrating.upgrade(engine)
        engine.dispose()
        archive = Archive(server, "bench", new_key_ring())
        archive.shelf("A-01")
        archive.dossier("D-1", on="A-01", epc=WANTED)
        register_readers(archive, directory, "H-1,native,h/1,0,W1-R1,handheld,", "B-1,native,b/1,0,A-01,shelf,")
        add_account(archive.owner, "zhao", "赵建国", Role.KEEPER, None, None)
        now = datetime.now(UTC)
        add_token(archive.owner, "zhao", "bench", now, now + timedelta(hours=1), "the-token")
        try:
            with serving(archive, WebSettings()) as address:
                yield archive, address
        finally:
            archive.close()


def follow(address: str, heard: list[tuple[float, int]], opened: threading.Event, stop: threading.Event) -> None:
    """Note when each update came, and the time its newest read bore (milliseconds)."""
    headers = {"Authorization": "Bearer the-token"}
    with httpx.stream("GET", f"{address}/live/dossiers/D-1/reads", headers=headers, timeout=60) as stream:
        for line in stream.iter_lines():
            opened.set()
            if line.startswith("data: "):
                heard.append((time.time(), json.loads(line.removeprefix("data: "))["at"]))
            if stop.is_set():
                return


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=20)
    seconds = parser.parse_args().seconds
    heard: list[tuple[float, int]] = []
    opened, stop = threading.Event(), threading.Event()
    with ExitStack() as stack:
        directory = stack.enter_context(servers.server_directory())
        archive, address = stack.enter_context(site(directory))
        broker = stack.enter_context(servers.mosquitto(directory))
        stack.enter_context(working(archive, broker.url))
        readers = Publisher(broker.url)
        stack.callback(readers.close)
        keep_alive(archive, readers)
        follower = threading.Thread(target=follow, args=(address, heard, opened, stop))
        follower.start()
        opened.wait(20)
        published = _publish(readers, seconds)
        time.sleep(1)
        stop.set()
        readers.say("h/1", json.dumps({"epc": WANTED, "rssi_dbm": -50, "at": time.time()}))
        follower.join(20)
    told = heard[: len(heard) - 1]
    late = [1000 * at - read for at, read in told]
    rate = len(told) / seconds
    screen.print(
        f"{published} reads at {READS_PER_SECOND}/s beside {BACKGROUND_PER_SECOND}/s of others: {rate:.1f} updates/s "
        f"(promised {UPDATES_PROMISED}); from read to stream median {median(late):.0f} ms, p99 {quantiles(late, n=100)[98]:.0f} ms"
    )


def _publish(readers: Publisher, seconds: int) -> int:
    began, count = time.monotonic(), seconds * READS_PER_SECOND
    for number in range(count):
        time.sleep(max(0.0, began + number / READS_PER_SECOND - time.monotonic()))
        at = time.time()
        others = [
            {"epc": f"3500E86F8000BBBB{other:08X}", "rssi_dbm": -55, "at": at}
            for other in range(BACKGROUND_PER_SECOND // READS_PER_SECOND)
        ]
        readers.publish("b/1", json.dumps(others))
        readers.publish("h/1", json.dumps({"epc": WANTED, "rssi_dbm": -60, "at": at}))
    readers.settle()
    return count


if __name__ == "__main__":
    main()
