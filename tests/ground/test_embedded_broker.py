"""The embedded broker: real MQTT on loopback, shared while its starter lives, gone with it."""

import json
import queue
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from guiwei.embedded import EmbeddedBroker, embedded_broker
from guiwei.embedded.broker import IN_FLIGHT_MAX
from tests.ground.commands import broker_command
from tests.servers import mosquitto, server_directory

SECONDS_MAX = 15
TOPIC = "guiwei/jn/d-1/reads"


@pytest.fixture
def site() -> Iterator[Path]:
    """A data directory."""
    with server_directory() as directory:
        yield directory


@pytest.fixture
def broker(site: Path) -> Iterator[EmbeddedBroker]:
    """The broker of a site."""
    with embedded_broker(site, print) as running:
        yield running


class Client:
    """A paho client that acknowledges by hand and keeps what it gets."""

    def __init__(self, port: int, name: str, version: MQTTProtocolVersion) -> None:
        """Connect with a session that outlives the connection."""
        self.received: queue.SimpleQueue[mqtt.MQTTMessage] = queue.SimpleQueue()
        self._done: queue.SimpleQueue[object] = queue.SimpleQueue()
        v5 = version == MQTTProtocolVersion.MQTTv5
        self.paho = mqtt.Client(
            CallbackAPIVersion.VERSION2, name, clean_session=None if v5 else False, protocol=version, manual_ack=True
        )
        self.paho.on_connect = lambda _c, _u, flags, _r, _p: self._done.put(flags)
        self.paho.on_subscribe = lambda *_: self._done.put(None)
        self.paho.on_message = lambda _c, _u, message: self.received.put(message)
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.SessionExpiryInterval = 3600
        if v5:
            self.paho.connect("127.0.0.1", port, clean_start=False, properties=properties)
        else:
            self.paho.connect("127.0.0.1", port)
        self.paho.loop_start()
        self.session_present = bool(getattr(self._done.get(timeout=SECONDS_MAX), "session_present", False))

    def subscribe(self, topic: str) -> None:
        self.paho.subscribe(topic, qos=1)
        self._done.get(timeout=SECONDS_MAX)

    def publish(self, payload: bytes) -> None:
        self.paho.publish(TOPIC, payload, qos=1).wait_for_publish(SECONDS_MAX)

    def receive(self, count: int) -> list[mqtt.MQTTMessage]:
        return [self.received.get(timeout=SECONDS_MAX) for _ in range(count)]

    def acknowledge(self, messages: list[mqtt.MQTTMessage]) -> None:
        """Acknowledge, and wait until the broker has heard it: paho writes from a thread of its own, when it gets to."""
        for message in messages:
            self.paho.ack(message.mid, message.qos)
        self.subscribe("nothing/comes/here")  # Answered in the order of the line: after the acknowledgements.

    def crash(self) -> None:
        """Vanish without a word, as a killed process does."""
        line = self.paho.socket()
        assert line is not None
        self.paho.on_disconnect = None
        self.paho._thread_terminate = True  # Else paho would connect again by itself.
        line.shutdown(socket.SHUT_RDWR)  # type: ignore[attr-defined]
        self.paho.loop_stop()

    def leave(self) -> None:
        self.paho.disconnect()
        self.paho.loop_stop()


@pytest.fixture(params=[MQTTProtocolVersion.MQTTv311, MQTTProtocolVersion.MQTTv5], ids=["mqtt-3.1.1", "mqtt-5"])
def connect(broker: EmbeddedBroker, request: pytest.FixtureRequest) -> Callable[[str], Client]:
    """Make a client of the version under test on the port meant for it."""
    port = broker.port if request.param == MQTTProtocolVersion.MQTTv311 else broker.port_mqtt5
    return lambda name: Client(port, name, request.param)


def test_what_was_not_acknowledged_comes_again_after_a_crash(connect: Callable[[str], Client]) -> None:
    reader, ingest = connect("reader"), connect("slot-0")
    ingest.subscribe("guiwei/+/+/reads")
    for number in range(5):
        reader.publish(b"%d" % number)
    ingest.acknowledge(ingest.receive(5)[:2])
    reader.publish(b"5")
    ingest.receive(1)
    ingest.crash()
    reader.publish(b"6")

    again = connect("slot-0")
    assert again.session_present
    assert [message.payload for message in again.receive(5)] == [b"2", b"3", b"4", b"5", b"6"]
    reader.leave()
    again.leave()


def test_so_many_messages_are_in_flight_and_no_more(connect: Callable[[str], Client]) -> None:
    reader, ingest = connect("reader"), connect("slot-0")
    ingest.subscribe(TOPIC)
    for number in range(IN_FLIGHT_MAX + 20):
        reader.publish(b"%d" % number)
    first = ingest.receive(IN_FLIGHT_MAX)
    time.sleep(0.3)
    assert ingest.received.empty()
    ingest.paho.ack(first[0].mid, 1)
    assert ingest.receive(1)[0].payload == b"%d" % IN_FLIGHT_MAX
    reader.leave()
    ingest.leave()


def test_a_message_of_a_mebibyte_passes(connect: Callable[[str], Client]) -> None:
    reader, ingest = connect("reader"), connect("slot-0")
    ingest.subscribe(TOPIC)
    reader.publish(b"x" * (1 << 20))
    assert len(ingest.receive(1)[0].payload) == 1 << 20
    reader.leave()
    ingest.leave()


def test_it_listens_on_loopback_only(broker: EmbeddedBroker) -> None:
    listening = [
        line.split()[1] for line in Path("/proc/net/tcp").read_text("ascii").splitlines()[1:] if " 0A " in line
    ]
    for port in (broker.port, broker.port_mqtt5):
        assert [address for address in listening if address.endswith(f":{port:04X}")] == [f"0100007F:{port:04X}"]


def test_a_second_command_uses_the_broker_of_the_first(site: Path, broker: EmbeddedBroker) -> None:
    with embedded_broker(site, print) as second:
        assert second == broker
    socket.create_connection(("127.0.0.1", broker.port), 5).close()


def test_it_ends_with_its_starter_and_the_next_command_gets_the_same_port(site: Path) -> None:
    command = broker_command(site).wait_until_up()
    pid = json.loads((site / "broker.json").read_text("utf-8"))["pid"]
    command.kill()
    deadline = time.monotonic() + SECONDS_MAX
    while _accepts(urlsplit(command.url).port):
        assert time.monotonic() < deadline, "the broker outlived its starter"
        time.sleep(0.05)
    with embedded_broker(site, print) as again:
        assert again.url == command.url
        assert json.loads((site / "broker.json").read_text("utf-8"))["pid"] != pid


def _accepts(port: int | None) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port or 0), 1).close()
    except OSError:
        return False
    return True


def test_mosquitto_keeps_what_waits_over_a_restart(site: Path) -> None:
    with mosquitto(site) as server:
        ingest = Client(server.port, "slot-0", MQTTProtocolVersion.MQTTv5)
        ingest.subscribe(TOPIC)
        ingest.crash()
        reader = Client(server.port, "reader", MQTTProtocolVersion.MQTTv311)
        reader.publish(b"1")
        reader.leave()
        server.stop()
        server.start()
        again = Client(server.port, "slot-0", MQTTProtocolVersion.MQTTv5)
        assert again.session_present
        assert again.receive(1)[0].payload == b"1"
        again.leave()
