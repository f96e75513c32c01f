"""Loose materials (散材料): received in batches, matched to dossiers, put into them by order, the envelope sealed again.

One batch at the desk is one command: what is still sealed is opened by the order, the materials go in, the list and the
piece count follow, and the new seals close it. Two people do it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg

from inventory.domain.acts import ActKind
from inventory.domain.batches import Batch
from inventory.domain.cells import parse_text
from inventory.domain.details import CHANNELS_IN
from inventory.domain.identifiers import VolumeName, parse_dossier_number, read_id_number
from inventory.domain.materials import Material, check_pieces, match_proof
from inventory.domain.names import parse_name
from inventory.domain.people import Viewer
from inventory.domain.permissions import Permission, check_permitted
from inventory.domain.refusals import BadInput, BatchNotFound, DossierNotFound, NotMatched
from inventory.domain.standing import Seal
from inventory.operations import custody
from inventory.operations.custody import Asked, Seen, part_of
from inventory.store import ledger, loose_materials, materials
from inventory.store.database import Database, raw
from inventory.store.ledger import Held
from inventory.store.loose_materials import LooseBatch, LooseRow, Received

MATERIALS_PER_BATCH_MAX = 500
BATCHES_SHOWN_MAX = 100


@dataclass(frozen=True, slots=True, repr=False)  # No repr: it names a person.
class Loose:
    """One loose material: what it is, and what it says of whose it is."""

    name: str
    material: Material
    number: str | None = None
    id_number: str | None = None


@dataclass(frozen=True, slots=True)
class Insertion:
    """One volume at the desk: pieces counted after the materials went in, and the new seal; None leaves it open."""

    volume: VolumeName
    pieces: int
    seal_number: str | None


@dataclass(frozen=True, slots=True)
class LooseView:
    """A batch, and its materials: those nobody has matched first, then shelf by shelf."""

    number: str
    batch: LooseBatch
    materials: tuple[LooseRow, ...]


def receive(
    database: Database,
    viewer: Viewer,
    command_id: UUID,
    sender: str,
    channel: str,
    tracking: str | None,
    loose: Sequence[Loose],
    now: datetime,
) -> str:
    """Take in a batch of loose materials and match what proves by itself whose it is; returns the batch's number."""
    check_permitted(viewer, Permission.INSERT_MATERIALS)
    if channel not in CHANNELS_IN or not 1 <= len(loose) <= MATERIALS_PER_BATCH_MAX:
        raise BadInput(
            problem_zh=f"散材料每批 1 至 {MATERIALS_PER_BATCH_MAX} 件，须经机要、专人或 EMS 送达",
            problem_en=f"a batch has 1 to {MATERIALS_PER_BATCH_MAX} materials and comes by {', '.join(CHANNELS_IN)}",
        )
    came = [_received(database, one) for one in loose]
    told = [(one.name, one.number, one.category, one.title, one.dated, one.pages, one.pieces) for one in came]
    with database.transaction(viewer) as session:
        connection = raw(session)
        if ledger.once(connection, command_id, ("receive loose", sender, channel, tracking, told)):
            batch_id = loose_materials.add_batch(
                connection,
                command_id,
                parse_text(sender.strip()),
                channel,
                (tracking or "").strip() or None,
                came,
                viewer.account_id,
                now,
            )
            loose_materials.match(connection, batch_id)
        else:
            again = loose_materials.of_command(connection, command_id)
            assert again is not None
            batch_id = again
    return Batch.LOOSE.number(batch_id)


def match(
    database: Database, viewer: Viewer, number: str, loose_id: int, volume: VolumeName, proof: str, note: str = ""
) -> None:
    """Say whose a material is and by what proof (`MatchProof`, with a note of what was compared).

    Raises `SameNameIsNoProof`, `BatchNotFound`, `DossierNotFound`, `BadInput`.
    """
    check_permitted(viewer, Permission.INSERT_MATERIALS)
    said = match_proof(proof, note)
    with database.transaction(viewer) as session:
        connection = raw(session)
        batch_id = _batch(connection, number).batch_id
        found = ledger.held(connection, [(volume.number, volume.volume)]).get((volume.number, volume.volume))
        if found is None or viewer.agency_seen() not in {None, found.agency_id}:
            raise DossierNotFound(dossier=str(volume))
        if not loose_materials.match_by_hand(connection, batch_id, loose_id, found.volume_id, said, viewer.account_id):
            raise BatchNotFound(number=f"{number}/{loose_id}")


def send_back(database: Database, viewer: Viewer, number: str, loose_ids: Sequence[int], note: str) -> int:
    """Materials that are nobody's here go back to their sender; returns how many."""
    check_permitted(viewer, Permission.INSERT_MATERIALS)
    with database.transaction(viewer) as session:
        connection = raw(session)
        batch_id = _batch(connection, number).batch_id
        return loose_materials.return_unmatched(connection, batch_id, loose_ids, parse_text(note.strip()))


