"""Acts of custody: what people do with volumes, a whole batch at once.

Every act takes a command id made by its caller and is done once, however often it is sent.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from inventory.domain.acts import ActKind
from inventory.domain.custody import check_presence, check_target
from inventory.domain.identifiers import VolumeName
from inventory.domain.people import Viewer
from inventory.domain.places import PlaceKind
from inventory.domain.refusals import BadInput, DossierNotFound, NotAllowed, PlaceNotFound
from inventory.store import ledger
from inventory.store.database import Database, raw
from inventory.store.ledger import Command, Entry

VOLUMES_PER_ACT_MAX = 10_000
NOTIFIED_VOLUMES_MAX = 500


@dataclass(frozen=True, slots=True)
class Seen:
    """A volume as the caller saw it: its version then, or None where whatever it is now will do."""

    volume: VolumeName
    version: int | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody says was done: which volumes went where, when, and on what authority."""

    command_id: UUID
    kind: ActKind
    volumes: Sequence[Seen]
    to_place: str
    happened_at: datetime
    authority: str | None = None
    reason: str | None = None


def record(database: Database, viewer: Viewer, asked: Asked) -> int:
    """Record an act on all volumes or on none; returns how many acts were written, 0 where the command was done before.

    Raises `NotAllowed`, `PlaceNotFound`, `DossierNotFound`, `WrongKindOfPlace`, and what the ledger itself refuses.
    """
    if not viewer.rights.records_acts:
        raise NotAllowed
    if not 1 <= len(asked.volumes) <= VOLUMES_PER_ACT_MAX:
        raise BadInput(
            problem_zh=f"一次经办 1 至 {VOLUMES_PER_ACT_MAX} 册",
            problem_en=f"an act is on 1 to {VOLUMES_PER_ACT_MAX} volumes",
        )
    with database.transaction() as session:
        connection = raw(session)
        place = ledger.place_by_code(connection, asked.to_place)
        if place is None:
            raise PlaceNotFound(place=asked.to_place)
        check_target(asked.kind, asked.to_place, PlaceKind(place.kind))
        held = ledger.held(connection, [(seen.volume.number, seen.volume.volume) for seen in asked.volumes])
        # A command sent again finds its volumes where its first sending put them: the ledger knows it, rules don't.
        is_new = not ledger.is_known(connection, asked.command_id)
        entries = []
        for seen in asked.volumes:
            found = held.get((seen.volume.number, seen.volume.volume))
            if found is None:
                raise DossierNotFound(dossier=str(seen.volume))
            version = found.version if seen.version is None else seen.version
            if is_new:
                check_presence(asked.kind, str(seen.volume), version)
            entries.append(Entry(found.volume_id, version, place.place_id))
        command = Command(
            asked.command_id, asked.kind, viewer.account_id, asked.authority, asked.reason, asked.happened_at
        )
        written = ledger.append(connection, command, entries)
        if written:
            ledger.notify(connection, [entry.volume_id for entry in entries], NOTIFIED_VOLUMES_MAX)
    return written
