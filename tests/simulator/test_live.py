"""Simulated readers at a real broker."""

import time
from collections import Counter
from collections.abc import Callable
from threading import Event, Thread

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

from devices.broker import BrokerAddress
from devices.dialects import DIALECTS
from devices.simulator.city import City
from devices.simulator.run import MESSAGES_PER_SECOND_MAX, simulate
from devices.simulator.truth import Truth
from tests.servers import Mosquitto, mosquitto, server_directory

PATIENCE_SECONDS = 60.0
DELAY_SECONDS_MAX = 20.0  # live, not from a backlog of minutes
SWEEPING = {
    "guiwei/W1/H1/reads",
    "guiwei/W1/C1/reads",
    "guiwei/W1/H2/reads",
    "guiwei/W1/S1/reads",
}  # never silent for long


def statuses(city: City) -> set[str]:
    return {row.status_topic for row in city.readers if row.status_topic}


class Listener:
    """Hears everything at the broker, with the time it came."""

    def __init__(self, broker: Mosquitto) -> None:
        self.heard: list[tuple[float, MQTTMessage]] = []
        self._subscribed = Event()
        self._client = Client(CallbackAPIVersion.VERSION2)
        self._client.on_connect = lambda client, *_: client.subscribe("guiwei/#", qos=1)
        self._client.on_subscribe = lambda *_: self._subscribed.set()
        self._client.on_message = lambda _client, _data, message: self.heard.append((time.time(), message))
        self._client.connect("127.0.0.1", broker.port)
        self._client.loop_start()
        assert self._subscribed.wait(PATIENCE_SECONDS)

    def tell(self, topic: str, payload: bytes) -> None:
        """Say something to a reader."""
        self._client.publish(topic, payload, qos=1)

    def last(self, topic: str) -> bytes | None:
        """The newest message of a topic, if there was any."""
        return next((bytes(message.payload) for _, message in reversed(self.heard) if message.topic == topic), None)

    def topics(self, *, retained: bool = False) -> set[str]:
        """What was spoken on while it listened, or what was kept for it."""
        return {message.topic for _, message in list(self.heard) if message.retain == retained}

    def close(self) -> None:
        """Hear no more."""
        self._client.disconnect()
        self._client.loop_stop()


def until(true: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not true():
        assert time.monotonic() < deadline, f"still waiting: {what}"
        time.sleep(0.05)


def test_readers_publish_in_their_dialects_in_time_until_they_are_stopped(city: City, truth: Truth) -> None:
    stop, said = Event(), list[str]()
    with server_directory() as directory, mosquitto(directory) as broker:
        listener = Listener(broker)
        play = Thread(target=simulate, args=(city, truth, BrokerAddress.parse(broker.url), stop, 20.0, said.append))
        began = time.time()
        play.start()
        try:
            until(lambda: len(listener.heard) > 150 and listener.topics() >= SWEEPING, "the readers speak")
        finally:
            stop.set()
            play.join(PATIENCE_SECONDS)
        seconds = time.time() - began
        assert not play.is_alive()
        late = Listener(broker)
        until(lambda: len(late.topics(retained=True)) >= len(statuses(city)), "every reader's last word is kept")
        listener.close()
        late.close()

    assert len(said) == 1
    messages = [(at, message) for at, message in listener.heard if message.topic.endswith("/reads")]
    assert 100 < len(messages) < MESSAGES_PER_SECOND_MAX * (seconds + 1)
    dialect_of = {topic: row.dialect for row in city.readers for topic in (row.topic, row.status_topic)}
    delays, speaking = list[float](), Counter[str]()
    for at, message in messages:
        for reading in DIALECTS[dialect_of[message.topic]](bytes(message.payload), "Asia/Shanghai").readings:
            assert reading.read_at is not None
            delays.append(at - reading.read_at / 1_000_000)
            speaking[message.topic] += 1
    assert speaking.keys() >= SWEEPING
    assert min(delays) > -0.1
    assert max(delays) < DELAY_SECONDS_MAX

    retained = {message.topic: bytes(message.payload) for _, message in late.heard if message.retain}
    assert set(retained) == statuses(city)
    for topic, payload in retained.items():
        if dialect_of[topic] != "zebra":  # Its fixed readers leave no will: a heartbeat that stops must do.
            assert [event.kind for event in DIALECTS[dialect_of[topic]](payload, "Asia/Shanghai").events] == ["offline"]


def test_a_broker_that_goes_away_and_comes_back_finds_the_readers_again(city: City, truth: Truth) -> None:
    stop, at_work = Event(), Event()
    # A broker that remembers nothing: every status it knows after its return was told it after its return.
    with server_directory() as directory, mosquitto(directory, persistence="false") as broker:
        play = Thread(
            target=simulate, args=(city, truth, BrokerAddress.parse(broker.url), stop, 20.0, lambda _: at_work.set())
        )
        play.start()
        assert at_work.wait(PATIENCE_SECONDS)
        broker.kill()
        broker.start()
        listener = Listener(broker)
        try:
            until(
                lambda: listener.topics() | listener.topics(retained=True) >= statuses(city) | SWEEPING,
                "every reader has told its status again, and those that sweep read on",
            )
        finally:
            stop.set()
            play.join(PATIENCE_SECONDS)
            listener.close()
    assert not play.is_alive()


def test_no_broker_at_all_is_waited_for_until_the_simulation_is_stopped(city: City, truth: Truth) -> None:
    stop = Event()
    play = Thread(
        target=simulate, args=(city, truth, BrokerAddress.parse("mqtt://127.0.0.1:1"), stop, 20.0, lambda _: None)
    )
    play.start()
    time.sleep(0.3)
    assert play.is_alive()
    stop.set()
    play.join(PATIENCE_SECONDS)
    assert not play.is_alive()


def test_a_cabinet_reads_when_it_is_told_and_is_silent_when_it_is_told(city: City, truth: Truth) -> None:
    stop, said = Event(), list[str]()
    with server_directory() as directory, mosquitto(directory) as broker:
        listener = Listener(broker)
        play = Thread(target=simulate, args=(city, truth, BrokerAddress.parse(broker.url), stop, 20.0, said.append))
        play.start()

        def answers() -> list[bytes]:
            return [bytes(one.payload) for _, one in list(listener.heard) if one.topic == "guiwei/W1/S1/answers"]

        def arrays() -> int:
            reads = [bytes(one.payload) for _, one in list(listener.heard) if one.topic == "guiwei/W1/S1/reads"]
            return sum(payload.startswith(b"[{") for payload in reads)

        try:
            until(lambda: listener.last("guiwei/W1/S1/status") is not None, "the cabinet is there")
            listener.tell("guiwei/W1/S1/commands", b'{"id": 7, "command": "start", "seconds": 60}')
            until(lambda: arrays() >= 6, "every antenna's turn at once")
            listener.tell("guiwei/W1/S1/commands", b"no JSON")
            listener.tell("guiwei/W1/S1/commands", b'{"id": 8, "command": "stop"}')
            listener.tell("guiwei/W1/S1/commands", b'{"id": 9, "command": "sing"}')
            until(lambda: len(answers()) == 3, "it answers")
        finally:
            stop.set()
            play.join(PATIENCE_SECONDS)
        listener.close()
    assert answers() == [
        b'{"id":7,"ok":true}',
        b'{"id":8,"ok":true}',
        b'{"id":9,"ok":false,"problem":"no such command: sing"}',
    ]
