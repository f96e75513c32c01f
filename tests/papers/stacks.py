"""Papers of an ordinary day in the warehouse, for the tests and for looking at."""

from datetime import UTC, date, datetime, timedelta, timezone

from inventory.domain.identifiers import VolumeName, new_dossier_number
from inventory.papers.sheets import (
    AddressLabel,
    AisleStep,
    AuditCoverage,
    AuditReport,
    ClosingSheet,
    CountCertificate,
    Difference,
    DiscrepancySheet,
    EnvelopeLabel,
    Manifest,
    ManifestRow,
    OpenException,
    OutGroup,
    OutVolume,
    Pick,
    PickSheet,
    Printed,
    TagLabel,
    Term,
    TransferNotice,
)
from inventory.papers.sweep_sheets import SweepAisle, SweepBay, SweepSheet

CHINA = timezone(timedelta(hours=8))
ROOT = "9f2c41aa07be55d1c0ffee00d15ea5e0badc0de0123456789abcdef012345678"
PRINTED = Printed(datetime(2026, 3, 14, 18, 5, tzinfo=CHINA), "王敏", "000417-3FA9", ROOT, "W1 #57")

LOAN = Term("借阅", "loan")
TRANSFER = Term("转递", "transfer")
COURIER = Term("机要通信", "confidential courier")
HAND_CARRY = Term("专人送取", "hand-carry")
NAMES = (
    "张三",
    "欧阳靖宇",
    "亓晓萌",
    "阿迪力·买买提",
    "𠮷田花子",
    "仉文博",
    "古丽娜尔·阿不都热合曼·肉孜",
    "逄世昌",
    "Nikolai P. Ivanov",
)
AGENCIES = ("历城区档案中心", "章丘区人力资源公共服务中心", "济南市流动人员人事档案服务中心")


def number(at: int, volume: int = 1) -> VolumeName:
    return VolumeName(new_dossier_number("370112", "01", at), volume)


