"""Taking a dossier in, or not: two reviewers check its materials; gaps are promised; a refusal has coded grounds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg

from inventory.domain.acts import ActKind
from inventory.domain.cells import parse_text
from inventory.domain.identifiers import VolumeName
from inventory.domain.materials import MATERIALS_MAX, Material, check_pieces, pieces_of
from inventory.domain.people import Reach, Viewer
from inventory.domain.permissions import Permission, check_permitted
from inventory.domain.refusal_grounds import GROUNDS, check_gap, check_grounds
from inventory.domain.refusals import BadInput, DossierNotFound, GapIsNoGround, GroundAbolished, NotAllowed
from inventory.operations import custody
from inventory.operations.custody import Asked, Seen, part_of
from inventory.store import ledger, materials
from inventory.store.database import Database, raw
from inventory.store.ledger import Held
from inventory.store.materials import MaterialRow, RefusalCount

GAPS_MAX = 20  # of one volume


@dataclass(frozen=True, slots=True)
class Reviewed:
    """One volume as two reviewers found it: pieces counted, its materials where they are listed now, and what is missing."""

    volume: VolumeName
    pieces: int
    materials: Sequence[Material] = ()
    gaps: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Acceptance:
    """Volumes taken in together. reason: why pieces counted and listed differ, where they do."""

    command_id: UUID
    reviewed: Sequence[Reviewed]
    witness: Viewer | None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Turning:
    """Volumes not taken in: coded grounds, the letter that says so, and how they go back."""

    command_id: UUID
    volumes: Sequence[VolumeName]
    grounds: Sequence[str]
    letter: str
    channel: str
    tracking: str | None = None
    note: str | None = None


# Where each channel's envelopes are meanwhile.
_COURIERS: Mapping[str, str] = {"confidential": "COURIER-CONFIDENTIAL", "staff": "COURIER-STAFF", "ems": "COURIER-EMS"}


def accept(database: Database, viewer: Viewer, acceptance: Acceptance, now: datetime) -> int:
    """Take volumes in: materials listed, gaps promised (告知承诺), both reviewers named; returns how many were.

    Raises `PiecesDiffer`, `GroundAbolished` where a gap is a paper nobody may ask for, and what the acts forbid.
    """
    for one in acceptance.reviewed:
        _check_reviewed(one, acceptance.reason)
    with database.transaction(viewer) as session:
        connection = raw(session)
        if not ledger.once(connection, acceptance.command_id, ("accept", acceptance)):
            return 0
        accepted = Asked(
            part_of(acceptance.command_id, "accepted"),
            ActKind.ACCEPTED,
            [Seen(one.volume, None, {"pieces": one.pieces}) for one in acceptance.reviewed],
            None,
            now,
            reason=acceptance.reason,
            witness=acceptance.witness,
        )
        written = custody.write(connection, viewer, accepted)
        _list(connection, viewer, acceptance.reviewed, accepted.command_id)
        if promised := [one for one in acceptance.reviewed if one.gaps]:
            gaps = Asked(
                part_of(acceptance.command_id, "gaps"),
                ActKind.GAP_COMMITTED,
                [Seen(one.volume, None, {"gap": "；".join(one.gaps)}) for one in promised],
                None,
                now,
            )
            custody.write(connection, viewer, gaps)
        return written


def refuse(database: Database, viewer: Viewer, turning: Turning, now: datetime) -> int:
    """Send volumes back to where they came from; returns how many, 0 where the command was done before.

    Raises `GroundAbolished` or `GapIsNoGround` where nothing told is a ground: that is written down for the supervisor all
    the same. Raises `BadInput`, and what the act `refused` forbids.
    """
    check_permitted(viewer, Permission.RECEIVE_ARRIVALS)
    try:
        grounds = check_grounds(turning.grounds)
    except (GroundAbolished, GapIsNoGround):
        with database.transaction(viewer) as session:
            connection = raw(session)
            held = _held(connection, viewer, turning.volumes)
            _write(connection, turning, sorted(set(turning.grounds)), held, viewer, now, is_blocked=True)
        raise
    if turning.channel not in _COURIERS:
        known = ", ".join(_COURIERS)
        raise BadInput(
            problem_zh="退回渠道为机要、专人或 EMS，不得交个人自带", problem_en=f"it goes back by one of {known}"
        )
    letter = parse_text(turning.letter.strip())
    with database.transaction(viewer) as session:
        connection = raw(session)
        if not ledger.once(connection, turning.command_id, ("refuse", turning)):
            return 0
        held = _held(connection, viewer, turning.volumes)
        _write(connection, turning, grounds, held, viewer, now, is_blocked=False)
        said = "；".join(GROUNDS[code].zh for code in grounds) + (f"：{turning.note}" if turning.note else "")
        details = {"ground": said, "channel": turning.channel, "tracking": turning.tracking or None}
        asked = Asked(
            part_of(turning.command_id, "refused"),
            ActKind.REFUSED,
            [Seen(volume) for volume in turning.volumes],
            _COURIERS[turning.channel],
            now,
            authority=letter,
            details={key: value for key, value in details.items() if value is not None},
        )
        return custody.write(connection, viewer, asked, through="refusal")


@dataclass(frozen=True, slots=True)
class RefusalsCounted:
    """How often which ground was told, agency by agency, and how often a refusal was blocked."""

    counts: tuple[RefusalCount, ...]
    names: Mapping[str, tuple[str, str]] = field(
        default_factory=lambda: {ground.code: (ground.zh, ground.en) for ground in GROUNDS.values()}
    )


def count_refusals(database: Database, viewer: Viewer, since: datetime, until: datetime) -> RefusalsCounted:
    """Refusals of a span of time, for the supervisor, the city and each agency its own; raises `NotAllowed`."""
    if viewer.rights.dossiers is Reach.NONE:
        raise NotAllowed
    with database.transaction(viewer) as session:
        counts = materials.refusal_counts(raw(session), since, until, viewer.agency_seen())
    return RefusalsCounted(tuple(counts))


def materials_list(database: Database, viewer: Viewer, volume: VolumeName) -> list[MaterialRow]:
    """The materials list of a volume; raises `DossierNotFound`."""
    with database.transaction(viewer) as session:
        connection = raw(session)
        (held,) = _held(connection, viewer, [volume])
        return materials.of_volume(connection, held.volume_id, MATERIALS_MAX)


def _check_reviewed(one: Reviewed, reason: str | None) -> None:
    if len(one.materials) > MATERIALS_MAX or len(one.gaps) > GAPS_MAX:
        raise BadInput(
            problem_zh=f"目录最多{MATERIALS_MAX}行，缺少的材料最多{GAPS_MAX}项",
            problem_en=f"a list has at most {MATERIALS_MAX} materials, and at most {GAPS_MAX} are missing",
        )
    for gap in one.gaps:
        check_gap(parse_text(gap))
    check_pieces(str(one.volume), one.pieces, pieces_of(one.materials) if one.materials else None, reason)


def _list(connection: psycopg.Connection[Any], viewer: Viewer, reviewed: Sequence[Reviewed], command_id: UUID) -> None:
    """The materials of all volumes, in one statement, under the act that took them in."""
    held = _held(connection, viewer, [one.volume for one in reviewed])
    pairs = [(found.volume_id, one) for found, both in zip(held, reviewed, strict=True) for one in both.materials]
    if pairs:
        materials.add(connection, [volume_id for volume_id, _ in pairs], [one for _, one in pairs], command_id)


def _held(connection: psycopg.Connection[Any], viewer: Viewer, volumes: Sequence[VolumeName]) -> list[Held]:
    """The volumes in the order asked; raises `DossierNotFound` for another agency's as for none."""
    held = ledger.held(connection, [(volume.number, volume.volume) for volume in volumes])
    agency_id = viewer.agency_seen()
    found = [held.get((volume.number, volume.volume)) for volume in volumes]
    for volume, one in zip(volumes, found, strict=True):
        if one is None or agency_id not in {None, one.agency_id}:
            raise DossierNotFound(dossier=str(volume))
    return [one for one in found if one is not None]


def _write(
    connection: psycopg.Connection[Any],
    turning: Turning,
    grounds: Sequence[str],
    held: Sequence[Held],
    viewer: Viewer,
    now: datetime,
    *,
    is_blocked: bool,
) -> None:
    """One row for each dossier; the id of a blocked one is apart, so that the same form may be sent again mended."""
    materials.write_refusal(
        connection,
        part_of(turning.command_id, "blocked " + " ".join(grounds)) if is_blocked else turning.command_id,
        [(one.volume_id, one.agency_id) for one in held],
        grounds,
        viewer.account_id,
        now,
        is_blocked=is_blocked,
    )
