"""Discrepancies (差异): where radio and ledger disagree, as cases that live until a person or the facts close them. Pure.

A finding of an audit (`findings`) is a statement about one interval; a discrepancy is one open case for each volume (tag,
reader, place) and kind, whatever night says so again. The store does the same to a whole city in a few statements
(`inventory.store.discrepancies`); a test holds the two against each other. Adding a kind is one row of `KINDS`, the same in a
migration's `discrepancy_rule`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from inventory.domain.custody_rules import STORED
from inventory.domain.findings import FindingKind
from inventory.domain.gate_passages import Passing, is_on_its_side
from inventory.domain.identifiers import folded_width
from inventory.domain.judged import JudgedAs
from inventory.domain.people import Role
from inventory.domain.places import PlaceKind
from inventory.domain.refusals import BadInput, NotAllowed, OutcomeUnfit
from inventory.domain.words import Word

COMMENT_CHARACTERS_MAX = 500
LIVE_PROBABILITY_MIN = 0.9  # The belief step knows less than the night: it speaks only where it is sure,
LIVE_AFTER = timedelta(minutes=30)  # and not of what is still being carried from the shelf it is heard on.
FALSE_ALARM_HOLDS = timedelta(days=30)  # so long nobody is told the same about a volume that stayed where it was
SILENT_AFTER = timedelta(days=1)  # Shelving and readers have no power at night; a whole day without a word is no night.
SILENT_LIVE_AFTER = timedelta(
    minutes=15
)  # A reader that usually speaks at this hour and says nothing for so long is told at once:
USUAL_DAYS_MIN = (
    3  # that it spoke on so many of the last seven days in this hour and the one before, and on this day a week ago.
)
CLOCK_OFFSET_MAX = timedelta(seconds=2)  # Slices are seconds long; beyond this, reads land in the wrong one.
STALE_AFTER = timedelta(days=180)  # every volume is heard once in so long (rolling coverage)
FORGOTTEN_AFTER = timedelta(days=30)  # a strange tag not read for so long is gone
UNKNOWN_READS_MIN = 3  # fewer may be one garbled read
TWO_ROOMS_TIMES_MIN = 3  # so often at once in two rooms, about as loud: not a wall that lets something through
TWO_ROOMS_CDBM_MAX = 1_000
_NUMBER = re.compile(r"X-?0*([0-9]{1,12})", re.IGNORECASE)


class Gravity(Word):
    """How grave a kind is; the gravest first."""

    GRAVE = "grave", "严重", "grave"
    PLAIN = "plain", "一般", "ordinary"
    LIGHT = "light", "提示", "minor"


class Subject(StrEnum):
    """What a case is about."""

    VOLUME = "volume"
    TAG = "tag"
    READER = "reader"
    PLACE = "place"


class DiscrepancyKind(Word):
    """Kinds of case; those an audit finds too bear the finding's name."""

    MISPLACED = FindingKind.MISPLACED.value, "放错位置", "misplaced"
    MISSING = FindingKind.MISSING.value, "不在架", "missing"
    PRESENT_THOUGH_OUT = FindingKind.PRESENT_THOUGH_OUT.value, "账上在外，库内读到", "present though out"
    LEFT_WITHOUT_ORDER = "left_without_order", "无单出库", "left without an order"
    ENTERED_WITHOUT_ORDER = "entered_without_order", "无单进库", "entered without an order"
    UNKNOWN_TAG = FindingKind.UNKNOWN_TAG.value, "未知标签", "unknown tag"
    TWO_DOSSIERS = FindingKind.TWO_DOSSIERS.value, "一签两册", "two dossiers, one tag"
    TWO_TAGS = FindingKind.TWO_TAGS.value, "一册两签", "two tags, one volume"
    WEAK_TAG = FindingKind.WEAK_TAG.value, "标签读不到", "weak tag"
    MOVED_WHILE_SEALED = "moved_while_sealed", "封袋后移动", "moved while sealed"
    STALE_BELIEF = "stale_belief", "久未读取", "not heard for long"
    READER_SILENT = "reader_silent", "读写器无声", "reader silent"
    CLOCK_OFF = "clock_off", "读写器时钟不准", "reader's clock off"


