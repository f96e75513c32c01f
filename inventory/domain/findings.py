"""What an audit finds: discrepancies of radio and ledger, what it can't decide, and where nobody listened."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from inventory.domain.judged import Judged, JudgedAs
from inventory.domain.words import Word


class FindingKind(Word):
    """Kinds of finding, as other programs know them."""

    MISPLACED = "misplaced", "放错位置", "misplaced"
    MISSING = "missing", "不在架", "missing"
    PRESENT_THOUGH_OUT = "present_though_out", "账上在外，库内读到", "present though out"
    UNKNOWN_TAG = "unknown_tag", "未知标签", "unknown tag"
    TWO_TAGS = "two_tags", "一册两签", "two tags, one volume"
    TWO_DOSSIERS = "two_dossiers", "一签两册", "one tag, two dossiers"
    WEAK_TAG = "weak_tag", "标签读不到", "weak tag"


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding; `dossier` is a volume's name, None for a tag that is nobody's; places by code; probability 0 to 1."""

    dossier: str | None
    kind: FindingKind
    place_ledger: str | None
    place_belief: str | None
    probability: float
    reason_zh: str
    reason_en: str
    epc: str | None = None


@dataclass(frozen=True, slots=True)
class Undecided:
    """A volume an audit can't decide on: never a finding as well."""

    dossier: str
    place_ledger: str | None
    reason_zh: str
    reason_en: str


@dataclass(frozen=True, slots=True)
class Gap:
    """A place nobody listened at, or a reader that was blind, and for how long; `until` None: it lasts."""

    place: str | None
    since: datetime
    until: datetime | None
    reason_zh: str
    reason_en: str


def kind_of(judged: Judged, *, stored: bool) -> FindingKind | None:
    """What a judgement is as a finding; `stored`: the ledger has the volume on a shelf. None: nothing to find."""
    match judged.judged_as:
        case JudgedAs.ELSEWHERE:
            return FindingKind.MISPLACED if stored else FindingKind.PRESENT_THOUGH_OUT
        case JudgedAs.MISSING:
            return FindingKind.MISSING
        case JudgedAs.WEAK_TAG:
            return FindingKind.WEAK_TAG
    return None


def rolled_up(
    uncovered: Sequence[int], shelves: Sequence[int], lineage: Mapping[int, Sequence[int]], top: int
) -> list[int]:
    """The fewest places that stand for all uncovered shelves: a bay where all of its shelves are, a room where all its bays.

    lineage: of each shelf, its places from the warehouse down to itself, all by id. `top`: nothing above it is named.
    """
    shelves_in = Counter(place for shelf in shelves for place in lineage[shelf])
    silent_in = Counter(place for shelf in uncovered for place in lineage[shelf])
    named: dict[int, None] = {}
    for shelf in uncovered:
        within = list(lineage[shelf])
        for place in within[within.index(top) :]:
            if silent_in[place] == shelves_in[place]:
                named.setdefault(place)
                break
    return list(named)
