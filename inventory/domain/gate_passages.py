"""A passage through a gate (通道门) against the open manifests (交接清单): what rings, what is amber, and why. Pure.

The siren is for what nobody expected to leave, and only where it surely left. What was read of a manifest in part is settled
at packing. Whoever turns back, or brings something in, rings nothing.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from inventory.domain.consignments import Colour
from inventory.domain.identifiers import VolumeName
from inventory.domain.places import PlaceKind
from inventory.domain.words import Word


class Passing(Word):
    """Which way somebody went."""

    IN = "in", "进库", "in"
    OUT = "out", "出库", "out"
    TURNED_BACK = "turned_back", "折返", "turned back"
    UNCLEAR = "unclear", "方向不明", "direction unclear"


class PassingDoubt(Word):
    """Why a direction is unclear."""

    ONE_ANTENNA = "one_antenna", "只有一侧天线读到，请检查另一侧天线", "only one antenna heard it: look after the other"
    STANDING = "standing", "停留在通道门内", "it stands in the gate"
    CONTRADICTORY = "contradictory", "两侧天线的读取前后不一致", "what the two antennas heard fits more than one way"
    FEW_READS = "few_reads", "读取次数太少", "it was read too seldom"


# The ledger has it outside: with somebody else, or on the way. What is searched for or lost is nobody's to carry out.
OUTSIDE = frozenset(
    {
        PlaceKind.WINDOW, PlaceKind.READING_ROOM, PlaceKind.DIGITISATION, PlaceKind.COURIER, PlaceKind.BORROWER,
        PlaceKind.RECIPIENT,
    }
)  # fmt: skip
SOUGHT = frozenset({PlaceKind.NOT_FOUND, PlaceKind.LOST})


def is_on_its_side(passing: Passing, held: PlaceKind | None) -> bool:
    """Whether the ledger has a volume already where it is being carried; held: None before its arrival.

    Whoever carries out what the ledger has outside does nothing new, and so does who brings in what it has inside.
    """
    if passing is Passing.OUT:
        return held is None or held in OUTSIDE
    return passing is Passing.IN and held is not None and held not in OUTSIDE | SOUGHT


@dataclass(frozen=True, slots=True)
class PassageVerdict:
    """What a passage means. alarm: the siren. manifests: those of which something was read; unread: the rest of these."""

    passing: Passing
    alarm: bool
    manifests: tuple[str, ...]
    unread: tuple[VolumeName, ...]
    unexpected: tuple[VolumeName, ...]
    reasons: tuple[tuple[str, str], ...]

    @property
    def colour(self) -> Colour:
        """Red rings; amber waits for somebody to look."""
        if self.alarm:
            return Colour.RED
        return Colour.AMBER if self.reasons else Colour.GREEN


def judge_passage(
    passing: Passing,
    read: Collection[VolumeName],
    manifests: Mapping[str, Collection[VolumeName]],
    doubts: Collection[PassingDoubt] = (),
    at_home: Collection[VolumeName] = (),
) -> PassageVerdict:
    """What one person's passage means.

    read: what was carried; manifests: by number, what may pass here now, this way; at_home: what the ledger has already where
    it goes (`is_on_its_side`).
    """
    announced = {volume for volumes in manifests.values() for volume in volumes}.union(at_home)
    theirs = tuple(sorted(number for number, volumes in manifests.items() if set(volumes) & set(read)))
    if passing is Passing.TURNED_BACK:
        return PassageVerdict(passing, alarm=False, manifests=theirs, unread=(), unexpected=(), reasons=())
    unexpected = tuple(sorted(set(read) - announced))
    rest = {volume for number in theirs for volume in manifests[number]} - set(read)
    unread = tuple(sorted(rest)) if passing is Passing.OUT else ()
    alarm = passing is Passing.OUT and bool(unexpected)
    return PassageVerdict(passing, alarm, theirs, unread, unexpected, _reasons(passing, unread, unexpected, doubts))


def _reasons(
    passing: Passing,
    unread: tuple[VolumeName, ...],
    unexpected: tuple[VolumeName, ...],
    doubts: Collection[PassingDoubt],
) -> tuple[tuple[str, str], ...]:
    """Sentences a keeper can act on, Chinese and English."""
    told: list[tuple[str, str]] = []
    many = len(unexpected)
    if unexpected and passing is Passing.OUT:
        told.append((f"{many} 册不在任何交接清单上，已出库", f"{many} on no manifest went out"))
    elif unexpected and passing is Passing.IN:
        told.append((f"{many} 册进库而无交接清单，请登记", f"{many} on no manifest came in: register them"))
    elif unexpected:
        told.append(
            (f"{many} 册不在任何交接清单上，方向不明，请查看", f"{many} on no manifest, direction unclear: go and look")
        )
    if unread:
        told.append(
            (
                f"清单上另有 {len(unread)} 册未读到，装袋核对时确认",
                f"{len(unread)} more on the manifest not read, settled at packing",
            )
        )
    if passing is Passing.UNCLEAR:
        told += [(doubt.zh, doubt.en) for doubt in doubts]
    return tuple(told)
