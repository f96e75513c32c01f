"""What a desk asks a card: its number, and of a badge that can sign, a signature over a challenge.

The number (UID) is asked for by PC/SC part 3's GET DATA, which the reader itself answers. A badge that can sign carries an
applet of its own, `AID`; it answers two commands of ISO/IEC 7816-4 and 7816-8 (docs/desk.md tells them byte by byte):

    GET DATA 01 01           its public key, a point of P-256, uncompressed (65 bytes)
    INTERNAL AUTHENTICATE    an ECDSA signature with SHA-256, in DER, over `inventory.domain.badges.signed_bytes`
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from devices.dialects.native import KEY_BYTES, SIGNATURE_BYTES_MAX, UID_BYTES

AID = bytes.fromhex("F0475549574549")  # F0: a name of its own, registered nowhere (ISO/IEC 7816-4); then "GUIWEI"
GET_UID = bytes.fromhex("FFCA000000")
SELECT = bytes.fromhex("00A4040007") + AID + b"\x00"
GET_KEY = bytes.fromhex("00CA010100")
AUTHENTICATE = bytes.fromhex("0088000020")  # and 32 bytes of challenge, and 00: as many bytes as there are
PARTS_MAX = 4  # of an answer; ours fit one

DONE = b"\x90\x00"
MORE, WRONG_LENGTH = b"\x61", b"\x6c"  # the status word's first byte: so many are ready; ask again for so many
GET_RESPONSE = bytes.fromhex("00C00000")

# An APDU to the card, its answer with the status word at the end. Raises `CardGone`.
Transmit: TypeAlias = Callable[[bytes], bytes]


class CardGone(Exception):
    """The card was taken away while it was asked."""


@dataclass(frozen=True, slots=True)
class Laid:
    """A card on the reader; signature and key: of a badge that was given a challenge and can sign."""

    uid: bytes
    signature: bytes | None = None
    key: bytes | None = None


def read(transmit: Transmit, challenge: bytes | None) -> Laid | None:
    """Ask the card that lies there; None for one without a number. Raises `CardGone`."""
    uid = _ask(transmit, GET_UID)
    if uid is None or len(uid) not in UID_BYTES:
        return None
    if challenge is None or _ask(transmit, SELECT) is None:
        return Laid(uid)
    key = _ask(transmit, GET_KEY)
    if key is None or len(key) != KEY_BYTES:
        return Laid(uid)
    signature = _ask(transmit, AUTHENTICATE + challenge + b"\x00")
    if signature is None or not 0 < len(signature) <= SIGNATURE_BYTES_MAX:
        return Laid(uid)
    return Laid(uid, signature, key)


def _ask(transmit: Transmit, command: bytes) -> bytes | None:
    """The answer's data; None where the card says no, or promises more and more."""
    answer = transmit(command)
    if answer[-2:-1] == WRONG_LENGTH:
        answer = transmit(command[:-1] + answer[-1:])
    data = b""
    for _ in range(PARTS_MAX):
        if answer[-2:-1] != MORE:
            break
        data += answer[:-2]
        answer = transmit(GET_RESPONSE + answer[-1:])
    return data + answer[:-2] if answer[-2:] == DONE else None
