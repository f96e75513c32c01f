"""Labels are verified and bound: printed code, EPC and TID read back by scanner, by desk pad, or by a handheld along a shelf.

All three agree, and the tag is on its volume, in one act; else one sentence says which fault it is, and that label isn't
bound. In a batch the good ones are bound and the bad ones told, each with its own sentence.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg

from inventory.domain.acts import ActKind
from inventory.domain.epcs import parse_epc
from inventory.domain.identifiers import VolumeName
from inventory.domain.labels import (
    LABELS_PER_BATCH_MAX,
    LabelFacts,
    ReadBack,
    Told,
    check_read_back,
    envelopes_in,
    faults_among,
    parse_chip,
)
from inventory.domain.people import Viewer
from inventory.domain.permissions import Permission, check_permitted
from inventory.domain.refusals import (
    BadInput,
    CodeAmbiguous,
    CodeUnknown,
    EpcTaken,
    NothingOnThePad,
    PlaceNotFound,
    Refusal,
    SeveralOnThePad,
)
from inventory.operations import custody
from inventory.operations.bringing import met_by
from inventory.operations.custody import Asked, Seen
from inventory.store import chip_reads, labels, ledger, people, tags
from inventory.store.chip_reads import HeardChip
from inventory.store.database import Database, raw
from inventory.store.label_facts import label_facts

SCANS_MAX = 4 * LABELS_PER_BATCH_MAX  # code, EPC and TID of each, and some read twice
# A pad reads many times a second; an envelope just taken away still counts that long.
ON_THE_PAD = timedelta(seconds=10)
READ_BEFORE_BOUND = timedelta(hours=1)  # a label is printed, stuck on and read on the pad before it is bound


@dataclass(frozen=True, slots=True)
class Verified:
    """What came of one label: the volume it is on now (again: was on before), or why it isn't bound."""

    code: str
    volume: VolumeName | None = None
    again: bool = False
    fault: Refusal | None = None


@dataclass(frozen=True, slots=True)
class VerifiedBatch:
    """What came of each label, in the order they were read; written: acts."""

    labels: tuple[Verified, ...] = ()
    written: int = 0

    @property
    def bound(self) -> tuple[Verified, ...]:
        """Those bound now."""
        return tuple(one for one in self.labels if one.fault is None and not one.again)

    @property
    def again(self) -> tuple[Verified, ...]:
        """Those that were bound before, and read the same."""
        return tuple(one for one in self.labels if one.fault is None and one.again)

    @property
    def faulty(self) -> tuple[Verified, ...]:
        """Those not bound, each with its fault."""
        return tuple(one for one in self.labels if one.fault is not None)


def verify(database: Database, viewer: Viewer, command_id: UUID, told: Told, now: datetime) -> Verified:
    """Verify one label by its three scans, and bind it; raises its fault."""
    done = verify_all(database, viewer, command_id, [told], now).labels[0]
    if done.fault is not None:
        raise done.fault
    return done


def verify_on_pad(
    database: Database, viewer: Viewer, command_id: UUID, code: str, place: str, now: datetime
) -> Verified:
    """Verify one label by its printed code and what the pad it lies on read just now; raises its fault.

    Raises `PlaceNotFound` where no desk reader lies there, `NothingOnThePad`, `SeveralOnThePad`.
    """
    check_permitted(viewer, Permission.TAG)
    with database.transaction(viewer) as session:
        connection = raw(session)
        if place not in {known for known, _ in chip_reads.pads(connection)}:
            raise PlaceNotFound(place=place)
        lying = _lying(connection, place, now)
    if not lying:
        raise NothingOnThePad(place=place)
    if len(lying) > 1:
        raise SeveralOnThePad(place=place, count=len(lying))
    (chip,) = lying
    return verify(database, viewer, command_id, Told(code, chip.epc.hex(), chip.tid.hex()), now)


def verify_scans(
    database: Database, viewer: Viewer, command_id: UUID, scans: Sequence[str], now: datetime
) -> VerifiedBatch:
    """Verify what a handheld typed along a shelf: of each envelope its printed code, EPC and TID; raises `ReadBackIncomplete`."""
    check_permitted(viewer, Permission.TAG)
    if not 1 <= len(scans) <= SCANS_MAX:
        raise BadInput(problem_zh=f"一次 1 至 {SCANS_MAX} 个码", problem_en=f"1 to {SCANS_MAX} codes are read at once")
    return verify_all(database, viewer, command_id, envelopes_in(scans), now)


