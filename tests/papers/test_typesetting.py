"""Whatever stands in a name is printed, in the font the paper carries, to the same bytes every time."""

import importlib.resources
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from inventory.papers import printing
from inventory.papers.coverage import FONT_FAMILY, FONT_PACKAGE, covered_characters, printable
from inventory.papers.sheets import PickSheet
from inventory.papers.typesetting import TEMPLATES, _fonts, typeset
from tests.papers import stacks
from tests.papers.reading import Paper
from tests.papers.stacks import PRINTED, ROOT


def papers() -> dict[str, bytes]:
    """One of each, by the name of its template."""
    return {
        "pick_sheet": printing.pick_sheet_pdf(stacks.pick_sheet(), PRINTED),
        "sweep_list": printing.sweep_list_pdf(stacks.sweep_list(), PRINTED),
        "manifest": printing.manifest_pdf(stacks.manifest(), PRINTED),
        "discrepancy_sheet": printing.discrepancy_sheet_pdf(stacks.discrepancy_sheet(), PRINTED),
        "transfer_notice": printing.transfer_notice_pdf(stacks.transfer_notice(), PRINTED),
        "tag_label": printing.tag_labels_pdf(stacks.tag_labels(), PRINTED),
        "envelope_label": printing.envelope_labels_pdf(stacks.envelope_labels(), PRINTED),
        "address_label": printing.address_labels_pdf([stacks.address_label()], PRINTED),
        "closing_sheet": printing.closing_sheet_pdf(stacks.closing_sheet(), PRINTED),
        "audit_report": printing.audit_report_pdf(stacks.audit_report(), PRINTED),
        "count_certificate": printing.count_certificate_pdf(stacks.count_certificate(), PRINTED),
    }


def with_subject(name: str) -> PickSheet:
    sheet = stacks.pick_sheet(1)
    step = sheet.steps[0]
    return replace(sheet, keeper=name, steps=(replace(step, picks=(replace(step.picks[0], subject=name),)),))


def test_every_template_is_a_paper_tested_here() -> None:
    assert set(papers()) == {path.stem for path in TEMPLATES.glob("*.typ")} - {"house", "line"}, (
        "a line is dots for a printer"
    )


def test_every_page_of_every_paper_carries_its_copy_number() -> None:
    for name, document in papers().items():
        assert all("000417-3FA9" in page for page in Paper(document).pages), name


def test_a_paper_carries_its_font_and_needs_no_other() -> None:
    for name, document in papers().items():
        fonts = Paper(document).fonts()
        assert fonts and all(fonts.values()), name
        assert {font.partition("+")[2].partition("-")[0] for font in fonts} == {"NotoSansCJKsc"}, name


def test_the_only_fonts_known_are_those_of_the_dependency() -> None:
    assert FONT_FAMILY in _fonts().families()
    folder = str(importlib.resources.files(FONT_PACKAGE))
    assert all(font.path is not None and font.path.startswith(folder) for font in _fonts().fonts())


def test_the_same_paper_is_the_same_bytes_and_another_minute_is_not() -> None:
    assert papers() == papers()
    later = replace(PRINTED, at=PRINTED.at.replace(minute=6))
    assert printing.manifest_pdf(stacks.manifest(), later) != printing.manifest_pdf(stacks.manifest(), PRINTED)


def test_papers_are_archival_files() -> None:
    for name, document in papers().items():
        assert (
            b"<pdfaid:part>2</pdfaid:part>" in document and b"<pdfaid:conformance>U</pdfaid:conformance>" in document
        ), name


def test_every_sheet_says_who_exported_it_when_and_from_which_ledger() -> None:
    for name, document in papers().items():
        if name.endswith("_label"):
            continue
        paper = Paper(document)
        assert paper.says(
            "导出 王敏 · 2026-03-14 18:05",
            "exported by 王敏 at 2026-03-14 18:05",
            f"signed ledger root W1 #57 {ROOT[:24]}",
        ), name
        watermark = "王敏 导出 exported 2026-03-14 18:05 · 000417-3FA9"
        assert all(page.endswith(watermark) for page in paper.pages) or name == "transfer_notice", (
            "it goes to strangers, and is signed"
        )
    unledgered = Paper(printing.manifest_pdf(stacks.manifest(), replace(PRINTED, ledger_root=None, checkpoint=None)))
    assert "ledger root" not in unledgered.text


