"""`python -m bench.audit`: a city's whole stock is audited, from stored evidence to stored findings.

Promised for a million volumes with nine rows of evidence each: under 60 s on two cores, under 1.5 GB, growing linearly; and the
findings are exactly those that the evidence supports. Sixteen handhelds pass every shelf twice. A volume is read in three slices of
half a second each time, and three times more, fainter, from the levels above and below and from the bay beside. Of the night that is
audited 500 volumes stand on another shelf, 200 are gone, 300 are out by the ledger, 1,000 were moved half way and are read at both shelves.

Afterwards all of that day's evidence goes through one belief step, which is promised 1 GB for a million volumes, and the day is closed.
"""

import argparse
import json
import os
import pickle
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import psycopg
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from bench.city import fill
from bench.custody import settle
from devices.simulator.city import make_city
from guiwei.embedded import embedded_postgres
from guiwei.embedded.postgres import EmbeddedPostgres
from guiwei.memory import give_back_large_arrays
from guiwei.site import upgrade
from inventory.domain.acts import ActKind
from inventory.domain.findings import FindingKind
from inventory.domain.identifiers import VolumeName
from inventory.domain.people import Role, Viewer
from inventory.operations import auditing, custody, signing_in
from inventory.operations.believing import step_beliefs
from inventory.operations.closing import close_day
from inventory.operations.custody import Asked, Seen
from inventory.store.columns import columns
from inventory.store.database import Database, connect
from inventory.store.keys import new_key_ring
from tests.servers import server_directory

SECONDS_PROMISED, MEGABYTES_PROMISED = 60, 1_500
STEP_MEGABYTES_PROMISED = 1_000
TIMES_JOIN_PROMISED = 3
MISPLACED, MISSING, OUT, MOVED = 500, 200, 300, 1_000  # of a million
MOVED_SHELVES = 20
HANDHELDS = 16
STAY_SLICES = 16  # of half a second at a shelf
AISLE_SHELVES = 60  # passed once, then again
SLICE = 500_000
DAY = timedelta(days=1)
BELIEVE, CLOSE = "believe", "close"
URL = "BENCH_AUDIT_URL"  # of the database, to the process that judges
FIRST_DAY = datetime(2026, 3, 2, tzinfo=UTC)
LEARNED_DAYS = 2
BEGIN_MICROSECONDS = 3_600_000_000  # after midnight
# Of a volume's nine rows: (shelves further, first or second pass, slices from its own, dBm, reads).
ROWS = (
    *((0, turn, step, -45.0, 5) for turn in (0, 1) for step in (-1, 0, 1)),
    (1, 0, 0, -58.0, 1),
    (-1, 1, 0, -59.0, 1),
    (6, 0, 0, -64.0, 1),
)

Integers = NDArray[np.int64]
screen = Console(width=140)


