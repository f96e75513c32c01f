"""The dialects readers speak: one file per family, one row here.

A reader's dialect stands in its registration; no payload is ever asked who sent it.
"""

from collections.abc import Callable
from typing import TypeAlias

from devices.dialects import impinj, llrpkit, native, zebra, zebra_handheld
from devices.readings import Decoded

# (payload, IANA name of the reader's time zone) -> what the message says. The zone is used only for local times
# without one. Raises Undecodable and nothing else, whatever the bytes; one bad read refuses the whole message.
Decode: TypeAlias = Callable[[bytes, str], Decoded]

DIALECTS: dict[str, Decode] = {
    "native": native.decode,
    "impinj": impinj.decode,
    "zebra": zebra.decode,
    "zebra_handheld": zebra_handheld.decode,
    "llrpkit": llrpkit.decode,
}
