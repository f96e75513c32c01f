"""`guiwei ingest`: the loop from the broker to committed evidence, for one slot.

    take messages -> leave out repeated ones -> pipeline -> commit -> acknowledge

While a batch commits, the next one gathers; under load batches grow by themselves. If the database is away, the batch is
kept and tried again; nothing is acknowledged, so the broker keeps the rest.
"""

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime

import psycopg

from devices.broker import BrokerAddress
from devices.mqtt import RECONNECT_SECONDS_FIRST, RECONNECT_SECONDS_MAX, Message, SlotConnection
from devices.pipeline import KnownReader, Pipeline, known_readers
from devices.redelivery import Redelivery
from inventory.domain.refusals import Unavailable
from inventory.operations.taking_evidence import SLOT_LEASE, Packets, Retried, take_evidence
from inventory.store import evidence, leases, quarantine
from inventory.store.batch import EvidenceBatch
from inventory.store.database import Database
from inventory.store.leases import Lease
from inventory.store.reader_health import reader_states
from inventory.store.readers import registered_antennas, registry_version

log = logging.getLogger(__name__)

AWAY = (Unavailable, psycopg.OperationalError, psycopg.InterfaceError)  # the database
BATCH_MESSAGES_MAX = 5_000
LINGER_SECONDS = 0.02  # a nearly empty batch waits this long for company: at most 50 commits a second
LINGER_BELOW_MESSAGES = 500
RETRIED_AT_ONCE_MAX = 500  # quarantined messages at one look at the registry: live reads go first
UPKEEP_SECONDS = 2.0  # how often the registry is looked at and an idle slot's lease prolonged


@dataclass(frozen=True)
class Slot:
    """Which slot this process works for, and as whom."""

    number: int
    owner: str
    client_id: str


