"""What an act tells beyond who, where and when: the evidence it may or must carry, each with its form."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from inventory.domain.refusals import BadDetail

TEXT_CHARACTERS_MAX = 500
NAMES_MAX = 10
PIECES_MAX = 10_000


class Detail(StrEnum):
    """One fact an act carries; the value is its key in the ledger's JSON."""

    CHANNEL = "channel"
    TRACKING = "tracking"
    SENDER = "sender"
    ARRIVAL = "arrival"
    GROUND = "ground"
    PIECES = "pieces"
    GAP = "gap"
    EPC = "epc"
    TID = "tid"
    OLD_EPC = "old_epc"
    SEAL_NUMBER = "seal_number"
    SEAL_FOUND = "seal_found"
    BATCH = "batch"
    PAGES = "pages"
    SHA256 = "sha256"
    LINK = "link"
    VISITORS = "visitors"
    CARRIERS = "carriers"
    CONSIGNMENT = "consignment"
    BAG_SEAL = "bag_seal"
    DUE_ON = "due_on"
    REQUEST = "request"
    RECIPIENT = "recipient"
    NOTICE = "notice"
    RECEIPT = "receipt"
    DIED_ON = "died_on"
    SEARCHERS = "searchers"
    REPORT = "report"
    MERGED_INTO = "merged_into"
    PROOF = "proof"
    FROM_AGENCY = "from_agency"
    TO_AGENCY = "to_agency"
    COUNT = "count"
    DEPOSIT_TYPE = "deposit_type"

    @property
    def zh(self) -> str:
        """Its name in Chinese."""
        return _FORMS[self].zh

    @property
    def en(self) -> str:
        """Its name in English."""
        return _FORMS[self].en


@dataclass(frozen=True, slots=True)
class _Form:
    zh: str
    en: str
    fits: Callable[[object], bool]
    wants_zh: str
    wants_en: str


def _is_text(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value.strip()) <= TEXT_CHARACTERS_MAX and value.isprintable()


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= PIECES_MAX


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_day(value: object) -> bool:
    try:
        return isinstance(value, str) and date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def _are_names(value: object) -> bool:
    return isinstance(value, list) and 0 < len(value) <= NAMES_MAX and all(map(_is_text, value))


def _are_two_names(value: object) -> bool:
    return _are_names(value) and isinstance(value, list) and len({str(name).strip() for name in value}) >= 2  # noqa: PLR2004


def _one_of(*values: str) -> Callable[[object], bool]:
    return lambda value: value in values


def _hex(pattern: str) -> Callable[[object], bool]:
    return lambda value: isinstance(value, str) and re.fullmatch(pattern, value) is not None


_TEXT = (_is_text, f"1 至 {TEXT_CHARACTERS_MAX} 个字符", f"1 to {TEXT_CHARACTERS_MAX} characters")
_COUNT = (_is_count, f"0 至 {PIECES_MAX} 的整数", f"a whole number up to {PIECES_MAX}")
_DAY = (_is_day, "日期，如 2026-03-01", "a day such as 2026-03-01")
_TWO = (_are_two_names, "两个不同的人", "two different people")
_EPC = (_hex(r"(?:[0-9A-F]{4}){4,31}"), "大写十六进制 EPC", "an EPC in upper-case hexadecimal")
CHANNELS_IN = ("confidential", "staff", "ems")

_FORMS: dict[Detail, _Form] = {
    Detail.CHANNEL: _Form(
        "渠道", "channel", _one_of(*CHANNELS_IN), "confidential、staff 或 ems", "confidential, staff or ems"
    ),
    Detail.TRACKING: _Form("单号", "tracking number", *_TEXT),
    Detail.SENDER: _Form("来件单位", "sender", *_TEXT),
    Detail.ARRIVAL: _Form("到件批次", "arrival", *_TEXT),
    Detail.GROUND: _Form("不予接收的理由", "ground of the refusal", *_TEXT),
    Detail.PIECES: _Form("材料份数", "number of pieces", *_COUNT),
    Detail.GAP: _Form("缺少的材料", "missing materials", *_TEXT),
    Detail.EPC: _Form("EPC", "EPC", *_EPC),
    Detail.TID: _Form(
        "TID", "TID", _hex(r"(?:[0-9A-F]{2}){8,32}"), "大写十六进制 TID", "a TID in upper-case hexadecimal"
    ),
    Detail.OLD_EPC: _Form("原 EPC", "former EPC", *_EPC),
    Detail.SEAL_NUMBER: _Form("封条号", "seal number", *_TEXT),
    Detail.SEAL_FOUND: _Form(
        "封条状况", "seal as found", _one_of("intact", "broken"), "intact 或 broken", "intact or broken"
    ),
    Detail.BATCH: _Form("批次", "batch", *_TEXT),
    Detail.PAGES: _Form("页数", "pages", *_COUNT),
    Detail.SHA256: _Form(
        "扫描件 SHA-256", "SHA-256 of the scan", _hex(r"[0-9a-f]{64}"), "64 位十六进制", "64 hexadecimal digits"
    ),
    Detail.LINK: _Form("扫描件位置", "where the scan is", *_TEXT),
    Detail.VISITORS: _Form("查阅人", "visitors", *_TWO),
    Detail.CARRIERS: _Form("递送人", "carriers", *_TWO),
    Detail.CONSIGNMENT: _Form("交接清单号", "manifest", *_TEXT),
    Detail.BAG_SEAL: _Form("封签号", "bag seal", *_TEXT),
    Detail.DUE_ON: _Form("应还日期", "due date", *_DAY),
    Detail.REQUEST: _Form("申请号", "request", *_TEXT),
    Detail.RECIPIENT: _Form("接收单位", "recipient", *_TEXT),
    Detail.NOTICE: _Form("转递通知单号", "transfer notice", *_TEXT),
    Detail.RECEIPT: _Form("回执号", "receipt", *_TEXT),
    Detail.DIED_ON: _Form("死亡日期", "day of death", *_DAY),
    Detail.SEARCHERS: _Form("查找人", "searchers", *_TWO),
    Detail.REPORT: _Form("报告文号", "report", *_TEXT),
    Detail.MERGED_INTO: _Form("并入档案", "merged into", *_TEXT),
    Detail.PROOF: _Form("身份证明", "proof of identity", *_TEXT),
    Detail.FROM_AGENCY: _Form("原保管机构", "agency before", *_TEXT),
    Detail.TO_AGENCY: _Form("新保管机构", "agency after", *_TEXT),
    Detail.COUNT: _Form("核定数量", "certified count", _is_number, "非负整数", "a whole number"),
    Detail.DEPOSIT_TYPE: _Form(
        "存档类别",
        "deposit type",
        _one_of("employer", "individual"),
        "employer 或 individual",
        "employer or individual",
    ),
}


def check_details(details: Mapping[str, object]) -> None:
    """Raises `BadDetail` for the first fact that is unknown or not of its form."""
    for key, value in details.items():
        if key not in Detail.__members__.values():
            known = ", ".join(Detail)
            raise BadDetail(
                detail_zh=key[:40], detail_en=key[:40], wants_zh=f"下列之一：{known}", wants_en=f"one of {known}"
            )
        form = _FORMS[Detail(key)]
        if not form.fits(value):
            raise BadDetail(detail_zh=form.zh, detail_en=form.en, wants_zh=form.wants_zh, wants_en=form.wants_en)
