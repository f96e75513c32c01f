"""`python -m bench.custody`: a working day's acts on a city of a million dossiers, on the embedded PostgreSQL.

Promised: 200 acts a second sustained by 20 clients on two cores with a 99th percentile under 100 ms, and a transfer of 1,000
dossiers in one bulk act under 2 s. Clients are HTTP clients of the JSON API with a bearer token each, all in one thread (`bench.http_clients`), the server a process
of its own, the load open: an act is due every 5 ms whether or not the last one is back, and its time counts from when it
was due. Beside it, in the same run: the most the clients get when nobody paces them, and the floor, a bare INSERT and
COMMIT of the same PostgreSQL from 20 connections.
"""

import argparse
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from statistics import median, quantiles
from uuid import uuid4

import httpx
import psycopg
from rich.console import Console
from rich.table import Table

from bench.city import fill
from bench.http_clients import HttpClient, drive
from devices.simulator.city import make_city
from guiwei.embedded import embedded_postgres
from guiwei.embedded.directory import free_port
from guiwei.site import upgrade
from inventory.domain.acts import ActKind
from inventory.domain.identifiers import VolumeName
from inventory.domain.people import Role, Viewer
from inventory.operations import custody, signing_in
from inventory.operations.custody import Asked, Seen
from inventory.operations.verifying import verify_ledger
from inventory.store.database import Database, connect, raw
from inventory.store.keys import load_key_ring
from tests.servers import server_directory

CLIENTS = 20
ACTS_PER_SECOND_PROMISED = 200
P99_MILLISECONDS_PROMISED = 100
BULK_DOSSIERS, BULK_SECONDS_PROMISED = 1_000, 2.0
START_SECONDS_MAX = 30
WARM_SECONDS = 5

screen = Console()


@dataclass(frozen=True)
class Result:
    """Acts a second and the times of each, in milliseconds."""

    rate: float
    took: list[float]

    def row(self) -> tuple[str, str, str, str]:
        """Rate, median, 99th percentile and slowest, for the table."""
        return (
            f"{self.rate:,.0f}/s", f"{median(self.took):.1f} ms", f"{quantiles(self.took, n=100)[-1]:.1f} ms",
            f"{max(self.took):.1f} ms",
        )  # fmt: skip


def run(clients: list[Callable[[], None]], seconds: float) -> Result:
    """Let the clients work for `seconds`, each in a thread of its own, as fast as they get answers."""
    took: list[float] = []
    errors: list[BaseException] = []
    ends = time.perf_counter() + seconds

    def work(act: Callable[[], None]) -> None:
        try:
            while (began := time.perf_counter()) < ends:
                act()
                took.append((time.perf_counter() - began) * 1000)
        except BaseException as error:
            errors.append(error)
            raise

    threads = [threading.Thread(target=work, args=(client,), daemon=True) for client in clients]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors, errors[0]
    return Result(len(took) / (time.perf_counter() - began), took)


@contextmanager
def serving(directory: Path, port: int) -> Iterator[None]:
    """`guiwei web` on the embedded PostgreSQL that runs already, as a process of its own."""
    environment = os.environ | {"GUIWEI_DATA_DIR": str(directory), "GUIWEI_WEB_PORT": str(port)}
    server = subprocess.Popen([sys.executable, "-m", "guiwei", "web"], env=environment)
    try:
        deadline = time.monotonic() + START_SECONDS_MAX
        while True:
            try:
                if httpx.get(f"http://127.0.0.1:{port}/ready").is_success:
                    break
            except httpx.TransportError:
                pass
            assert server.poll() is None and time.monotonic() < deadline, "the web server doesn't start"
            time.sleep(0.2)
        yield
    finally:
        server.terminate()
        server.wait(START_SECONDS_MAX)


def keepers(owner: Database) -> list[tuple[Viewer, str]]:
    """Twenty keepers, each with a token of a program of theirs; the token is what they show."""
    now = datetime.now(UTC)
    made = []
    for number in range(CLIENTS):
        keeper = signing_in.add_account(owner, f"keeper-{number}", f"库管 {number}", Role.KEEPER, None, None)
        signing_in.add_token(owner, keeper.login, "bench", now, now + timedelta(days=1), f"bench-token-{number}")
        made.append((replace(keeper, secret=f"bench-token-{number}"), f"bench-token-{number}"))
    return made


def shelf_codes(database: Database) -> list[str]:
    """Every shelf."""
    with database.transaction() as session:
        return [code for (code,) in raw(session).execute("SELECT code FROM place WHERE kind = 'shelf' ORDER BY id")]


