"""Works off `reader_command`: sends what is due to the readers of one ingest slot, and notes what came of it.

It runs beside `guiwei ingest`, which owns the slot's readers, on connections of its own: telling a reader never waits for
reads, nor reads for a reader that doesn't answer. One process at a time, by a lease. A command is marked as sent, then sent,
so it is sent once or not at all; its answer, or the lack of one, is a state and a sentence soon after `answer_by`.
"""

import logging
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

import psycopg

from devices.broker import BrokerAddress
from devices.controls import impinj, over_mqtt
from devices.controls.told import Told
from devices.logins import login_of
from devices.mqtt import Message, SlotConnection
from devices.readings import Undecodable
from devices.rest import Outcome, ask
from inventory.domain.commands import CommandState, Rest, Topics, control_of, said
from inventory.domain.refusals import LeaseLost, Unavailable
from inventory.store import leases, reader_commands
from inventory.store.database import Database
from inventory.store.leases import Lease
from inventory.store.reader_commands import Commanded, Ended, Taken
from inventory.store.readers import registry_version

log = logging.getLogger(__name__)

AWAY = (Unavailable, psycopg.OperationalError, psycopg.InterfaceError)  # the database
COMMANDS_LEASE = timedelta(seconds=15)
LOOK_SECONDS = 1.0  # a notification is heard at once; what becomes due, and what times out, is looked for so often
WAIT_SECONDS = 0.05
RETRY_SECONDS = 1.0
HTTP_AT_ONCE_MAX = 8
HTTP_SECONDS_MAX = 5.0
ANSWERS_AT_ONCE_MAX = 500


@dataclass(frozen=True)
class CommandSlot:
    """Which slot's readers are told, and by whom; passwords: the file with the readers' logins."""

    number: int
    owner: str
    client_id: str
    passwords: Path


@dataclass(frozen=True)
class _Controlled:
    reader: Commanded
    control: Topics | Rest | None


