"""One ingest slot's connection to the broker: a stable client id, a persistent session, acknowledgement by hand.

One thread owns the connection and makes every call into paho; messages leave it through a bounded queue, and packets to
acknowledge come back through another. Nothing is acknowledged here on its own account: the broker keeps every QoS 1
message until its reads are committed.

MQTT 5 is tried first: its Receive Maximum bounds what the broker may send ahead, its Session Expiry keeps our session
while we are away. A broker that doesn't answer an MQTT 5 CONNECT in time gets MQTT 3.1.1 with `clean_session=False`.
"""

import logging
import select
import ssl
import threading
import time
from collections import deque
from collections.abc import Iterable
from typing import Any, NamedTuple

import paho.mqtt.client as paho
from paho.mqtt.enums import MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from devices.broker import BrokerAddress, new_client, tls_problem
from inventory.domain.refusals import BadSetting

log = logging.getLogger(__name__)

UNACKNOWLEDGED_MESSAGES_MAX = 20_000  # what the broker may send ahead; also the bound of our queue
INBOX_BYTES_MAX = 64 * 1024 * 1024  # payloads waiting for the worker
SESSION_EXPIRY_SECONDS = 7 * 86_400  # a week of quarantine, power cuts and holidays
KEEPALIVE_SECONDS = 30
CONNACK_SECONDS_MAX = 5
RECONNECT_SECONDS_FIRST, RECONNECT_SECONDS_MAX = 0.5, 30.0
POLL_SECONDS = 0.02
# A retained message comes with a new subscription, not with every reconnect: it would be counted each time.
QOS_1_RETAINED_ONCE = SubscribeOptions(qos=1, retainHandling=SubscribeOptions.RETAIN_SEND_IF_NEW_SUB)
REFUSED_FOR_GOOD = ("Not authorized", "Bad user name or password")
READS_PER_POLL = 64  # packets taken from the socket before acknowledgements get their turn


class Message(NamedTuple):
    """A message as it came; `received_at` in microseconds since 1970.

    generation: counts our connections, from 1. is_new_session: whether the broker had no session of ours in this
    connection; it then repeats nothing of the earlier ones.
    """

    topic: str
    payload: bytes
    packet_id: int
    qos: int
    generation: int
    is_new_session: bool
    received_at: int