def shelved_numbers(database: Database) -> list[str]:
    """Every dossier that stands on one."""
    query = (
        "SELECT number FROM holding JOIN place ON place.id = place_id JOIN volume ON volume.id = volume_id "
        "JOIN dossier ON dossier.id = dossier_id WHERE kind = 'shelf' ORDER BY 1"
    )
    with database.transaction() as session:
        return [number for (number,) in raw(session).execute(query)]


def by_http(port: int, token: str, numbers: list[str], shelves: list[str]) -> HttpClient:
    """A client that re-shelves one dossier after another, each of its own."""
    turns = count()

    def request() -> bytes:
        turn = next(turns)
        number, shelf = numbers[turn % len(numbers)], shelves[(turn * 7_919 + turn // len(numbers)) % len(shelves)]
        asked = {"command_id": str(uuid4()), "kind": "reshelved", "volumes": [{"volume": number}], "to_place": shelf}
        body = json.dumps(asked).encode()
        head = (
            f"POST /api/v1/acts HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {token}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body

    def accept(answer: bytes) -> None:
        # By chance the shelf is the one it stands on already.
        assert answer.startswith(b"HTTP/1.1 200 ") or b"already_there" in answer, answer

    return HttpClient(port, request, accept)


def bare(url: str) -> Callable[[], None]:
    """A client that only inserts a row and commits: nobody's act is faster."""
    connection = psycopg.connect(url)

    def act() -> None:
        connection.execute("SELECT access_logged('bench', NULL)")
        connection.commit()

    return act


def settle(superuser_url: str) -> None:
    """What autovacuum and the checkpointer would do in the night after an import."""
    with psycopg.connect(superuser_url, autocommit=True) as superuser:
        superuser.execute("VACUUM ANALYZE")
        superuser.execute("CHECKPOINT")


def bulk(database: Database, keeper: Viewer, numbers: list[str], shelves: list[str]) -> list[float]:
    """Seconds of five bulk acts: each moves the same 1,000 dossiers to another shelf."""
    seen = [Seen(VolumeName(number)) for number in numbers[-BULK_DOSSIERS:]]
    took = []
    for shelf in shelves[-6:-1]:
        asked = Asked(uuid4(), ActKind.RESHELVED, seen, shelf, datetime.now(UTC))
        began = time.perf_counter()
        assert custody.record(database, keeper, asked) == BULK_DOSSIERS
        took.append(time.perf_counter() - began)
    return took


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dossiers", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=float, default=60)
    asked = parser.parse_args()
    city = make_city(asked.dossiers, seed=1)
    with server_directory() as directory, embedded_postgres(directory, lambda _: None) as postgres:
        upgrade(postgres.url("owner"))
        keys = load_key_ring(directory / "guiwei.key", make=True)
        database, owner, at_night = (connect(postgres.url(role), keys) for role in ("app", "owner", "jobs"))
        (directory / "registers").mkdir()
        fill(owner, city, directory / "registers")
        people, shelves, numbers = keepers(owner), shelf_codes(owner), shelved_numbers(owner)
        table = Table(title=f"{asked.dossiers:,} dossiers, {CLIENTS} clients")
        for column in ("what", "rate", "median", "99 %", "slowest", "promised"):
            table.add_column(column, justify="right")
        floor = run([bare(postgres.url("app")) for _ in range(CLIENTS)], asked.seconds / 4)
        table.add_row("bare INSERT and COMMIT", *floor.row(), "")
        port = free_port(8000)
        with serving(directory, port):
            clients = [
                by_http(port, token, numbers[number::CLIENTS][:5_000], shelves)
                for number, (_, token) in enumerate(people)
            ]
            # A working day, not the hour of an import: what a night settles is settled, and plans and pages are warm.
            settle(postgres.url("superuser"))
            drive(clients, WARM_SECONDS, None)
            paced = Result(*drive(clients, asked.seconds, ACTS_PER_SECOND_PROMISED))
            table.add_row(
                "acts by HTTP, paced", *paced.row(), f"{ACTS_PER_SECOND_PROMISED}/s, < {P99_MILLISECONDS_PROMISED} ms"
            )
            free = Result(*drive(clients, asked.seconds / 2, None))
            table.add_row("acts by HTTP, as fast as it goes", *free.row(), "")
        took = bulk(database, people[0][0], numbers, shelves)
        table.add_row(
            f"{BULK_DOSSIERS:,} in one act", f"{BULK_DOSSIERS / median(took):,.0f}/s", f"{median(took) * 1000:.0f} ms", "",
            f"{max(took) * 1000:.0f} ms", f"< {BULK_SECONDS_PROMISED:.0f} s",
        )  # fmt: skip
        assert verify_ledger(at_night).sound
        for one in (database, owner, at_night):
            one.engine.dispose()
    screen.print(table)
    screen.print(f"acts at full speed reach {free.rate / floor.rate:.2f} of bare commits")


if __name__ == "__main__":
    main()
