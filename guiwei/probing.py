"""Trying a broker as ingest will use it: a default of twenty messages ahead or a thousand in a queue loses a city's reads."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

from devices.broker import BrokerAddress, new_client
from devices.broker_access import DOCTOR, DOCTOR_SENDER, DOCTOR_TOPICS
from devices.mqtt import Message, SlotConnection
from guiwei.finding import Finding

BROKER_SECONDS_MAX = 8
PROBE_MESSAGES = 2_500  # more than the 1,000 a broker may queue by default
AHEAD_MIN = 100  # fewer would starve acknowledgement after commit
PAYLOAD_BYTES_MIN = 1000 * 1000
SILENCE_SECONDS = 1.0  # nothing for so long: nothing more will come


def probe_broker(broker: BrokerAddress) -> Iterator[Finding]:
    """Messages of our own must come back through a session like ingest's: many ahead, large, and after an absence."""
    topic, client_id = f"{DOCTOR_TOPICS}/{uuid4().hex}", f"{DOCTOR}-{uuid4().hex[:12]}"
    with _session(broker, client_id, topic) as session:
        if not _comes_back(session, topic, b"well"):
            why = session.problem or "it brings no message back"
            yield Finding("broker", False, f"{broker}: {why}; see docs/operations.md")
            return
        yield Finding("broker", True, str(broker))
        large = _comes_back(session, topic, bytes(PAYLOAD_BYTES_MIN))
        told = f"a message of {PAYLOAD_BYTES_MIN} bytes {'passes' if large else 'does not pass (message_size_limit)'}"
        yield Finding("broker, size", large, told)
    _publish(broker, topic, PROBE_MESSAGES)  # while nobody listens, as when ingest is away
    with _session(broker, client_id, topic) as session:
        first = session.take(PROBE_MESSAGES, BROKER_SECONDS_MAX)  # connecting anew takes its time
        ahead = waiting = first + _taken(session, PROBE_MESSAGES)
        count = 0
        while waiting:
            count += len(waiting)
            session.acknowledge(waiting)
            waiting = session.take(PROBE_MESSAGES, SILENCE_SECONDS)
    with _session(broker, client_id, topic, lasting=False) as session:
        _comes_back(session, topic, b"farewell")  # a session that doesn't last replaces the one that does
    told = f"{len(ahead)} messages ahead of their acknowledgement; {AHEAD_MIN} are needed (max_inflight_messages)"
    yield Finding("broker, ahead", len(ahead) >= AHEAD_MIN, told)
    told = f"{count} of {PROBE_MESSAGES} messages kept for an absent listener (max_queued_messages)"
    yield Finding("broker, queue", count == PROBE_MESSAGES, told)


@contextmanager
def _session(broker: BrokerAddress, client_id: str, topic: str, *, lasting: bool = True) -> Iterator[SlotConnection]:
    session = SlotConnection(broker, client_id, [topic], lasting=lasting)
    session.start()
    try:
        yield session
    finally:
        session.close()


def _publish(broker: BrokerAddress, topic: str, messages: int) -> None:
    """From another client; returns when the broker has taken them all, or hasn't for too long."""
    client = new_client(broker, f"{DOCTOR_SENDER}-{uuid4().hex[:12]}")
    client.connect(broker.host, broker.port)
    client.loop_start()
    handed_over = [client.publish(topic, b"probe", qos=1) for _ in range(messages)]
    handed_over[-1].wait_for_publish(BROKER_SECONDS_MAX)
    client.disconnect()
    client.loop_stop()


def _comes_back(connection: SlotConnection, topic: str, payload: bytes) -> bool:
    """Whether a message of ours returns; it is sent again until then, for the subscription may be younger than it."""
    deadline = time.monotonic() + BROKER_SECONDS_MAX
    while time.monotonic() < deadline and connection.problem is None:
        if connection.connected:
            connection.publish(topic, payload)
        taken = _taken(connection, PROBE_MESSAGES)
        connection.acknowledge(taken)
        if any(message.payload == payload for message in taken):
            return True
    return False


def _taken(connection: SlotConnection, messages_max: int) -> list[Message]:
    """What comes until nothing has for a while."""
    taken: list[Message] = []
    while len(taken) < messages_max and (more := connection.take(messages_max, SILENCE_SECONDS)):
        taken += more
    return taken
