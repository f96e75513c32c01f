"""Labels (标签) from the printer to the envelope: what must agree before one is bound, and which fault it is if not. Pure.

A label carries its volume's number in print and an EPC on a chip that has a number of its own, the TID. It is bound only
when what was read back of all three is what was printed: printers encode the label before once more, chips are copied, and
labels land on the wrong envelope.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from inventory.domain.epcs import parse_epc, parse_tid
from inventory.domain.refusals import (
    BadInput,
    EpcOfAnother,
    EpcOnAnotherChip,
    EpcTaken,
    LabelNotOurs,
    LabelSpoiled,
    PreviousLabel,
    ReadBackDiffers,
    ReadBackIncomplete,
    Refusal,
    TagCloned,
    VolumeTagged,
)
from inventory.domain.words import Word

LABELS_PER_BATCH_MAX = 500  # a shelf has a hundred; a roll as many as this
TID_BYTES_MIN = (
    8  # less is the chip's model and no number of its own: EPCglobal Gen2 TIDs with a serial have 64 bits or more
)
EPC_BYTES_MIN = 12  # of the EPCs we print
# The first byte of a TID is its allocation class (ISO/IEC 15963): E2 for Gen2 chips, E0 for those of ISO/IEC 7816-6 makers.
TID_CLASSES = frozenset({0xE0, 0xE2})


class LabelState(Word):
    """How far a label has come; spoiled is for ever, and so is its EPC."""

    PRINTED = "printed", "待核验", "to be verified"
    BOUND = "bound", "已绑定", "bound"
    SPOILED = "spoiled", "已作废", "spoiled"


@dataclass(frozen=True, slots=True)
class ReadBack:
    """One label as it was read back: the volume its printed code stands for, EPC and TID."""

    volume: str
    epc: bytes
    tid: bytes


@dataclass(frozen=True, slots=True)
class KnownLabel:
    """A label of ours, by its EPC."""

    label_id: int
    volume: str
    state: LabelState


@dataclass(frozen=True, slots=True)
class KnownTag:
    """A row of the register of tags, by its EPC. taken: on a place, or retired."""

    volume: str | None
    tid: bytes | None
    taken: bool


@dataclass(frozen=True, slots=True)
class LabelFacts:
    """What is known of some read-backs.

    labels, tags: by EPC. chips: the EPC each TID is known with. waiting: the label each volume waits with, as EPC and the EPC
    printed just before it (None for the first of its batch). tagged: the EPC each volume has now.
    """

    labels: Mapping[bytes, KnownLabel] = field(default_factory=dict)
    tags: Mapping[bytes, KnownTag] = field(default_factory=dict)
    chips: Mapping[bytes, bytes] = field(default_factory=dict)
    waiting: Mapping[str, tuple[bytes, bytes | None]] = field(default_factory=dict)
    tagged: Mapping[str, bytes] = field(default_factory=dict)


def parse_chip(text: str) -> bytes:
    """A TID that tells one chip from all others; raises `BadInput` for an EPC in its place, or a chip's model alone."""
    tid = parse_tid(text)
    if tid[0] not in TID_CLASSES:
        raise BadInput(
            problem_zh="TID 应以 E2 或 E0 开头，读到的可能是 EPC",
            problem_en="a TID begins with E2 or E0; this may be an EPC",
        )
    if len(tid) < TID_BYTES_MIN:
        raise BadInput(
            problem_zh=f"TID 应读出芯片自己的编号，至少{TID_BYTES_MIN * 2}位",
            problem_en=f"read the chip's own number: a TID of {TID_BYTES_MIN * 2} digits or more",
        )
    return tid


