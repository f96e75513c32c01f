"""From a sheet to PDF bytes, by Typst, with the font of a dependency: no system font, no network, no temporary file.

Typst gets a sheet as one JSON text in `sys.inputs`, and templates only ever use its strings as values, so `#panic()` in a
name is eight characters on paper. Output is PDF/A-2u, the archival form: fonts embedded, text extractable.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import date, datetime, timedelta, timezone, tzinfo
from functools import cache
from importlib.resources import files
from pathlib import Path

import typst

from inventory.domain.identifiers import VolumeName
from inventory.papers.codes import Code
from inventory.papers.coverage import FONT_PACKAGE, printable
from inventory.papers.sheets import Picture, Printed

TEMPLATES = Path(__file__).parent / "templates"
LONG_PAPER_CHARACTERS_MIN = 40_000  # of data; a pick sheet of 600 has 90,000 and leaves 80 MB behind
COMPILATIONS_REMEMBERED = 10  # by the binding: what so many later compilations had no use for, it drops


def typeset(template: str, sheet: object, printed: Printed, codes: Mapping[str, object] | None = None) -> bytes:
    """The PDF of `sheet` (a dataclass, or a tuple of them) by `templates/<template>.typ`.

    codes: symbols the template places, under names of its own; values are `Code`, None or sequences of them.
    """
    zone = printed.at.tzinfo
    if zone is None:
        raise ValueError("Printed.at is aware: its zone is the one all instants of the paper are written in")
    told = {"sheet": sheet, "printed": printed, "codes": codes or {}}
    data = json.dumps(_plain(told, zone), ensure_ascii=False)
    compiler = typst.Compiler(
        TEMPLATES / f"{template}.typ", root=TEMPLATES, font_paths=_fonts(), sys_inputs={"told": data}
    )
    # The document's own date: aware, of a fixed offset, or it would be the machine's clock.
    # Typst takes whole seconds only.
    at = printed.at.replace(microsecond=0).astimezone(timezone(printed.at.utcoffset() or timedelta()))
    # Untagged: tags are four fifths of a long list, and who can't see the paper has the same facts on a page of the web.
    document = compiler.compile(format="pdf", pdf_standards=["a-2u"], pdf_tags=False, timestamp=at)
    assert isinstance(document, bytes)
    if len(data) >= LONG_PAPER_CHARACTERS_MIN:
        _forget()
    return document


def lines_as_pictures(lines: Sequence[str], height_mm: float, width_mm: float, dots_per_mm: int) -> list[bytes]:
    """Each line of text as a PNG of that height, no wider than that, in the papers' font: for printers that lack one."""
    if not lines:
        return []
    told = json.dumps([printable(line) for line in lines], ensure_ascii=False)
    inputs = {"told": told, "height": str(height_mm), "width": str(width_mm)}
    compiler = typst.Compiler(TEMPLATES / "line.typ", root=TEMPLATES, font_paths=_fonts(), sys_inputs=inputs)
    pictures = compiler.compile(format="png", ppi=dots_per_mm * 25.4)
    found = pictures if isinstance(pictures, list) else [pictures]
    assert all(isinstance(picture, bytes) for picture in found)
    return [picture for picture in found if picture is not None]


def _forget() -> None:
    """Push a long paper out of Typst's memory by blank ones, or ten of them are a gigabyte in a process that never ends."""
    blank = typst.Compiler(font_paths=_fonts())
    for _ in range(COMPILATIONS_REMEMBERED + 1):
        blank.compile(b"", format="pdf", timestamp=0)


@cache
def _fonts() -> typst.Fonts:
    """The one font family of all papers: Noto Sans CJK, every weight."""
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(files(FONT_PACKAGE))])


def _plain(value: object, zone: tzinfo) -> object:  # noqa: PLR0911 - a line for each kind of value
    """`value` as JSON has it: text printable, instants exact and local, days as `2026-03-14`, volumes by their name."""
    match value:
        case str():
            return printable(value)
        case None | bool() | int() | float():
            return value
        case datetime():
            return value.astimezone(zone).isoformat(" ", "microseconds")
        case date():
            return value.isoformat()
        case Code() | Picture():
            return {
                part.name: getattr(value, part.name) for part in fields(value)
            }  # An SVG is no text to print: as it is.
        case VolumeName():
            return printable(str(value))
        case Mapping():
            return {key: _plain(entry, zone) for key, entry in value.items()}
        case list() | tuple():
            return [_plain(entry, zone) for entry in value]
        case _ if is_dataclass(value):
            return {part.name: _plain(getattr(value, part.name), zone) for part in fields(value)}
    raise TypeError(f"a paper can't hold a {type(value).__name__}")
