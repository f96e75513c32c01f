"""The native family: our simulator, powered shelving, any script that listens.

Told on its `commands` topic: `{"id": 17, "command": "start", "seconds": 60}`; the members beside `id` and `command` are the
command's own. It answers on its `answers` topic: `{"id": 17, "ok": true}`, or `false` with a `problem`.
"""

import msgspec

from devices.controls.told import Answer, Told
from devices.dialects.payloads import parse


class Said(msgspec.Struct):
    """An answer."""

    id: int
    ok: bool
    problem: str = ""


SAID: msgspec.json.Decoder[Said] = msgspec.json.Decoder(Said)


def command(told: Told) -> bytes:
    """The message that tells it."""
    return msgspec.json.encode({"id": told.id, "command": told.kind.value, **told.arguments})


def answer(payload: bytes) -> Answer:
    """What it says; raises `Undecodable`."""
    said = parse(payload, SAID)
    return Answer(said.id, None if said.ok else said.problem)
