"""Letters (函件) that requests rest on, and the scans of them."""

from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256

from inventory.domain.refusals import BadInput, HappensInTheFuture, LetterScanUnreadable
from inventory.domain.requests import check_free_text

LETTER_NUMBER_CHARACTERS_MAX = 80
ISSUER_CHARACTERS_MAX = 100
LETTER_SCAN_BYTES_MAX = 4 * 1024 * 1024  # a page or two; `letter_scan_size` in the database
_MIB = 1024 * 1024

# What a file is, by how it begins; what a browser says of it is not asked.
_MEDIA: tuple[tuple[bytes, str], ...] = (
    (b"%PDF-", "application/pdf"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
)


@dataclass(frozen=True, slots=True)
class Scan:
    """A scan of a letter; sha256: 32 bytes."""

    media: str
    sha256: bytes
    content: bytes = field(repr=False)


def parse_scan(content: bytes) -> Scan:
    """A scan from its bytes; raises `LetterScanUnreadable` for anything but a PDF, JPEG or PNG of a bounded size."""
    media = next((media for beginning, media in _MEDIA if content.startswith(beginning)), None)
    if media is None or len(content) > LETTER_SCAN_BYTES_MAX:
        raise LetterScanUnreadable(mib=LETTER_SCAN_BYTES_MAX // _MIB)
    return Scan(media, sha256(content).digest(), content)


def parse_letter(number: str, issuer: str, dated: date, today: date) -> tuple[str, str]:
    """Number and issuer of a letter; raises `BadInput`, `HappensInTheFuture`."""
    told = check_free_text(number, "函件编号", "number of the letter", LETTER_NUMBER_CHARACTERS_MAX)
    by = check_free_text(issuer, "发函单位", "issuer of the letter", ISSUER_CHARACTERS_MAX)
    if not told or not by:
        raise BadInput(problem_zh="请填写函件编号和发函单位", problem_en="tell the letter's number and issuer")
    if dated > today:
        raise HappensInTheFuture
    return told, by