def check_read_back(read: ReadBack, facts: LabelFacts, *, replaces: bool = False) -> bool:
    """Whether a label is to be bound now; False where it is bound already, by these very three.

    Raises the fault: `PreviousLabel`, `EpcOfAnother`, `LabelSpoiled`, `EpcTaken`, `ReadBackDiffers`, `LabelNotOurs`, `TagCloned`,
    `EpcOnAnotherChip`, and `VolumeTagged` where there is a tag and nobody says it is replaced.
    """
    label = facts.labels.get(read.epc)
    if label is None:
        raise _stranger(read, facts)
    if label.volume != read.volume:
        _, before = facts.waiting.get(read.volume, (None, None))
        fault = PreviousLabel if before == read.epc else EpcOfAnother
        raise fault(volume=read.volume, other=label.volume)
    if label.state is LabelState.SPOILED:
        raise LabelSpoiled(volume=read.volume)
    if facts.chips.get(read.tid, read.epc) != read.epc:
        raise TagCloned(volume=read.volume, tid=read.tid.hex().upper())
    tag = facts.tags.get(read.epc)
    if tag is not None and tag.tid not in {None, read.tid}:
        raise EpcOnAnotherChip(volume=read.volume)
    if tag is not None and tag.taken:
        raise EpcTaken
    if label.state is LabelState.BOUND:
        return False
    if read.volume in facts.tagged and not replaces:
        raise VolumeTagged
    return True


def _stranger(read: ReadBack, facts: LabelFacts) -> Refusal:
    """Why an EPC that is on no label of ours isn't bound."""
    tag = facts.tags.get(read.epc)
    if tag is not None and tag.volume not in {None, read.volume}:
        return EpcOfAnother(volume=read.volume, other=tag.volume)
    if tag is not None and tag.taken:
        return EpcTaken()
    if read.volume in facts.waiting:
        return ReadBackDiffers(volume=read.volume)
    return LabelNotOurs(volume=read.volume)


def faults_among(read: Sequence[ReadBack]) -> dict[int, Refusal]:
    """Which read-backs of one batch contradict each other, by position: one chip with two EPCs, one EPC on two chips."""
    epcs_of: dict[bytes, set[bytes]] = {}
    chips_of: dict[bytes, set[bytes]] = {}
    for one in read:
        epcs_of.setdefault(one.tid, set()).add(one.epc)
        chips_of.setdefault(one.epc, set()).add(one.tid)
    found: dict[int, Refusal] = {}
    for position, one in enumerate(read):
        if len(epcs_of[one.tid]) > 1:
            found[position] = TagCloned(volume=one.volume, tid=one.tid.hex().upper())
        elif len(chips_of[one.epc]) > 1:
            found[position] = EpcOnAnotherChip(volume=one.volume)
    return found


@dataclass(frozen=True, slots=True)
class Told:
    """What somebody scanned of one label, as text: its printed code, its EPC, its TID."""

    code: str
    epc: str
    tid: str


def envelopes_in(scans: Sequence[str]) -> list[Told]:
    """A handheld's scans along a shelf, envelope by envelope: a printed code, then its EPC and its TID in either order.

    Which is which, the text tells: 16 hexadecimal digits or more that begin with E2 or E0 are a TID, 24 or more of another
    beginning an EPC, anything else (a dossier number has hyphens) is a printed code and begins the next envelope. A tag read
    twice counts once. Raises `ReadBackIncomplete` for an envelope that lacks one, or has two.
    """
    found: list[tuple[str, list[str], list[str]]] = []
    for scan in scans:
        kind = _kind_of(scan)
        if kind == "code":
            found.append((scan, [], []))
            continue
        if not found:
            raise ReadBackIncomplete(code=scan)
        _, epcs, tids = found[-1]
        seen = epcs if kind == "epc" else tids
        if scan.upper() not in seen:
            seen.append(scan.upper())
    for code, epcs, tids in found:
        if len(epcs) != 1 or len(tids) != 1:
            raise ReadBackIncomplete(code=code)
    return [Told(code, epcs[0], tids[0]) for code, epcs, tids in found]


def _kind_of(scan: str) -> str:
    try:
        number = b"" if "-" in scan else parse_epc(scan)
    except BadInput:
        return "code"
    if len(number) >= TID_BYTES_MIN and number[0] in TID_CLASSES:
        return "tid"
    return "epc" if len(number) >= EPC_BYTES_MIN else "code"
