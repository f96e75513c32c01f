"""Codes that scanners read: Code 128 for the keeper's imager, QR for a telephone or a torn label. Both as SVG."""

from dataclasses import dataclass

from zint import OutputOptions, Symbol, Symbology

_QR_CORRECTION_Q = 3  # A quarter of the symbol may be dirty; envelopes are handled for forty years.


@dataclass(frozen=True, slots=True)
class Code:
    """A symbol without its quiet zone; `modules`: how many of the narrowest bars it is wide."""

    svg: str
    modules: int


def code_128(text: str) -> Code | None:
    """`text` in Code 128 (ISO/IEC 15417); None where it has other than ASCII characters, as old numbers may."""
    if not (text and text.isascii() and text.isprintable()):
        return None
    return _code(Symbology.CODE128, text)


def qr(text: str) -> Code:
    """`text` as a QR code (ISO/IEC 18004) of error correction level Q."""
    return _code(Symbology.QRCODE, text, _QR_CORRECTION_Q)


def _code(symbology: Symbology, text: str, option: int | None = None) -> Code:
    symbol = Symbol()
    symbol.symbology = symbology
    if option is not None:
        symbol.option_1 = option
    symbol.output_options = OutputOptions.BARCODE_MEMORY_FILE
    symbol.outfile = "code.svg"
    symbol.show_text = False
    symbol.encode(text)
    symbol.print()
    assert symbol.memfile is not None
    return Code(bytes(symbol.memfile).decode(), symbol.width)
