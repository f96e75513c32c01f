"""Tags on volumes: bind and read back, replace by two, report a fault. A tag that was on something is never on anything else."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg

from inventory.domain.acts import ActKind
from inventory.domain.cells import parse_text
from inventory.domain.epcs import parse_epc, parse_tid
from inventory.domain.identifiers import VolumeName
from inventory.domain.labels import ReadBack, check_read_back
from inventory.domain.people import Viewer
from inventory.domain.permissions import Permission, check_permitted
from inventory.domain.refusals import BadInput, CodeOfAnother, DossierNotFound, EpcTaken, ReadBackDiffers, TidMissing
from inventory.domain.standing import Identification
from inventory.domain.tagging import Label, check_batch, check_label, identification_of
from inventory.operations import custody
from inventory.operations.bringing import met_by
from inventory.operations.custody import Asked, Seen
from inventory.operations.verifying_labels import READ_BEFORE_BOUND, mark_labels_bound, volume_printed
from inventory.store import ledger, tags
from inventory.store.database import Database, raw
from inventory.store.label_facts import is_printed_here, label_facts
from inventory.store.tags import TagRow

LABELS_MAX = 500  # one batch on the desk


@dataclass(frozen=True, slots=True)
class Printed:
    """A label on a volume: the code printed on it, and in hexadecimal its EPC as it was meant and as it was read back.

    tid: the chip's own number, where the reader tells it; of a label printed here it must.
    """

    volume: VolumeName
    epc: str
    read_back: str
    tid: str | None = None
    code: str = ""


@dataclass(frozen=True, slots=True)
class Tagged:
    """How a volume is identified now, and its tags, the one in use first."""

    volume: VolumeName
    identification: Identification
    tags: tuple[TagRow, ...]


def bind(database: Database, viewer: Viewer, command_id: UUID, printed: Sequence[Printed], now: datetime) -> int:
    """Bind tags to untagged volumes, all or none; returns how many, 0 where the command was done before.

    Tags made elsewhere, for the most part: labels printed here are bound where they are verified (`verifying_labels`). Raises
    `PreviousLabel`, `ReadBackDiffers`, `EpcTaken`, `VolumeTagged`, `CodeOfAnother`, `CodeUnknown`, `BadInput`, of a label printed
    here `TidMissing` and its faults, and what the act `bound` forbids.
    """
    check_permitted(viewer, Permission.TAG)
    labels = _labels(printed)
    with database.transaction(viewer) as session:
        connection = raw(session)
        # A binding sent again must not trip over its own tag.
        if not ledger.once(connection, command_id, ("bind", labels)):
            return 0
        _check_codes(connection, printed)
        ours = _check_labels(connection, labels, replaces=False)
        asked = Asked(custody.part_of(command_id, "bound"), ActKind.BOUND, _seen(labels, {}), None, now)
        written = custody.write(connection, viewer, asked, through="tagging")
        _bind(connection, labels, now)
        mark_labels_bound(connection, viewer, ours, now)
        return written


def replace_tag(
    database: Database,
    viewer: Viewer,
    command_id: UUID,
    printed: Printed,
    reason: str,
    witness: Viewer | None,
    now: datetime,
) -> int:
    """Put another tag in the place of the one a volume has; two people, a reason, the old tag retired for ever.

    Raises what `bind` raises but `VolumeTagged`, and `SecondPersonMissing`, `ReasonMissing`.
    """
    check_permitted(viewer, Permission.TAG)
    labels = _labels([printed])
    with database.transaction(viewer) as session:
        connection = raw(session)
        if not ledger.once(connection, command_id, ("replace", labels, reason)):
            return 0
        _check_codes(connection, [printed])
        ours = _check_labels(connection, labels, replaces=True)
        volume_ids = list(_volume_ids(connection, labels).values())
        old = tags.retire(connection, volume_ids, reason, now)
        asked = Asked(
            custody.part_of(command_id, "retagged"),
            ActKind.RETAGGED,
            _seen(labels, dict(zip([labels[0].volume], old.values(), strict=False))),
            None,
            now,
            reason=reason,
            witness=witness,
        )
        written = custody.write(connection, viewer, asked, through="tagging")
        _bind(connection, labels, now)
        mark_labels_bound(connection, viewer, ours, now)
        return written


def report_fault(database: Database, viewer: Viewer, volume: VolumeName, fault: str | None) -> Tagged:
    """Say what is wrong with a volume's tag (None: it reads again); it stays bound until it is replaced."""
    check_permitted(viewer, Permission.TAG)
    said = None if fault is None else parse_text(fault.strip())
    with database.transaction(viewer) as session:
        connection = raw(session)
        tags.set_fault(connection, [_volume_id(connection, volume)], said)
        return _tagged(connection, volume)


def mark_barcode_only(database: Database, viewer: Viewer, volume: VolumeName, *, barcode_only: bool) -> Tagged:
    """A volume that gets no tag (or gets one after all) is known by its printed code."""
    check_permitted(viewer, Permission.TAG)
    with database.transaction(viewer) as session:
        connection = raw(session)
        tags.set_barcode_only(connection, [_volume_id(connection, volume)], barcode_only=barcode_only)
        return _tagged(connection, volume)


