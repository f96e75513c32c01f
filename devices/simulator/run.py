"""Let the simulated readers speak: over a real broker in real time, or into a recording as fast as the machine can."""

import gzip
import heapq
import json
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from pathlib import Path
from threading import Event
from types import MappingProxyType
from typing import IO, NamedTuple

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import MQTTErrorCode

from devices.broker import BrokerAddress, new_client
from devices.simulator.all_readers import make_readers
from devices.simulator.city import City
from devices.simulator.commanded import CommandedReader
from devices.simulator.readers import SimulatedReader
from devices.simulator.truth import Standing, Truth

MESSAGES_PER_SECOND_MAX = 400.0
READERS_CONNECTED_MAX = 64  # of a very large city only so many readers speak live
MESSAGES_QUEUED_PER_READER_MAX = 1_000  # in the client, while the broker is slow or away
FULL_QUEUE_SECONDS = 0.1
CONNECT_RETRY_SECONDS = 1.0
GOODBYE_SECONDS_MAX = 2.0
SPEED_MIN, SPEED_MAX = 0.1, 100.0
RECORDING_MINUTES_MAX = 60 * 24 * 31
NETWORK_SECONDS = 0.08  # from a reader's clock to the broker, in a recording

FOREVER = datetime.max.replace(tzinfo=UTC)

Say = Callable[[str], None]


class Publication(NamedTuple):
    """One message of one reader; sorts by time, then by reader, then by its own order."""

    at: datetime
    reader: int
    number: int
    topic: str
    payload: bytes


def publications(readers: list[SimulatedReader], start: datetime, now: Callable[[], datetime]) -> Iterator[Publication]:
    """Everything all readers say from `start` on, in order of time, without end.

    A burst begins no earlier than `now()`: a live run that falls behind is late by a burst at most, never by hours.
    """
    return heapq.merge(*(_of_one(reader, number, start, now) for number, reader in enumerate(readers)))


def _of_one(
    reader: SimulatedReader, number: int, start: datetime, now: Callable[[], datetime]
) -> Iterator[Publication]:
    began, spoken = start, 0
    while True:
        began = max(began, now())
        burst = reader.burst(began)
        for message in burst.messages:
            at = began + timedelta(seconds=message.due_seconds)
            yield Publication(at, number, spoken, message.topic, message.payload)
            spoken += 1
        began += timedelta(seconds=burst.seconds)


# ── Live ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def simulate(city: City, truth: Truth, address: BrokerAddress, stop: Event, speed: float, say: Say) -> None:
    """Publish until `stop` is set: one connection a reader, QoS 1, status retained with a last will.

    speed: how much faster than a keeper sweeps are walked (0.1 to 100); times stay those of the clock. A broker that is
    away is waited for. Raises `BadSetting` for a URL and ValueError for a speed that can't be meant.
    """
    readers = make_readers(city, Standing(city, truth, occasion(datetime.now(UTC))), _speed(speed))
    if len(readers) > READERS_CONNECTED_MAX:
        zh = f"模拟读写器共 {len(readers)} 台，只连接前 {READERS_CONNECTED_MAX} 台。"
        say(f"{zh}Of {len(readers)} simulated readers, the first {READERS_CONNECTED_MAX} connect.")
        readers = readers[:READERS_CONNECTED_MAX]
    # What a reader is told is done by a double of it: the one that plays its day is another thread's.
    doubles = make_readers(city, Standing(city, truth, occasion(datetime.now(UTC))), _speed(speed))
    told = {one.code: CommandedReader(double) for one, double in zip(readers, doubles, strict=False) if one.control}
    with _connected(readers, told, address, stop) as clients:
        if not stop.is_set():
            say(f"{len(readers)} 台模拟读写器开始工作。{len(readers)} simulated readers are at work.")
        rhythm = _Rhythm(stop)
        for publication in publications(readers, _now(), _now):
            if not rhythm.wait_until(publication.at):
                return
            if not _is_stopped(told.get(readers[publication.reader].code)):
                _publish(clients[publication.reader], publication, stop)


class _Rhythm:
    """Waits for each message's time, and longer where more than `MESSAGES_PER_SECOND_MAX` are due."""

    def __init__(self, stop: Event) -> None:
        self._stop = stop
        self._earliest = time.monotonic()

    def wait_until(self, at: datetime) -> bool:
        """Whether it is time now; False where the simulation was stopped meanwhile."""
        now = time.monotonic()
        due = max(now + (at - _now()).total_seconds(), self._earliest)
        # A short rest is not worth a turn of the scheduler; the debt is paid with the next one.
        self._earliest = max(self._earliest, now - 1 / MESSAGES_PER_SECOND_MAX) + 1 / MESSAGES_PER_SECOND_MAX
        return not (self._stop.wait(due - now) if due > now else self._stop.is_set())


def _now() -> datetime:
    return datetime.now(UTC)


def _publish(client: Client, publication: Publication, stop: Event) -> None:
    """Hand over one message; where the client's queue is full, wait as a reader with a full buffer does."""
    while not stop.is_set():
        if client.publish(publication.topic, publication.payload, qos=1).rc != MQTTErrorCode.MQTT_ERR_QUEUE_SIZE:
            return
        stop.wait(FULL_QUEUE_SECONDS)


