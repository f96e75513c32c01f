"""Zebra's fixed readers (IoT Connector): `{"command", "command_id", "payload"}`, answered with `"response": "success"` or not."""

from typing import Any

import msgspec

from devices.controls.told import Answer, Told
from devices.dialects.payloads import parse
from devices.readings import Undecodable
from inventory.domain.commands import CommandKind

MODE = "INVENTORY"  # what a reader is in where nobody says otherwise; set_mode wants one
METADATA = ["ANTENNA", "RSSI", "SEEN_COUNT"]  # without them a tag has neither antenna nor strength


class Said(msgspec.Struct):
    """A response."""

    command_id: str
    response: str
    payload: dict[str, Any] = {}


SAID: msgspec.json.Decoder[Said] = msgspec.json.Decoder(Said)


def command(told: Told) -> bytes:
    """The message that tells it."""
    name, payload = _payload(told)
    return msgspec.json.encode({"command": name, "command_id": str(told.id), "payload": payload})


def _payload(told: Told) -> tuple[str, dict[str, Any]]:
    asked = told.arguments
    match told.kind:
        case CommandKind.START:
            return "start", {}
        case CommandKind.STOP:
            return "stop", {}
        case CommandKind.MODE:
            return "set_mode", {"type": asked["mode"], "tagMetaData": METADATA}
        case CommandKind.POWER:
            return "set_mode", {"type": MODE, "transmitPower": asked["dbm"], "tagMetaData": METADATA}
        case CommandKind.OUTPUT:
            return "set_gpo", {"port": asked["port"], "state": asked["on"]}
        case CommandKind.CHALLENGE:
            raise ValueError("only a desk takes it")


def answer(payload: bytes) -> Answer:
    """What it says; raises `Undecodable`."""
    said = parse(payload, SAID)
    if not (said.command_id.isascii() and said.command_id.isdigit() and len(said.command_id) <= 18):  # noqa: PLR2004 - digits of a bigint
        raise Undecodable("The command_id is none of ours.")
    if said.response == "success":
        return Answer(int(said.command_id))
    return Answer(int(said.command_id), str(said.payload.get("message") or said.payload or said.response))
