"""Badges (工作卡): how a tap at a desk stands, and what a badge signs. Pure."""

from inventory.domain.words import Word

CHALLENGE_BYTES = 32
SIGNED_PREFIX = b"guiwei badge 1\0"  # so that a signature given here is good for nothing else


class TapState(Word):
    """How far a wish for a tap has come. What was laid down last counts."""

    WAITING = "waiting", "请刷工作卡", "lay your badge on the reader"
    SILENT = (
        "silent",
        "该工作台的读卡器没有应答，请检查其是否在运行",
        "this desk's reader doesn't answer; is it running?",
    )
    NOBODYS = "nobodys", "这张卡没有登记给任何人", "this card is nobody's badge"
    FORGED = "forged", "这张卡没有通过验证，可能是复制品", "this card didn't prove itself; it may be a copy"
    LAID = "laid", "已刷卡，请输入口令", "the badge is read; now the PIN"
    OVER = "over", "等待已结束，请重新开始", "this took too long; begin again"


def signed_bytes(challenge: bytes) -> bytes:
    """What a badge signs (ECDSA with SHA-256 over P-256) when it is given a challenge."""
    return SIGNED_PREFIX + challenge


def ending(uid: bytes) -> str:
    """The last four digits of a card's number: enough to tell one's cards apart, and nothing to copy one by."""
    return uid.hex()[-4:].upper()