@contextmanager
def _connected(
    readers: list[SimulatedReader], told: Mapping[str, CommandedReader], address: BrokerAddress, stop: Event
) -> Iterator[list[Client]]:
    """A client for each reader; at the end each says good-bye in its last will's words."""
    clients: list[Client] = []
    try:
        for reader in readers:
            clients.append(_client(reader, told.get(reader.code), address))
            _connect(clients[-1], address, stop)
        yield clients
    finally:
        farewells = [
            client.publish(reader.status_topic, will, qos=1, retain=True)
            for reader, client in zip(readers, clients, strict=False)
            if client.is_connected() and (will := reader.last_will(_now())) is not None
        ]
        deadline = time.monotonic() + GOODBYE_SECONDS_MAX
        for farewell in farewells:
            if farewell.rc == MQTTErrorCode.MQTT_ERR_SUCCESS:
                farewell.wait_for_publish(max(deadline - time.monotonic(), 0.0))
        for client in clients:
            client.disconnect()
            client.loop_stop()


def _is_stopped(told: CommandedReader | None) -> bool:
    return told is not None and told.is_stopped


def _client(reader: SimulatedReader, told: CommandedReader | None, address: BrokerAddress) -> Client:
    # Most readers in the field speak MQTT 3.1.1.
    client = new_client(address, f"simulator-{reader.code}", login_as=reader.code)
    client.max_queued_messages_set(MESSAGES_QUEUED_PER_READER_MAX)
    if (will := reader.last_will(_now())) is not None:
        client.will_set(reader.status_topic, will, qos=1, retain=True)

    def say_online(client: Client, *_connection: object) -> None:
        client.publish(reader.status_topic, reader.online(_now()), qos=1, retain=True)
        if told is not None:
            client.subscribe(told.control.commands, qos=1)

    def do(client: Client, _data: object, message: MQTTMessage) -> None:
        if told is not None:
            for topic, payload in told.do(bytes(message.payload), _now()):
                client.publish(topic, payload, qos=1)

    client.on_connect = say_online
    client.on_message = do
    return client


def _connect(client: Client, address: BrokerAddress, stop: Event) -> None:
    while not stop.is_set():
        try:
            client.connect(address.host, address.port)
        except OSError:
            stop.wait(CONNECT_RETRY_SECONDS)
        else:
            client.loop_start()
            return


# ── Recorded ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def write_recording(
    city: City,
    truth: Truth,
    path: Path,
    start: datetime,
    minutes: float,
    *,
    speed: float = 1.0,
    closed: Collection[int] = (),
    off: Mapping[str, datetime] = MappingProxyType({}),
) -> int:
    """Write what all readers say from `start` (aware) on, as `guiwei replay` reads it; gzip where the name ends in .gz.

    closed: shelves, by their number in `city.shelves`, whose aisle nobody opens. off: from when on a reader is cut off; the
    broker speaks its last will. The same arguments give the same bytes. Returns the number of messages. Raises ValueError
    for a length or a speed that can't be meant.
    """
    if not 0 < minutes <= RECORDING_MINUTES_MAX or start.tzinfo is None:
        message = f"a recording starts at an aware time and lasts up to {RECORDING_MINUTES_MAX:,} minutes"
        raise ValueError(message)
    readers = make_readers(city, Standing(city, truth, occasion(start)), _speed(speed), closed)
    end = start + timedelta(minutes=minutes)
    written = 0
    with _recording(path) as file:
        for number, reader in enumerate(readers):
            if off.get(reader.code, end) > start:
                _write(file, Publication(start, number, -1, reader.status_topic, reader.online(start)))
                written += 1
        for publication in takewhile(lambda said: said.at < end, _until_cut_off(readers, start, off)):
            _write(file, publication)
            written += 1
    return written


def _until_cut_off(
    readers: list[SimulatedReader], start: datetime, off: Mapping[str, datetime]
) -> Iterator[Publication]:
    """Everything all readers say, of those cut off nothing from then on but their last will."""
    wills = [
        Publication(at, number, 0, reader.status_topic, will)
        for number, reader in enumerate(readers)
        if (at := off.get(reader.code, start)) > start and (will := reader.last_will(at)) is not None
    ]
    said = (
        one
        for one in publications(readers, start, lambda: start)
        if one.at < off.get(readers[one.reader].code, FOREVER)
    )
    return heapq.merge(sorted(wills), said)


def occasion(at: datetime) -> int:
    """A number for the hour: what readers hear in two different ones doesn't sound alike."""
    return round(at.timestamp() // 3600)


@contextmanager
def _recording(path: Path) -> Iterator[IO[bytes]]:
    with path.open("wb") as plain:
        if path.suffix != ".gz":
            yield plain
            return
        # Neither name nor time in the header, so that equal recordings are equal files.
        with gzip.GzipFile(filename="", mode="wb", fileobj=plain, mtime=0) as packed:
            yield packed  # type: ignore[misc]


def _write(file: IO[bytes], publication: Publication) -> None:
    received_at = (publication.at + timedelta(seconds=NETWORK_SECONDS)).astimezone(UTC)
    line = {
        "received_at": received_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "topic": publication.topic,
        "payload": publication.payload.decode(),
    }
    file.write(json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode() + b"\n")


def _speed(speed: float) -> float:
    if not SPEED_MIN <= speed <= SPEED_MAX:
        message = f"the speed of a simulation is {SPEED_MIN} to {SPEED_MAX}, not {speed}"
        raise ValueError(message)
    return speed
