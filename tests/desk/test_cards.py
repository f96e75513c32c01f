"""What a card may answer: whatever it says, the desk goes on, and tells only what the site understands."""

from hashlib import sha256

import pytest

from devices.desk.cards import Laid, read
from devices.desk.station import tap
from devices.dialects.native import decode
from tests.desk.virtual import OK, Card

UID = bytes.fromhex("04A1B2C3D4E5F6")
CHALLENGE = bytes(range(32))


class Odd(Card):
    """A card that answers one instruction in its own way."""

    instruction, says = b"", b""

    def answer(self, apdu: bytes) -> bytes:
        told = super().answer(apdu)
        return self.says if apdu.startswith(self.instruction) else told


def odd(instruction: str, says: bytes) -> Odd:
    card = Odd.signing(UID)
    assert isinstance(card, Odd)
    card.instruction, card.says = bytes.fromhex(instruction), says
    return card


@pytest.mark.parametrize("says", [b"\x61\x10", b"abc\x61\x00", b"\x6c\x10"])
@pytest.mark.parametrize("instruction", ["", "FFCA", "00A4", "00CA", "0088", "00C0"])
def test_a_card_that_promises_more_for_ever_is_left(instruction: str, says: bytes) -> None:
    card = odd(instruction, says)
    laid = read(card.answer, CHALLENGE)
    assert laid is None or decode(tap("DESK-1", laid, CHALLENGE), "UTC").taps[0].uid == laid.uid
    assert len(card.asked) < 100


@pytest.mark.parametrize("data", [b"", b"\x00", b"\x04" * 64, b"\x04" * 66, b"\xff" * 60_000])
@pytest.mark.parametrize("instruction", ["00CA", "0088"])
def test_an_answer_that_is_no_key_or_signature_makes_a_card_that_can_not_sign(instruction: str, data: bytes) -> None:
    laid = read(odd(instruction, data + OK).answer, CHALLENGE)
    assert laid is not None and laid.uid == UID
    (told,) = decode(tap("DESK-1", laid, CHALLENGE), "UTC").taps
    assert told.uid == UID
    assert (instruction == "0088" and 0 < len(data) <= 72) or laid == Laid(UID)


@pytest.mark.parametrize("says", [b"", b"\x90", b"\x00", b"\x90\x00"])
def test_half_an_answer_is_none(says: bytes) -> None:
    assert read(odd("FFCA", says).answer, CHALLENGE) is None


def test_a_card_tells_its_answer_in_parts() -> None:
    card = Card.signing(UID, slow_answers=True)
    laid = read(card.answer, sha256(CHALLENGE).digest())
    assert laid is not None and laid.signature is not None
