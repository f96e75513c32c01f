"""A passage against what the gate's process knows: colour, alarm, siren, and what is told of it."""

from dataclasses import dataclass, replace
from typing import NamedTuple

from devices.gate_knowledge import Knowledge, KnownVolume, as_moment
from inventory.domain.gate_passages import Passing, PassingDoubt, is_on_its_side, judge_passage
from inventory.domain.identifiers import VolumeName
from inventory.domain.places import PlaceKind
from inventory.locating.gate_watch import Sighting
from inventory.locating.passages import Direction, Doubt
from inventory.locating.reads import SECOND
from inventory.store.gate_lists import ListedGate
from inventory.store.passages import Line, Telling

SIREN_WITHIN = 60 * SECOND  # whoever left longer ago is out of earshot; the alarm stands on the page
PASSINGS = {
    Direction.IN: Passing.IN,
    Direction.OUT: Passing.OUT,
    Direction.TURNED_BACK: Passing.TURNED_BACK,
    Direction.UNCLEAR: Passing.UNCLEAR,
}
DOUBTS = {
    Doubt.ONE_ANTENNA: PassingDoubt.ONE_ANTENNA,
    Doubt.STANDING: PassingDoubt.STANDING,
    Doubt.CONTRADICTORY: PassingDoubt.CONTRADICTORY,
    Doubt.FEW_READS: PassingDoubt.FEW_READS,
}


class Moment(NamedTuple):
    """When something is decided, and when the message came by which it is; microseconds."""

    now: int
    heard_at: int


@dataclass(frozen=True, slots=True)
class Stand:
    """How far the telling of a passage is."""

    telling: int
    first: Moment
    alarmed_at: int | None = None
    siren_at: int | None = None


class Decided(NamedTuple):
    """What is told, how far that is, and whether the siren is to sound now."""

    telling: Telling
    stand: Stand
    rings: bool


class _Carried(NamedTuple):
    known: KnownVolume
    kind: PlaceKind | None
    reads: int


def decide(
    known: Knowledge, gate: ListedGate, one: Sighting, epcs: dict[int, bytes], before: Stand | None, at: Moment
) -> Decided | None:
    """What to tell of a sighting; None for whoever carries nothing of ours and of whom nothing was told before."""
    carried, strange = _carried(known, one, epcs)
    if not carried and before is None:
        return None
    passing = PASSINGS[one.direction]
    papers = known.papers_for(gate, passing)
    here = [name for name, volume in carried.items() if is_on_its_side(passing, volume.kind)]
    doubts = [word for doubt, word in DOUBTS.items() if doubt in one.doubt]
    verdict = judge_passage(passing, carried.keys(), papers, doubts, here)
    stand = Stand(1, at) if before is None else replace(before, telling=before.telling + 1)
    if verdict.alarm and stand.alarmed_at is None:
        stand = replace(stand, first=at, alarmed_at=at.now)
    rings = verdict.alarm and stand.siren_at is None and at.now - one.at <= SIREN_WITHIN
    if rings:
        stand = replace(stand, siren_at=at.now)
    lines = [_line(volume, papers, unexpected=name in verdict.unexpected) for name, volume in sorted(carried.items())]
    lines += [
        Line(volume_id, 0, None, None, None, number, unexpected=False)
        for number in verdict.manifests
        for name, volume_id in papers[number].items()
        if name in verdict.unread
    ]
    telling = Telling(
        one.passage,
        gate.place_id,
        stand.telling,
        passing.value,
        round(one.probability, 4),
        tuple(doubt.value for doubt in doubts),
        verdict.colour.value,
        one.settled,
        as_moment(one.at),
        as_moment(one.since),
        as_moment(one.until),
        strange,
        as_moment(known.listed_at),
        as_moment(stand.first.heard_at),
        as_moment(stand.first.now),
        None if stand.alarmed_at is None else as_moment(stand.alarmed_at),
        None if stand.siren_at is None else as_moment(stand.siren_at),
        tuple(lines),
    )
    return Decided(telling, stand, rings)


def _carried(known: Knowledge, one: Sighting, epcs: dict[int, bytes]) -> tuple[dict[VolumeName, _Carried], int]:
    carried: dict[VolumeName, _Carried] = {}
    strange = 0
    for tag, reads in one.tags.items():
        found = known.find(epcs[tag])
        if found is None:
            strange += 1
            continue
        before = carried.get(found.name)
        carried[found.name] = _Carried(found, known.kind_of(found.place_id), reads + (before.reads if before else 0))
    return carried, strange


def _line(volume: _Carried, papers: dict[str, dict[VolumeName, int]], *, unexpected: bool) -> Line:
    known, kind = volume.known, volume.kind
    paper = next((number for number, volumes in papers.items() if known.name in volumes), None)
    return Line(
        known.volume_id,
        volume.reads,
        known.place_id,
        None if known.since is None else as_moment(known.since),
        None if kind is None else kind.value,
        paper,
        unexpected,
    )
