"""`python -m bench.fortnight`: two weeks of a simulated warehouse, with a night's audit after each day.

Mobile shelving and a smart cabinet, 20,000 dossiers. Every day two passes with handhelds and a cart, one aisle that nobody opens; picks,
loans, returns and re-shelvings at noon; some days a reader is off. From the fifth day on dossiers are misplaced and taken
away, and stay so. All of it goes the way of a site: readers' payloads are recorded and replayed, acts are recorded by
operations, days are closed, audits stored.

What must hold: nothing is called missing because an aisle was closed, a reader was off or a dossier was on loan; whatever was planted is
found, or told as undecided or not covered; the last report's numbers are those of its findings.
"""

import argparse
import secrets
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import numpy as np
import psycopg
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from devices.replay import replay
from devices.simulator import equipment
from devices.simulator.city import City, make_city, write_registers
from devices.simulator.floor import NO_SHELF
from devices.simulator.readers import SHELF_SECONDS, STEP_SECONDS, blocks_of_sweeps, shelves_of_a_round, sweep_route
from devices.simulator.run import write_recording
from devices.simulator.truth import NOWHERE, DifferenceKind, Truth, make_truth
from guiwei import demo_day
from guiwei.demo_day import AGENCY, Crew
from guiwei.embedded import embedded_postgres
from guiwei.site import upgrade
from inventory.domain.acts import ActKind
from inventory.domain.details import Detail
from inventory.domain.evidence_slots import EvidenceSlot
from inventory.domain.findings import Finding, FindingKind
from inventory.domain.identifiers import VolumeName
from inventory.domain.people import Role
from inventory.domain.requests import Initiator, LetterKind, Purpose, RequestKind
from inventory.operations import (
    asking,
    audit_papers,
    auditing,
    countersigning,
    custody,
    deciding,
    institutions,
    second_factor,
    signing_in,
)
from inventory.operations.asking import Asking
from inventory.operations.audit_judging import Audit
from inventory.operations.closing import close_day
from inventory.operations.custody import Asked, Seen
from inventory.operations.deciding import Decision
from inventory.operations.importing import ImportOptions, import_register
from inventory.operations.institutions import NewInstitution, NewLetter
from inventory.store.database import Database, connect, raw
from inventory.store.keys import new_key_ring
from tests.servers import server_directory

PIN = "739150"
ZONE = ZoneInfo("Asia/Shanghai")
FIRST_DAY = datetime(2026, 3, 2, tzinfo=ZONE)
DAY = timedelta(days=1)
MORNING, NOON, AFTERNOON = timedelta(hours=8), timedelta(hours=12), timedelta(hours=13)
LEARNED_DAYS = 4  # before anything is planted, and before the first audit
PICKED, LENT, MOVED_BACK = 20, 4, 4  # dossiers a day: fetched; of yesterday's lent; put back on another shelf
RESHELVED, RUN = 80, 25  # dossiers re-shelved with an act on the seventh day; moved together without one on the tenth
RESHELVED_DAY, RUN_DAY, KEPT_BACK_DAY = 6, 9, 8
KEPT_BACK = 3  # lent by the ledger, and never taken off their shelf
UNKNOWN = 3  # of the last dossiers, tags that no register knows
MISPLACED_DAILY, REMOVED_DAILY = 4, 2
OFF_DAYS = {
    5: equipment.HANDHELDS[1],
    8: equipment.CART_READER,
    13: equipment.HANDHELDS[1],
}  # cut off in each pass's middle
OFF_SURELY = 0.6
CABINET_OFF_DAY = 7

screen = Console(width=140)


@dataclass
class Warehouse:
    """The simulated city while it lives: what the ledger has where, what stands where, and why nobody may miss what."""

    city: City
    chance: np.random.Generator
    stands: NDArray[np.int32]
    ledger: NDArray[np.int32]
    dead: NDArray[np.bool_]
    planted: dict[int, str] = field(default_factory=dict)
    out: set[int] = field(default_factory=set)
    at_desk: list[int] = field(default_factory=list)
    closed: frozenset[int] = frozenset()

    @property
    def truth(self) -> Truth:
        """As the simulated readers see it."""
        return Truth(self.stands, self.dead, ())

    def draw(self, many: int) -> list[int]:
        """Dossiers of the mobile shelving that nothing has happened to, of the agency whose clerk asks."""
        agency = next(number for number, row in enumerate(self.city.agencies) if row.code == AGENCY)
        mobile = np.isin(self.ledger, self.city.shelves.place[self.city.shelves.mobile])
        free = (self.stands == self.ledger) & mobile & (self.city.dossiers.agency == agency) & ~self.dead
        free[list(self.planted)] = False
        free[-UNKNOWN:] = False
        return [int(one) for one in self.chance.choice(np.flatnonzero(free), many, replace=False)]

    def name(self, dossier: int) -> str:
        """Its number."""
        return str(self.city.dossiers.number[dossier].decode())

    def code(self, place: int) -> str | None:
        """Where a place's index stands, None for nowhere."""
        return None if place == NOWHERE else self.city.places[place].code