class CaseState(Word):
    """How a case stands."""

    OPEN = "open", "待处理", "open"
    RESOLVED = "resolved", "已处理", "resolved"
    OVER = "over", "自行消除", "over by itself"


class Outcome(Word):
    """Why a case is closed: what a person says, or what the facts say."""

    FOUND_AT = "found_at", "在别处找到", "found elsewhere"
    PUT_BACK = "put_back", "已放回原位", "put back in its place"
    MOVED_PROPERLY = "moved_properly", "移动有据，台账已补记", "moved properly, and the ledger says so now"
    BROUGHT_BACK = "brought_back", "已追回", "brought back"
    REGISTERED = "registered", "已登记", "registered"
    TAG_REPLACED = "tag_replaced", "已换标签", "tag replaced"
    TAG_REMOVED = "tag_removed", "已取下多余标签", "the tag too many was taken off"
    NOT_OURS = "not_ours", "非本库标签", "not a tag of ours"
    REPAIRED = "repaired", "设备已修复", "repaired"
    OUT_OF_USE = "out_of_use", "设备已停用", "taken out of use"
    LOOKED_THROUGH = "looked_through", "已人工核对", "looked through by hand"
    FALSE_ALARM = "false_alarm", "误报", "false alarm"

    LEDGER_FOLLOWED = "ledger_followed", "台账已记到读到之处", "the ledger has it there now"
    LEDGER_MOVED = "ledger_moved", "台账另有经办", "the ledger moved it since"
    SEARCH_BEGUN = "search_begun", "已转入查找", "its search has begun"
    COUNTED_AT_HOME = "counted_at_home", "清点时已在台账所在处扫到", "scanned in a count where the ledger has it"
    HEARD_AT_HOME = "heard_at_home", "已在台账所在处读到", "heard where the ledger has it"
    HEARD_AGAIN = "heard_again", "又读到了", "heard again"
    ANOTHER_KIND = "another_kind", "已转为另一种差异", "another kind of case by now"
    TAG_CHANGED = "tag_changed", "标签已绑定或更换", "the tag was bound or replaced"
    SILENT_SINCE = "silent_since", "不再读到", "not heard any more"
    SPEAKS_AGAIN = "speaks_again", "读写器恢复", "the reader speaks again"
    CLOCK_RIGHT = "clock_right", "时钟已准", "the clock is right again"
    LISTENED_AGAIN = "listened_again", "已重新读取", "listened at again"


@dataclass(frozen=True, slots=True)
class Nature:
    """One kind: how grave, about what, who has to act, what to do, by which reasons a person or the facts close it.

    by_another: whoever moved the volume last doesn't resolve it.
    """

    gravity: Gravity
    subject: Subject
    acts: frozenset[Role]
    todo_zh: str
    todo_en: str
    reasons: tuple[Outcome, ...]
    facts: tuple[Outcome, ...]

    @property
    def by_another(self) -> bool:
        """Whether somebody else has to say that all is well: the grave ones."""
        return self.gravity is Gravity.GRAVE and self.subject is Subject.VOLUME


_K, _O = DiscrepancyKind, Outcome
_HANDS, _MANAGER = frozenset({Role.KEEPER, Role.CITY_MANAGER}), frozenset({Role.CITY_MANAGER})
_MOVED = (_O.LEDGER_FOLLOWED, _O.LEDGER_MOVED)

