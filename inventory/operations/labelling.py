"""Labels are made in batches (标签批次), a shelf's at a time, over days: what waits, what is spoiled, what is printed anew."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg

from inventory.domain.batches import Batch
from inventory.domain.cells import parse_text
from inventory.domain.identifiers import VolumeName
from inventory.domain.labels import LABELS_PER_BATCH_MAX
from inventory.domain.people import Viewer
from inventory.domain.permissions import Permission, check_permitted
from inventory.domain.refusals import (
    BadInput,
    BatchNotFound,
    CodeUnknown,
    LabelWaits,
    NothingToLabel,
    VolumeTagged,
)
from inventory.operations.bringing import met_by
from inventory.operations.numbering_labels import new_epcs
from inventory.store import arrivals, labels, ledger, people
from inventory.store.database import Database, raw
from inventory.store.labels import LabelBatch, LabelRow, Untagged

BATCHES_SHOWN_MAX = 100
_SCOPE_CODES_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Wanted:
    """A batch of labels somebody wants.

    where: a shelf, a bay, any place, or an arrival (`A-000012`, `A-000012/3` for its box 3): whatever has no tag there. codes:
    instead of it, volumes typed or scanned, also such as have a tag to be replaced where `replacing`. with_names: the subject's
    name in clear.
    """

    command_id: UUID
    where: str = ""
    codes: Sequence[str] = ()
    replacing: bool = False
    with_names: bool = False


@dataclass(frozen=True, slots=True)
class LabelsView:
    """A batch, its number, and its labels as they come from the printer."""

    number: str
    batch: LabelBatch
    labels: tuple[LabelRow, ...]

    @property
    def left(self) -> tuple[VolumeName, ...]:
        """The volumes nothing of the batch is bound to, and no label waits for: what is to be printed anew."""
        done = {one.volume for one in self.labels if one.state != "spoiled"}
        return tuple(dict.fromkeys(one.volume for one in self.labels if one.volume not in done))


def untagged(database: Database, viewer: Viewer, where: str) -> list[Untagged]:
    """What has no tag, and no label that waits, at a place or in an arrival or box: `LABELS_PER_BATCH_MAX` at most.

    Raises `CodeUnknown` where there is no such thing.
    """
    check_permitted(viewer, Permission.SEE_LABELS)
    with database.transaction(viewer) as session:
        return _untagged_at(raw(session), where)[1]


def make_batch(database: Database, viewer: Viewer | None, wanted: Wanted, now: datetime) -> str:
    """Make labels, each with an EPC of its own for ever; returns the batch's number. viewer None: at the command line.

    Raises `NumberingUnset`, `SerialsUsedUp`, `NothingToLabel`, `CodeUnknown`, `BadInput`, and of volumes named one by one
    `VolumeTagged` and `LabelWaits`.
    """
    if viewer is not None:
        check_permitted(viewer, Permission.TAG)
    with database.transaction(viewer) as session:
        connection = raw(session)
        content = ("labels", wanted.where, tuple(wanted.codes), wanted.replacing, wanted.with_names)
        if not ledger.once(connection, wanted.command_id, content):
            known = labels.batch_of_command(connection, wanted.command_id)
            assert known is not None, "a batch and its command are written together"
            return Batch.LABELS.number(known)
        if wanted.codes:
            place, volumes = None, _named(connection, wanted)
            scope = "、".join(str(one.volume) for one in volumes[:_SCOPE_CODES_SHOWN])
        else:
            place, volumes = _untagged_at(connection, wanted.where)
            scope = wanted.where.strip()
        if not volumes:
            raise NothingToLabel(scope=scope)
        account_id = None if viewer is None else viewer.account_id
        # First, so that a site without a prefix spends no number of a batch.
        numbering_id, epcs = new_epcs(connection, len(volumes))
        batch_id = labels.add_batch(
            connection,
            wanted.command_id,
            scope,
            place,
            account_id,
            now,
            with_names=wanted.with_names,
            replacing=wanted.replacing,
        )
        made = list(zip([one.volume_id for one in volumes], epcs, strict=True))
        labels.add_labels(connection, batch_id, numbering_id, made, account_id, now)
        return Batch.LABELS.number(batch_id)


def label_batches(database: Database, viewer: Viewer) -> list[tuple[str, LabelBatch]]:
    """The newest batches with their numbers, unfinished ones first."""
    check_permitted(viewer, Permission.SEE_LABELS)
    with database.transaction(viewer) as session:
        found = labels.batches(raw(session), BATCHES_SHOWN_MAX)
    return [(Batch.LABELS.number(one.batch_id), one) for one in found]


def open_batch(database: Database, viewer: Viewer, number: str, now: datetime) -> LabelsView:
    """One batch with its labels; raises `BatchNotFound`. Each dossier in it is a look."""
    check_permitted(viewer, Permission.SEE_LABELS)
    with database.transaction(viewer) as session:
        connection = raw(session)
        view = view_of(connection, number)
        looked_at = sorted({one.dossier_id for one in view.labels})
        people.log_looks(connection, viewer.account_id, "labels", now, looked_at)
        return view


def batch_of(database: Database, viewer: Viewer, volume: VolumeName) -> tuple[str, LabelBatch] | None:
    """The newest batch with a label of a volume, and its number: how far it has come."""
    check_permitted(viewer, Permission.SEE_LABELS)
    with database.transaction(viewer) as session:
        found = labels.batch_of_volume(raw(session), volume)
    return None if found is None else (Batch.LABELS.number(found.batch_id), found)


def view_of(connection: psycopg.Connection[Any], number: str, *, lock: bool = False) -> LabelsView:
    """A batch in the caller's transaction; raises `BatchNotFound`."""
    batch_id = Batch.LABELS.parse(number)
    found = labels.batch(connection, batch_id, lock=lock)
    if found is None:
        raise BatchNotFound(number=number)
    return LabelsView(Batch.LABELS.number(batch_id), found, tuple(labels.labels(connection, batch_id)))