def insert(
    database: Database,
    viewer: Viewer,
    command_id: UUID,
    number: str,
    order: str,
    insertions: Sequence[Insertion],
    witness: Viewer | None,
    now: datetime,
    reason: str | None = None,
) -> int:
    """Put a batch's materials into the volumes they wait for; returns how many materials went in, 0 if done before.

    order: number of the order by which seals are opened. Raises `NotMatched`, `PiecesDiffer` where the count after isn't
    the count before and the new pieces (and no `reason` is given), and what the acts opened, inserted and sealed forbid.
    """
    check_permitted(viewer, Permission.INSERT_MATERIALS)
    with database.transaction(viewer) as session:
        connection = raw(session)
        if not ledger.once(connection, command_id, ("insert", number, order, insertions, reason)):
            return 0
        batch_id = _batch(connection, number).batch_id
        names = [one.volume for one in insertions]
        held = ledger.held(connection, [(name.number, name.volume) for name in names])
        missing = [str(name) for name in names if (name.number, name.volume) not in held]
        if missing or not names:
            raise DossierNotFound(dossier=missing[0] if missing else "")
        at_desk = [held[name.number, name.volume] for name in names]
        rows = loose_materials.waiting(connection, batch_id, [one.volume_id for one in at_desk])
        _check_counts(connection, number, insertions, at_desk, rows, reason)
        written = part_of(command_id, "inserted")
        _write_acts(connection, viewer, command_id, _Work(number, order, reason, witness), insertions, at_desk, now)
        added = materials.add(
            connection,
            [row.volume_id for row in rows if row.volume_id is not None],
            [Material(row.category, row.title, row.pieces, row.pages, row.dated) for row in rows],
            written,
        )
        loose_materials.mark_inserted(connection, [row.loose_id for row in rows], added)
        return len(added)


def batches(database: Database, viewer: Viewer) -> list[LooseBatch]:
    """The newest batches of loose materials."""
    check_permitted(viewer, Permission.INSERT_MATERIALS)
    with database.transaction(viewer) as session:
        return loose_materials.batches(raw(session), BATCHES_SHOWN_MAX)


def open_batch(database: Database, viewer: Viewer, number: str) -> LooseView:
    """A batch and its materials, in the order of the work; raises `BatchNotFound`."""
    check_permitted(viewer, Permission.INSERT_MATERIALS)
    with database.transaction(viewer) as session:
        connection = raw(session)
        batch = _batch(connection, number)
        rows = loose_materials.loose(connection, batch.batch_id, MATERIALS_PER_BATCH_MAX)
        return LooseView(Batch.LOOSE.number(batch.batch_id), batch, tuple(rows))


@dataclass(frozen=True, slots=True)
class _Work:
    number: str
    order: str
    reason: str | None
    witness: Viewer | None


def _check_counts(
    connection: psycopg.Connection[Any],
    number: str,
    insertions: Sequence[Insertion],
    at_desk: Sequence[Held],
    rows: Sequence[LooseRow],
    reason: str | None,
) -> None:
    """Each volume has materials waiting, and holds afterwards what it held before and these."""
    before = materials.listed(connection, [one.volume_id for one in at_desk])
    added: dict[int, int] = {}
    for row in rows:
        assert row.volume_id is not None
        added[row.volume_id] = added.get(row.volume_id, 0) + row.pieces
    for insertion, held in zip(insertions, at_desk, strict=True):
        if held.volume_id not in added:
            raise NotMatched(number=number, volume=str(insertion.volume))
        known = before[held.volume_id].pieces
        check_pieces(
            str(insertion.volume), insertion.pieces, None if known is None else known + added[held.volume_id], reason
        )


def _write_acts(
    connection: psycopg.Connection[Any],
    viewer: Viewer,
    command_id: UUID,
    work: _Work,
    insertions: Sequence[Insertion],
    at_desk: Sequence[Held],
    now: datetime,
) -> None:
    """Opened (what isn't open yet), inserted, sealed (what has a new seal), as three acts on the whole batch."""

    def act(kind: ActKind, volumes: list[Seen]) -> None:
        if volumes:
            asked = Asked(
                part_of(command_id, kind.value), kind, volumes, None, now, work.order, work.reason, work.witness
            )
            custody.write(connection, viewer, asked, through="loose materials")

    closed = [
        Seen(one.volume)
        for one, held in zip(insertions, at_desk, strict=True)
        if held.standing is None or held.standing.seal is not Seal.OPENED
    ]
    act(ActKind.OPENED, closed)
    told = {"batch": work.number}
    act(ActKind.INSERTED, [Seen(one.volume, None, {**told, "pieces": one.pieces}) for one in insertions])
    act(
        ActKind.SEALED,
        [
            Seen(one.volume, None, {"pieces": one.pieces, "seal_number": one.seal_number})
            for one in insertions
            if one.seal_number is not None
        ],
    )


def _received(database: Database, one: Loose) -> Received:
    id_number = None if not one.id_number else read_id_number(one.id_number, historic=True).normalised
    return Received(
        parse_name(one.name),
        None if not one.number else parse_dossier_number(one.number),
        None if id_number is None else database.keys.encrypt(id_number),
        None if id_number is None else database.keys.number_hash(id_number),
        one.material.category,
        one.material.title,
        one.material.dated,
        one.material.pages,
        one.material.pieces,
    )


def _batch(connection: psycopg.Connection[Any], number: str) -> LooseBatch:
    found = loose_materials.batch(connection, Batch.LOOSE.parse(number))
    if found is None:
        raise BatchNotFound(number=number)
    return found
