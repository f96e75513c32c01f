"""One function per paper: the sheet and who prints it when, to PDF bytes. All A4 upright, the labels apart."""

from collections.abc import Sequence

from inventory.domain.refusals import BadInput
from inventory.papers.codes import code_128, qr
from inventory.papers.sheets import (
    AddressLabel,
    AuditReport,
    ClosingSheet,
    CountCertificate,
    DiscrepancySheet,
    EnvelopeLabel,
    Manifest,
    PickSheet,
    Printed,
    TagLabel,
    TransferNotice,
)
from inventory.papers.sweep_sheets import SweepSheet
from inventory.papers.typesetting import typeset

LABELS_PER_FILE_MAX = 1_000  # a second and a half, and a roll of labels


def pick_sheet_pdf(sheet: PickSheet, printed: Printed) -> bytes:
    """出库单: what one keeper takes from which shelves, aisle by aisle in walking order."""
    return typeset("pick_sheet", sheet, printed, {"wave": code_128(sheet.wave)})


def sweep_list_pdf(sheet: SweepSheet, printed: Printed) -> bytes:
    """盘点单: which bays are swept on a day, aisle by aisle in walking order."""
    return typeset("sweep_list", sheet, printed)


def manifest_pdf(manifest: Manifest, printed: Printed) -> bytes:
    """交接清单: what is in a transfer bag, for the two who hand it over, the carriers and the receiver to sign."""
    codes = {"consignment": qr(manifest.consignment), "bag": code_128(manifest.bag)}
    return typeset("manifest", manifest, printed, codes)


def discrepancy_sheet_pdf(sheet: DiscrepancySheet, printed: Printed) -> bytes:
    """差异单: where what came differs from what was announced, for both sides to sign."""
    return typeset("discrepancy_sheet", sheet, printed, {"number": code_128(sheet.number)})


def transfer_notice_pdf(notice: TransferNotice, printed: Printed) -> bytes:
    """转递通知单: stub 存根, notice 通知单 and receipt 回执 on one page, to be cut apart."""
    return typeset("transfer_notice", notice, printed, {"serial": qr(notice.serial)})


def envelope_labels_pdf(labels: Sequence[EnvelopeLabel], printed: Printed) -> bytes:
    """封套签: a page of 100 x 70 mm for each volume, up to `LABELS_PER_FILE_MAX`; raises `BadInput`."""
    _check_labels(len(labels))
    names = [str(label.volume) for label in labels]
    codes = {"bars": [code_128(name) for name in names], "squares": [qr(name) for name in names]}
    return typeset("envelope_label", tuple(labels), printed, codes)


def tag_labels_pdf(labels: Sequence[TagLabel], printed: Printed) -> bytes:
    """标签: a page of 100 x 50 mm for each label with a chip, up to `LABELS_PER_FILE_MAX`; raises `BadInput`.

    A PDF encodes no chip: it is for label stock whose chips are written otherwise, by the EPC that stands on it.
    """
    _check_labels(len(labels))
    names = [str(label.volume) for label in labels]
    codes = {"bars": [code_128(name) for name in names], "squares": [qr(name) for name in names]}
    return typeset("tag_label", tuple(labels), printed, codes)


def address_labels_pdf(labels: Sequence[AddressLabel], printed: Printed) -> bytes:
    """地址签: a page of 100 x 70 mm for each outer envelope of a transfer, up to `LABELS_PER_FILE_MAX`; raises `BadInput`."""
    _check_labels(len(labels))
    return typeset("address_label", tuple(labels), printed, {"squares": [qr(label.reference) for label in labels]})


def closing_sheet_pdf(sheet: ClosingSheet, printed: Printed) -> bytes:
    """日终清单: every volume out of its shelf at the end of the day, with a name against it."""
    return typeset("closing_sheet", sheet, printed)


def count_certificate_pdf(certificate: CountCertificate, printed: Printed) -> bytes:
    """在管档案数证明: the number an agency's funding follows, and how to arrive at it again."""
    return typeset("count_certificate", certificate, printed, {"number": qr(certificate.number)})


def audit_report_pdf(report: AuditReport, printed: Printed) -> bytes:
    """盘点报告: coverage, stated error, findings by kind and bay, bays in pictures, for two to sign."""
    return typeset("audit_report", report, printed)


def _check_labels(labels: int) -> None:
    if not 1 <= labels <= LABELS_PER_FILE_MAX:
        raise BadInput(
            problem_zh=f"一次可打印1至{LABELS_PER_FILE_MAX}张标签",
            problem_en=f"1 to {LABELS_PER_FILE_MAX} labels are printed at a time",
        )
