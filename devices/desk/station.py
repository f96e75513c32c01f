"""A desk at work: cards laid on its readers go out as taps, challenges come in as commands.

Beside the broker it needs nothing: no database, no address of the web. What somebody waits for comes as a `challenge`
command; the card that lies there then, or is laid down within its seconds, answers it. A tap is told at once or not at
all: one that reached the broker minutes late would open a door for somebody who has gone.
"""

import json
import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated

import msgspec

from devices.broker import BrokerAddress
from devices.desk.cards import CardGone, Laid, read
from devices.desk.pcsc import CardReaders, ServiceGone
from devices.mqtt import Message, SlotConnection
from inventory.domain.badges import CHALLENGE_BYTES
from inventory.domain.commands import Topics, control_of
from inventory.domain.registers import Dialect

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.1
RETRY_SECONDS = 1.0
TRIES = 10  # at a card that answers half
COMMANDS_AT_ONCE_MAX = 50
CHALLENGE_SECONDS_MAX = 300

Say = Callable[[str, str], None]  # a sentence in Chinese and in English


class Command(msgspec.Struct):
    """What comes on the commands topic; of the commands there are, a desk takes one."""

    id: Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
    command: str
    challenge: str = ""
    seconds: int = 0


COMMAND: msgspec.json.Decoder[Command] = msgspec.json.Decoder(Command)


@dataclass(frozen=True, slots=True)
class Place:
    """Which desk this is: its reader's code, also its user at the broker; its topic; which card readers are its own, by name."""

    reader: str
    topic: str
    card_reader: str = ""