KINDS: Mapping[DiscrepancyKind, Nature] = {
    _K.LEFT_WITHOUT_ORDER: Nature(
        Gravity.GRAVE, Subject.VOLUME, _MANAGER,
        "查明由谁带出，立即追回；确有依据的补记台账。",
        "Find out who carried it out and bring it back at once; if it was proper, let the ledger say so.",
        (_O.BROUGHT_BACK, _O.MOVED_PROPERLY, _O.FALSE_ALARM), _MOVED,
    ),
    _K.MOVED_WHILE_SEALED: Nature(
        Gravity.GRAVE, Subject.VOLUME, _MANAGER,
        "核对封签和袋内实物：册在袋外，或从未装入。",
        "Compare the bag's seal and what is in it: the volume is outside, or was never put in.",
        (_O.FOUND_AT, _O.MOVED_PROPERLY, _O.FALSE_ALARM), (*_MOVED, _O.HEARD_AT_HOME, _O.ANOTHER_KIND),
    ),
    _K.MISSING: Nature(
        Gravity.GRAVE, Subject.VOLUME, _HANDS,
        "到架上查看；确实不在的，登记未找到，开始查找。",
        "Look on the shelf; if it isn't there, record it as not found and begin its search.",
        (_O.FOUND_AT, _O.MOVED_PROPERLY, _O.TAG_REPLACED, _O.FALSE_ALARM),
        (
            *_MOVED, _O.SEARCH_BEGUN, _O.COUNTED_AT_HOME, _O.HEARD_AT_HOME, _O.HEARD_AGAIN, _O.ANOTHER_KIND, _O.TAG_CHANGED,
        ),
    ),
    _K.TWO_DOSSIERS: Nature(
        Gravity.GRAVE, Subject.VOLUME, _HANDS,
        "同一编码在两处同时读到：找出复制的标签，两册都换新标签。",
        "One code is heard in two rooms at once: find the copied tag and give both a new one.",
        (_O.TAG_REPLACED, _O.TAG_REMOVED, _O.FALSE_ALARM), (_O.TAG_CHANGED, _O.SILENT_SINCE),
    ),
    _K.MISPLACED: Nature(
        Gravity.PLAIN, Subject.VOLUME, _HANDS,
        "到读到之处取出，放回台账所在；确应在新处的，补记台账。",
        "Take it from where it is heard and put it back; if it belongs there now, let the ledger say so.",
        (_O.PUT_BACK, _O.FOUND_AT, _O.MOVED_PROPERLY, _O.FALSE_ALARM),
        (*_MOVED, _O.COUNTED_AT_HOME, _O.HEARD_AT_HOME, _O.ANOTHER_KIND),
    ),
    _K.PRESENT_THOUGH_OUT: Nature(
        Gravity.PLAIN, Subject.VOLUME, _HANDS,
        "到读到之处查看；确已归还的，补记归还和上架。",
        "Look where it is heard; if it came back, record its return and shelve it.",
        (_O.FOUND_AT, _O.MOVED_PROPERLY, _O.FALSE_ALARM), (*_MOVED, _O.HEARD_AT_HOME, _O.ANOTHER_KIND),
    ),
    _K.ENTERED_WITHOUT_ORDER: Nature(
        Gravity.PLAIN, Subject.VOLUME, _MANAGER,
        "查明由谁带入，登记到件或归还。",
        "Find out who brought it in, and register its arrival or return.",
        (_O.REGISTERED, _O.MOVED_PROPERLY, _O.FALSE_ALARM), _MOVED,
    ),
    _K.UNKNOWN_TAG: Nature(
        Gravity.LIGHT, Subject.TAG, _HANDS,
        "找到此标签：在档案上的绑定，多余的取下。",
        "Find the tag: bind it if it is on a dossier, take it off if it is one too many.",
        (_O.TAG_REMOVED, _O.NOT_OURS, _O.FALSE_ALARM), (_O.TAG_CHANGED, _O.SILENT_SINCE),
    ),
    _K.TWO_TAGS: Nature(
        Gravity.LIGHT, Subject.VOLUME, _HANDS,
        "已更换的旧标签仍在读到：取下旧标签。",
        "The tag that was replaced is still read: take it off.",
        (_O.TAG_REMOVED, _O.FALSE_ALARM), (_O.SILENT_SINCE,),
    ),
    _K.WEAK_TAG: Nature(
        Gravity.LIGHT, Subject.VOLUME, _HANDS,
        "下次取档时换标签。",
        "Change its tag when the dossier is next in hand.",
        (_O.TAG_REPLACED, _O.FALSE_ALARM),
        (*_MOVED, _O.HEARD_AT_HOME, _O.HEARD_AGAIN, _O.ANOTHER_KIND, _O.TAG_CHANGED),
    ),
    _K.STALE_BELIEF: Nature(
        Gravity.LIGHT, Subject.PLACE, _HANDS,
        "此处久未读取，射频所记已旧：排入盘点。",
        "Nobody has listened here for long and what the radio says is old: sweep it.",
        (_O.LOOKED_THROUGH,), (_O.LISTENED_AGAIN,),
    ),
    _K.READER_SILENT: Nature(
        Gravity.PLAIN, Subject.READER, _HANDS,
        "检查电源、网络和天线；它所在之处不作“不在架”判断。",
        "Check power, network and antennas; nothing where it listens is called missing.",
        (_O.REPAIRED, _O.OUT_OF_USE), (_O.SPEAKS_AGAIN,),
    ),
    _K.CLOCK_OFF: Nature(
        Gravity.LIGHT, Subject.READER, _HANDS,
        "校准读写器时钟。",
        "Set the reader's clock.",
        (_O.REPAIRED, _O.OUT_OF_USE), (_O.CLOCK_RIGHT,),
    ),
}  # fmt: skip

