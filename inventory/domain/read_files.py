"""A docked handheld's file: which of its columns says what, and what one of its rows comes to.

Every make writes its own header, so columns are guessed from their names, shown, and may be told otherwise.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from inventory.domain.cells import parse_whole_number
from inventory.domain.epcs import parse_epc, parse_tid
from inventory.domain.identifiers import UNPRINTABLE, folded_width
from inventory.domain.refusals import BadInput
from inventory.domain.registers import ANTENNA_MAX, CellError, RowErrors
from inventory.domain.words import Word

# A read may come late (readers buffer through an outage, handhelds are docked days later) but not from the future.
LATE_MAX = timedelta(days=31)
EARLY_MAX = timedelta(minutes=5)
CODE_CHARACTERS_MAX = 120
READS_MAX = 1_000_000  # that one row stands for
DBM_MIN, DBM_MAX = -150.0, 10.0


class ReadColumn(Word):
    """What a column of such a file may say."""

    EPC = "epc", "EPC", "EPC"
    AT = "at", "时间", "time"
    DATE = "date", "日期", "date"
    RSSI = "rssi", "信号强度", "strength"
    TID = "tid", "TID", "TID"
    ANTENNA = "antenna", "天线", "antenna"
    COUNT = "count", "次数", "reads"
    BARCODE = "barcode", "条码", "printed code"


# Names that makers give them, folded as `_folded` does.
NAMES: dict[ReadColumn, tuple[str, ...]] = {
    ReadColumn.EPC: (
        *("epc", "epcid", "epchex", "epccode", "epc号", "epc码", "epc编码", "epc编号", "uii", "tag", "tagid", "tagepc"),
        *("标签", "标签号", "标签编号", "标签码", "电子标签", "标签epc", "idhex"),
    ),
    ReadColumn.AT: (
        *("at", "time", "timestamp", "datetime", "readtime", "scantime", "lastseen", "lastseentime", "lastread"),
        *(
            "lastreadtime",
            "firstseen",
            "firstseentime",
            "时间",
            "读取时间",
            "扫描时间",
            "盘点时间",
            "最后读取时间",
            "时间戳",
        ),
    ),
    ReadColumn.DATE: ("date", "readdate", "日期", "读取日期", "盘点日期"),
    ReadColumn.RSSI: (
        *("rssi", "rssidbm", "peakrssi", "peakrssidbm", "maxrssi", "dbm", "signal", "signalstrength"),
        *("信号", "信号强度", "信号值", "场强", "rssi值"),
    ),
    ReadColumn.TID: ("tid", "tidhex", "tid号", "tid码"),
    ReadColumn.ANTENNA: ("antenna", "ant", "antennaid", "antennaport", "port", "天线", "天线号"),
    ReadColumn.COUNT: (
        *("count", "reads", "readcount", "seencount", "times", "tagseencount"),
        *("次数", "读取次数", "计数", "读次"),
    ),
    ReadColumn.BARCODE: ("barcode", "code", "qrcode", "条码", "条形码", "二维码", "扫码"),
}

_FOLDED_AWAY = re.compile(r"[^0-9a-z\u4e00-\u9fff]+")
_WRITTEN = re.compile(
    r"([0-9]{4})[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,2})日?[ T]+"
    r"([0-9]{1,2})[:：时]([0-9]{1,2})分?(?:[:：]?([0-9]{1,2})(?:[.,]([0-9]{1,6}))?秒?)?"
)
_EPOCH = re.compile(r"([0-9]{10})(?:\.([0-9]{1,6})|([0-9]{3})|([0-9]{6}))?")
_DBM = re.compile(r"([+-]?[0-9]{1,3})(?:[.,]([0-9]{1,4}))?\s*(?:dbm)?", re.IGNORECASE)
_COUNT = parse_whole_number(1, READS_MAX)
_ANTENNA = parse_whole_number(0, ANTENNA_MAX)

Columns = Mapping[ReadColumn, str]  # what is said by the column of which name


@dataclass(frozen=True, slots=True)
class ReadRow:
    """One row: a tag that was read, a printed code, or both. antenna: None where no column says it."""

    at: datetime
    epc: bytes | None = None
    tid: bytes | None = None
    antenna: int | None = None
    rssi_dbm: float | None = None
    count: int = 1
    code: str | None = None


def guessed(header: Sequence[str]) -> dict[ReadColumn, str]:
    """What each column seems to say, by its name; a column that says nothing known isn't among them."""
    found: dict[ReadColumn, str] = {}
    for column, names in NAMES.items():
        by_name = {_folded(name): name for name in reversed(header) if name not in found.values()}
        name = next((by_name[known] for known in names if known in by_name), None)
        if name is not None:
            found[column] = name
    if ReadColumn.AT not in found and ReadColumn.DATE in found:
        found[ReadColumn.AT] = found.pop(ReadColumn.DATE)  # one column holds both
    return found


