"""The search protocol: where to look for what isn't where it should be, and when it may be called lost. Pure.

A case begins as *suspected* (a receipt that never came, a loan nobody answers for: the ledger still names who has it) or
*open* (somebody looked, it wasn't there). It ends found, or lost by decision; what was lost may still be found or is rebuilt.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from inventory.domain.identifiers import folded_width
from inventory.domain.law import number_of
from inventory.domain.places import PlaceKind
from inventory.domain.refusals import BadInput, SearchByTwo, SearchClosed, SearchUnfinished
from inventory.domain.requests import RequestKind, RequestState
from inventory.domain.words import Word

SEARCHERS_MIN = number_of("lost_needs_head_and_two_searchers", {})
NOTE_CHARACTERS_MAX = 500
_NUMBER = re.compile(r"S-?0*([0-9]{1,9})", re.IGNORECASE)


class CaseState(Word):
    """How a case stands."""

    SUSPECTED = "suspected", "疑似遗失", "suspected loss"
    OPEN = "open", "查找中", "being searched"
    FOUND = "found", "已找到", "found"
    LOST = "lost", "认定遗失", "declared lost"
    REBUILT = "rebuilt", "已重建", "rebuilt"
    DISMISSED = "dismissed", "已排除", "dismissed"


class StepResult(Word):
    """What came of looking somewhere."""

    NOTHING = "nothing", "未找到", "not there"
    FOUND = "found", "在此找到", "found there"
    NOT_APPLICABLE = "not_applicable", "不适用", "not applicable"  # there is no such place here; the note says why


class Step(Word):
    """One place or person to ask; the order is that in which most things turn up."""

    NEIGHBOURS = (
        "neighbours",
        "查看左、右、上、下及对面库位",
        "look at the shelves to the left, to the right, above, below and facing",
    )
    RADIO = "radio", "到射频最近读到的所在查看", "look where the radio read it last"
    CARTS = "carts", "查看已归还的推车和各工作台", "look through the carts that came back and the desks"
    BAGS = "bags", "打开在库的转运袋逐份核对", "open the transfer bags that are here and compare them one by one"
    LOANS = (
        "loans",
        "核对近期借出、送阅和送数字化的档案",
        "compare the recent loans, consultations and scanning batches",
    )
    QUARANTINE = "quarantine", "查看待查区", "look through the quarantine"
    CARRIERS = "carriers", "向递送人和交接双方查询", "ask the carriers, and both who handed over and who received"
    HOLDER = "holder", "书面向持有单位查询", "ask whoever holds it in writing"
    ZONE = "zone", "清查整个区域", "search the whole zone"


_INSIDE = (Step.NEIGHBOURS, Step.RADIO, Step.CARTS, Step.BAGS, Step.LOANS, Step.QUARANTINE, Step.ZONE)
_ON_A_BENCH = (Step.RADIO, Step.CARTS, Step.BAGS, Step.LOANS, Step.QUARANTINE, Step.ZONE)
_UNDERWAY = (Step.CARRIERS, Step.RADIO, Step.CARTS, Step.BAGS, Step.QUARANTINE, Step.ZONE)
_OUTSIDE = (Step.HOLDER, Step.CARRIERS, Step.RADIO, Step.CARTS, Step.QUARANTINE)


def protocol(from_kind: PlaceKind) -> tuple[Step, ...]:
    """The steps a search takes, by the kind of place the ledger names."""
    if from_kind in (PlaceKind.SHELF, PlaceKind.CABINET):
        return _INSIDE
    if from_kind in (PlaceKind.BAG, PlaceKind.COURIER):
        return _UNDERWAY
    if from_kind in (PlaceKind.BORROWER, PlaceKind.RECIPIENT):
        return _OUTSIDE
    return _ON_A_BENCH


@dataclass(frozen=True, slots=True)
class Looked:
    """A step somebody did: which, who (account id), and what came of it."""

    step: Step
    searcher_id: int
    result: StepResult


def steps_left(steps: Sequence[Step], looked: Iterable[Looked]) -> tuple[Step, ...]:
    """The steps nobody has done yet, in the protocol's order."""
    done = {one.step for one in looked}
    return tuple(step for step in steps if step not in done)


def check_step(step: Step, result: StepResult, note: str | None, state: CaseState, case: str) -> None:
    """Raises `SearchClosed` or `BadInput` where a step can't be recorded so."""
    if state not in (CaseState.SUSPECTED, CaseState.OPEN):
        raise SearchClosed(case=case, state=state.zh, state_en=state.en)
    told = (note or "").strip()
    if len(told) > NOTE_CHARACTERS_MAX:
        raise BadInput(
            problem_zh=f"备注最多 {NOTE_CHARACTERS_MAX} 个字符",
            problem_en=f"a note has at most {NOTE_CHARACTERS_MAX} characters",
        )
    if result is StepResult.NOT_APPLICABLE and not told:
        raise BadInput(
            problem_zh=f"“{step.zh}”不适用时必须说明原因", problem_en=f"say why '{step.en}' doesn't apply here"
        )


def check_lost(volume: str, steps: Sequence[Step], looked: Sequence[Looked]) -> tuple[int, ...]:
    """The searchers (account ids) on whose work a loss can be declared; raises `SearchUnfinished` or `SearchByTwo`."""
    left = steps_left(steps, looked)
    if left:
        raise SearchUnfinished(
            volume=volume, steps="；".join(s.zh for s in left), steps_en="; ".join(s.en for s in left)
        )
    # Saying that a step doesn't apply is no searching.
    searchers = tuple(sorted({one.searcher_id for one in looked if one.result is not StepResult.NOT_APPLICABLE}))
    if len(searchers) < SEARCHERS_MIN:
        raise SearchByTwo(volume=volume)
    return searchers


# Who has it isn't us: a request is out until nothing of it is there any more.
_AWAY = frozenset(
    {
        PlaceKind.BAG, PlaceKind.READING_ROOM, PlaceKind.DIGITISATION, PlaceKind.BORROWER, PlaceKind.COURIER,
        PlaceKind.RECIPIENT, PlaceKind.NOT_FOUND, PlaceKind.LOST,
    }
)  # fmt: skip
_AT_HAND = frozenset({PlaceKind.DESK, PlaceKind.CART})


def state_after_finding(kind: RequestKind, state: RequestState, places: frozenset[PlaceKind]) -> RequestState | None:
    """How the request goes on for which something was found; None: as before. places: where everything it is about is now.

    What was to be fetched is served at once where it is at hand, else by another pick. What was out (lent, sent) is home:
    a loan or a consultation is over, a transfer can be sent again.
    """
    again = RequestState.READY if places <= _AT_HAND else RequestState.APPROVED
    if state is RequestState.SEARCHING:
        return again
    if state is not RequestState.OUT or places & _AWAY:
        return None
    if PlaceKind.WINDOW in places:
        return RequestState.AT_WINDOW
    return again if kind is RequestKind.TRANSFER else RequestState.CLOSED


def case_number(case_id: int) -> str:
    """The number people know a case by: `S-000007`."""
    return f"S-{case_id:06}"


def parse_case_number(text: str) -> int:
    """The case's id from its number as scanned or typed; raises `BadInput`."""
    match = _NUMBER.fullmatch(folded_width(text))
    if match is None or not 0 < int(match[1]) < 2**31:
        raise BadInput(problem_zh="查找编号形如 S-000007", problem_en="a search has a number like S-000007")
    return int(match[1])