# What a person found says whether the radio was right; the rest says nothing of it.
RIGHT = frozenset({_O.FOUND_AT, _O.PUT_BACK, _O.MOVED_PROPERLY, _O.LEDGER_FOLLOWED, _O.SEARCH_BEGUN})
WRONG = frozenset({_O.FALSE_ALARM})

# Kinds of one volume that exclude each other: where a night says one of them, an open one of the others has become it.
OF_JUDGEMENT = frozenset({_K.MISPLACED, _K.MISSING, _K.PRESENT_THOUGH_OUT, _K.MOVED_WHILE_SEALED, _K.WEAK_TAG})

# What a passage on no manifest is; what turned back or can't be told opens nothing.
OF_PASSAGE: Mapping[Passing, DiscrepancyKind] = {
    Passing.OUT: _K.LEFT_WITHOUT_ORDER,
    Passing.IN: _K.ENTERED_WITHOUT_ORDER,
}

# At hand: somebody works with it. Away: nobody of the warehouse has it in hand, and a reader on a shelf shouldn't hear it.
AT_HAND = frozenset({PlaceKind.DESK, PlaceKind.CART, PlaceKind.QUARANTINE, PlaceKind.ARRIVALS, PlaceKind.BAG})
AWAY = frozenset(
    {
        PlaceKind.WINDOW, PlaceKind.READING_ROOM, PlaceKind.DIGITISATION, PlaceKind.COURIER, PlaceKind.BORROWER,
        PlaceKind.RECIPIENT, PlaceKind.NOT_FOUND, PlaceKind.LOST,
    }
)  # fmt: skip


# ── What opens a case ────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Held:
    """Where the ledger has a volume, and since when.

    in_work: a pick, a re-shelving or a bag waits for it; sealed: it is in a sealed bag.
    """

    kind: PlaceKind
    since: datetime
    in_work: bool = False
    sealed: bool = False


@dataclass(frozen=True, slots=True)
class Told:
    """What a night says of a volume; elsewhere: its place by radio neither is, nor lies in, nor holds the ledger's.

    counted: when somebody last had it in hand in a count, within the interval, it was where the ledger has it.
    """

    judged_as: JudgedAs
    since: datetime
    until: datetime
    elsewhere: bool
    counted: bool = False


def kind_at_night(held: Held, told: Told) -> DiscrepancyKind | None:
    """What a judgement opens; None: nothing. What moved after the interval says nothing any more of where it was."""
    if held.since >= told.until:
        return None
    stored = held.kind in STORED
    if told.judged_as is JudgedAs.ELSEWHERE and told.elsewhere and not stored:
        return _off_the_shelves(held, told)
    return _on_the_shelves(told) if stored and not held.in_work else None


def _on_the_shelves(told: Told) -> DiscrepancyKind | None:
    if told.judged_as is JudgedAs.WEAK_TAG:
        return DiscrepancyKind.WEAK_TAG
    if told.counted:
        return None  # a hand is surer than the radio
    if told.judged_as is JudgedAs.ELSEWHERE:
        return DiscrepancyKind.MISPLACED if told.elsewhere else None
    return DiscrepancyKind.MISSING if told.judged_as is JudgedAs.MISSING else None


def _off_the_shelves(held: Held, told: Told) -> DiscrepancyKind | None:
    if held.sealed:
        return DiscrepancyKind.MOVED_WHILE_SEALED
    # Carried about that very day: it was heard on the way.
    carried = held.kind in AT_HAND and held.since >= told.since
    return None if carried else DiscrepancyKind.PRESENT_THOUGH_OUT


