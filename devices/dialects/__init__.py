"""The dialects readers speak: one module per family, named as the dialect is.

A reader's dialect stands in its registration; no payload is ever asked who sent it.
"""

from importlib import import_module
from typing import Any

from devices.dialects import mapping as mapped
from devices.readings import Decode
from inventory.domain.mappings import Mapping
from inventory.domain.refusals import BadInput
from inventory.domain.registers import Dialect

DIALECTS: dict[str, Decode] = {
    dialect.value: import_module(f"devices.dialects.{dialect.value}").decode for dialect in Dialect
}


def decoder_of(dialect: str, mapping: dict[str, Any] | None) -> Decode:
    """How a reader's messages are decoded, by its registration.

    A mapping that doesn't fit the program (an older one saved it) refuses that reader's messages and stops nobody else's.
    """
    if dialect != Dialect.MAPPING or mapping is None:
        return DIALECTS[dialect]
    try:
        return mapped.decoder(Mapping.of(mapping))
    except BadInput as refusal:
        return mapped.refusing(str(refusal.facts["problem_en"]))
