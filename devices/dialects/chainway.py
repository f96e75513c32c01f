"""Chainway handhelds (C72 and its kin) imitating Impinj's events: `epc` and `tid` hold hex, the strength is a float.

Told apart from `impinj` because a short EPC in hex can't be told from base64 by its content.
"""

from devices.dialects import impinj
from devices.dialects.tag_memory import words_from_hex
from devices.readings import Decoded


def decode(payload: bytes, timezone: str) -> Decoded:
    """Decode one message of a handheld."""
    return impinj.decode(payload, timezone, words_from_hex)
