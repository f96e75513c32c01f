"""A site whose Mosquitto runs on what `guiwei broker-config` writes, and whoever connects to it."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from paho.mqtt.client import ConnectFlags, MQTTMessage
from paho.mqtt.reasoncodes import ReasonCode

from devices.broker import BrokerAddress, new_client
from devices.broker_access import access_of
from devices.mosquitto import Listeners, write
from devices.mqtt import SlotConnection
from guiwei.embedded.directory import free_port
from inventory.store.readers import RegisteredAntenna
from tests.ingest.equipment import LOOK_SECONDS, SECONDS_MAX, until
from tests.servers import Mosquitto
from tests.transport.certificates import Authority

LOCAL = "127.0.0.1"


def antenna(
    reader: str, dialect: str = "native", role: str = "shelf", slot: int = 0, **other: str | None
) -> RegisteredAntenna:
    """A registered antenna of a reader whose topics are the usual ones."""
    facts: dict[str, Any] = {
        "topic": f"guiwei/W1/{reader}/reads",
        "status_topic": f"guiwei/W1/{reader}/status",
        "control_url": None,
        **other,
    }
    return RegisteredAntenna(
        1, 0, role, 1, 1, reader, dialect, timezone="Asia/Shanghai", mapping=None, slot=slot, **facts
    )


@dataclass(frozen=True)
class Secured:
    """The site: its directory of broker files, who vouches for what, and the broker by each of its doors."""

    folder: Path
    authority: Authority  # of the broker's certificate and of everybody's own
    broker: Mosquitto
    tls: int
    certificates: int

    @property
    def logins(self) -> Path:
        """The passwords of all."""
        return self.folder / "broker" / "logins"

    @property
    def by_password(self) -> BrokerAddress:
        """By TLS, each with its password."""
        return BrokerAddress(LOCAL, self.tls, tls=True, ca_file=self.folder / "ca.crt", logins=self.logins)

    def by_certificate(self, logins: Path) -> BrokerAddress:
        """By TLS, each with the certificate in a directory."""
        return replace(self.by_password, port=self.certificates, logins=logins)

    @property
    def in_the_clear(self) -> BrokerAddress:
        """On loopback, each with its password."""
        return BrokerAddress(LOCAL, self.broker.port, tls=False, logins=self.logins)


READERS = [
    antenna("shelf-1"),
    antenna("shelf-2", slot=1),
    antenna("gate-1", role="gate_inner"),
    antenna("zebra-1", "zebra", topic="z/1/tags", control_url="mqtt:z/1/cmd?answers=z/1/resp"),
]


@contextmanager
def secured(folder: Path, *, server_days: int = 30) -> Iterator[Secured]:
    """A site with these readers; `server_days`: how long the broker's certificate is good for."""
    authority = Authority("the site")
    broker = Mosquitto(folder, {})
    site = Secured(folder, authority, broker, free_port(), free_port())
    at = folder / "broker"
    write(at, access_of(READERS), Listeners(site.tls, site.certificates, broker.port, at, folder / "mosquitto"))
    start(site, server_days)
    try:
        yield site
    finally:
        broker.stop()


def start(site: Secured, server_days: int = 30) -> None:
    """Start Mosquitto on the files as they were written, with certificates beside them."""
    at = site.folder / "broker"
    site.authority.write(site.folder / "ca.crt")
    site.authority.write(at / "clients-ca.crt")
    site.authority.issue(at, LOCAL, days=server_days, file="server")
    # Run by root, it would become `mosquitto`, who may not read a directory of the test.
    site.broker.configuration.write_text((at / "mosquitto.conf").read_text("utf-8") + "user root\n", "utf-8")
    site.broker.start()


class Device:
    """A connection of anything to the broker by MQTT 3.1.1, as most readers speak it; what it heard, and what it was told."""

    def __init__(
        self, address: BrokerAddress, user: str, client_id: str | None = None, *, lasting: bool = False
    ) -> None:
        self.heard: list[tuple[str, bytes]] = []
        self.answer: str | None = None
        self.session_present = False
        self._settled = threading.Event()
        self.client = new_client(address, client_id or user, login_as=user, clean_session=not lasting)
        self.client.on_connect = self._on_connect
        self.client.on_message = self._on_message
        for done in ("on_subscribe", "on_publish", "on_disconnect"):
            setattr(self.client, done, lambda *_: self._settled.set())
        self.client.connect(address.host, address.port)
        self.client.loop_start()
        until(lambda: self.answer, "the broker answers")

    def _on_connect(self, _client: object, _data: object, flags: ConnectFlags, reason: ReasonCode, _: object) -> None:
        self.answer, self.session_present = str(reason), flags.session_present

    def _on_message(self, _client: object, _data: object, message: MQTTMessage) -> None:
        self.heard.append((message.topic, bytes(message.payload)))

    def listen(self, *topics: str) -> None:
        """Subscribe, and wait until the broker has said yes or no."""
        self._settled.clear()
        self.client.subscribe([(topic, 1) for topic in topics])
        assert self._settled.wait(SECONDS_MAX)

    def say(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Publish, and wait until the broker has taken it or, as Mosquitto does where it isn't allowed, thrown us out."""
        self._settled.clear()
        self.client.publish(topic, payload, qos=1, retain=retain)
        assert self._settled.wait(SECONDS_MAX)

    def close(self) -> None:
        """Leave in order."""
        self.client.disconnect()
        self.client.loop_stop()


@contextmanager
def device(
    address: BrokerAddress, user: str, client_id: str | None = None, *, lasting: bool = False
) -> Iterator[Device]:
    """A device that is connected, and leaves at the end."""
    one = Device(address, user, client_id, lasting=lasting)
    try:
        yield one
    finally:
        one.close()


def heard_by(session: SlotConnection, reader: Device, topic: str) -> None:
    """Have a reader speak until a slot hears it, for the slot's subscription may be younger than the word."""
    deadline = time.monotonic() + SECONDS_MAX
    while not (taken := session.take(100, LOOK_SECONDS)):
        assert time.monotonic() < deadline, session.problem
        reader.say(topic, b"is anybody there?")
    session.acknowledge(taken)
