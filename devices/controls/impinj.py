"""Impinj R700 (IoT device interface): REST beside the MQTT events. What is asked is the request, what comes back its status."""

import json
from typing import Any

from devices.controls.told import Request, Told
from inventory.domain.commands import CommandKind

POWER_CDBM, MODE = 3_000, 1_002  # where the command says nothing else; the mode lets the reader choose, for dense sites
# Without these an event has base64 for an EPC and no time of reading.
EVENTS = {
    "common": {"hostname": "enabled"},
    "tagInventory": {
        "epc": "enabled",
        "epcHex": "enabled",
        "tidHex": "disabled",
        "antennaPort": "enabled",
        "peakRssiCdbm": "enabled",
        "lastSeenTime": "enabled",
    },
}


def request(told: Told) -> Request:
    """The request that tells it. Mode and power are part of the inventory that it starts."""
    asked = told.arguments
    match told.kind:
        case CommandKind.START:
            return _start(told, POWER_CDBM, MODE)
        case CommandKind.STOP:
            return Request("POST", "/profiles/stop")
        case CommandKind.MODE:
            return _start(told, POWER_CDBM, int(asked["mode"]) if str(asked["mode"]).isdecimal() else asked["mode"])
        case CommandKind.POWER:
            return _start(told, round(asked["dbm"] * 100), MODE)
        case CommandKind.OUTPUT:
            state = "high" if asked["on"] else "low"
            output = {"gpo": asked["port"], "state": state, "control": "static"}
            return _json("PUT", "/device/gpos", {"gpoConfigurations": [output]})
        case CommandKind.CHALLENGE:
            raise ValueError("only a desk takes it")


def _start(told: Told, power_cdbm: int, mode: object) -> Request:
    antennas = [
        {
            "antennaPort": antenna,
            "transmitPowerCdbm": power_cdbm,
            "rfMode": mode,
            "inventorySession": 1,
            "inventorySearchMode": "dual-target",
            "estimatedTagPopulation": 1_024,
        }
        for antenna in told.antennas
        if antenna > 0
    ]
    return _json("POST", "/profiles/inventory/start", {"eventConfig": EVENTS, "antennaConfigs": antennas})


def _json(method: str, path: str, body: dict[str, Any]) -> Request:
    return Request(method, path, json.dumps(body).encode())
