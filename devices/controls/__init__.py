"""How readers are told to do something: one file per family, one row here. Where each listens: `inventory.domain.commands`."""

from types import ModuleType

from devices.controls import native, zebra
from inventory.domain.registers import Dialect

# Of those that take commands over the broker: `command(told) -> bytes` and `answer(payload) -> Answer`.
OVER_MQTT: dict[str, ModuleType] = {Dialect.NATIVE: native, Dialect.ZEBRA: zebra}
