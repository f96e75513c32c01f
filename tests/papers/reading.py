"""A paper as a reader with eyes and a scanner gets it: PDFium, the engine of a browser, and ZXing, that of a telephone."""

import ctypes
import re

import pypdfium2
import zxingcpp
from pypdfium2 import raw

PRINTER_DOTS_PER_POINT = 203 / 72  # What a plain label printer has, 8 dots a millimetre.
POINTS_PER_MILLIMETRE = 72 / 25.4


class Paper:
    def __init__(self, document: bytes) -> None:
        self.pdf = pypdfium2.PdfDocument(document)
        self.pages = [re.sub(r"\s+", " ", page.get_textpage().get_text_range()) for page in self.pdf]

    @property
    def text(self) -> str:
        return " ".join(self.pages)

    def says(self, *facts: str) -> bool:
        """Whether every fact stands in the text; line ends and gaps between cells don't count."""
        squeezed = self.text.replace(" ", "")
        missing = [fact for fact in facts if fact.replace(" ", "") not in squeezed]
        assert not missing, f"{missing} not in {self.text}"
        return True

    def sizes_mm(self) -> set[tuple[int, int]]:
        return {tuple(round(side / POINTS_PER_MILLIMETRE) for side in page.get_size()) for page in self.pdf}

    def codes(self, page: int = 0) -> set[tuple[str, str]]:
        """(kind, content) of every code on the page, as rendered for a printer."""
        picture = self.pdf[page].render(scale=PRINTER_DOTS_PER_POINT, grayscale=True).to_numpy()
        return {(code.format.name, code.text) for code in zxingcpp.read_barcodes(picture.squeeze())}

    def fonts(self) -> dict[str, bool]:
        """The name of every font used, and whether the file carries it."""
        found = {}
        for page in self.pdf:
            for item in page.get_objects(filter=[raw.FPDF_PAGEOBJ_TEXT]):
                font = raw.FPDFTextObj_GetFont(item)
                name = ctypes.create_string_buffer(200)
                raw.FPDFFont_GetBaseFontName(font, name, len(name))
                found[name.value.decode()] = raw.FPDFFont_GetIsEmbedded(font) == 1
        return found
