"""What was read in the tunnel or on the pad against the manifest (交接清单): green, amber or red, and why. Pure.

The radio says of each tag how likely it lies inside; the manifest says what should. A tag on the manifest that was read
beside the tunnel has been left behind, not packed; a stranger beside it is nobody's business.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from inventory.domain.consignments import Colour, SetPicture, compare
from inventory.domain.identifiers import VolumeName
from inventory.domain.words import Word

INSIDE_FROM = 0.5  # rather inside than beside
STRANGER_FROM = 0.9  # a stranger stops the bag, so it must be sure


class SetLine(Word):
    """How one volume stands in a set."""

    READ = "read", "已读到", "read"
    WAITING = "waiting", "尚未读到，请稍候", "not read yet, please wait"
    UNREAD = "unread", "未读到，请取出核对", "not read: take it out and look"
    WEAK = "weak", "未读到；该标签从未读到过，请扫条码", "not read; its tag never was: scan the printed code"
    BESIDE = "beside", "在旁边读到，不在其中，请检查是否遗漏", "read beside it, not inside: was it left behind?"
    UNEXPECTED = "unexpected", "不在交接清单上，请取出", "not on the manifest: take it out"
    DOUBTFUL = (
        "doubtful",
        "清单外，可能在旁边，请移开后再读",
        "not on the manifest, perhaps beside: move it away, read again",
    )


@dataclass(frozen=True, slots=True)
class HeardInSet:
    """A tag heard while a stack lay there. volume: None for a code that means no volume to whoever looks.

    inside: probability that it lies in the stack.
    """

    volume: VolumeName | None
    code: str
    inside: float


@dataclass(frozen=True, slots=True)
class ReadSet:
    """A whole set. lines: every volume or code with how it stands, those to act on first.

    counted: how many somebody counted by hand, where nothing else says what to expect.
    """

    picture: SetPicture
    lines: tuple[tuple[str, SetLine], ...]
    settled: bool
    counted: int | None = None

    @property
    def colour(self) -> Colour:
        """Red only for what surely lies inside and nobody expected; amber while anything is to be done or waited for."""
        met = {line for _, line in self.lines}
        if SetLine.UNEXPECTED in met:
            return Colour.RED
        as_counted = self.counted in {None, len(self.picture.read)}
        return Colour.GREEN if met == {SetLine.READ} and as_counted and self.settled else Colour.AMBER

    @property
    def sentence(self) -> tuple[str, str]:
        """What stands above the list, in Chinese and English."""
        read = len(self.picture.read)
        expected = self.picture.expected if self.counted is None else self.counted
        if not self.settled:
            return (
                f"应有 {expected} 册，已读到 {read} 册，正在读取",
                f"{expected} expected, {read} read so far, still reading",
            )
        return f"应有 {expected} 册，读到 {read} 册", f"{expected} expected, {read} read"


_ORDER = (
    SetLine.UNEXPECTED,
    SetLine.BESIDE,
    SetLine.UNREAD,
    SetLine.WEAK,
    SetLine.DOUBTFUL,
    SetLine.WAITING,
    SetLine.READ,
)


def judge_set(
    expected: Collection[VolumeName],
    heard: Iterable[HeardInSet],
    *,
    settled: bool,
    never_read: Collection[VolumeName] = (),
) -> ReadSet:
    """Each volume of the manifest and each stranger; `never_read`: volumes whose tag was never read since it was bound."""
    likely = {one.volume or one.code: max(one.inside, 0.0) for one in sorted(heard, key=lambda one: one.inside)}
    lines: dict[str, SetLine] = {}
    for volume in expected:
        inside = likely.get(volume)
        if inside is None:
            weak = SetLine.WEAK if volume in never_read else SetLine.UNREAD
            lines[str(volume)] = weak if settled else SetLine.WAITING
        else:
            lines[str(volume)] = SetLine.READ if inside >= INSIDE_FROM else SetLine.BESIDE
    strangers = {name: inside for name, inside in likely.items() if name not in expected and inside >= INSIDE_FROM}
    for name, inside in strangers.items():
        lines[str(name)] = SetLine.UNEXPECTED if inside >= STRANGER_FROM else SetLine.DOUBTFUL
    read = [volume for volume in expected if likely.get(volume, 0.0) >= INSIDE_FROM]
    sure = [name for name, inside in strangers.items() if inside >= STRANGER_FROM]
    picture = compare(
        expected,
        [*read, *(name for name in sure if isinstance(name, VolumeName))],
        [name for name in sure if isinstance(name, str)],
    )
    ordered = sorted(lines.items(), key=lambda line: (_ORDER.index(line[1]), line[0]))
    return ReadSet(picture, tuple(ordered), settled)


def judge_stack(heard: Iterable[HeardInSet], *, counted: int | None, settled: bool) -> ReadSet:
    """A stack that no list names: what rather lies in it was read, what is only heard beside it is nobody's business.

    counted: how many dossiers somebody counted, None where nobody did.
    """
    told = list(heard)
    inside = {one.volume for one in told if one.volume is not None and one.inside >= INSIDE_FROM}
    found = judge_set(inside, [one for one in told if one.volume is None or one.volume in inside], settled=settled)
    return ReadSet(found.picture, found.lines, settled, counted)