def verify_all(
    database: Database, viewer: Viewer, command_id: UUID, told: Sequence[Told], now: datetime
) -> VerifiedBatch:
    """Verify many labels: those whose three agree are bound by one act, all others told with their fault.

    Sent again it binds nothing. Raises only what isn't about one label: `NotAllowed`, `BadInput`, and what the act forbids.
    """
    check_permitted(viewer, Permission.TAG)
    if not 1 <= len(told) <= LABELS_PER_BATCH_MAX:
        raise BadInput(
            problem_zh=f"一次核验 1 至 {LABELS_PER_BATCH_MAX} 张标签",
            problem_en=f"1 to {LABELS_PER_BATCH_MAX} labels are verified at once",
        )
    with database.transaction(viewer) as session:
        connection = raw(session)
        ledger.once(connection, command_id, ("verify labels", tuple(told)))
        read, outcomes = _read(connection, viewer, told, now)
        facts = label_facts(connection, [one for _, one in read])
        contradicting = faults_among([one for _, one in read])
        to_bind: dict[str, ReadBack] = {}
        for at, (position, one) in enumerate(read):
            outcomes[position] = _outcome(told[position], one, facts, contradicting.get(at))
            if outcomes[position].fault is None and not outcomes[position].again:
                to_bind[one.volume] = one
        written = _bind(connection, viewer, custody.part_of(command_id, "bound"), list(to_bind.values()), now)
        return VerifiedBatch(tuple(outcomes[position] for position in range(len(told))), written)


def mark_labels_bound(
    connection: psycopg.Connection[Any], viewer: Viewer, read: Sequence[ReadBack], now: datetime
) -> None:
    """The tags of these labels have just been bound: so are they."""
    if labels.mark_bound(connection, {one.epc: one.tid for one in read}, viewer.account_id, now) != len(read):
        raise EpcTaken


def _bind(
    connection: psycopg.Connection[Any], viewer: Viewer, part: UUID, read: Sequence[ReadBack], now: datetime
) -> int:
    if not read:
        return 0
    seen = [
        Seen(VolumeName.parse(one.volume), None, {"epc": one.epc.hex().upper(), "tid": one.tid.hex().upper()})
        for one in read
    ]
    asked = Asked(part, ActKind.BOUND, seen, None, now)
    written = custody.write(connection, viewer, asked, through="tagging")
    names = [VolumeName.parse(one.volume) for one in read]
    held = ledger.held(connection, [(name.number, name.volume) for name in names])
    bound = tags.bind(
        connection,
        [(held[name.number, name.volume].volume_id, one.epc, one.tid) for name, one in zip(names, read, strict=True)],
    )
    if bound != len(read):
        raise EpcTaken  # Somebody bound it between the look and the writing.
    mark_labels_bound(connection, viewer, read, now)
    tags.mark_belief_due(connection, [one.epc for one in read], now - READ_BEFORE_BOUND)
    return written


def _outcome(told: Told, read: ReadBack, facts: LabelFacts, contradicting: Refusal | None) -> Verified:
    try:
        is_new = check_read_back(read, facts)
    except Refusal as fault:
        return Verified(told.code, VolumeName.parse(read.volume), fault=fault)
    if contradicting is not None:
        return Verified(told.code, VolumeName.parse(read.volume), fault=contradicting)
    return Verified(told.code, VolumeName.parse(read.volume), again=not is_new)


def _read(
    connection: psycopg.Connection[Any], viewer: Viewer, told: Sequence[Told], now: datetime
) -> tuple[list[tuple[int, ReadBack]], dict[int, Verified]]:
    """What was read, by position, and what can't be read at all. Every dossier met is a look."""
    codes = [one.code.strip() for one in told]
    met = met_by(connection, list(dict.fromkeys(code for code in codes if code)))
    looked_at = {one.dossier_id for one in met.values() if one is not None and one.dossier_id is not None}
    people.log_looks(connection, viewer.account_id, "labels", now, sorted(looked_at))
    read: list[tuple[int, ReadBack]] = []
    outcomes: dict[int, Verified] = {}
    for position, (code, one) in enumerate(zip(codes, told, strict=True)):
        try:
            volume = volume_printed(met, code)
            read.append((position, ReadBack(str(volume), parse_epc(one.epc), parse_chip(one.tid))))
        except Refusal as fault:
            outcomes[position] = Verified(code, fault=fault)
    return read, outcomes


def volume_printed(met: Mapping[str, Any], code: str) -> VolumeName:
    """The volume that a printed code stands for; raises `CodeUnknown`, `CodeAmbiguous`."""
    if code in met and met[code] is None:
        raise CodeAmbiguous(code=code)
    found = met.get(code)
    if found is None or found.number is None or found.ordinal is None:
        raise CodeUnknown(code=code)
    return VolumeName(found.number, found.ordinal)


def _lying(connection: psycopg.Connection[Any], place: str, now: datetime) -> list[HeardChip]:
    """What lies on a pad: all it read just now, but not what was bound by these very EPC and TID, unless nothing else is there.

    The envelope before this one has only just been taken away.
    """
    heard = chip_reads.heard(connection, place, now - ON_THE_PAD)
    known = tags.tids_of(connection, [one.epc for one in heard])
    new = [one for one in heard if known.get(one.epc) != one.tid]
    return new or heard[:1]


@dataclass(frozen=True, slots=True)
class Pads:
    """The places where a desk reader lies: code and name."""

    places: tuple[tuple[str, str], ...] = field(default=())


def pads(database: Database, viewer: Viewer) -> Pads:
    """Where labels can be verified by laying them down."""
    check_permitted(viewer, Permission.TAG)
    with database.transaction(viewer) as session:
        return Pads(tuple(chip_reads.pads(raw(session))))