def tagged(database: Database, viewer: Viewer, volume: VolumeName) -> Tagged:
    """How a volume is identified; raises `DossierNotFound`."""
    with database.transaction(viewer) as session:
        connection = raw(session)
        found = ledger.held(connection, [(volume.number, volume.volume)]).get((volume.number, volume.volume))
        if found is None or viewer.agency_seen() not in {None, found.agency_id}:
            raise DossierNotFound(dossier=str(volume))
        return _tagged(connection, volume)


def _labels(printed: Sequence[Printed]) -> list[Label]:
    if not 1 <= len(printed) <= LABELS_MAX:
        raise BadInput(
            problem_zh=f"一次绑定 1 至 {LABELS_MAX} 个标签", problem_en=f"1 to {LABELS_MAX} tags are bound at once"
        )
    labels = [
        Label(
            str(one.volume),
            parse_epc(one.epc),
            parse_epc(one.read_back),
            None if one.tid is None else parse_tid(one.tid),
        )
        for one in printed
    ]
    check_batch(labels)
    return labels


def _check_codes(connection: psycopg.Connection[Any], printed: Sequence[Printed]) -> None:
    """The code on each label is its volume's; raises `CodeOfAnother`, `CodeUnknown`, `CodeAmbiguous`, `BadInput`."""
    codes = [one.code.strip() for one in printed]
    if not all(codes):
        raise BadInput(problem_zh="请扫描标签上的印刷码", problem_en="scan the code printed on the label")
    met = met_by(connection, list(dict.fromkeys(codes)))
    for code, one in zip(codes, printed, strict=True):
        meant = volume_printed(met, code)
        if meant != one.volume:
            raise CodeOfAnother(volume=str(one.volume), other=str(meant))


def _check_labels(connection: psycopg.Connection[Any], labels: Sequence[Label], *, replaces: bool) -> list[ReadBack]:
    """Whether all may be bound, by the rules of where they were made; returns those that were printed here."""
    known = tags.facts(connection, labels)
    printed_here = is_printed_here(connection, [epc for label in labels for epc in (label.epc, label.read_back)])
    ours: list[ReadBack] = []
    for label in labels:
        if not {label.epc, label.read_back} & printed_here:
            check_label(label, known, replaces=replaces)
            continue
        if label.tid is None:
            raise TidMissing(volume=label.volume)
        ours.append(ReadBack(label.volume, label.read_back, label.tid))
    facts = label_facts(connection, ours)
    for read in ours:
        if not check_read_back(read, facts, replaces=replaces):
            raise EpcTaken
    if any(label.read_back in printed_here and label.epc != label.read_back for label in labels):
        raise ReadBackDiffers(volume=next(label.volume for label in labels if label.epc != label.read_back))
    return ours


def _seen(labels: Sequence[Label], old: dict[str, bytes]) -> list[Seen]:
    def details(label: Label) -> dict[str, object]:
        told: dict[str, object] = {"epc": label.epc.hex().upper()}
        if label.tid is not None:
            told["tid"] = label.tid.hex().upper()
        if label.volume in old:
            told["old_epc"] = old[label.volume].hex().upper()
        return told

    return [Seen(VolumeName.parse(label.volume), None, details(label)) for label in labels]


def _bind(connection: psycopg.Connection[Any], labels: Sequence[Label], now: datetime) -> None:
    volume_ids = _volume_ids(connection, labels)
    bound = tags.bind(connection, [(volume_ids[label.volume], label.epc, label.tid) for label in labels])
    if bound != len(labels):
        raise EpcTaken  # Somebody bound it between the look and the writing.
    tags.mark_belief_due(connection, [label.epc for label in labels], now - READ_BEFORE_BOUND)


def _volume_ids(connection: psycopg.Connection[Any], labels: Sequence[Label]) -> dict[str, int]:
    names = [VolumeName.parse(label.volume) for label in labels]
    held = ledger.held(connection, [(name.number, name.volume) for name in names])
    missing = [str(name) for name in names if (name.number, name.volume) not in held]
    if missing:
        raise DossierNotFound(dossier=missing[0])
    return {str(name): held[name.number, name.volume].volume_id for name in names}


def _volume_id(connection: psycopg.Connection[Any], volume: VolumeName) -> int:
    found = ledger.held(connection, [(volume.number, volume.volume)]).get((volume.number, volume.volume))
    if found is None:
        raise DossierNotFound(dossier=str(volume))
    return found.volume_id


def _tagged(connection: psycopg.Connection[Any], volume: VolumeName) -> Tagged:
    found = tags.of_volume(connection, volume)
    if found is None:
        raise DossierNotFound(dossier=str(volume))
    barcode_only, rows = found
    now_on = [row for row in rows if row.retired_at is None]
    return Tagged(
        volume,
        identification_of(
            has_tag=bool(now_on),
            has_fault=bool(now_on and now_on[0].fault),
            retired=len(rows) - len(now_on),
            barcode_only=barcode_only,
        ),
        tuple(rows),
    )
