"""What is printed on a label is what scanners read, and what is written into its chip is what was meant."""

import re
from typing import NamedTuple

import pytest
import zxingcpp
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from inventory.domain.identifiers import VolumeName
from inventory.papers.printing import tag_labels_pdf
from inventory.papers.sheets import TagLabel
from inventory.papers.zpl import DOTS_PER_MM, HEIGHT_MM, WIDTH_MM, tag_labels_zpl
from tests.papers.reading import Paper
from tests.papers.stacks import PRINTED

EPC = "2C16451FD46072000000162E"


def label(number: str = "370112-99-0000017-6", volume: int = 1, subject: str | None = None, epc: str = EPC) -> TagLabel:
    return TagLabel(VolumeName(number, volume), epc, "T-000012", 7, "历城区档案中心", subject)


class Format(NamedTuple):
    """A ZPL label as a printer understands it: what it writes into the chip, its fields, its graphics."""

    encoded: list[str]
    fields: list[tuple[str, str]]
    graphics: list[Image.Image]


def understood(zpl: bytes) -> list[Format]:
    """ZPL taken apart as its guide says: formats between ^XA and ^XZ, commands between carets, ^FH escapes undone."""
    formats: list[Format] = []
    for text in re.findall(r"\^XA(.*?)\^XZ", zpl.decode(), re.DOTALL):
        commands = [one.rstrip("\n") for one in text.split("^")[1:]]
        found, kind, escaped = Format([], [], []), "", False
        for command in commands:
            name = command[:2]
            if name in {"RF", "BC", "BQ", "A0"}:
                kind, escaped = command, False
            elif name == "FH":
                escaped = True
            elif name == "GF":
                _, total, sent, row, data = command.split(",")
                assert total == sent and int(total) == len(data) // 2 and int(total) % int(row) == 0
                size = (int(row) * 8, int(total) // int(row))
                found.graphics.append(Image.frombytes("1", size, bytes(255 - byte for byte in bytes.fromhex(data))))
            elif name == "FD":
                data = command[2:]
                if escaped:
                    data = re.sub("_([0-9A-F]{2})", lambda one: chr(int(one[1], 16)), data)
                if kind.startswith("RF"):
                    assert kind == "RFW,H"
                    found.encoded.append(data)
                else:
                    found.fields.append((kind[:2], data))
        formats.append(found)
    return formats


def printed_code(data: str) -> str:
    """What ^BC in subset B encodes of this data."""
    return re.sub(">([0<=])", lambda one: {"0": ">", "<": "^", "=": "~"}[one[1]], data)


def test_the_pdf_label_is_scanned_and_shows_no_name_unless_asked_to() -> None:
    paper = Paper(
        tag_labels_pdf([label(), label(volume=2, subject="阿迪力·买买提"), label("鲁人档〔1998〕0017")], PRINTED)
    )
    assert paper.sizes_mm() == {(100, 50)} and len(paper.pages) == 3
    assert paper.codes(0) == {("Code128", "370112-99-0000017-6"), ("QRCode", "370112-99-0000017-6")}
    assert paper.codes(1) == {("Code128", "370112-99-0000017-6/2"), ("QRCode", "370112-99-0000017-6/2")}
    assert paper.codes(2) == {("QRCode", "鲁人档〔1998〕0017")}
    first, second, third = paper.pages
    assert "2C16451F D4607200 0000162E" in first and "T-000012" in first and "#7" in first
    assert "买" not in first and "阿迪力·买买提" in second and "鲁人档〔1998〕0017" in third


@pytest.mark.parametrize("dots", DOTS_PER_MM)
def test_the_printer_encodes_and_prints_what_was_meant(dots: int) -> None:
    labels = [label(), label("D-2", 3, epc="2C16451FD46072000000162F")]
    zpl = tag_labels_zpl(labels, dots)
    first, second = understood(zpl)
    assert first.encoded == [EPC] and second.encoded == ["2C16451FD46072000000162F"]
    for one, name in ((first, "370112-99-0000017-6"), (second, "D-2/3")):
        fields = dict(reversed(one.fields))
        assert fields["A0"] == name and fields["BC"] == name and fields["BQ"] == f"QA,{name}" and not one.graphics
    assert zpl.count(b"^RS8,,,1,N") == 2, "a label that failed is never tried again with its EPC"
    assert f"^PW{WIDTH_MM * dots}^LL{HEIGHT_MM * dots}".encode() in zpl


def test_a_chinese_name_and_number_are_printed_as_graphics_and_only_where_asked_for() -> None:
    assert not understood(tag_labels_zpl([label()]))[0].graphics
    (named,) = understood(tag_labels_zpl([label(subject="阿迪力·买买提")]))
    (graphic,) = named.graphics
    dark = sum(1 for pixel in graphic.convert("L").tobytes() if pixel == 0)
    assert 0.02 < dark / (graphic.width * graphic.height) < 0.5, "strokes, and mostly paper"
    (old,) = understood(tag_labels_zpl([label("鲁人档〔1998〕0017")]))
    assert len(old.graphics) == 1 and dict(old.fields)["BQ"] == "QA,鲁人档〔1998〕0017" and "BC" not in dict(old.fields)


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="/"), min_size=1, max_size=40))
def test_whatever_stands_in_a_number_zpl_prints_it_and_does_nothing_else(number: str) -> None:
    (one,) = understood(tag_labels_zpl([label(number)]))
    assert one.encoded == [EPC]
    fields = dict(reversed(one.fields))
    assert fields["A0"] == number and fields["BQ"] == f"QA,{number}"
    if "BC" in fields:
        assert printed_code(fields["BC"]) == number


@pytest.mark.parametrize("number", ["370112-99-0000017-6", "A" * 40, "鲁人档〔1998〕0017" * 2])
def test_codes_of_the_pdf_are_read_at_a_label_printers_resolution(number: str) -> None:
    paper = Paper(tag_labels_pdf([label(number)], PRINTED))
    picture = paper.pdf[0].render(scale=8 * 25.4 / 72, grayscale=True).to_numpy()
    assert number in {code.text for code in zxingcpp.read_barcodes(picture.squeeze())}
