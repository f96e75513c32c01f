"""`guiwei desk` on the real PC/SC daemon: cards are told, challenges answered, and whatever goes away comes back."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from cryptography.hazmat.primitives.hashes import SHA256

from devices.broker import BrokerAddress, new_client
from inventory.domain.badges import signed_bytes
from tests.commands.running import Guiwei, Running
from tests.desk.conftest import TOPIC
from tests.desk.virtual import Card, Daemon, laid
from tests.ingest.equipment import until
from tests.servers import Mosquitto

COMMANDS, ANSWERS = TOPIC.replace("reads", "commands"), TOPIC.replace("reads", "answers")
UID = bytes.fromhex("04A1B2C3D4E5F6")
CHALLENGE = bytes(range(32))


class Site:
    """Whoever listens at the broker in the place of Guiwei."""

    def __init__(self, url: str) -> None:
        self.told: list[dict[str, Any]] = []
        self.answers: list[dict[str, Any]] = []
        address = BrokerAddress.parse(url)
        self.client = new_client(address, "the site")
        self.client.on_connect = lambda client, *_: client.subscribe([(TOPIC, 1), (ANSWERS, 1)])
        self.client.on_message = self._hear
        self.client.reconnect_delay_set(1, 1)
        self.client.connect(address.host, address.port)
        self.client.loop_start()

    def _hear(self, _client: object, _data: object, message: paho.MQTTMessage) -> None:
        (self.told if message.topic == TOPIC else self.answers).append(json.loads(message.payload))

    def challenge(
        self, number: int, challenge: str = CHALLENGE.hex(), seconds: int = 60, command: str = "challenge"
    ) -> Any:
        told = {"id": number, "command": command, "challenge": challenge, "seconds": seconds}
        self.client.publish(COMMANDS, json.dumps(told), qos=1)
        return until(lambda: next((one for one in self.answers if one["id"] == number), None), "the desk answers")

    @property
    def taps(self) -> list[dict[str, Any]]:
        return [one for one in self.told if "tap" in one]

    @property
    def state(self) -> str | None:
        return next((one["status"] for one in reversed(self.told) if "status" in one), None)

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


@pytest.fixture
def site(broker: Mosquitto) -> Iterator[Site]:
    one = Site(broker.url)
    yield one
    one.close()


@contextmanager
def at_work(folder: Path, broker: Mosquitto, pcscd: Daemon) -> Iterator[Running]:
    guiwei = Guiwei(folder / "data")
    guiwei.set("GUIWEI_MQTT_URL", broker.url)
    guiwei.set("PCSCLITE_CSOCK_NAME", str(pcscd.socket))
    desk = guiwei.start("desk", "DESK-1", "--topic", TOPIC)
    try:
        yield desk
    finally:
        desk.abandon()


def test_what_is_laid_down_is_told_and_a_badge_signs_the_challenge(
    folder: Path, broker: Mosquitto, pcscd: Daemon, site: Site
) -> None:
    with at_work(folder, broker, pcscd) as desk:
        until(lambda: site.state == "online", "the desk is there")
        with laid(pcscd.port, Card(UID)):
            until(lambda: site.taps, "the card is told")
        assert site.taps == [{"reader": "DESK-1", "tap": UID.hex()}]
        # A badge that lies there already, over a protocol that hands out its answers in a second step.
        card = Card.signing(UID, slow_answers=True)
        with laid(pcscd.port, card):
            until(lambda: len(site.taps) == 2, "the second card is told")
            assert site.challenge(1) == {"id": 1, "ok": True}
            until(lambda: len(site.taps) == 3, "it answers the challenge")
        signed = site.taps[-1]
        assert signed["challenge"] == CHALLENGE.hex()
        assert card.key is not None
        key = card.key.public_key()
        key.verify(bytes.fromhex(signed["signature"]), signed_bytes(CHALLENGE), ECDSA(SHA256()))
        with pytest.raises(InvalidSignature):
            key.verify(bytes.fromhex(signed["signature"]), CHALLENGE, ECDSA(SHA256()))
        with laid(pcscd.port, Card(UID)):  # one that can't sign still answers whoever waits
            until(lambda: len(site.taps) == 4, "a plain card is told")
        assert site.taps[-1] == {"reader": "DESK-1", "tap": UID.hex(), "challenge": CHALLENGE.hex()}
        wrong = ({"challenge": "00"}, {"seconds": 0}, {"seconds": 10_000}, {"challenge": "zz"}, {"command": "start"})
        for number, told in enumerate(wrong, 10):
            answer = site.challenge(number, **told)  # type: ignore[arg-type]
            assert not answer["ok"] and answer["problem"]
        deep = b"[" * 100_000 + b"]" * 100_000
        for broken in (
            b"\xff{",
            b'{"id": 1, "command": "x", "more": %s}' % deep,
            b'{"id": %s, "command": "x"}' % (b"9" * 5_000),
        ):
            site.client.publish(COMMANDS, broken, qos=1)
        assert site.challenge(20, seconds=1)["ok"]
        assert desk.end() == 0
        until(lambda: site.state == "offline", "it says that it goes")


def test_daemon_reader_and_broker_go_and_come_back_and_the_desk_says_so(
    folder: Path, broker: Mosquitto, pcscd: Daemon, site: Site
) -> None:
    with at_work(folder, broker, pcscd) as desk:
        desk.wait_for(lambda: "读卡器就绪" in desk.said and "已连接消息代理" in desk.said)
        pcscd.stop()
        desk.wait_for(lambda: "PC/SC 服务没有运行" in desk.said)
        until(lambda: site.state == "offline", "a desk without its service is away")
        refused = site.challenge(1)
        assert (refused["ok"], refused["problem"]) == (False, "the PC/SC service isn't running; start pcscd")
        pcscd.start(reader=False)
        desk.wait_for(lambda: "没有找到读卡器" in desk.said)
        pcscd.stop()
        pcscd.start()
        desk.wait_for(lambda: desk.said.count("读卡器就绪") == 2)
        until(lambda: site.state == "online", "it is back")
        with laid(pcscd.port, Card(UID)):
            until(lambda: len(site.taps) == 1, "a card is told")
        broker.stop()
        desk.wait_for(lambda: "与消息代理的连接中断" in desk.said)
        with laid(pcscd.port, Card(bytes.fromhex("01020304"))):
            desk.wait_for(lambda: "本次刷卡无效" in desk.said)
        broker.start()
        desk.wait_for(lambda: desk.said.count("已连接消息代理") == 2)
        until(site.client.is_connected, "the site listens again")
        with laid(pcscd.port, Card(bytes.fromhex("0A0B0C0D"))):
            until(lambda: site.taps[-1]["tap"] == "0a0b0c0d", "cards are told again")
        assert "01020304" not in [one["tap"] for one in site.taps], "a tap too late opens nothing"
        assert desk.end() == 0
        assert "Traceback" not in desk.said


def test_a_desk_that_dies_is_said_to_be_away(folder: Path, broker: Mosquitto, pcscd: Daemon, site: Site) -> None:
    with at_work(folder, broker, pcscd) as desk:
        until(lambda: site.state == "online", "the desk is there")
        desk.process.kill()
        desk.process.wait(20)
        until(lambda: site.state == "offline", "its last will is told")


def test_what_can_not_be_a_topic_is_refused(folder: Path) -> None:
    guiwei = Guiwei(folder / "data")
    for topic in ("guiwei/+/reads", "#", " "):
        assert "#" in guiwei("desk", "DESK-1", "--topic", topic).refused()