def spoil(
    database: Database, viewer: Viewer, command_id: UUID, number: str, epcs: Sequence[str], reason: str, now: datetime
) -> int:
    """Say that labels of a batch serve no more, and why; their EPCs are gone for ever. Returns how many were spoiled.

    epcs: hexadecimal. One that is bound or spoiled already stays as it is.
    """
    check_permitted(viewer, Permission.TAG)
    why = parse_text(reason.strip())
    with database.transaction(viewer) as session:
        connection = raw(session)
        if not ledger.once(connection, command_id, ("spoil labels", number, tuple(epcs), why)):
            return 0
        view = view_of(connection, number, lock=True)
        wanted = {epc.strip().upper() for epc in epcs}
        chosen = [one.label_id for one in view.labels if one.epc.hex().upper() in wanted]
        if not chosen:
            raise BadInput(problem_zh="请选择要作废的标签", problem_en="choose the labels that are spoiled")
        return labels.spoil(connection, chosen, why, viewer.account_id, now)


def print_anew(database: Database, viewer: Viewer, command_id: UUID, number: str, now: datetime) -> int:
    """Make new labels, with new EPCs, for every volume of a batch whose label was spoiled; returns how many.

    A volume that got a tag or a label elsewhere meanwhile is left out. Raises `NothingToLabel`, `NumberingUnset`.
    """
    check_permitted(viewer, Permission.TAG)
    with database.transaction(viewer) as session:
        connection = raw(session)
        if not ledger.once(connection, command_id, ("labels anew", number)):
            return 0
        view = view_of(connection, number, lock=True)
        now_there = labels.these(connection, view.left)
        chosen = [
            now_there[volume].volume_id
            for volume in view.left
            if not now_there[volume].waits and (view.batch.replacing or not now_there[volume].is_tagged)
        ]
        if not chosen:
            raise NothingToLabel(scope=view.number)
        numbering_id, epcs = new_epcs(connection, len(chosen))
        made = list(zip(chosen, epcs, strict=True))
        labels.add_labels(connection, view.batch.batch_id, numbering_id, made, viewer.account_id, now)
        return len(chosen)


def _untagged_at(connection: psycopg.Connection[Any], where: str) -> tuple[str | None, list[Untagged]]:
    """The place's code, None for an arrival, and what needs a label there."""
    code, _, box = where.strip().partition("/")
    try:
        arrival_id = Batch.ARRIVAL.parse(code) if code.upper().startswith(f"{Batch.ARRIVAL.value}-") else 0
    except BadInput:
        arrival_id = 0  # a shelf may be called A-03-2
    if arrival_id and arrivals.by_id(connection, arrival_id, None) is not None:
        found = labels.untagged_in_arrival(connection, arrival_id, box or None, LABELS_PER_BATCH_MAX)
        return None, found
    met = met_by(connection, [where.strip()]).get(where.strip())
    if met is None or met.place_code is None or met.volume_id is not None:
        raise CodeUnknown(code=where)
    return met.place_code, labels.untagged_at(connection, met.place_code, LABELS_PER_BATCH_MAX)


def _named(connection: psycopg.Connection[Any], wanted: Wanted) -> list[Untagged]:
    codes = list(dict.fromkeys(code.strip() for code in wanted.codes if code.strip()))
    if not 1 <= len(codes) <= LABELS_PER_BATCH_MAX:
        raise BadInput(
            problem_zh=f"一批标签 1 至 {LABELS_PER_BATCH_MAX} 张",
            problem_en=f"a batch has 1 to {LABELS_PER_BATCH_MAX} labels",
        )
    met = met_by(connection, codes)
    for code in codes:
        found = met.get(code)
        if found is None or found.volume_id is None:
            raise CodeUnknown(code=code)
    names = list(dict.fromkeys(_names(met[code] for code in codes)))
    known = labels.these(connection, names)
    for name in names:
        if known[name].is_tagged and not wanted.replacing:
            raise VolumeTagged
        if known[name].waits:
            raise LabelWaits
    return [known[name] for name in names]


def _names(found: Iterable[Any]) -> Iterable[VolumeName]:
    return (VolumeName(one.number, one.ordinal) for one in found)
