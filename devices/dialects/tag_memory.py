"""A tag's memory as readers write it: hex, or the URL-safe base64 of Impinj's factory settings.

An EPC is 1 to 31 whole words of 16 bits (Gen2: the length field of the protocol-control word has five bits).
"""

import binascii
import string
from collections.abc import Callable
from functools import lru_cache
from typing import TypeAlias

from devices.dialects.payloads import quoted
from devices.readings import Undecodable

Memory: TypeAlias = Callable[[str, str], bytes]  # (text, name of the bank) -> its bytes; raises Undecodable

TAGS_REMEMBERED_MAX = 65_536  # a reader says the same tags again and again; some 15 MB
# A set, because every read asks it.
MEMORY_BYTES = frozenset(range(2, 62 + 1, 2))
# A 96-bit EPC. Shorter text of hex digits alone may well be base64: sixteen of them are a 96-bit EPC's base64.
HEX_DIGITS_MIN = 24
HEX_DIGITS = frozenset(string.hexdigits)


@lru_cache(TAGS_REMEMBERED_MAX)
def words_from_hex(text: str, bank: str = "EPC") -> bytes:
    """Turn hex digits, and nothing but hex digits, into the bytes of whole 16-bit words."""
    try:
        memory = bytes.fromhex(text)
    except ValueError:
        memory = b""
    # `fromhex` forgives white space between bytes; the length tells.
    if len(memory) not in MEMORY_BYTES or len(text) != 2 * len(memory):
        message = f"The {bank} {quoted(text)} is not 1 to 31 whole 16-bit words in hex."
        raise Undecodable(message)
    return memory


def words_from_hex_or_base64(text: str, bank: str = "EPC") -> bytes:
    """Decide by content: 24 or more hex digits in whole words are hex, anything else must be base64.

    One tag is mistaken: a blank one of 144 bits or more, whose base64 is all `A`. No dossier's tag is blank.
    """
    if len(text) >= HEX_DIGITS_MIN and len(text) % 4 == 0 and HEX_DIGITS.issuperset(text):
        return words_from_hex(text, bank)
    return words_from_base64(text, bank, "hex or base64")


def words_from_base64(text: str, bank: str = "EPC", forms: str = "base64") -> bytes:
    """Turn base64, standard or URL-safe, padded or not, into the bytes of whole 16-bit words."""
    standard = text.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        memory = binascii.a2b_base64(standard + "=" * (-len(standard) % 4), strict_mode=True)
    except ValueError:
        memory = b""
    if len(memory) not in MEMORY_BYTES:
        message = f"The {bank} {quoted(text)} is not 1 to 31 whole 16-bit words in {forms}."
        raise Undecodable(message)
    return memory