def run(dossiers: int, days: int, speed: float, seed: int, directory: Path) -> None:
    """Two weeks, and what came of them."""
    city = make_city(dossiers, seed=seed)
    start = make_truth(city, seed, misplaced=0, left_on_desk=0, removed=0)
    warehouse = Warehouse(
        city, np.random.default_rng([seed, 51]), start.place.copy(), city.dossiers.place.copy(), start.dead
    )
    warehouse.planted |= dict.fromkeys(np.flatnonzero(start.dead[:-UNKNOWN]).tolist(), "dead tag")
    with embedded_postgres(directory / "data", lambda _: None) as server:
        upgrade(server.url("owner"))
        keys = new_key_ring()
        owner, app, jobs = (connect(server.url(role), keys) for role in ("owner", "app", "jobs"))
        _fill(owner, city, directory)
        word = _people(owner)
        letter = _letter(app, _signed_in(app, word))
        for day in range(days):
            began = time.perf_counter()
            crew = _signed_in(app, word)  # anew each day: a session doesn't last as long as all this
            messages = _live(app, jobs, warehouse, crew, letter, day, speed, directory)
            end = FIRST_DAY + (day + 1) * DAY
            found = _judged(jobs, end, warehouse) if day >= LEARNED_DAYS else None
            with jobs.unpooled() as connection:
                close_day(connection, end)
            seconds = time.perf_counter() - began
            screen.print(_night(day, messages, found, warehouse, seconds))
        assert found is not None
        _tell(found, warehouse)
        with jobs.transaction() as session:
            _compare_report(raw(session), found)
        for one in (owner, app, jobs):
            one.engine.dispose()


# ── A day ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _live(
    app: Database,
    jobs: Database,
    warehouse: Warehouse,
    crew: Crew,
    letter: int,
    day: int,
    speed: float,
    directory: Path,
) -> int:
    """A pass in the morning, work at noon, a pass in the afternoon; returns how many messages the readers sent."""
    midnight = FIRST_DAY + day * DAY
    _close_an_aisle(warehouse)
    if day >= LEARNED_DAYS:
        _plant(warehouse, day)
    messages = 0
    for pass_begins in (MORNING, AFTERNOON):
        minutes = _minutes_of_a_pass(warehouse.city, speed)
        off = {}
        if day in OFF_DAYS:
            off[OFF_DAYS[day]] = midnight + pass_begins + timedelta(minutes=minutes / 2)
        if day == CABINET_OFF_DAY:
            off |= dict.fromkeys(_cabinet_readers(warehouse.city), midnight)
        recording = directory / "day.jsonl.gz"
        write_recording(
            warehouse.city,
            warehouse.truth,
            recording,
            midnight + pass_begins,
            minutes,
            speed=speed,
            closed=warehouse.closed,
            off=off,
        )
        messages += replay(jobs, recording, ZONE, close=False).messages
        if pass_begins == MORNING:
            _work(app, warehouse, crew, letter, day, midnight + NOON)
    return messages


def _minutes_of_a_pass(city: City, speed: float) -> float:
    """Until whoever sweeps most has passed every shelf once."""
    return shelves_of_a_round(city) * (sum(SHELF_SECONDS) + sum(STEP_SECONDS)) / 2 / speed / 60


def _cabinet_readers(city: City) -> set[str]:
    cabinets = {city.places[index].code for index in city.shelves.place[~city.shelves.mobile]}
    return {row.reader for row in city.readers if row.place in cabinets}


def _close_an_aisle(warehouse: Warehouse) -> None:
    """Both faces of one aisle stay shut all day."""
    shelves = warehouse.city.shelves
    used = shelves.mobile & np.isin(shelves.place, warehouse.city.dossiers.place)
    one = int(warehouse.chance.choice(np.flatnonzero(used)))
    aisle = shelves.carriage + shelves.face
    shut = used & (shelves.block == shelves.block[one]) & (aisle == aisle[one])
    warehouse.closed = frozenset(np.flatnonzero(shut).tolist())


