"""Which tag is on what: the fourth axis of a volume's state, and what a binding must show. Pure."""

from dataclasses import dataclass

from inventory.domain.refusals import EpcTaken, PreviousLabel, ReadBackDiffers, VolumeTagged
from inventory.domain.standing import Identification

IDENTIFICATION_NAMES: dict[Identification, tuple[str, str]] = {
    Identification.UNTAGGED: ("未装标签", "untagged"),
    Identification.TAGGED: ("已装标签", "tagged"),
    Identification.FAULT: ("标签故障", "tag fault"),
    Identification.REPLACED: ("标签已更换", "tag replaced"),
    Identification.BARCODE_ONLY: ("仅条码", "barcode only"),
}


@dataclass(frozen=True, slots=True)
class Label:
    """A tag to bind: the EPC meant, the chip's own number where it was read, and the EPC read back afterwards."""

    volume: str
    epc: bytes
    read_back: bytes
    tid: bytes | None = None


@dataclass(frozen=True, slots=True)
class TagFacts:
    """What the register knows of the tags in question, by EPC and TID.

    volume_of: the volume each EPC is or was on. taken: EPCs on a place, or retired. tids: the EPC each TID is known with.
    tagged: volumes that have a tag now.
    """

    volume_of: dict[bytes, str]
    taken: frozenset[bytes]
    tids: dict[bytes, bytes]
    tagged: frozenset[str]


def identification_of(*, has_tag: bool, has_fault: bool, retired: int, barcode_only: bool) -> Identification:
    """How a volume is identified; `retired`: how many tags it had before."""
    if has_tag and has_fault:
        return Identification.FAULT
    if has_tag:
        return Identification.REPLACED if retired else Identification.TAGGED
    return Identification.BARCODE_ONLY if barcode_only else Identification.UNTAGGED


def check_label(label: Label, facts: TagFacts, *, replaces: bool) -> None:
    """Whether this tag may go on this volume.

    Raises `PreviousLabel` (the printer wrote the label before once more), `ReadBackDiffers`, `EpcTaken` for a tag of any
    other thing or one that was ever retired, and `VolumeTagged` where there is a tag and nobody says it is replaced.
    """
    if label.read_back != label.epc:
        other = facts.volume_of.get(label.read_back)
        if other is not None and other != label.volume:
            raise PreviousLabel(volume=label.volume, other=other)
        raise ReadBackDiffers(volume=label.volume)
    if label.epc in facts.volume_of or label.epc in facts.taken:
        raise EpcTaken
    if label.tid is not None and facts.tids.get(label.tid, label.epc) != label.epc:
        raise EpcTaken
    if not replaces and label.volume in facts.tagged:
        raise VolumeTagged


def check_batch(labels: list[Label]) -> None:
    """Raises `EpcTaken` where one batch names an EPC or a TID twice."""
    epcs = [label.epc for label in labels]
    tids = [label.tid for label in labels if label.tid is not None]
    if len(set(epcs)) < len(epcs) or len(set(tids)) < len(tids):
        raise EpcTaken
