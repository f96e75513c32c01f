"""Each paper says what it was made of, in Chinese with a little English, and its codes are read by a scanner."""

from dataclasses import replace
from datetime import date

import pytest

from inventory.domain.identifiers import VolumeName
from inventory.domain.refusals import BadInput
from inventory.papers import printing
from inventory.papers.sheets import AisleStep, EnvelopeLabel, Pick
from tests.papers import stacks
from tests.papers.reading import Paper
from tests.papers.stacks import PRINTED

A4 = {(210, 297)}
LABEL = {(100, 70)}


def test_a_pick_sheet_leads_from_aisle_to_aisle_and_shelf_to_shelf() -> None:
    sheet = stacks.pick_sheet(24)
    paper = Paper(printing.pick_sheet_pdf(sheet, PRINTED))
    assert paper.says(
        "出库单",
        "W-2026-0314-02",
        "一号库",
        "李库管",
        "24 册",
        "打开 A 区 1 通道",
        "open aisle 2 in block B",
        "固定架 C",
    )
    picks = [pick for step in sheet.steps for pick in step.picks]
    at = [paper.text.index(f" {pick.shelf} {pick.volume} ") for pick in picks]
    assert at == sorted(at), "the paper keeps the walking order"
    assert paper.says(*(pick.request for pick in picks), "𠮷田花子", "阿迪力·买买提", "借阅 loan")
    assert paper.codes() == {("Code128", "W-2026-0314-02")}
    assert paper.sizes_mm() == A4


def test_a_walk_of_six_hundred_says_on_every_page_which_wave_and_which_aisle_it_is() -> None:
    picks = tuple(Pick(f"A-{at:03d}", stacks.number(at), "张三", f"R-{at:05d}", stacks.LOAN) for at in range(600))
    sheet = replace(stacks.pick_sheet(), steps=(AisleStep("B", "7", picks[:100]), AisleStep("B", "9", picks[100:])))
    paper = Paper(printing.pick_sheet_pdf(sheet, PRINTED))
    assert len(paper.pages) > 20
    assert paper.says(*(str(pick.volume) for pick in picks))
    for at, text in enumerate(paper.pages[:-1], 1):
        assert "库位 shelf 档案编号 dossier number" in text
        assert f"出库单 W-2026-0314-02 · 第 {at} 页 共 {len(paper.pages)} 页" in text
        assert "open aisle 7 in block B" in text or "open aisle 9 in block B" in text


def test_a_sweep_list_leads_from_aisle_to_aisle_and_says_why_each_bay_is_on_it() -> None:
    sheet = stacks.sweep_list(60)
    paper = Paper(printing.sweep_list_pdf(sheet, PRINTED))
    assert paper.says(
        "手持盘点单", "2026-03-15", "60 节", "95 分钟", "甲 区 1 通道已开", "打开 甲 区 2 通道", "固定架", "从未 never"
    )
    bays = [bay for aisle in sheet.aisles for bay in aisle.bays]
    at = [paper.text.index(f" {bay.bay} ") for bay in bays]
    assert at == sorted(at), "the paper keeps the walking order"
    assert paper.says("有未定 undecided", "已超期 overdue", "轮到 its turn", "2026-03-13 18:05")
    assert paper.sizes_mm() == A4
    assert Paper(printing.sweep_list_pdf(replace(sheet, aisles=()), PRINTED)).says("明日没有必须盘点的节架。")


def test_a_manifest_lists_the_bag_and_has_a_line_for_every_hand_it_goes_through() -> None:
    manifest = stacks.manifest(12)
    paper = Paper(printing.manifest_pdf(manifest, PRINTED))
    assert paper.says(
        "交接清单", "C-2026-000417", "BAG-0093", "济南市中心库房", "历城区档案中心 二号窗口", "专人送取 hand-carry", "赵建国、钱小兰",
        "S-880417", "装袋时间 packed at 2026-03-14 09:30", "合计 12 册", "total 12 volumes 522",
    )  # fmt: skip
    for row in manifest.rows:
        assert paper.says(f"{row.volume} {row.holding_agency} {row.seal} {row.pieces_out} {row.request}")
    assert paper.text.count("签字 signature") == 6, "two hand over, two carry, two receive"
    assert paper.codes() == {("QRCode", "C-2026-000417"), ("Code128", "BAG-0093")}
    assert paper.sizes_mm() == A4


def test_pieces_are_totalled_only_where_all_were_counted() -> None:
    manifest = stacks.manifest(3)
    rows = (replace(manifest.rows[0], pieces_in=38), *manifest.rows[1:])
    assert Paper(printing.manifest_pdf(replace(manifest, rows=rows), PRINTED)).says("total 3 volumes 117 交出")
    rows = tuple(replace(row, pieces_in=row.pieces_out) for row in manifest.rows)
    assert Paper(printing.manifest_pdf(replace(manifest, rows=rows), PRINTED)).says("total 3 volumes 117 117 交出")