def _plant(warehouse: Warehouse, day: int) -> None:
    """Somebody puts some back wrongly and takes some away; nobody tells the ledger."""
    shelves = warehouse.city.shelves
    shelf_of = {int(place): shelf for shelf, place in enumerate(shelves.place)}
    used = set(warehouse.city.dossiers.place.tolist())
    sides = {
        DifferenceKind.NEXT_LEVEL: (shelves.above, shelves.below),
        DifferenceKind.NEXT_BAY: (shelves.left, shelves.right),
        DifferenceKind.FACING: (shelves.facing,),
    }
    for kind in (*sides, DifferenceKind.FAR):
        for dossier in warehouse.draw(200):
            shelf = shelf_of[int(warehouse.ledger[dossier])]
            if kind is DifferenceKind.FAR:
                there = [int(warehouse.chance.choice(np.flatnonzero(shelves.mobile)))]
            else:
                there = [int(side[shelf]) for side in sides[kind]]
            there = [one for one in there if one != NO_SHELF and int(shelves.place[one]) in used and one != shelf]
            if there:
                warehouse.stands[dossier] = shelves.place[there[0]]
                warehouse.planted[dossier] = kind.value
                break
    for dossier in warehouse.draw(REMOVED_DAILY):
        warehouse.stands[dossier] = NOWHERE
        warehouse.planted[dossier] = DifferenceKind.REMOVED.value
    if day == RUN_DAY:
        bays = np.flatnonzero(shelves.mobile & np.isin(shelves.place, list(used)))
        away = int(bays[len(bays) // 5])
        from_place = warehouse.ledger[warehouse.draw(1)[0]]
        run = np.flatnonzero((warehouse.stands == from_place) & (warehouse.ledger == from_place) & ~warehouse.dead)[
            :RUN
        ]
        for dossier in set(run.tolist()) - warehouse.planted.keys():
            warehouse.stands[dossier] = shelves.place[away]
            warehouse.planted[dossier] = "a run"


# ── Work at noon ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _work(app: Database, warehouse: Warehouse, crew: Crew, letter: int, day: int, noon: datetime) -> None:
    """Yesterday's are lent or put back, today's fetched; on one day a move is recorded, on another a loan that stays where it was."""
    desk = warehouse.city.place_index("W1-DESK-1")

    def act(kind: ActKind, dossiers: Sequence[int], place: int, at: datetime, authority: str | None = None) -> None:
        if not dossiers:
            return
        volumes = [Seen(VolumeName.parse(warehouse.name(one))) for one in dossiers]
        code = warehouse.code(place)
        custody.record(
            app, crew.keeper, Asked(uuid4(), kind, volumes, code, at, authority=authority, reason="日常工作")
        )
        warehouse.ledger[dossiers] = place

    yesterday, warehouse.at_desk = warehouse.at_desk, []
    lent, back = yesterday[:LENT], yesterday[LENT:]
    for dossier in lent:
        _lend(app, warehouse, crew, letter, dossier, noon)
        warehouse.stands[dossier] = NOWHERE
    for number, dossier in enumerate(back):
        home = int(warehouse.city.dossiers.place[dossier])
        place = int(warehouse.city.dossiers.place[warehouse.draw(1)[0]]) if number < MOVED_BACK else home
        act(ActKind.SHELVED, [dossier], place, noon + timedelta(minutes=5))
        warehouse.stands[dossier] = place
    if day == RESHELVED_DAY:
        moved = [one for one in warehouse.draw(2 * RESHELVED) if one not in back][:RESHELVED]
        place = int(warehouse.city.dossiers.place[warehouse.draw(1)[0]])
        moved = [one for one in moved if warehouse.ledger[one] != place]
        act(ActKind.RESHELVED, moved, place, noon + timedelta(minutes=10))
        warehouse.stands[moved] = place
    if day == KEPT_BACK_DAY:
        kept = warehouse.draw(KEPT_BACK)
        stood = warehouse.stands[kept].copy()
        act(ActKind.PICKED, kept, desk, noon + timedelta(minutes=15), "R-000001")
        for dossier in kept:
            _lend(app, warehouse, crew, letter, dossier, noon + timedelta(minutes=20))
            warehouse.planted[dossier] = "lent, but there"
        warehouse.stands[kept] = stood
    fetched = warehouse.draw(PICKED)
    act(ActKind.PICKED, fetched, desk, noon + timedelta(minutes=25), "R-000001")
    warehouse.stands[fetched] = desk
    warehouse.at_desk = fetched


def _lend(app: Database, warehouse: Warehouse, crew: Crew, letter: int, dossier: int, at: datetime) -> None:
    form = Asking(
        uuid4(), RequestKind.LOAN, warehouse.name(dossier), Initiator.INSTITUTION, Purpose.SOCIAL_INSURANCE,
        institution=demo_day.INSTITUTIONS[0][0], letters={EvidenceSlot.LOAN_LETTER: letter}, paper_reason="需核对原件",
    )  # fmt: skip
    number = asking.ask(app, crew.clerk, form, at).number
    deciding.decide(app, crew.head, Decision(uuid4(), number, approve=True), at)
    details: dict[str, object] = {
        Detail.REQUEST: number, Detail.CARRIERS: ["张三", "李四"], Detail.DUE_ON: (at + 30 * DAY).date().isoformat(),
        Detail.SEAL_NUMBER: f"F-{dossier:06d}",
    }  # fmt: skip
    # As `lending.lend` records it, but later than it happened: that needs a reason, which whoever lends has no field for.
    seen = [Seen(VolumeName.parse(warehouse.name(dossier)), details=details)]
    second = countersigning.countersign(app, crew.keeper, "second", PIN)
    with app.transaction(crew.keeper) as session:
        borrower = asking.institution_of(raw(session), demo_day.INSTITUTIONS[0][0], at.date())
        assert borrower is not None
        lent = Asked(uuid4(), ActKind.LENT, seen, borrower.borrower_place, at, number, "补登", second)
        custody.write(raw(session), crew.keeper, lent, through="request")
    warehouse.ledger[dossier] = NOWHERE
    warehouse.out.add(dossier)


# ── Setting up ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _fill(owner: Database, city: City, directory: Path) -> None:
    """The registers, but for the last dossiers: their tags are nobody's."""
    write_registers(city, directory)
    path = directory / "dossiers.csv"
    lines = path.read_text("utf-8").splitlines(keepends=True)
    path.write_text("".join(lines[:-UNKNOWN]), "utf-8")
    options = ImportOptions(as_of=FIRST_DAY - 7 * DAY)
    for kind in ("agencies", "places", "readers", "dossiers"):
        import_register(owner, kind, directory / f"{kind}.csv", uuid4(), datetime.now(UTC), options)


PEOPLE = (
    ("clerk", Role.WINDOW_CLERK, AGENCY),
    ("head", Role.AGENCY_HEAD, AGENCY),
    ("keeper", Role.KEEPER, None),
    ("manager", Role.CITY_MANAGER, None),
    ("second", Role.KEEPER, None),
)


def _people(owner: Database) -> str:
    """Accounts for all of them, with one password."""
    word = secrets.token_urlsafe(16)
    for role in Role:
        second_factor.require(owner, role, required=False)
    for login, role, agency in PEOPLE:
        signing_in.add_account(owner, login, login, role, agency, word)
    countersigning.set_pin(owner, "second", PIN)
    return word


def _signed_in(app: Database, word: str) -> Crew:
    found = [signing_in.sign_in(app, login, word, secrets.token_urlsafe(32)).viewer for login, _, _ in PEOPLE[:4]]
    return Crew(*found)


def _letter(app: Database, crew: Crew) -> int:
    code, name, kind, address = demo_day.INSTITUTIONS[0]
    at = FIRST_DAY
    institutions.register_institution(app, crew.manager, NewInstitution(uuid4(), code, name, kind, address), at)
    new = NewLetter(uuid4(), LetterKind.LOAN_LETTER, "济社保借〔2026〕118 号", name, at.date())
    return institutions.register_letter(app, crew.clerk, new, at).letter_id


# ── What the nights said ─────────────────────────────────────────────────────────────────────────────────────────────


def _judged(jobs: Database, end: datetime, warehouse: Warehouse) -> Audit:
    with jobs.unpooled() as connection:
        number = auditing.ask_for(connection, warehouse.city.places[0].code, end - DAY, end, end)
    return auditing.run(jobs, number, datetime.now(UTC))


def _not_to_be_missed(warehouse: Warehouse, day: int) -> dict[str, set[int]]:
    """Who must not be called missing, and why."""
    shelves = warehouse.city.shelves
    shut = shelves.place[sorted(warehouse.closed)]
    silent = np.zeros(0, np.int32)
    if day in OFF_DAYS:
        route = sweep_route(warehouse.city, blocks_of_sweeps(warehouse.city)[OFF_DAYS[day]])
        # Cut off half way through each pass; how far it came by then depends on how long it stayed at each shelf.
        silent = shelves.place[route[round(OFF_SURELY * len(route)) :]]
    if day == CABINET_OFF_DAY:
        silent = shelves.place[~shelves.mobile]
    return {
        "closed aisle": set(np.flatnonzero(np.isin(warehouse.ledger, shut)).tolist()),
        "reader off": set(np.flatnonzero(np.isin(warehouse.ledger, silent)).tolist()),
        "on loan": warehouse.out,
        "at the desk": set(warehouse.at_desk),
    }


def _night(day: int, messages: int, found: Audit | None, warehouse: Warehouse, seconds: float) -> str:
    head = f"day {day + 1}  {messages:,} messages  {seconds:.0f} s"
    if found is None:
        return head
    by_number = {warehouse.name(dossier): dossier for dossier in range(len(warehouse.city.dossiers))}
    missing = {by_number[one.dossier] for one in found.findings if one.kind is FindingKind.MISSING and one.dossier}
    gone = {dossier for dossier in warehouse.planted if warehouse.stands[dossier] == NOWHERE}
    reasons = _not_to_be_missed(warehouse, day)
    others = missing - gone
    false = []
    for why, some in reasons.items():
        false.append(f"{why} {len(missing & some)} of {len(some):,}")
        others -= some
    return (
        f"{head}  coverage {found.coverage:.3f}  missing {len(missing)}, of them gone {len(missing & gone)}"
        f"  falsely: {', '.join(false)}; not read {len(others)}  undecided {len(found.undecided)}"
    )


RIGHT = {
    DifferenceKind.REMOVED.value: FindingKind.MISSING,
    "lent, but there": FindingKind.PRESENT_THOUGH_OUT,
    "dead tag": FindingKind.WEAK_TAG,
}
ENDS = ("found right", "undecided", "not covered", "told otherwise", "not told")


def _tell(found: Audit, warehouse: Warehouse) -> None:
    """What became of everything planted; the last two columns are what must not be."""
    counts: dict[str, Counter[str]] = {}
    said = {one.dossier: one for one in found.findings if one.dossier}
    for dossier, kind in warehouse.planted.items():
        end = _end_of(found, said.get(warehouse.name(dossier)), warehouse, dossier, kind)
        counts.setdefault(kind, Counter())[end] += 1
        if end in ENDS[3:]:
            home, there = (warehouse.code(int(where[dossier])) for where in (warehouse.ledger, warehouse.stands))
            screen.print(f"{kind}: {warehouse.name(dossier)} by ledger {home}, stands {there}; {end}")
    table = Table("planted", "times", *ENDS)
    for kind, of in sorted(counts.items()):
        table.add_row(kind, str(of.total()), *(str(of[end]) for end in ENDS))
    screen.print(table)
    planted = {warehouse.name(dossier) for dossier in warehouse.planted}
    strange = sum(one.kind is FindingKind.UNKNOWN_TAG for one in found.findings)
    false = Counter(one.kind.value for one in found.findings if one.dossier and one.dossier not in planted)
    screen.print(f"unknown tags: {strange} of {UNKNOWN}; findings about nothing planted: {dict(false)}")


def _end_of(found: Audit, said: Finding | None, warehouse: Warehouse, dossier: int, kind: str) -> str:
    home, there = (warehouse.code(int(where[dossier])) for where in (warehouse.ledger, warehouse.stands))
    right = said is not None and said.kind is RIGHT.get(kind, FindingKind.MISPLACED)
    if right and kind not in RIGHT and said is not None and there is not None:
        right = said.place_belief in {there, there.rpartition("-")[0]}  # the shelf, or its section
    if right:
        return "found right"
    if warehouse.name(dossier) in {one.dossier for one in found.undecided}:
        return "undecided"
    gaps = {one.place for one in found.gaps if one.place}
    if any(place and (place in gaps or any(place.startswith(f"{gap}-") for gap in gaps)) for place in (home, there)):
        return "not covered"
    return "told otherwise" if said else "not told"


def _compare_report(connection: psycopg.Connection[Any], found: Audit) -> None:
    """The stored report against the audit's own findings, number by number."""
    assert found.number is not None
    report = audit_papers.report_of(connection, found.number)
    kinds = Counter(one.kind.zh for one in found.findings)
    screen.print(
        f"report: {report.findings} findings, {report.coverage:.4f} covered; audit: {sum(kinds.values())}, {found.coverage:.4f}"
    )
    assert report.findings == len(found.findings)
    assert round(report.coverage, 9) == round(found.coverage, 9)


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dossiers", type=int, default=20_000)
    parser.add_argument("--days", type=int, default=14)
    parser.add_argument("--speed", type=float, default=6, help="how many times faster than life keepers sweep")
    parser.add_argument("--seed", type=int, default=1_000)
    asked = parser.parse_args()
    with server_directory() as directory:
        run(asked.dossiers, asked.days, asked.speed, asked.seed, directory)


if __name__ == "__main__":
    main()