def check_columns(columns: Columns, header: Sequence[str]) -> None:
    """Raises `BadInput` where no column is taken for what a file must say, or one that isn't there, or one for two things."""
    if ReadColumn.AT not in columns or not {ReadColumn.EPC, ReadColumn.BARCODE} & columns.keys():
        raise BadInput(
            problem_zh="应指明时间列，以及 EPC 列或条码列",
            problem_en="say which column is the time, and which the EPC or the printed code",
        )
    if absent := sorted(set(columns.values()) - set(header)):
        raise BadInput(problem_zh=f"表头中没有列 {absent[0]}", problem_en=f"the header has no column {absent[0]}")
    if len(set(columns.values())) < len(columns):
        raise BadInput(problem_zh="同一列被用作两项", problem_en="one column is taken for two things")


def read_row(told: Mapping[ReadColumn, str], columns: Columns, zone: tzinfo, now: datetime) -> ReadRow | RowErrors:
    """The row whose cells are `told`, or all its errors by the file's own names of columns; `zone` is the file's clock."""
    errors: list[CellError] = []

    def value(column: ReadColumn) -> str:
        return told.get(column, "")

    def parsed(column: ReadColumn, parse: object) -> object:
        if not value(column):
            return None
        try:
            return parse(value(column))  # type: ignore[operator]
        except BadInput as refusal:
            facts = refusal.facts
            errors.append(CellError(columns[column], str(facts["problem_zh"]), str(facts["problem_en"])))
            return None

    fields = {
        "epc": parsed(ReadColumn.EPC, parse_epc),
        "tid": parsed(ReadColumn.TID, parse_tid),
        "antenna": parsed(ReadColumn.ANTENNA, _ANTENNA),
        "rssi_dbm": parsed(ReadColumn.RSSI, _parse_dbm),
        "count": parsed(ReadColumn.COUNT, _COUNT) or 1,
        "code": parsed(ReadColumn.BARCODE, _parse_code),
    }
    at = None
    try:
        at = parse_read_time(f"{value(ReadColumn.DATE)} {value(ReadColumn.AT)}".strip(), zone)
        _check_time(at, now)
    except BadInput as refusal:
        facts = refusal.facts
        errors.append(CellError(columns[ReadColumn.AT], str(facts["problem_zh"]), str(facts["problem_en"])))
    if not value(ReadColumn.EPC) and not value(ReadColumn.BARCODE):
        name = columns.get(ReadColumn.EPC) or columns[ReadColumn.BARCODE]
        errors.append(CellError(name, "既无 EPC 也无条码", "there is neither an EPC nor a printed code"))
    if errors or at is None:
        return tuple(errors)
    return ReadRow(at, **fields)  # type: ignore[arg-type]


def parse_read_time(text: str, zone: tzinfo) -> datetime:
    """An instant, aware UTC, as handhelds write it.

    RFC 3339, `2026/3/1 8:00:00.123`, `2026年3月1日 8:00`, or the epoch in seconds, milliseconds or microseconds; without
    an offset it is the local time of `zone`. Raises `BadInput`.
    """
    try:
        if match := _EPOCH.fullmatch(text):
            fraction = match[2] or match[3] or match[4] or ""
            return datetime.fromtimestamp(int(match[1]), UTC) + timedelta(microseconds=int(fraction.ljust(6, "0")))
        if match := _WRITTEN.fullmatch(text):
            year, month, day, hour, minute, second = (int(part or 0) for part in match.groups()[:6])
            moment = datetime(year, month, day, hour, minute, second, int((match[7] or "").ljust(6, "0")), zone)
        else:
            moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadInput(
            problem_zh="时间应形如 2026-03-01 08:00:00 或为 Unix 时间戳",
            problem_en="a time looks like 2026-03-01 08:00:00, or is a Unix time stamp",
        ) from None


def _check_time(at: datetime, now: datetime) -> None:
    if at > now + EARLY_MAX:
        raise BadInput(problem_zh="时间尚未到来，请核对时钟", problem_en="the time hasn't come yet; look at the clock")
    if at < now - LATE_MAX:
        raise BadInput(
            problem_zh=f"时间早于{LATE_MAX.days}天前，请核对时钟",
            problem_en=f"the time is more than {LATE_MAX.days} days past; look at the clock",
        )


def _parse_dbm(text: str) -> float:
    match = _DBM.fullmatch(text)
    dbm = float(f"{match[1]}.{match[2] or 0}") if match else DBM_MAX + 1
    if not DBM_MIN <= dbm <= DBM_MAX:
        raise BadInput(
            problem_zh=f"信号强度应为{DBM_MIN:.0f}至{DBM_MAX:.0f}的 dBm 值",
            problem_en=f"a strength is {DBM_MIN:.0f} to {DBM_MAX:.0f} dBm",
        )
    return dbm


def _parse_code(text: str) -> str:
    code = folded_width(text)
    if not 0 < len(code) <= CODE_CHARACTERS_MAX or UNPRINTABLE.search(code):
        raise BadInput(
            problem_zh=f"条码应为1至{CODE_CHARACTERS_MAX}个可见字符",
            problem_en=f"a printed code has 1 to {CODE_CHARACTERS_MAX} visible characters",
        )
    return code


def _folded(name: str) -> str:
    return _FOLDED_AWAY.sub("", folded_width(name).lower())