class Commands:
    """One slot's commands. `run` returns when `stop` is set."""

    def __init__(self, database: Database, address: BrokerAddress, slot: CommandSlot) -> None:
        """Nothing is opened before `run`."""
        self._database, self._address, self._slot = database, address, slot
        self._readers: dict[int, _Controlled] = {}
        self._by_answers: dict[str, _Controlled] = {}
        self._registry = -1
        self._outcomes: SimpleQueue[tuple[int, Outcome]] = SimpleQueue()

    def run(self, stop: threading.Event) -> None:
        """Work until stopped; whatever goes away is come back to."""
        while not stop.is_set():
            try:
                with self._database.unpooled() as connection:
                    connection.autocommit = True
                    lease = self._lease(connection, stop)
                    if lease is None:
                        return
                    with self._broker() as broker:
                        self._serve(connection, lease, broker, stop)
                    leases.give_back(connection, lease, datetime.now(UTC))
            except LeaseLost:
                log.warning("another process tells the readers of slot %d", self._slot.number)
            except AWAY as away:
                log.warning("commands to readers wait for the database: %s", str(away).strip())
            stop.wait(RETRY_SECONDS)

    def _lease(self, connection: psycopg.Connection[Any], stop: threading.Event) -> Lease | None:
        name = f"reader commands {self._slot.number}"
        while not stop.is_set():
            lease = leases.take(connection, name, self._slot.owner, datetime.now(UTC), COMMANDS_LEASE)
            if lease is not None:
                return lease
            stop.wait(RETRY_SECONDS)
        return None

    @contextmanager
    def _broker(self) -> Iterator[SlotConnection]:
        broker = SlotConnection(self._address, self._slot.client_id, (), lasting=False)
        broker.start()
        try:
            yield broker
        finally:
            broker.close()

    def _serve(
        self, connection: psycopg.Connection[Any], lease: Lease, broker: SlotConnection, stop: threading.Event
    ) -> None:
        connection.execute("LISTEN reader_command")
        self._registry, look_at = -1, 0.0
        with ThreadPoolExecutor(HTTP_AT_ONCE_MAX, "reader") as hands:
            while not stop.is_set():
                answers = broker.take(ANSWERS_AT_ONCE_MAX, WAIT_SECONDS)
                heard = list(connection.notifies(timeout=0))
                if answers or not self._outcomes.empty():
                    self._note(connection, lease, answers)
                    broker.acknowledge(answers)
                if heard or time.monotonic() >= look_at:
                    look_at = time.monotonic() + LOOK_SECONDS
                    for taken in self._take(connection, lease, broker):
                        self._send(taken, broker, hands)

    # ── Out ──────────────────────────────────────────────────────────────────────────────────────────────────────────

    def _take(self, connection: psycopg.Connection[Any], lease: Lease, broker: SlotConnection) -> list[Taken]:
        """What is to be sent now, marked as sent; what can't be is told so, and what took too long has ended."""
        now = datetime.now(UTC)
        with connection.transaction():
            leases.hold(connection, lease, now, COMMANDS_LEASE)
            self._look_at_registry(connection, broker)
            reader_commands.time_out(connection, now)
            # Kept for the broker, a command would reach its reader long after nobody waits for it any more.
            reachable = [
                reader_id
                for reader_id, one in self._readers.items()
                if not isinstance(one.control, Topics) or broker.connected
            ]
            taken = reader_commands.take_due(connection, reachable, now)
            for one in taken:
                if (ended := self._refused(one)) is not None:
                    reader_commands.end(connection, ended, now)
        return [one for one in taken if self._refused(one) is None]

    def _refused(self, taken: Taken) -> Ended | None:
        """What isn't even sent: to a reader that takes no commands, into a block where somebody stands."""
        if taken.held_by is not None:
            return Ended(
                taken.id,
                CommandState.FAILED,
                f"{taken.held_by}正占用该列的通道，未移动。",
                f"{taken.held_by} holds an aisle of that block; nothing was moved.",
            )
        if self._readers[taken.reader_id].control is None:
            return Ended(
                taken.id,
                CommandState.FAILED,
                "登记中没有写明命令地址。",
                "Its registration doesn't say where it takes commands.",
            )
        return None

    def _send(self, taken: Taken, broker: SlotConnection, hands: ThreadPoolExecutor) -> None:
        one = self._readers[taken.reader_id]
        told = Told(taken.id, taken.kind, taken.arguments, one.reader.antennas)
        if isinstance(one.control, Topics):
            broker.publish(one.control.commands, over_mqtt(one.reader.dialect).command(told))
        elif one.control is not None:
            hands.submit(self._ask, one, one.control, told, taken.answer_by)

    def _ask(self, one: _Controlled, control: Rest, told: Told, answer_by: datetime) -> None:
        left = (answer_by - datetime.now(UTC)).total_seconds()
        if left > 0:  # else it waited behind others for so long, and has timed out
            login = login_of(self._slot.passwords, one.reader.code)
            outcome = ask(control.url, impinj.request(told), login, min(left, HTTP_SECONDS_MAX))
            self._outcomes.put((told.id, outcome))

    # ── Back ─────────────────────────────────────────────────────────────────────────────────────────────────────────

    def _note(self, connection: psycopg.Connection[Any], lease: Lease, answers: list[Message]) -> None:
        now = datetime.now(UTC)
        with connection.transaction():
            leases.hold(connection, lease, now, COMMANDS_LEASE)
            for message in answers:
                self._note_answer(connection, message, now)
            while True:
                try:
                    command, outcome = self._outcomes.get_nowait()
                except Empty:
                    return
                reader_commands.end(connection, Ended(command, outcome.state, outcome.zh, outcome.en), now)

    def _note_answer(self, connection: psycopg.Connection[Any], message: Message, now: datetime) -> None:
        one = self._by_answers.get(message.topic)
        if one is None:
            return
        try:
            answer = over_mqtt(one.reader.dialect).answer(message.payload)
        except Undecodable as garbage:
            # Nobody knows which command it is about, but that it was one of this reader's is plain.
            zh, en = f"答复无法理解：{said(garbage)}", f"The answer can't be understood: {said(garbage)}"
            reader_commands.fail_of_reader(connection, one.reader.reader_id, zh, en, now)
            return
        ended = Ended(answer.id, CommandState.DONE)
        if answer.problem is not None:
            why = said(answer.problem)
            ended = Ended(answer.id, CommandState.FAILED, f"读写器拒绝：{why}。", f"The reader refuses: {why}.")
        reader_commands.end(connection, ended, now, one.reader.reader_id)

    def _look_at_registry(self, connection: psycopg.Connection[Any], broker: SlotConnection) -> None:
        version = registry_version(connection)
        if version == self._registry:
            return
        self._registry = version
        self._readers = {
            reader.reader_id: _Controlled(reader, control_of(reader.dialect, reader.topic, reader.control_url))
            for reader in reader_commands.readers_of_slot(connection, self._slot.number)
        }
        self._by_answers = {
            one.control.answers: one for one in self._readers.values() if isinstance(one.control, Topics)
        }
        broker.want(self._by_answers)