def pick_sheet(picks: int = 24) -> PickSheet:
    """A wave of `picks`, eight to an aisle; the last aisle is of fixed shelves."""
    made = [
        Pick(
            shelf=f"{'ABC'[at // 8 % 3]}{at // 8:02d}-{'LR'[at % 2]}-{at % 12 + 1:02d}-{at % 6 + 1}",
            volume=number(at * 37 + 1, 2 if at % 11 == 5 else 1),
            subject=NAMES[at % len(NAMES)],
            request=f"R-2026-{at + 871:05d}",
            kind=(LOAN, TRANSFER, Term("查阅", "consultation"))[at % 3],
        )
        for at in range(picks)
    ]
    steps = [
        AisleStep("ABC"[at // 8 % 3], None if at + 8 >= picks else f"{at // 8 + 1}", tuple(made[at : at + 8]))
        for at in range(0, picks, 8)
    ]
    return PickSheet("W-2026-0314-02", "一号库", "李库管", tuple(steps))


def sweep_list(bays: int = 12) -> SweepSheet:
    """A day's bays, six to an aisle; the last aisle is of fixed shelves."""
    why = (Term("有未定", "undecided"), Term("已超期", "overdue"), Term("轮到", "its turn"))
    made = [
        SweepBay(
            f"{'AB'[at % 2]}{at // 6:02d}-L-{at:03d}",
            "一号库 · A 列 · 左面",
            480 + at,
            at % 4,
            None if at % 3 == 0 else PRINTED.at - timedelta(days=at),
            why[at % 3],
        )
        for at in range(bays)
    ]
    aisles = [
        SweepAisle(
            "一号库",
            "甲" if at + 6 < bays else None,
            None if at + 6 >= bays else str(at // 6 + 1),
            at > 0,
            tuple(made[at : at + 6]),
        )
        for at in range(0, bays, 6)
    ]
    return SweepSheet(date(2026, 3, 15), "李库管", 95, tuple(aisles))


def manifest(rows: int = 12) -> Manifest:
    return Manifest(
        consignment="C-2026-000417",
        bag="BAG-0093",
        origin="济南市中心库房",
        destination="历城区档案中心 二号窗口",
        channel=HAND_CARRY,
        rows=tuple(
            ManifestRow(number(at * 37 + 1, 2 if at % 5 == 4 else 1), AGENCIES[at % 3], f"F-{at + 5201:06d}", 38 + at, f"R-2026-{at + 871:05d}")
            for at in range(rows)
        ),
        carriers=("赵建国", "钱小兰"),
        bag_seal_out="S-880417",
        packed_at=datetime(2026, 3, 14, 1, 30, tzinfo=UTC),
        packed_by=("李库管", "孙复核"),
    )  # fmt: skip


def discrepancy_sheet() -> DiscrepancySheet:
    return DiscrepancySheet(
        number="D-2026-00031",
        about=Term("进馆批次", "move-in"),
        reference="IN-2026-07",
        sender="章丘区人力资源公共服务中心",
        receiver="济南市中心库房",
        expected=512,
        received=511,
        counted_at=datetime(2026, 3, 14, 8, 40, tzinfo=UTC),
        counted_by=("李库管", "孙复核"),
        differences=(
            Difference(str(number(17)), "亓晓萌", Term("未到", "missing"), "1 册", None, "箱 12 清单第 4 行"),
            Difference("章人档0099", "阿迪力·买买提", Term("多出", "not announced"), None, "1 册"),
            Difference(str(number(23, 2)), "欧阳靖宇", Term("封条不符", "wrong seal"), "F-005210", "F-005201"),
            Difference(
                None, None, Term("无头档案", "subject unidentified"), None, "1 册", "无编号、无姓名，暂存待查区"
            ),
        ),
    )


def transfer_notice() -> TransferNotice:
    return TransferNotice(
        series="济档转",
        serial="2026-0417",
        sender="历城区档案中心",
        recipient="青岛市黄岛区人力资源公共服务中心",
        recipient_address="青岛市黄岛区长江中路 369 号 人才楼 3 层",
        subject="阿迪力·买买提",
        dossier=str(number(17)),
        principal_volumes=1,
        duplicate_volumes=1,
        materials=46,
        reason="工作调动",
        authority="调档函 青黄人调〔2026〕88 号",
        channel=COURIER,
        dispatched_on=date(2026, 3, 14),
        receipt_due_on=date(2026, 4, 14),
        sealed_by=("李库管", "孙复核"),
        handled_by="周经办",
        employer="青岛某某科技有限公司 工程师",
        seal="F-005217",
        tracking="JY20260314-0093",
        sender_address="济南市历城区山大北路 47 号",
    )


def tag_labels() -> list[TagLabel]:
    return [
        TagLabel(number(17), "2C16451FD46072000000162E", "T-000012", 1, "历城区档案中心"),
        TagLabel(number(18, 2), "2C16451FD46072000000162F", "T-000012", 2, "历城区档案中心", "阿迪力·买买提"),
    ]


def envelope_labels() -> list[EnvelopeLabel]:
    return [
        EnvelopeLabel(number(17), "历城区档案中心"),
        EnvelopeLabel(number(18, 2), "济南市流动人员人事档案服务中心", "阿迪力·买买提"),
        EnvelopeLabel(VolumeName("鲁人档〔1998〕0017"), "章丘区人力资源公共服务中心", "古丽娜尔·阿不都热合曼·肉孜"),
    ]


def address_label() -> AddressLabel:
    return AddressLabel(
        recipient="青岛市黄岛区人力资源公共服务中心",
        address="山东省青岛市黄岛区长江中路 369 号 人才楼 3 层 档案科",
        sender="历城区档案中心",
        sender_address="济南市历城区山大北路 47 号",
        reference="2026-0417",
        channel=COURIER,
        postcode="266500",
        confidentiality="机密",
    )


def closing_sheet(unnamed: int = 2) -> ClosingSheet:
    def out(at: int, **more: object) -> OutVolume:
        since = datetime(2026, 3, 14, 1, 5, tzinfo=UTC) - timedelta(hours=7 * at)
        return OutVolume(number(at * 37 + 1), NAMES[at % len(NAMES)], since, **more)  # type: ignore[arg-type]

    groups = [
        OutGroup("李库管", "推车 3", Term("推车", "cart"), tuple(out(at, reference="W-2026-0314-02") for at in range(4))),
        OutGroup(
            "济南市社会保险事业中心",
            "借出",
            Term("借出", "on loan"),
            tuple(
                out(at, due=date(2026, 3, 8 + at), reference=f"R-2026-{at + 801:05d}", overdue=at < 6) for at in range(4, 9)
            ),
        ),
        OutGroup("赵建国、钱小兰", "转运袋 BAG-0093", Term("转运袋", "transfer bag"), tuple(out(at, reference="C-2026-000417") for at in range(9, 16))),
    ]  # fmt: skip
    if unnamed:
        groups.append(
            OutGroup(None, "工作台 W1-D2", Term("工作台", "desk"), tuple(out(at) for at in range(16, 16 + unnamed)))
        )
    return ClosingSheet("济南市中心库房", datetime(2026, 3, 14, 10, 0, tzinfo=UTC), tuple(groups))


def count_certificate(coverage: AuditCoverage | None = None) -> CountCertificate:
    return CountCertificate(
        number="ZM-2026-0007",
        agency="历城区档案中心",
        agency_code="370112",
        day=date(2026, 2, 28),
        held=123_406,
        known_at=datetime(2026, 3, 14, 10, 0, 0, 417, tzinfo=UTC),
        query_hash="4be1" * 16,
        ledger_root=ROOT,
        coverage=coverage,
        exceptions=(OpenException(Term("未找到", "not found"), 3), OpenException(Term("封条破损", "seal broken"), 11)),
    )


COVERAGE = AuditCoverage("A-2026-0059", datetime(2026, 2, 27, 16, 0, tzinfo=UTC), 121_998, 124_011)


def audit_report() -> AuditReport:
    """Of a room swept in a day, with nothing to draw, and a sample's seed."""
    return AuditReport(
        number="K-000007",
        scope="W1-R1",
        since=datetime(2026, 3, 13, tzinfo=CHINA),
        until=datetime(2026, 3, 14, tzinfo=CHINA),
        model=12,
        expected=3_000,
        covered=2_950,
        coverage=2_950 / 3_000,
        passes=2,
        findings=1,
        undecided=0,
        wrong_max=0.025,
        missing_wrong_max=0.15,
        seed="9f2c41aa",
        sample_shelves=40,
        kinds=(),
        bays=(),
        elevations=(),
        trend=None,
        rows=(),
        left_out=3,
        gaps=(),
        ledger_ends=(),
        keepers=(NAMES[0],),
        counters=(NAMES[1],),
    )