def test_a_discrepancy_sheet_sets_what_was_announced_beside_what_came() -> None:
    paper = Paper(printing.discrepancy_sheet_pdf(stacks.discrepancy_sheet(), PRINTED))
    assert paper.says(
        "差异单", "D-2026-00031", "进馆批次 move-in IN-2026-07", "应收 expected 512 册", "实收 received 511 册", "清点时间 counted at 2026-03-14 16:40",
        f"{stacks.number(17)} 亓晓萌 未到 missing 1 册 无 none 箱 12 清单第 4 行",
        "章人档0099 阿迪力·买买提 多出 not announced 无 none 1 册",
        f"{stacks.number(23, 2)} 欧阳靖宇 封条不符 wrong seal F-005210 F-005201",
        "无头档案 subject unidentified", "移交方（盖章）", "接收方（盖章）",
    )  # fmt: skip
    assert paper.codes() == {("Code128", "D-2026-00031")}


def test_where_nothing_differs_the_sheet_says_so() -> None:
    sheet = replace(stacks.discrepancy_sheet(), differences=(), received=512)
    assert Paper(printing.discrepancy_sheet_pdf(sheet, PRINTED)).says("差异 differences 0 项", "逐册核对，账物相符。")


def test_a_transfer_notice_has_a_stub_a_notice_and_a_receipt_on_one_page() -> None:
    paper = Paper(printing.transfer_notice_pdf(stacks.transfer_notice(), PRINTED))
    assert len(paper.pages) == 1 and paper.sizes_mm() == A4
    stub, notice, receipt = paper.text.split("骑缝章 cut here; seal across the line")
    for text, name in ((stub, "存根"), (notice, "通知单"), (receipt, "回执")):
        part = text.replace(" ", "")
        assert name in part and "济档转字第2026-0417号" in part and "正本1卷、副本1卷、材料46份" in part
        assert "阿迪力·买买提" in part and str(stacks.number(17)) in part and "2026年3月14日" in part
    for part in (stub, notice):
        assert "工作调动" in part and "调档函 青黄人调〔2026〕88 号" in part and "机要通信" in part and "周经办" in part
        assert "F-005217" in part and "李库管、孙复核" in part
    assert "转往单位 recipient 青岛市黄岛区人力资源公共服务中心" in stub
    assert (
        "青岛市黄岛区人力资源公共服务中心：" in notice
        and "于一个月内（2026 年 4 月 14 日 前）将回执签章 退回" in notice
    )
    assert "历城区档案中心：" in receipt and "全部收到，现将回执退回" in receipt
    assert paper.codes() == {("QRCode", "2026-0417")}


def test_a_notice_with_the_longest_names_is_still_one_page_of_three_parts() -> None:
    agency = "山东省济南市历城区人力资源和社会保障局流动人员人事档案综合管理公共服务中心"
    long_name = "古丽娜尔·阿不都热合曼·肉孜·" * 4
    notice = replace(
        stacks.transfer_notice(), recipient=agency, sender=agency, recipient_address=agency * 2, subject=long_name, reason=agency,
        authority=agency, employer=agency * 2, tracking="T" * 40, seal="F" * 40, sender_address=agency, dossier="鲁人档" * 13,
    )  # fmt: skip
    paper = Paper(printing.transfer_notice_pdf(notice, PRINTED))
    assert len(paper.pages) == 1
    assert paper.says("存根", "通知单", "回执", "现将回执退回", "第 1 页 共 1 页")


def test_an_envelope_label_is_scanned_by_keepers_and_shows_no_name_unless_asked_to() -> None:
    plain, named, old = stacks.envelope_labels()
    paper = Paper(printing.envelope_labels_pdf([plain, named, old], PRINTED))
    assert len(paper.pages) == 3 and paper.sizes_mm() == LABEL
    first, second, third = paper.pages
    assert str(plain.volume) in first and "历城区档案中心" in first and "张三" not in first
    assert str(named.volume) in second and "阿迪力·买买提" in second
    assert "鲁人档〔1998〕0017" in third
    for page, label in enumerate([plain, named]):
        assert paper.codes(page) == {("Code128", str(label.volume)), ("QRCode", str(label.volume))}
    assert paper.codes(2) == {("QRCode", "鲁人档〔1998〕0017")}, "Code 128 has no Chinese"


@pytest.mark.parametrize("number", ["A" * 25, "370112-99-9999999-Z", "X1"])
def test_bars_are_whole_dots_of_a_label_printer_or_left_away(number: str) -> None:
    label = EnvelopeLabel(VolumeName(number), "历城区档案中心")
    assert ("Code128", number) in Paper(printing.envelope_labels_pdf([label], PRINTED)).codes()