@dataclass(frozen=True)
class Stock:
    """What stands on the city's shelves by the ledger, a row a volume: `shelf` indexes `shelf_ids`, `along` is where on it, 0 to 1."""

    volume: Integers
    tag: Integers
    shelf: Integers
    along: NDArray[np.float64]
    louder_db: NDArray[np.float64]
    shelf_ids: Integers
    antennas: Integers

    @property
    def per_reader(self) -> int:
        """Shelves that one handheld passes."""
        return -(-len(self.shelf_ids) // len(self.antennas))

    def stay(self, shelf: Integers, turn: int) -> Integers:
        """Which of its reader's stays at shelves passes each of these the first time (0) or the second (1)."""
        own = shelf % self.per_reader
        return own // AISLE_SHELVES * 2 * AISLE_SHELVES + turn * AISLE_SHELVES + own % AISLE_SHELVES

    def late(self, shelf: Integers) -> NDArray[np.bool_]:
        """Whether a shelf is passed in the second half of the day."""
        return shelf % self.per_reader // AISLE_SHELVES >= self.per_reader // AISLE_SHELVES // 2 + 1

    @property
    def half_way(self) -> timedelta:
        """From midnight to between the two halves."""
        stays = (self.per_reader // AISLE_SHELVES // 2 + 1) * AISLE_SHELVES * 2
        return timedelta(microseconds=BEGIN_MICROSECONDS + stays * STAY_SLICES * SLICE)


@dataclass(frozen=True)
class Planted:
    """What is different on the last night: rows of the stock, and the shelves the misplaced and the moved went to."""

    misplaced: Integers
    misplaced_to: Integers
    missing: Integers
    out: Integers
    moved: Integers
    moved_to: Integers


def stock_of(postgres: EmbeddedPostgres, seed: int) -> Stock:
    """Read off the database."""
    with psycopg.connect(postgres.url("superuser")) as root:
        # Nobody passes empty shelves.
        (shelf_ids,) = columns(
            root,
            "SELECT DISTINCT place.id::bigint FROM holding JOIN place ON place.id = place_id WHERE kind = 'shelf' ORDER BY 1",
            {},
            "i",
        )
        (antennas,) = columns(
            root,
            "SELECT antenna.id::bigint FROM antenna JOIN reader ON reader.id = reader_id WHERE code LIKE 'BENCH-%%' ORDER BY 1",
            {},
            "i",
        )
        volume, tag, place = columns(
            root,
            "SELECT volume_id::bigint, tag.id::bigint, holding.place_id::bigint FROM tag JOIN holding USING (volume_id) "
            "JOIN place ON place.id = holding.place_id WHERE kind = 'shelf' ORDER BY volume_id",
            {},
            "iii",
        )
    chance = np.random.default_rng(seed)
    along, louder = chance.random(len(volume)), chance.normal(0, 1.5, len(volume))
    return Stock(volume, tag, np.searchsorted(shelf_ids, place), along, louder, shelf_ids, antennas)


def plant(stock: Stock, dossiers: int, seed: int) -> Planted:
    """Draw who is different; who is on another shelf is far from its own."""
    chance = np.random.default_rng([seed, 7])
    counts = [max(round(many * dossiers / 1_000_000), 20) for many in (MISPLACED, MISSING, OUT)]
    drawn = chance.permutation(len(stock.volume))
    misplaced, missing, out = np.split(drawn[: sum(counts)], np.cumsum(counts)[:-1])
    used = np.unique(stock.shelf)
    away = chance.integers(len(used) // 4, len(used) // 2, len(misplaced))
    rest = drawn[sum(counts) :]
    moved = rest[~stock.late(stock.shelf[rest])][: max(round(MOVED * dossiers / 1_000_000), 20)]
    targets = chance.choice(used[stock.late(used)], MOVED_SHELVES, replace=False)
    to = used[(np.searchsorted(used, stock.shelf[misplaced]) + away) % len(used)]
    return Planted(misplaced, to, missing, out, moved, targets[np.arange(len(moved)) % MOVED_SHELVES])


def hear(root: psycopg.Connection[Any], stock: Stock, day: int, planted: Planted | None, seed: int) -> int:
    """A night's evidence, straight into its partition; returns how many rows."""
    chance = np.random.default_rng([seed, 100 + day])
    rows, stands = np.arange(len(stock.volume)), stock.shelf.copy()
    if planted is not None:
        stands[planted.misplaced] = planted.misplaced_to
        rows = np.concatenate([np.setdiff1d(rows, np.concatenate([planted.missing, planted.out])), planted.moved])
        stands = np.concatenate([stands[rows[: -len(planted.moved)]], planted.moved_to])
    began = round((FIRST_DAY + day * DAY).timestamp()) * 1_000_000 + BEGIN_MICROSECONDS
    root.execute("SELECT evidence_day_ensure(%s)", ((FIRST_DAY + day * DAY).date(),))
    fields = "antenna_id, tag_id, slice_start, reads, rssi_reads, rssi_sum_cdbm, rssi_peak_cdbm, first_at, last_at"
    with root.cursor() as cursor, cursor.copy(f"COPY evidence ({fields}) FROM STDIN (FORMAT BINARY)") as copy:
        copy.write(b"PGCOPY\n\xff\r\n\0" + bytes(8))
        for beside, turn, step, dbm, reads in ROWS:
            shelf = stands + beside
            shelf = np.where((shelf < 0) | (shelf >= len(stock.shelf_ids)), stands - beside, shelf)
            stay = stock.stay(shelf, turn)
            slot = np.clip(
                np.rint(stock.along[rows] * (STAY_SLICES - 3)).astype(np.int64) + 1 + step, 0, STAY_SLICES - 1
            )
            start = began + (stay * STAY_SLICES + slot) * SLICE
            first = start + chance.integers(0, SLICE // 2, len(rows))
            last = first + chance.integers(1_000, SLICE // 2, len(rows))
            strength = np.rint(100 * (dbm + stock.louder_db[rows] + chance.normal(0, 2.0, len(rows)))).astype(np.int64)
            antenna = stock.antennas[shelf // stock.per_reader]
            copy.write(_binary(antenna, stock.tag[rows], start, reads, strength, first, last))
        copy.write(b"\xff\xff")
    root.commit()
    return len(rows) * len(ROWS)


_WIRE = np.dtype(
    [("fields", ">i2")]
    + [
        (f"{part}{number}", ">i4" if part == "length" else f">i{width}")
        for number, width in enumerate((4, 4, 8, 4, 4, 8, 2, 8, 8))
        for part in ("length", "value")
    ]
)


def _binary(
    antenna: Integers, tag: Integers, start: Integers, reads: int, strength: Integers, first: Integers, last: Integers
) -> bytes:
    epoch = 946_684_800_000_000
    table = np.zeros(len(tag), _WIRE)
    table["fields"] = 9
    values = (antenna, tag, start - epoch, reads, reads, strength * reads, strength, first - epoch, last - epoch)
    for number, value in enumerate(values):
        table[f"length{number}"] = _WIRE[f"value{number}"].itemsize
        table[f"value{number}"] = value
    return table.tobytes()


def work(
    app: Database, keeper: Viewer, root: psycopg.Connection[Any], stock: Stock, planted: Planted, day: int
) -> None:
    """What was done that day by the ledger: some were taken out in the morning, some moved half way."""
    morning = FIRST_DAY + day * DAY
    names = dict(
        root.execute("SELECT volume.id, number FROM volume JOIN dossier ON dossier.id = dossier_id WHERE volume.id = ANY(%s)",
                     (stock.volume[np.concatenate([planted.out, planted.moved])].tolist(),)).fetchall()
    )  # fmt: skip
    codes = dict(root.execute("SELECT id, code FROM place WHERE kind IN ('shelf', 'desk')").fetchall())
    desk = next(code for code in codes.values() if "DESK" in code)

    def done(kind: ActKind, rows: Integers, to: str, at: datetime, authority: str | None) -> None:
        volumes = [Seen(VolumeName.parse(names[volume])) for volume in stock.volume[rows].tolist()]
        custody.record(app, keeper, Asked(uuid4(), kind, volumes, to, at, authority=authority, reason="补登"))

    done(ActKind.PICKED, planted.out, desk, morning + timedelta(minutes=30), "R-000001")
    for target in np.unique(planted.moved_to).tolist():
        rows = planted.moved[planted.moved_to == target]
        done(ActKind.RESHELVED, rows, codes[int(stock.shelf_ids[target])], morning + stock.half_way, None)


# ── Measuring ────────────────────────────────────────────────────────────────────────────────────────────────────────


def judge(url: str, number: int) -> None:
    """In a process of its own, so that its memory is its own: run an audit and say what it took."""
    give_back_large_arrays()
    began, steps = time.perf_counter(), {}

    def on_step(step: str, _: int) -> None:
        steps[step] = (round(time.perf_counter() - began, 2), megabytes())

    auditing.run(connect(url, new_key_ring()), number, datetime.now(UTC), on_step)
    seconds = time.perf_counter() - began
    sys.stdout.write(json.dumps({"seconds": seconds, "memory": megabytes(), "steps": steps}) + "\n")


def know_all(url: str, what: str, day: int) -> None:
    """Likewise: one belief step over all evidence of a day, or its close."""
    give_back_large_arrays()
    end = FIRST_DAY + (day + 1) * DAY
    with connect(url, new_key_ring()).unpooled() as connection:
        began = time.perf_counter()
        done = step_beliefs(connection, end) if what == BELIEVE else close_day(connection, end).outcomes
    seconds = time.perf_counter() - began
    sys.stdout.write(json.dumps({"seconds": seconds, "memory": megabytes(), "done": done}) + "\n")


def megabytes() -> int:
    """The most memory this process ever had; `getrusage` would tell that of whoever started it."""
    status = Path("/proc/self/status").read_text("ascii")
    return int(status.split("VmHWM:")[1].split()[0]) // 1024


def measured(jobs: Database, url: str, scope: str, day: int) -> tuple[int, dict[str, Any]]:
    """An audit of a day by a new process: its number, and what it took."""
    since = FIRST_DAY + day * DAY
    with jobs.unpooled() as connection:
        number = auditing.ask_for(connection, scope, since, since + DAY, datetime.now(UTC))
    return number, _by_itself(url, "--judge", str(number))


def measured_knowing(root: psycopg.Connection[Any], url: str, stock: Stock, day: int) -> Iterator[str]:
    """What the belief step over a whole day takes, all of it being new, and then the day's close.

    A step knows where handhelds are by the codes scanned at shelves alone; the audit had to do without.
    """
    since = FIRST_DAY + day * DAY
    counted = root.execute(
        "SELECT count(*) FROM evidence WHERE slice_start >= %s AND slice_start < %s", (since, since + DAY)
    ).fetchone()
    assert counted is not None
    _scan(root, stock, day)
    root.execute("INSERT INTO belief_due (antenna_id, from_slice) SELECT id, %s FROM antenna", (since,))
    root.commit()
    for what in (BELIEVE, CLOSE):
        told = _by_itself(url, f"--{what}", str(day))
        yield (
            f"{what}: {told['seconds']:.0f} s, {counted[0] / told['seconds']:,.0f} rows/s from the database and back, "
            f"{told['memory']:,} MB; {told['done']}"
        )


def _scan(root: psycopg.Connection[Any], stock: Stock, day: int) -> None:
    began = FIRST_DAY + day * DAY + timedelta(microseconds=BEGIN_MICROSECONDS)
    shelf = np.arange(len(stock.shelf_ids))
    reader = dict(root.execute("SELECT id, reader_id FROM antenna").fetchall())
    with root.cursor() as cursor, cursor.copy("COPY anchor (reader_id, scanned_at, place_id) FROM STDIN") as copy:
        for turn in (0, 1):
            stays = stock.stay(shelf, turn).tolist()
            for antenna, stay, place in zip(
                stock.antennas[shelf // stock.per_reader].tolist(), stays, stock.shelf_ids.tolist(), strict=True
            ):
                at = began + timedelta(microseconds=stay * STAY_SLICES * SLICE)
                copy.write_row((reader[antenna], at, place))


def _by_itself(url: str, *arguments: str) -> dict[str, Any]:
    """What a new process of this module tells."""
    command = [sys.executable, "-m", "bench.audit", *arguments]
    told = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=os.environ | {URL: url}).stdout
    return dict(json.loads(told))


def scored(
    root: psycopg.Connection[Any], number: int, stock: Stock, planted: Planted
) -> list[tuple[str, int, int, int, int]]:
    """(what, planted, found right, undecided, found wrong)."""
    found = root.execute(
        "SELECT kind, volume_id, place_id FROM audit_finding WHERE audit_id = %s", (number,)
    ).fetchall()
    unsure = {row for (row,) in root.execute("SELECT volume_id FROM audit_undecided WHERE audit_id = %s", (number,))}
    misplaced = dict(
        zip(stock.volume[planted.misplaced].tolist(), stock.shelf_ids[planted.misplaced_to].tolist(), strict=True)
    )
    missing = set(stock.volume[planted.missing].tolist())
    said = {volume: place for kind, volume, place in found if kind == FindingKind.MISPLACED}
    gone = {volume for kind, volume, _ in found if kind == FindingKind.MISSING}
    right = {volume for volume, place in said.items() if misplaced.get(volume) == place}
    others = [volume for kind, volume, _ in found if kind not in (FindingKind.MISPLACED, FindingKind.MISSING)]
    quiet = set(stock.volume[np.concatenate([planted.out, planted.moved])].tolist())
    wrong_quiet = quiet & {volume for _, volume, _ in found}
    return [
        ("misplaced", len(misplaced), len(right), len(unsure & misplaced.keys()), len(said.keys() - right)),
        ("missing", len(missing), len(gone & missing), len(unsure & missing), len(gone - missing)),
        ("out or moved", len(quiet), len(quiet - wrong_quiet - unsure), len(unsure & quiet), len(wrong_quiet)),
        ("anything else", 0, 0, len(unsure - misplaced.keys() - missing - quiet), len(others)),
    ]


def full_join(root: psycopg.Connection[Any]) -> float:
    """Seconds of a plain full outer join of what is expected where and what was observed where, on the same rows."""
    root.execute("CREATE TEMPORARY TABLE expected AS SELECT volume_id, place_id FROM holding")
    root.execute(
        "CREATE TEMPORARY TABLE observed AS SELECT volume_id, place_id FROM belief WHERE volume_id % 5000 <> 7"
    )
    root.execute("ANALYZE expected, observed")
    began = time.perf_counter()
    root.execute(
        "SELECT count(*) FROM expected FULL JOIN observed USING (volume_id) WHERE expected.place_id IS DISTINCT FROM observed.place_id"
    ).fetchone()
    took = time.perf_counter() - began
    root.execute("DROP TABLE expected, observed")
    return took


@contextmanager
def city(directory: Path | None) -> Iterator[tuple[EmbeddedPostgres, Path]]:
    """A city in a server of its own; one kept in `directory` is used again."""
    if directory is not None:
        with embedded_postgres(directory / "data", lambda _: None) as postgres:
            yield postgres, directory
        return
    with server_directory() as made, embedded_postgres(made / "data", lambda _: None) as postgres:
        yield postgres, made


def prepare(postgres: EmbeddedPostgres, directory: Path, dossiers: int, seed: int) -> tuple[Stock, Planted]:
    """Import it, register the handhelds, listen and close for the learned days, then the day that is audited."""
    upgrade(postgres.url("owner"))
    keys = new_key_ring()
    app, owner, jobs = (connect(postgres.url(role), keys) for role in ("app", "owner", "jobs"))
    plan = make_city(dossiers, seed=seed)
    fill(owner, plan, directory, as_of=FIRST_DAY - 7 * DAY)
    with psycopg.connect(postgres.url("superuser")) as root:
        row = root.execute("SELECT count(*) FROM place WHERE kind = 'shelf'").fetchone()
        assert row is not None
        for reader in range(max(min(HANDHELDS, row[0] // (4 * AISLE_SHELVES)), 1)):
            root.execute(
                "WITH made AS (INSERT INTO reader (code, dialect, topic, timezone) VALUES (%s, 'native', %s, 'UTC') RETURNING id) "
                "INSERT INTO antenna (reader_id, number, place_id, role) SELECT made.id, 0, place.id, 'handheld' FROM made, place "
                "WHERE kind = 'warehouse'",
                (f"BENCH-{reader:02}", f"bench/{reader}"),
            )
        root.commit()
        signing_in.add_account(owner, "bench-keeper", "bench-keeper", Role.KEEPER, None, None)
        now = datetime.now(UTC)
        signing_in.add_token(owner, "bench-keeper", "bench", now, now + DAY, "bench-keeper")
        keeper = signing_in.viewer_of_token(owner, "bench-keeper")
        stock = stock_of(postgres, seed)
        planted = plant(stock, dossiers, seed)
        for day in range(LEARNED_DAYS + 1):
            began = time.perf_counter()
            rows = hear(root, stock, day, planted if day == LEARNED_DAYS else None, seed)
            heard = time.perf_counter() - began
            if day == LEARNED_DAYS:
                work(app, keeper, root, stock, planted, day)
                break
            with jobs.unpooled() as connection:
                closed = close_day(connection, FIRST_DAY + (day + 1) * DAY)
            took = time.perf_counter() - began - heard
            screen.print(f"day {day}: {rows:,} rows in {heard:.0f} s, closed in {took:.0f} s: {closed.outcomes}")
    settle(postgres.url("superuser"))
    for one in (app, owner, jobs):
        one.engine.dispose()
    return stock, planted


def run(dossiers: int, times: int, seed: int, directory: Path | None, table: Table) -> None:
    """One city, audited so many times."""
    with city(directory) as (postgres, place):
        if directory is None or not (directory / "prepared").exists():
            stock, planted = prepare(postgres, place, dossiers, seed)
            (place / "prepared").write_bytes(pickle.dumps((stock, planted)))
        # Acts have moved some since the stock was taken.
        stock, planted = pickle.loads((place / "prepared").read_bytes())  # noqa: S301 - written above
        jobs = connect(postgres.url("jobs"), new_key_ring())
        with psycopg.connect(postgres.url("superuser")) as root:
            row = root.execute("SELECT code FROM place WHERE kind = 'warehouse'").fetchone()
            assert row is not None
            told = []
            for _ in range(times):
                number, one = measured(jobs, postgres.url("jobs"), row[0], LEARNED_DAYS)
                told.append(one)
                screen.print(one)
            best = sorted(told, key=lambda one: one["seconds"])[len(told) // 2]
            joined = full_join(root)
            for what, of, right, unsure, wrong in scored(root, number, stock, planted):
                screen.print(f"{what}: {right} of {of} right, {unsure} undecided, {wrong} wrong")
            for line in measured_knowing(root, postgres.url("jobs"), stock, LEARNED_DAYS):
                screen.print(f"{line} (a step: promised < {STEP_MEGABYTES_PROMISED:,} MB)")
        table.add_row(
            f"{dossiers:,}", f"{best['seconds']:.1f} s", f"{best['memory']:,} MB", f"{joined:.2f} s",
            f"< {SECONDS_PROMISED * dossiers / 1_000_000:.0f} s, < {MEGABYTES_PROMISED:,} MB",
        )  # fmt: skip
        jobs.engine.dispose()


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dossiers", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--directory", type=Path, help="keep the city there, and use the one that is there")
    for what in ("judge", BELIEVE, CLOSE):
        parser.add_argument(f"--{what}", type=int, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.judge:
        judge(os.environ[URL], asked.judge)
        return
    for what in (BELIEVE, CLOSE):
        if (day := getattr(asked, what)) is not None:
            know_all(os.environ[URL], what, day)
            return
    table = Table(title="An audit, from stored evidence to stored findings")
    for column in ("volumes", "median", "memory", "plain full join", "promised"):
        table.add_column(column, justify="right")
    for dossiers in asked.dossiers:
        run(dossiers, asked.times, asked.seed, asked.directory, table)
    screen.print(table)


if __name__ == "__main__":
    main()
