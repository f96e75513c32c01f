"""Readers and antennas as they do: what their own history says of today, and what a message nobody understood lacks. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from inventory.domain.registers import AntennaRole
from inventory.domain.words import Word

HISTORY_DAYS = 14
WEEK_DAYS = 7
HISTORY_DAYS_MIN = 3  # fewer days with reads are no history
USUAL_READS_MIN = 50  # an antenna that usually reads fewer in a day says nothing by reading none
FAINT_SHARE = 0.1  # an antenna that has come off still reads what lies beside it
# What is held against its own history: those that are always listening. The others lie in a dock for days.
JUDGED_ROLES = frozenset({AntennaRole.SHELF, AntennaRole.ZONE, AntennaRole.GATE_INNER, AntennaRole.GATE_OUTER})


class AntennaState(Word):
    """How an antenna does; the worst first."""

    DETACHED = "detached", "天线未接", "unplugged"
    DEAD = "dead", "不再读取", "reads nothing any more"
    SWAPPED = "swapped", "疑似接反", "cables exchanged?"
    FAINT = "faint", "读取骤减", "reads far less"
    NEW = "new", "尚无历史", "no history yet"
    WELL = "well", "正常", "well"

    @property
    def in_trouble(self) -> bool:
        """Whether somebody should look at it."""
        return self not in (AntennaState.NEW, AntennaState.WELL)


class ReaderState(Word):
    """How a reader does; the worst first."""

    SILENT = "silent", "无声", "silent"
    OFFLINE = "offline", "离线", "offline"
    BLIND = "blind", "失读", "blind"
    CLOCK_OFF = "clock_off", "时钟不准", "clock off"
    ANTENNA = "antenna", "天线异常", "antenna trouble"
    ONLINE = "online", "在线", "online"
    NEVER = "never", "从未发言", "never heard"

    @property
    def in_trouble(self) -> bool:
        """Whether somebody should look at it."""
        return self not in (ReaderState.ONLINE, ReaderState.NEVER)


@dataclass(frozen=True, slots=True)
class Rate:
    """An antenna's reads: of the last 24 hours, and of each 24 hours before, the newest first."""

    today: int
    before: Sequence[int]

    @property
    def usual(self) -> int | None:
        """The median of the days on which it read anything; None while there are too few."""
        days = [reads for reads in self.before[:HISTORY_DAYS] if reads]
        return round(median(days)) if len(days) >= HISTORY_DAYS_MIN else None


def antenna_state(
    role: AntennaRole, rate: Rate, *, connected: bool | None, swapped: bool, reader_spoke: bool
) -> AntennaState:
    """What an antenna's own history and what was told of it come to.

    connected: as the reader says, None where it doesn't tell. swapped: by a night. reader_spoke: whether its reader said anything
    in the last 24 hours; a reader without power is another matter. A day a week ago without reads (nobody works then) says that
    today's silence is usual.
    """
    if connected is False:
        return AntennaState.DETACHED
    usual = rate.usual
    if role in JUDGED_ROLES and usual is not None and usual >= USUAL_READS_MIN and reader_spoke:
        a_week_ago = rate.before[WEEK_DAYS - 1] if len(rate.before) >= WEEK_DAYS else usual
        if a_week_ago and rate.today == 0:
            return AntennaState.DEAD
        if rate.today < FAINT_SHARE * min(usual, a_week_ago):
            return AntennaState.SWAPPED if swapped else AntennaState.FAINT
    if swapped:
        return AntennaState.SWAPPED
    return AntennaState.NEW if usual is None and role in JUDGED_ROLES else AntennaState.WELL


# ── What a message nobody understood lacks ───────────────────────────────────────────────────────────────────────────


class Lack(Word):
    """Why a message is in quarantine, in the words of whoever has to put it right."""

    NO_READER = "no_reader", "没有读写器登记此主题", "no reader is registered with this topic"
    ANTENNA = "antenna", "天线未登记", "its antenna isn't registered"
    CODE = "code", "扫描的编码不是任何所在", "the scanned code is no place's"
    MAPPING = "mapping", "映射读不出此消息", "the mapping doesn't lead to its reads"
    TIME = "time", "时间不可信", "its time can't be meant"
    TAG = "tag", "没有可用的 EPC 或 TID", "it has no EPC or TID to be used"
    NOT_JSON = "not_json", "不是 JSON", "it is no JSON"
    DIALECT = "dialect", "不合所登记的方言", "it isn't of the registered dialect"


_LACKS: tuple[tuple[Lack, re.Pattern[str]], ...] = tuple(
    (lack, re.compile(pattern))
    for lack, pattern in (
        (Lack.NO_READER, "no reader has this topic"),
        (Lack.ANTENNA, "antenna .* is not registered"),
        (Lack.CODE, "scanned code"),
        (Lack.MAPPING, "mapping"),
        (Lack.TIME, "[Tt]ime|gap ends"),
        (Lack.TAG, "EPC|TID|epc"),
        (Lack.NOT_JSON, "not JSON|nested"),
        (Lack.DIALECT, ""),
    )
)


def lack_of(reason: str) -> Lack:
    """What a reason comes to; whatever isn't known better is of the wrong dialect."""
    return next(lack for lack, pattern in _LACKS if pattern.search(reason))


# ── Why a reader was blind ───────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Told:
    """A reason in both languages; what isn't known stands as the reader wrote it."""

    zh: str
    en: str


_GAPS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), zh)
    for pattern, zh in (
        ("offline", "离线"),
        ("disconnected|connection lost|the connection was lost", "连接中断"),
        (r"(\d+) messages dropped", r"丢弃 \1 条消息"),
        (r"(\d+) numbers missing: (\d+) to (\d+)", r"缺 \1 号：\2 至 \3"),
        (r"overflow, (\d+) events purged", r"缓存溢出，清除 \1 个事件"),
        ("overflow", "缓存溢出"),
        ("told by the device|gap", "设备自报"),
    )
)


def gap_told(reason: str) -> Told:
    """Why a reader was blind, in both languages."""
    for pattern, zh in _GAPS:
        if found := pattern.fullmatch(reason):
            return Told(found.expand(zh), reason)
    return Told(reason, reason)