def test_a_number_too_long_for_bars_has_its_qr_code() -> None:
    number = "ABCDEFGHIJKLMNOPQRSTUVWXYZ-ABCDEFGHIJKLM"
    paper = Paper(printing.envelope_labels_pdf([EnvelopeLabel(VolumeName(number), "历城区档案中心")], PRINTED))
    assert paper.codes() == {("QRCode", number)}


def test_labels_are_printed_by_the_roll_and_not_by_the_thousand_rolls() -> None:
    label = stacks.envelope_labels()[0]
    for count in (0, printing.LABELS_PER_FILE_MAX + 1):
        with pytest.raises(BadInput, match="1 to 1000 labels"):
            printing.envelope_labels_pdf([label] * count, PRINTED)
        with pytest.raises(BadInput, match="1 to 1000 labels"):
            printing.address_labels_pdf([stacks.address_label()] * count, PRINTED)


def test_an_address_label_says_whom_it_is_for_and_that_nobody_opens_it() -> None:
    label = stacks.address_label()
    paper = Paper(printing.address_labels_pdf([label, replace(label, confidentiality=None)], PRINTED))
    assert paper.says(
        "密封档案 不得拆封", label.recipient, label.address, "266500", label.sender, label.sender_address, "机要通信"
    )
    assert "机密" in paper.pages[0].replace(" ", "") and "机密" not in paper.pages[1].replace(" ", "")
    assert paper.codes(0) == paper.codes(1) == {("QRCode", "2026-0417")}
    assert paper.sizes_mm() == LABEL


def test_a_closing_sheet_has_a_name_against_every_volume_or_says_which_has_none() -> None:
    sheet = stacks.closing_sheet(unnamed=2)
    paper = Paper(printing.closing_sheet_pdf(sheet, PRINTED))
    out = [volume for group in sheet.groups for volume in group.volumes]
    assert paper.says("日终清单", "2026-03-14 18:00", f"在外 out of their shelves {len(out)} 册", "逾期 overdue 2 册")
    assert paper.says(
        "其中 2 册无人负责",
        f"16 of {len(out)} have a name; 2 to be settled today",
        "无人负责 nobody's name 工作台 desk",
    )
    assert paper.says(
        "李库管 推车 cart · 推车 3 4 册", "济南市社会保险事业中心 借出 on loan 5 册", "2026-03-12 逾期 R-2026-00805"
    )
    assert paper.says(*(str(volume.volume) for volume in out))


def test_a_day_that_closes_well_says_so() -> None:
    sheet = stacks.closing_sheet(unnamed=0)
    assert Paper(printing.closing_sheet_pdf(sheet, PRINTED)).says(
        "在外 16 册，16 册均有人负责。", "16 of 16 have a name."
    )
    assert Paper(printing.closing_sheet_pdf(replace(sheet, groups=()), PRINTED)).says("全部在架。")


def test_a_certificate_gives_the_number_and_how_to_arrive_at_it_again() -> None:
    certificate = stacks.count_certificate(stacks.COVERAGE)
    paper = Paper(printing.count_certificate_pdf(certificate, PRINTED))
    assert paper.says(
        "在管档案数证明", "ZM-2026-0007", "截至 2026 年 2 月 28 日 24:00", "历城区档案中心（代码 370112）", "123,406 份", "壹拾贰万叁仟肆佰零陆份",
        "as known at 2026-03-14 18:00:00.000417 +08:00", "98.37 %", "121,998 / 124,011 册", "A-2026-0059", "未找到 not found 3 份", "封条破损 seal broken 11 份",
        certificate.query_hash, certificate.ledger_root, "以同一查询、同一日期", "出具单位（盖章）",
    )  # fmt: skip
    assert paper.codes() == {("QRCode", "ZM-2026-0007")}


def test_a_certificate_without_an_audit_says_that_coverage_is_unknown() -> None:
    certificate = replace(stacks.count_certificate(), held=0, exceptions=(), day=date(2026, 12, 31))
    assert Paper(printing.count_certificate_pdf(certificate, PRINTED)).says(
        "未知 unknown", "无 none", "0 份", "零份", "2026 年 12 月 31 日"
    )


@pytest.mark.parametrize(
    ("held", "capitals"),
    [(10, "壹拾"), (100_005, "壹拾万零伍"), (1_000_000, "壹佰万"), (2_345_678, "贰佰叁拾肆万伍仟陆佰柒拾捌")],
)
def test_the_number_stands_in_capitals_nobody_can_alter(held: int, capitals: str) -> None:
    certificate = replace(stacks.count_certificate(), held=held)
    assert Paper(printing.count_certificate_pdf(certificate, PRINTED)).says(f"（大写：{capitals}份）", f"{held:,} 份")
