"""The gate's side of the database: what it knows kept fresh, what it told brought there, when there is a database at all.

In a thread of its own: however long the database takes or stays away, no decision waits for it.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import psycopg

from devices import gate_knowledge
from devices.gate_knowledge import CHANGED_MAX, Knowledge, Register, gate_antennas
from inventory.domain.refusals import Unavailable
from inventory.operations.passing import take_passages
from inventory.store import gate_lists, passages
from inventory.store.database import Database
from inventory.store.passages import Telling
from inventory.store.readers import registered_antennas, registry_version

log = logging.getLogger(__name__)

AWAY = (Unavailable, psycopg.OperationalError, psycopg.InterfaceError)
LISTENED_TO = ("holding", "manifest", "gate")
TELLINGS_AT_ONCE_MAX = 500
WAIT_SECONDS = 0.02
LOOK_SECONDS = 10.0  # notifications tell at once; one that was lost costs no more than this
WHOLE_SECONDS_MIN = 60.0  # a city's register isn't read anew more often
RETRY_SECONDS = 1.0


@dataclass
class Pulse:
    """What is to be noted of a gate: when its readers were heard last (microseconds), and which sides and antennas are silent.

    deaf: ids of antennas that hear nothing of passages another on their side hears.
    """

    heard_at: int | None = None
    silent: tuple[str, ...] = ()
    deaf: tuple[int, ...] = ()


@dataclass
class Books:
    """Shared by the deciding thread and the database's. silence: told of each gate since when it may be silent."""

    database: Database
    directory: Path
    silence: Callable[[dict[int, datetime]], None]
    known: Knowledge | None = None
    waiting: deque[tuple[int, Telling]] = field(default_factory=deque)  # (segment of the spool, telling)
    pulses: dict[int, Pulse] = field(default_factory=dict)
    ready: threading.Event = field(default_factory=threading.Event)
    whole_seconds_min: float = WHOLE_SECONDS_MIN
    _registry: int = -1
    _whole_at: float = -WHOLE_SECONDS_MIN
    _stale: bool = False  # more has moved than could be named: the register is to be read anew, when it may
    _saved: Knowledge | None = None

    def run(self, stop: threading.Event) -> None:
        """Keep at it until stopped."""
        was_away = False
        while not stop.is_set():
            try:
                with self.database.unpooled() as connection:
                    connection.autocommit = True
                    if was_away:
                        log.info("the database is there again; %d tellings wait for it", len(self.waiting))
                        was_away = False
                    self._serve(connection, stop)
            except AWAY as away:
                if not was_away:
                    log.warning("the gates decide without the database: %s", str(away).strip().split("\n")[0])
                was_away = True
                stop.wait(RETRY_SECONDS)

    def waits_in(self) -> set[int]:
        """The spool's segments with something the database hasn't got."""
        return {segment for segment, _ in list(self.waiting)}

    def _serve(self, connection: psycopg.Connection[Any], stop: threading.Event) -> None:
        for channel in LISTENED_TO:
            connection.execute(f"LISTEN {channel}".encode())
        self._registry, look_at = -1, 0.0
        volumes: set[int] = set()
        while not stop.is_set():
            self._deliver(connection)
            channels, moved, everything = self._heard(connection)
            volumes |= moved
            due = time.monotonic() >= look_at
            if "gate" in channels or due:
                self.silence(passages.silenced(connection))
            if due or channels & {"holding", "manifest"}:
                self._stale |= everything
                self._refresh(connection, volumes)
                volumes = set()
            if due:
                self._note(connection)
                look_at = time.monotonic() + LOOK_SECONDS

    def _heard(self, connection: psycopg.Connection[Any]) -> tuple[set[str], set[int], bool]:
        """Channels that told something, the volumes that moved, and whether too many did to name them."""
        channels: set[str] = set()
        moved: set[int] = set()
        everything = False
        for notice in connection.notifies(timeout=WAIT_SECONDS):
            channels.add(notice.channel)
            if notice.channel == "holding":
                told = _named(notice.payload)
                everything |= told is None
                moved.update(told or ())
        return channels, moved, everything

    def _deliver(self, connection: psycopg.Connection[Any]) -> None:
        while self.waiting:
            batch = [self.waiting[place] for place in range(min(len(self.waiting), TELLINGS_AT_ONCE_MAX))]
            taken = take_passages(connection, [telling for _, telling in batch], datetime.now(UTC))
            for _ in batch:
                self.waiting.popleft()
            if taken.opened:
                log.info("%d discrepancies opened by what passed", taken.opened)

    # ── What is known ────────────────────────────────────────────────────────────────────────────────────────────────

    def _refresh(self, connection: psycopg.Connection[Any], volumes: set[int]) -> None:
        known, now = self.known, time.time_ns() // 1000
        registry = registry_version(connection)
        may = time.monotonic() >= self._whole_at + self.whole_seconds_min
        if known is None or self._registry == -1 or (may and (self._stale or len(known.changed) > CHANGED_MAX)):
            self._whole(connection, now)
            self._stale = False
        elif volumes:
            # Whatever can't be named one by one waits for the next reading of all.
            known = known.with_changes(volumes, gate_lists.tags_of(connection, sorted(volumes)), now)
            self.known = known
        assert self.known is not None
        gates, antennas = self.known.gates, self.known.antennas
        if registry != self._registry:
            gates = {gate.place_id: gate for gate in gate_lists.gates(connection)}
            antennas = list(gate_antennas(registered_antennas(connection, None)))
            self._registry = registry
        self.known = Knowledge(
            now,
            antennas,
            gates,
            gate_lists.papers(connection),
            self.known.places,
            self.known.register,
            self.known.changed,
        )
        self._save(whole=self._saved is None or self._saved.register is not self.known.register)
        self.ready.set()

    def _whole(self, connection: psycopg.Connection[Any], now: int) -> None:
        places = {place: (code, kind) for place, code, kind in gate_lists.places(connection)}
        with connection.transaction():
            register = Register.of(gate_lists.tags(connection))
        before = self.known
        antennas, gates = ([], {}) if before is None else (before.antennas, before.gates)
        self.known = Knowledge(now, antennas, gates, [], places, register)
        self._whole_at = time.monotonic()

    def _save(self, *, whole: bool) -> None:
        known, saved = self.known, self._saved
        assert known is not None
        if saved is not None and not whole:
            same = (saved.papers, saved.gates, saved.antennas) == (known.papers, known.gates, known.antennas)
            if same and saved.changed is known.changed:
                return
        gate_knowledge.save(self.directory, known, whole=whole)
        self._saved = known

    def _note(self, connection: psycopg.Connection[Any]) -> None:
        now = datetime.now(UTC)
        for gate, pulse in list(self.pulses.items()):
            heard = None if pulse.heard_at is None else datetime.fromtimestamp(pulse.heard_at / 1e6, UTC)
            passages.note_pulse(connection, gate, now, heard, pulse.silent, pulse.deaf)


def _named(payload: str) -> list[int] | None:
    """The volumes a notification names; None for "*", and for whatever anybody else with a connection says there."""
    try:
        return msgspec.json.decode(payload, type=list[int])
    except msgspec.DecodeError:
        return None