class Station:
    """One desk. `run` returns when `stop` is set, and outlives broker, daemon and card readers."""

    def __init__(self, address: BrokerAddress, place: Place, say: Say) -> None:
        """Nothing is opened before `run`."""
        topics = control_of(Dialect.NATIVE, place.topic, None)
        assert isinstance(topics, Topics)
        self._topics, self._place, self._say = topics, place, say
        self._readers = CardReaders(place.card_reader)
        will = (place.topic, _json({"status": "offline"}))
        self._broker = SlotConnection(address, place.reader, (topics.commands,), lasting=False, will=will)
        self._challenge: tuple[bytes, float] | None = None  # and until when, by the monotonic clock
        self._told: str | None = None  # the last thing said of the card readers, so that it is said once
        self._was_connected = False
        self._again: dict[str, int] = {}  # readers whose card went while it was asked, and how often it is tried yet

    def run(self, stop: threading.Event) -> None:
        """Work until stopped."""
        self._broker.start()
        try:
            while not stop.is_set():
                self._follow_broker()
                self._heed_commands()
                self._look_at_cards(stop)
        finally:
            self._broker.publish(self._place.topic, _json({"status": "offline"}))
            self._broker.close()
            self._readers.close()

    # ── The broker ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _follow_broker(self) -> None:
        connected = self._broker.connected
        if connected and not self._was_connected:
            self._say("已连接消息代理。", "Connected to the broker.")
            self._publish_state()
        elif self._was_connected and not connected:
            self._say(
                "与消息代理的连接中断，正在重连；其间刷卡无效。",
                "The broker is away, trying again; taps don't count meanwhile.",
            )
        self._was_connected = connected

    def _heed_commands(self) -> None:
        messages = self._broker.take(COMMANDS_AT_ONCE_MAX, 0)
        for message in messages:
            self._heed(message)
        self._broker.acknowledge(messages)

    def _heed(self, message: Message) -> None:
        try:
            command = COMMAND.decode(message.payload)
        except (msgspec.DecodeError, ValueError, RecursionError):  # the last: brackets in brackets without end
            log.warning("a command that can't be understood: %r", message.payload[:200])
            return
        problem = self._do(command)
        answer = {"id": command.id, "ok": problem is None} | ({} if problem is None else {"problem": problem})
        self._broker.publish(self._topics.answers, _json(answer))
        if problem is None:
            for reader in self._readers.present():  # a badge that lies there already needn't be lifted
                self._tap(reader, TRIES)

    def _do(self, command: Command) -> str | None:
        """Why it can't be done, None where it is."""
        if command.command != "challenge":
            return "a desk waits for badges and takes no other command"
        try:
            challenge = bytes.fromhex(command.challenge)
        except ValueError:
            challenge = b""
        if len(challenge) != CHALLENGE_BYTES or not 1 <= command.seconds <= CHALLENGE_SECONDS_MAX:
            return f"a challenge has {CHALLENGE_BYTES} bytes and waits for 1 to {CHALLENGE_SECONDS_MAX} seconds"
        if self._told is not None:
            return self._told
        self._challenge = challenge, time.monotonic() + command.seconds
        return None

    # ── The card readers ─────────────────────────────────────────────────────────────────────────────────────────────

    def _look_at_cards(self, stop: threading.Event) -> None:
        try:
            changes = self._readers.look(LOOK_SECONDS)
        except ServiceGone as gone:
            log.info("PC/SC: %s", gone)
            self._say_of_readers(
                "PC/SC 服务没有运行，请启动 pcscd；正在重试。", "the PC/SC service isn't running; start pcscd"
            )
            stop.wait(RETRY_SECONDS)
            return
        if not changes.readers:
            self._say_of_readers("没有找到读卡器，请检查连接。", "no card reader is plugged in")
        elif changes.readers_changed or self._told is not None:
            self._told = None
            names = "、".join(changes.readers)
            self._say(f"读卡器就绪：{names}。", f"Ready: {', '.join(changes.readers)}.")
            self._publish_state()
        again, self._again = self._again, {}
        for reader in changes.laid:
            self._tap(reader, TRIES)
        for reader, tries in again.items():
            if reader in self._readers.present() and reader not in changes.laid:
                self._tap(reader, tries)

    def _say_of_readers(self, zh: str, en: str) -> None:
        if self._told != en:
            self._told = en
            self._say(zh, f"{en[0].upper()}{en[1:]}; trying again.")
            self._publish_state()

    def _publish_state(self) -> None:
        """A desk without a card reader is as good as away."""
        status = "online" if self._told is None else "offline"
        self._broker.publish(self._place.topic, _json({"status": status}))

    def _tap(self, reader: str, tries: int) -> None:
        challenge = self._awaited()
        try:
            with self._readers.card(reader) as transmit:
                laid = read(transmit, challenge)
        except CardGone as gone:
            # Held at the edge of the field, or exchanged for another so quickly that the reader hasn't noticed.
            log.info("%s: %s", reader, gone)
            if tries > 1:
                self._again[reader] = tries - 1
                return
            self._say("卡片移开得太快，请再刷一次。", "The card was taken away too soon; lay it down again.")
            return
        if laid is None:
            self._say("这张卡没有可读的卡号。", "This card has no number that could be read.")
            return
        if not self._broker.connected:
            self._say("消息代理未连接，本次刷卡无效。", "The broker is away; this tap doesn't count.")
            return
        self._broker.publish(self._place.topic, tap(self._place.reader, laid, challenge))
        self._say("已刷卡。", "A card was read.")

    def _awaited(self) -> bytes | None:
        if self._challenge is not None and time.monotonic() > self._challenge[1]:
            self._challenge = None
        return None if self._challenge is None else self._challenge[0]


def tap(reader: str, laid: Laid, challenge: bytes | None) -> bytes:
    """A tap in the native dialect. It tells no time: a clerk's clock is worth less than the moment it arrives."""
    told = {"tap": laid.uid, "challenge": challenge, "signature": laid.signature, "key": laid.key}
    return _json({"reader": reader} | {name: value.hex() for name, value in told.items() if value is not None})


def _json(told: Mapping[str, object]) -> bytes:
    return json.dumps(told).encode()
