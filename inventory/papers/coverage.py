"""Which characters the paper's font has. One it lacks is printed by its code point, never as an empty box.

Names use all of Unicode and no font has all of it: of the rarer extensions Noto Sans CJK has some hundreds. A clerk who
reads 王〔U+2EBF0〕 can look the character up; one who reads 王□ can't tell two people apart.
"""

import re
import struct
from functools import cache
from importlib.resources import files

from inventory.domain.identifiers import UNPRINTABLE

FONT_PACKAGE = "manimgx_fonts_cjk"
FONT_FILE = "NotoSansCJK-VF.otf.ttc"
FONT_FAMILY = "Noto Sans CJK SC"

_FULL_UNICODE = (3, 10, 12)  # platform Windows, encoding UCS-4, format 12: segmented coverage
_LINE_ENDS = re.compile(r"[\t\r\n\v\f\x85\u2028\u2029]+")
# They choose a glyph's variant and have none of their own; the font's default form is the same character.
_VARIATION_SELECTORS = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")


def printable(text: str) -> str:
    """`text` on one line, with 〔U+XXXX〕 in place of each character the font lacks or that would print as nothing."""
    line = _VARIATION_SELECTORS.sub("", _LINE_ENDS.sub(" ", text))
    if line.isascii() and line.isprintable():
        return line
    covered = covered_characters()
    return "".join(
        character if ord(character) in covered and not UNPRINTABLE.match(character) else f"〔U+{ord(character):04X}〕"
        for character in line
    )


@cache
def covered_characters() -> frozenset[int]:
    """Code points the font has a glyph for, from its `cmap` table (OpenType 1.9, subtable format 12).

    The collection's five faces differ in shapes, not in coverage, so the first one speaks for all.
    """
    font = files(FONT_PACKAGE).joinpath(FONT_FILE).read_bytes()
    (face,) = struct.unpack_from(">I", font, 12)
    (tables,) = struct.unpack_from(">H", font, face + 4)
    records = struct.iter_unpack(">4sIII", font[face + 12 : face + 12 + 16 * tables])
    cmap = next(offset for tag, _, offset, _ in records if tag == b"cmap")
    (subtables,) = struct.unpack_from(">H", font, cmap + 2)
    for platform, encoding, offset in struct.iter_unpack(">HHI", font[cmap + 4 : cmap + 4 + 8 * subtables]):
        start = cmap + offset
        (format_,) = struct.unpack_from(">H", font, start)
        if (platform, encoding, format_) == _FULL_UNICODE:
            (groups,) = struct.unpack_from(">I", font, start + 12)
            segments = struct.iter_unpack(">III", font[start + 16 : start + 16 + 12 * groups])
            return frozenset(code for first, last, _ in segments for code in range(first, last + 1))
    raise LookupError(f"{FONT_FILE} has no full Unicode character map")
