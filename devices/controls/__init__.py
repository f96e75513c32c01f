"""How readers are told to do something: one file per family, one row here. Where each listens: `inventory.domain.commands`."""

from types import ModuleType

from devices.controls import native, zebra
from inventory.domain.registers import Dialect

# Of those that take commands over the broker in words of their own: `command(told) -> bytes` and `answer(payload) -> Answer`.
_OVER_MQTT: dict[str, ModuleType] = {Dialect.ZEBRA: zebra}


def over_mqtt(dialect: str) -> ModuleType:
    """The family's module; a reader of any other has something native beside it that takes its commands."""
    return _OVER_MQTT.get(dialect, native)