@pytest.mark.parametrize(
    "name",
    [
        '#panic("x")', "*粗* _斜_", "$x^2$", "= 标题", "<label> @ref", "`code`", "\\u{41} \\", "// 注 /* 释 */", '#import "x"', "[方] {花}", "~ -- ... '",
        "𠮷田花子", "阿迪力·买买提", "O'Brien", "{{ jinja }}", "%s %d", "</script>", '"},"codes":{}',
    ],
)  # fmt: skip
def test_a_name_is_printed_as_it_is_whatever_it_means_elsewhere(name: str) -> None:
    paper = Paper(printing.pick_sheet_pdf(with_subject(name), PRINTED))
    assert paper.text.replace(" ", "").count(name.replace(" ", "")) == 3, (
        "at the head, in the row, and where the keeper signs"
    )


def test_names_as_long_as_the_register_takes_stay_in_their_column() -> None:
    sheet = with_subject("Wolfeschlegelsteinhausenbergerdorff" + "x" * 25)
    with_long_shelf = replace(
        sheet, steps=(replace(sheet.steps[0], picks=(replace(sheet.steps[0].picks[0], shelf="W1-" + "X" * 37),)),)
    )
    page = Paper(printing.pick_sheet_pdf(with_long_shelf, PRINTED)).pdf[0]
    right = max(item.get_bounds()[2] for item in page.get_objects() if item.type == 1)
    assert right <= page.get_width() - 16 / 25.4 * 72 + 1, "nothing is set beyond the margin"


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("张三", "张三"),
        ("𠮷", "𠮷"),
        ("王\U0002ebf0", "王〔U+2EBF0〕"),
        ("a\x00b\x07", "a〔U+0000〕b〔U+0007〕"),
        ("甲\u202e乙", "甲〔U+202E〕乙"),
        ("一行\n二行\t三", "一行 二行 三"),
        ("葛\U000e0100城", "葛城"),
        ("क", "〔U+0915〕"),
        ("O’Brien", "O’Brien"),
    ],
)
def test_a_character_the_font_lacks_is_printed_by_its_code_point(text: str, printed: str) -> None:
    assert printable(text) == printed
    assert printed in Paper(printing.pick_sheet_pdf(with_subject(text), PRINTED)).text


def test_the_font_has_what_names_in_practice_need() -> None:
    common = {*range(0x4E00, 0x9FA6), *range(0x20, 0x7F), 0xB7}
    assert common <= covered_characters()
    assert {ord(character) for character in "亓逄綦禚仉訾郇𠮷㛃䶮"} <= covered_characters()


def test_instants_are_written_in_the_time_zone_of_who_prints() -> None:
    abroad = replace(PRINTED, at=PRINTED.at.astimezone(UTC))
    assert Paper(printing.manifest_pdf(stacks.manifest(), PRINTED)).says("packed at 2026-03-14 09:30")
    assert Paper(printing.manifest_pdf(stacks.manifest(), abroad)).says(
        "packed at 2026-03-14 01:30", "导出 王敏 · 2026-03-14 10:05"
    )
    naive = replace(PRINTED, at=datetime(2026, 3, 14, 18, 5))
    with pytest.raises(ValueError, match="aware"):
        printing.manifest_pdf(stacks.manifest(), naive)


def test_a_sheet_of_something_else_is_no_sheet() -> None:
    with pytest.raises(TypeError, match="can't hold a set"):
        typeset("manifest", {"rows": {1, 2}}, PRINTED)


def test_no_template_fetches_anything() -> None:
    for template in TEMPLATES.glob("*.typ"):
        imported = re.findall(r'#(?:import|include) "([^"]+)"', template.read_text("utf-8"))
        assert imported == ([] if template.stem in {"house", "line"} else ["house.typ"])


def test_two_who_print_at_once_get_their_own_papers() -> None:
    manifests = [replace(stacks.manifest(at + 1), consignment=f"C-{at}") for at in range(8)]
    alone = [printing.manifest_pdf(manifest, PRINTED) for manifest in manifests]
    with ThreadPoolExecutor(4) as clerks:
        together = list(clerks.map(lambda manifest: printing.manifest_pdf(manifest, PRINTED), manifests))
    assert together == alone