class SlotConnection:
    """A slot's session at the broker, kept up until `close`."""

    def __init__(
        self,
        address: BrokerAddress,
        client_id: str,
        topics: Iterable[str],
        *,
        lasting: bool = True,
        will: tuple[str, bytes] | None = None,
    ) -> None:
        """Nothing is opened before `start`; without `lasting` the session ends with each connection.

        will: topic and payload that the broker publishes for us where we go without a word.
        """
        self._address = address
        self._client_id = client_id
        self._lasting, self._will = lasting, will
        self._wanted = frozenset(topics)
        self._subscribed: frozenset[str] = frozenset()
        self._protocol = MQTTProtocolVersion.MQTTv5
        self._client: paho.Client | None = None
        self._connected = False
        self._problem: str | None = None
        self._inbox: deque[Message] = deque()
        self._bytes_in = self._bytes_out = 0  # each written by one thread only
        self._news = threading.Event()
        self._to_acknowledge: deque[Message] = deque()
        self._to_publish: deque[tuple[str, bytes]] = deque()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._keep_up, name=f"mqtt {client_id}", daemon=True)
        self._generation = 0
        self._is_new_session = False

    # ── For the worker ───────────────────────────────────────────────────────────────────────────────────────────────

    def start(self) -> None:
        """Connect and keep connected, in a thread of its own."""
        self._thread.start()

    def close(self) -> None:
        """Send what acknowledgements are due, disconnect, and leave the session to the broker."""
        self._stopping.set()
        self._thread.join()

    @property
    def connected(self) -> bool:
        """Whether the broker has accepted us just now."""
        return self._connected

    @property
    def problem(self) -> str | None:
        """What keeps us from the broker until somebody mends it: a certificate, a login; None where trying again may do."""
        return self._problem

    def want(self, topics: Iterable[str]) -> None:
        """Subscribe to exactly these topics from now on."""
        self._wanted = frozenset(topics)

    def take(self, messages_max: int, wait_seconds: float) -> list[Message]:
        """The next messages in the order they came; empty when none came in time."""
        if not self._inbox:
            self._news.wait(wait_seconds)
        self._news.clear()
        inbox = self._inbox
        taken: list[Message] = []
        while inbox and len(taken) < messages_max:
            taken.append(message := inbox.popleft())
            self._bytes_out += len(message.payload)
        return taken

    def acknowledge(self, messages: Iterable[Message]) -> None:
        """Tell the broker that these are safe; those of an earlier connection are quietly left (it will send them again)."""
        self._to_acknowledge.extend(message for message in messages if message.qos)

    def publish(self, topic: str, payload: bytes) -> None:
        """Send a message at QoS 1 at the thread's next turn, once we hear what we want to; not kept beyond the connection."""
        self._to_publish.append((topic, payload))

    # ── The owning thread ────────────────────────────────────────────────────────────────────────────────────────────

    def _keep_up(self) -> None:
        pause = RECONNECT_SECONDS_FIRST
        while not self._stopping.is_set():
            try:
                self._open()
                pause = RECONNECT_SECONDS_FIRST
                self._serve()
            except (OSError, ConnectionError, ValueError, BadSetting) as error:
                lasting = str(error) if isinstance(error, BadSetting) else tls_problem(str(error))
                self._problem = self._problem or lasting
                told = self._problem or error
                log.warning("the broker %s is away (%s); trying again in %.1f s", self._address, told, pause)
                self._stopping.wait(pause)
                pause = min(pause * 2, RECONNECT_SECONDS_MAX)
            finally:
                self._drop()

    def _open(self) -> None:
        """Connect, wait for the broker's answer, subscribe."""
        five = self._protocol == MQTTProtocolVersion.MQTTv5
        self._problem = None
        options: dict[str, Any] = {} if five else {"clean_session": not self._lasting}
        self._client = client = new_client(
            self._address, self._client_id, self._protocol, manual_ack=True, reconnect_on_failure=False, **options
        )
        if self._will is not None:
            client.will_set(*self._will, qos=1)
        client.connect_timeout = CONNACK_SECONDS_MAX
        client.on_connect = self._on_connect
        client.on_message = self._on_message
        properties = None
        if five:
            properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
            properties.SessionExpiryInterval = SESSION_EXPIRY_SECONDS if self._lasting else 0
            properties.ReceiveMaximum = UNACKNOWLEDGED_MESSAGES_MAX
        self._generation += 1
        self._subscribed = frozenset()
        client.connect(
            self._address.host,
            self._address.port,
            keepalive=KEEPALIVE_SECONDS,
            clean_start=not self._lasting if five else paho.MQTT_CLEAN_START_FIRST_ONLY,
            properties=properties,
        )
        deadline = time.monotonic() + CONNACK_SECONDS_MAX
        while not self._connected and not self._stopping.is_set():
            try:
                self._turn()
                silent = time.monotonic() > deadline
            except ConnectionError:
                silent = True  # brokers that know no MQTT 5 either hang up or say nothing
            if self._problem is not None:  # another protocol would change nothing
                raise ConnectionError(self._problem)
            if silent:
                if five:
                    self._protocol = MQTTProtocolVersion.MQTTv311
                    raise ConnectionError("no answer to MQTT 5; falling back to 3.1.1")
                self._protocol = MQTTProtocolVersion.MQTTv5
                raise ConnectionError("no answer to CONNECT")

    def _on_connect(
        self, _client: paho.Client, _data: Any, flags: paho.ConnectFlags, reason: ReasonCode, _properties: Any
    ) -> None:
        if reason.is_failure:
            if str(reason) in REFUSED_FOR_GOOD:
                self._problem = f"it refuses our user or password: {reason}"
            else:
                log.warning("the broker refuses us: %s", reason)
            return
        self._is_new_session = not flags.session_present
        self._connected = True
        log.info("connected to %s by %s", self._address, self._protocol.name)

    def _on_message(self, _client: paho.Client, _data: Any, message: paho.MQTTMessage) -> None:
        self._bytes_in += len(message.payload)
        self._inbox.append(
            Message(
                message.topic,
                bytes(message.payload),
                message.mid,
                message.qos,
                self._generation,
                self._is_new_session,
                time.time_ns() // 1000,
            )
        )
        if not self._news.is_set():
            self._news.set()

    def _serve(self) -> None:
        while not self._stopping.is_set():
            if self._subscribed != self._wanted:
                self._subscribe()
            self._turn()
        self._acknowledge_due()
        self._publish_due()

    def _subscribe(self) -> None:
        assert self._client is not None
        wanted = self._wanted
        if gone := sorted(self._subscribed - wanted):
            self._client.unsubscribe(gone)
        if new := sorted(wanted - self._subscribed):
            if self._protocol == MQTTProtocolVersion.MQTTv5:
                self._client.subscribe([(topic, QOS_1_RETAINED_ONCE) for topic in new])
            else:
                self._client.subscribe([(topic, 1) for topic in new])
        self._subscribed = wanted

    def _turn(self) -> None:
        """Read what has come, acknowledge what is due, keep the connection alive; raises when it is gone."""
        client = self._client
        assert client is not None
        sock = client.socket()
        if sock is None:
            raise ConnectionError("the connection was closed")
        # A full queue stops reading: the broker's own queue then grows, on its disk, where it is safe.
        full = len(self._inbox) >= UNACKNOWLEDGED_MESSAGES_MAX or self._bytes_in - self._bytes_out > INBOX_BYTES_MAX
        full = full and self._connected  # the answer to CONNECT is always read
        pending = isinstance(sock, ssl.SSLSocket) and sock.pending() > 0  # decrypted already: select wouldn't see it
        writers = [sock] if client.want_write() else []
        readable, writable, _ = select.select([] if full else [sock], writers, [], 0 if pending else POLL_SECONDS)
        code = MQTTErrorCode.MQTT_ERR_SUCCESS
        if readable or (pending and not full):
            for _ in range(READS_PER_POLL):
                code = client.loop_read()
                if code != MQTTErrorCode.MQTT_ERR_SUCCESS:
                    break
        if writable:
            client.loop_write()
        self._acknowledge_due()
        self._publish_due()
        if code == MQTTErrorCode.MQTT_ERR_SUCCESS:
            code = client.loop_misc()
        if code != MQTTErrorCode.MQTT_ERR_SUCCESS:
            raise ConnectionError(paho.error_string(code))

    def _acknowledge_due(self) -> None:
        due, client, generation = self._to_acknowledge, self._client, self._generation
        if client is None:
            return
        while due:
            message = due.popleft()
            if message.generation == generation:
                client.ack(message.packet_id, message.qos)

    def _publish_due(self) -> None:
        client = self._client
        while client is not None and self._to_publish and self._connected and self._subscribed == self._wanted:
            client.publish(*self._to_publish.popleft(), qos=1)

    def _drop(self) -> None:
        self._connected = False
        self._to_publish.clear()
        if self._client is not None:
            self._client.disconnect()
            self._client = None