class Ingest:
    """One slot's ingest. `run` returns when `stop` is set and raises `LeaseLost` when another process has taken over."""

    def __init__(self, database: Database, address: BrokerAddress, slot: Slot) -> None:
        """Nothing is opened before `run`."""
        self._database = database
        self._address = address
        self._slot = slot
        self._registry = 0
        self._by_topic: dict[str, KnownReader] = {}

    def run(self, stop: threading.Event) -> None:
        """Work until stopped; a database that goes away between two batches means starting over."""
        while self._connect(stop):
            try:
                self._work(stop)
            except AWAY as away:
                log.warning("the database went away (%s); starting over", str(away).strip())
                stop.wait(RECONNECT_SECONDS_FIRST)
            else:
                return
            finally:
                self._connection.close()

    def _work(self, stop: threading.Event) -> None:
        evidence.prepare(self._connection)
        lease = self._lease(stop)
        if lease is None:
            return
        with self._session() as (broker, pipeline, redelivery):
            self._serve(stop, lease, broker, pipeline, redelivery)
        leases.give_back(self._connection, lease, datetime.now(UTC))
        self._connection.commit()

    # ── Setting up ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _connect(self, stop: threading.Event) -> bool:
        """Open a fresh database connection, tried until it is there; False where we are stopped before."""
        pause = RECONNECT_SECONDS_FIRST
        while not stop.is_set():
            try:
                self._connection = self._database.unpooled()
            except AWAY as away:
                log.warning("the database is away (%s); trying again in %.1f s", str(away).strip(), pause)
                stop.wait(pause)
                pause = min(pause * 2, RECONNECT_SECONDS_MAX)
            else:
                return True
        return False

    def _lease(self, stop: threading.Event) -> Lease | None:
        """The slot's lease; waits while another machine holds it."""
        while not stop.is_set():
            lease = leases.take(
                self._connection, f"ingest slot {self._slot.number}", self._slot.owner, datetime.now(UTC), SLOT_LEASE
            )
            self._connection.commit()
            if lease is not None:
                return lease
            stop.wait(UPKEEP_SECONDS)
        return None

    @contextmanager
    def _session(self) -> Iterator[tuple[SlotConnection, Pipeline, Redelivery]]:
        self._registry = registry_version(self._connection)
        by_topic = known_readers(registered_antennas(self._connection, self._slot.number))
        self._by_topic = by_topic
        states = reader_states(self._connection, datetime.now(UTC))
        redelivery = Redelivery(evidence.committed_packets(self._connection, self._slot.number))
        self._connection.commit()
        broker = SlotConnection(self._address, self._slot.client_id, by_topic)
        broker.start()
        try:
            yield broker, Pipeline(by_topic, states, self._registry), redelivery
        finally:
            broker.close()

    # ── Working ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def _serve(
        self, stop: threading.Event, lease: Lease, broker: SlotConnection, pipeline: Pipeline, redelivery: Redelivery
    ) -> None:
        next_upkeep = time.monotonic() + UPKEEP_SECONDS
        while not stop.is_set():
            if messages := self._gather(broker):
                for message in messages:
                    if not redelivery.is_repeated(message):
                        pipeline.add(message.topic, message.payload, message.received_at)
                batch, days = pipeline.take_batch()
                if not self._commit(stop, lease, batch, days, redelivery.batch(self._slot.number)):
                    return
                broker.acknowledge(messages)
            if time.monotonic() >= next_upkeep:
                self._upkeep(lease, broker, pipeline)
                next_upkeep = time.monotonic() + UPKEEP_SECONDS

    @staticmethod
    def _gather(broker: SlotConnection) -> list[Message]:
        messages = broker.take(BATCH_MESSAGES_MAX, wait_seconds=0.5)
        if messages and len(messages) < LINGER_BELOW_MESSAGES:
            time.sleep(LINGER_SECONDS)
            messages += broker.take(BATCH_MESSAGES_MAX - len(messages), wait_seconds=0)
        return messages

    def _commit(
        self, stop: threading.Event, lease: Lease, batch: EvidenceBatch, days: set[date], packets: Packets
    ) -> bool:
        """Commit until it is done; False where we are stopped before the database came back (the broker has it all)."""
        pause, again = RECONNECT_SECONDS_FIRST, False
        while True:
            try:
                # The answer to COMMIT may be all that was lost.
                if not (again and self._is_committed(packets)):
                    take_evidence(self._connection, batch, days, lease=lease, packets=packets, now=datetime.now(UTC))
            except AWAY as away:
                log.warning("the database went away in mid-batch (%s); the batch is kept", str(away).strip())
                self._connection.close()
                stop.wait(pause)
                pause, again = min(pause * 2, RECONNECT_SECONDS_MAX), True
                if not self._connect(stop):
                    return False
            else:
                return True

    def _is_committed(self, packets: Packets) -> bool:
        """Ask a fresh connection; it is ready for the batch afterwards."""
        evidence.prepare(self._connection)
        done = evidence.last_batch(self._connection, packets.slot)
        self._connection.commit()
        return done >= packets.batch

    def _upkeep(self, lease: Lease, broker: SlotConnection, pipeline: Pipeline) -> None:
        """Keep the lease, look whether readers were registered meanwhile, and try again what could be understood now."""
        with self._connection.transaction():
            leases.hold(self._connection, lease, datetime.now(UTC), SLOT_LEASE)
            version = registry_version(self._connection)
            by_topic = None
            if version != self._registry:
                by_topic = known_readers(registered_antennas(self._connection, self._slot.number))
        if by_topic is not None:
            self._registry, self._by_topic = version, by_topic
            pipeline.use(by_topic, version)
            broker.want(by_topic)
            log.info("registry version %d: %d topics", version, len(by_topic))
        self._retry(lease, pipeline)

    def _retry(self, lease: Lease, pipeline: Pipeline) -> None:
        """Some of what was quarantined before the registry changed, or was asked for again; the rest at the next turn."""
        readers = {reader.reader_id for reader in self._by_topic.values()}
        with self._connection.transaction():
            waiting = quarantine.to_try(
                self._connection, sorted(self._by_topic), sorted(readers), self._registry, RETRIED_AT_ONCE_MAX
            )
        if not waiting:
            return
        outcomes: list[tuple[int, int | None, str | None]] = []
        for one in waiting:
            if one.topic:
                outcomes.append((one.id, *pipeline.retry(one.topic, one.payload, one.received_at)))
            elif one.reader_id is not None:
                pipeline.scan_again(one.reader_id, one.payload.decode(), one.received_at)
                outcomes.append((one.id, one.reader_id, None))
        batch, days = pipeline.take_batch()
        take_evidence(
            self._connection,
            batch,
            days,
            lease=lease,
            retried=Retried(self._registry, outcomes),
            now=datetime.now(UTC),
        )
        understood = sum(why is None for _, _, why in outcomes)
        log.info("quarantine: %d messages tried again, %d understood", len(outcomes), understood)