def kind_live(held: Held, *, on_shelf: bool, probability: float, seen_at: datetime) -> DiscrepancyKind | None:
    """What a belief opens at once: only what is away by the ledger, is surely heard on a shelf, and for longer than it's carried.

    Misplaced waits for the night: live belief is wrong too often for anybody to walk for it.
    """
    if not on_shelf or probability < LIVE_PROBABILITY_MIN or seen_at < held.since + LIVE_AFTER:
        return None
    if held.sealed:
        return DiscrepancyKind.MOVED_WHILE_SEALED
    return DiscrepancyKind.PRESENT_THOUGH_OUT if held.kind in AWAY else None


def kind_of_passage(passing: Passing, *, announced: bool, held: PlaceKind | None) -> DiscrepancyKind | None:
    """What a volume's passage through a gate opens. announced: on a manifest that may pass; held: None before its arrival."""
    if announced or is_on_its_side(passing, held):
        return None
    return OF_PASSAGE.get(passing)


# ── What closes one ──────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Since:
    """What is known of a case's volume since the case was told last.

    moved_to: the kind of place the ledger moved it to, None: it stayed; followed: that place is where the radio had it.
    judged_as: by a night that didn't tell the case again; told: what that night told instead; heard: read since; counted: in a
    count since, it was last scanned where the ledger has it; retagged: a tag was bound or replaced since the case was opened.
    """

    moved_to: PlaceKind | None = None
    followed: bool = False
    judged_as: JudgedAs | None = None
    told: DiscrepancyKind | None = None
    heard: bool = False
    counted: bool = False
    retagged: bool = False


def over_by(kind: DiscrepancyKind, since: Since) -> Outcome | None:
    """By which fact a volume's case is over; None: it stays open, as it does where a night was undecided or heard nothing.

    The first fact that closes this kind counts.
    """
    home, another = since.judged_as is JudgedAs.AT_HOME, since.told is not None and since.told is not kind
    moved = since.moved_to is not None
    settled = (
        (Outcome.TAG_CHANGED, since.retagged),
        (Outcome.SEARCH_BEGUN, since.moved_to is PlaceKind.NOT_FOUND),
        (Outcome.LEDGER_FOLLOWED, moved and since.followed),
        (Outcome.LEDGER_MOVED, moved),
        (Outcome.COUNTED_AT_HOME, since.counted),
        (Outcome.HEARD_AT_HOME, home),
        (Outcome.ANOTHER_KIND, another and since.told in OF_JUDGEMENT),
        (Outcome.HEARD_AGAIN, since.heard),
        (Outcome.SILENT_SINCE, home and kind is DiscrepancyKind.TWO_TAGS),
    )
    return next((outcome for outcome, is_so in settled if is_so and outcome in KINDS[kind].facts), None)


def check_resolved(kind: DiscrepancyKind, outcome: Outcome, role: Role, found_place: str | None) -> None:
    """Raises `NotAllowed`, `OutcomeUnfit` or `BadInput` where this person can't close this case so."""
    nature = KINDS[kind]
    if role not in nature.acts:
        raise NotAllowed
    if outcome not in nature.reasons:
        raise OutcomeUnfit(
            kind=kind.zh,
            kind_en=kind.en,
            reasons="、".join(one.zh for one in nature.reasons),
            reasons_en=", ".join(one.en for one in nature.reasons),
        )
    if outcome is Outcome.FOUND_AT and found_place is None:
        raise BadInput(problem_zh="请扫描或输入找到之处", problem_en="scan or type the place where it was found")


def case_number(case_id: int) -> str:
    """The number people know a case by: `X-000007`."""
    return f"X-{case_id:06}"


def parse_case_number(text: str) -> int:
    """The case's id from its number as scanned or typed; raises `BadInput`."""
    match = _NUMBER.fullmatch(folded_width(text))
    if match is None or int(match[1]) == 0:
        raise BadInput(problem_zh="差异编号形如 X-000007", problem_en="a discrepancy has a number like X-000007")
    return int(match[1])
