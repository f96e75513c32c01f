"""Labels with a chip in ZPL II, for printers that print and encode: what is printed, and what is written into the chip.

    ^RS8,,,1,N   Gen2; a label that fails is voided, and its format dropped: tried on the next label, two chips had one EPC
    ^RFW,H       write hexadecimal to the EPC bank (96 bits, the default), protocol control bits as they are
    ^CI28        text is UTF-8; ^FH: what means something to ZPL is written as _ and two digits

Commands and defaults: Zebra's ZPL Programming Guide, chapter "ZPL RFID Commands", ^RF and ^RS; ^BC for Code 128's own escapes.
Printers' built-in fonts have no Chinese: such a line goes as a graphic (^GFA).
"""

from collections.abc import Sequence
from io import BytesIO

from PIL import Image, ImageOps

from inventory.papers.codes import qr
from inventory.papers.sheets import TagLabel
from inventory.papers.typesetting import lines_as_pictures

DOTS_PER_MM = (8, 12)  # 203 and 300 dpi
WIDTH_MM, HEIGHT_MM = 100, 50
_MARGIN_MM = 5
_QR_MM = 22
_WORDS_MM = WIDTH_MM - 2 * _MARGIN_MM - _QR_MM - 3
_NUMBER_MM, _NAME_MM, _BARS_MM = 6, 6, 13
_DARK_BELOW = 160  # of 255: thin strokes stay whole
# A module of Code 128 or QR is a whole number of dots; less than a quarter of a millimetre no imager likes.
_BAR_DOTS = {8: (3, 2), 12: (4, 3)}
_SET_B_MODULES, _SET_B_MORE = 11, 35  # a character; start, check and stop together
# Code 128's own escapes of ^BC in subset B.
_BC_ESCAPES = {">": ">0", "^": "><", "~": ">="}
_MEANS_SOMETHING = frozenset("^~_\\")


def tag_labels_zpl(labels: Sequence[TagLabel], dots_per_mm: int = 8) -> bytes:
    """One format (^XA ... ^XZ) a label, in their order; UTF-8. dots_per_mm: the printer's, one of `DOTS_PER_MM`."""
    assert dots_per_mm in DOTS_PER_MM
    unprinted = [line for label in labels for line in _chinese(label)]
    pictures = dict(zip(unprinted, lines_as_pictures(unprinted, _NUMBER_MM, _WORDS_MM, dots_per_mm), strict=True))
    return "".join(_format(label, dots_per_mm, pictures) for label in labels).encode()


def _chinese(label: TagLabel) -> list[str]:
    """The lines no built-in font can print."""
    lines = [str(label.volume), *([] if label.subject is None else [label.subject])]
    return [line for line in lines if not line.isascii()]


def _format(label: TagLabel, dots: int, pictures: dict[str, bytes]) -> str:
    name, left = str(label.volume), _MARGIN_MM * dots
    y = _MARGIN_MM * dots
    parts = [
        "^XA",
        "^CI28",
        f"^PW{WIDTH_MM * dots}^LL{HEIGHT_MM * dots}^LH0,0",
        "^RS8,,,1,N",
        f"^RFW,H^FD{label.epc}^FS",
        _line(name, left, y, _NUMBER_MM * dots, dots, pictures),
    ]
    y += (_NUMBER_MM + 2) * dots
    if label.subject is not None:
        parts.append(_line(label.subject, left, y, _NAME_MM * dots * 3 // 4, dots, pictures))
    y += (_NAME_MM + 1) * dots
    small = 2 * dots + dots // 2
    parts.append(_text(f"EPC {label.epc}", left, y, small, small * 4 // 5))
    parts.append(_text(f"{label.batch} #{label.position}", left, y + small + dots // 2, small, small * 4 // 5))
    parts.append(_square(name, dots))
    bars = _bars(name, dots)
    if bars is not None:
        parts.append(bars)
    parts.append("^PQ1,0,1,N^XZ\n")
    return "\n".join(parts)


def _line(text: str, x: int, y: int, height: int, dots: int, pictures: dict[str, bytes]) -> str:
    if text in pictures:
        return f"^FO{x},{y}{_graphic(pictures[text])}^FS"
    # Font 0's characters are at most as wide as they are told: the whole number stands on one line.
    width = min(height * 4 // 5, 2 * _WORDS_MM * dots // max(len(text), 1))
    return _text(text, x, y, height, width)


def _text(text: str, x: int, y: int, height: int, width: int) -> str:
    return f"^FO{x},{y}^A0N,{height},{width}^FH_^FD{_escaped(text)}^FS"


def _square(text: str, dots: int) -> str:
    modules = qr(text).modules
    magnification = max(1, min(10, _QR_MM * dots // modules))
    x = (WIDTH_MM - _MARGIN_MM) * dots - magnification * modules
    return f"^FO{x},{_MARGIN_MM * dots}^BQN,2,{magnification}^FH_^FDQA,{_escaped(text)}^FS"


def _bars(text: str, dots: int) -> str | None:
    """Code 128, as wide a bar as fits; None where no bar fits, or it has other than ASCII: the QR code has it all the same."""
    if not (text.isascii() and text.isprintable()):
        return None
    modules, room = _SET_B_MODULES * len(text) + _SET_B_MORE, (WIDTH_MM - 2 * _MARGIN_MM) * dots
    width = next((one for one in _BAR_DOTS[dots] if one * modules <= room), None)
    if width is None:
        return None
    x = (WIDTH_MM * dots - width * modules) // 2
    y = (HEIGHT_MM - _MARGIN_MM - _BARS_MM) * dots
    data = "".join(_BC_ESCAPES.get(character, character) for character in text)
    return f"^FO{x},{y}^BY{width}^BCN,{_BARS_MM * dots},N,N,N^FH_^FD{_escaped(data)}^FS"


def _escaped(text: str) -> str:
    return "".join(f"_{ord(character):02X}" if character in _MEANS_SOMETHING else character for character in text)


def _graphic(picture: bytes) -> str:
    """^GFA of a PNG: a bit a dot, rows of whole bytes, hexadecimal."""
    grey = Image.open(BytesIO(picture)).convert("RGB").convert("L")
    bits = ImageOps.invert(grey.point(lambda level: 0 if level < _DARK_BELOW else 255)).convert("1")
    data = bits.tobytes()  # rows are padded to whole bytes, a set bit is ink: as ^GF wants them
    return f"^GFA,{len(data)},{len(data)},{(bits.width + 7) // 8},{data.hex().upper()}"
