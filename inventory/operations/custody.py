"""Acts of custody: what people do with volumes, a whole batch at once.

Every act takes a command id made by its caller and is done once, however often it is sent. `record` is an act by itself;
`write` is the same inside a larger piece of work (a request, a consignment), whose transaction and command it shares.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

import psycopg

from inventory.domain.acts import ActKind, canonical_details
from inventory.domain.custody import check_grounds, check_person, check_standing, check_target, check_work
from inventory.domain.custody_rules import RULES
from inventory.domain.identifiers import VolumeName
from inventory.domain.people import Viewer
from inventory.domain.places import PlaceKind
from inventory.domain.refusals import BadInput, DossierNotFound, PlaceMissing, PlaceNotFound
from inventory.store import ledger
from inventory.store.database import Database, raw
from inventory.store.ledger import Command, Entry, Held, Target

VOLUMES_PER_ACT_MAX = 10_000
NOTIFIED_VOLUMES_MAX = 500


@dataclass(frozen=True, slots=True)
class Seen:
    """A volume as the caller saw it: its version then, or None where whatever it is now will do.

    details: what is told of this volume alone (its seal number, its pieces), beside what the whole act tells.
    """

    volume: VolumeName
    version: int | None = None
    details: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody says was done: which volumes went where (None: nowhere), when, on what grounds, beside whom."""

    command_id: UUID
    kind: ActKind
    volumes: Sequence[Seen]
    to_place: str | None
    happened_at: datetime
    authority: str | None = None
    reason: str | None = None
    witness: Viewer | None = None
    details: Mapping[str, object] = field(default_factory=dict)


def record(database: Database, viewer: Viewer, asked: Asked) -> int:
    """Record an act on all volumes or on none; returns how many acts were written, 0 where the command was done before.

    Raises `NotAllowed`, `PlaceNotFound`, `DossierNotFound`, whatever `inventory.domain.custody` forbids, and what the
    ledger itself refuses.
    """
    with database.transaction(viewer) as session:
        connection = raw(session)
        command, entries = _decided(connection, viewer, asked, through=None)
        return ledger.append_and_commit(connection, command, entries, _notice(entries))


def part_of(command_id: UUID, part: str) -> UUID:
    """The id of one part of a command: the same command sent again has the same parts."""
    return uuid5(command_id, part)


def write(
    connection: psycopg.Connection[Any],
    viewer: Viewer,
    asked: Asked,
    *,
    through: str | None = None,
    delegated: bool = False,
) -> int:
    """Record an act in the caller's transaction; `through`: the piece of work it belongs to (`ActRule.through`).

    delegated: it belongs to what an agency lets the city's manager decide; the database asks for the delegation once more.
    """
    command, entries = _decided(connection, viewer, asked, through=through, delegated=delegated)
    # Before the append, which takes the chain's lock: whatever comes between it and the commit keeps everybody waiting.
    # Pages are told at the commit; told in vain (the command was done before), they look and find nothing new.
    ledger.notify(connection, _notice(entries))
    return ledger.append(connection, command, entries)


def _decided(
    connection: psycopg.Connection[Any], viewer: Viewer, asked: Asked, *, through: str | None, delegated: bool = False
) -> tuple[Command, list[Entry]]:
    """What is to be appended, where no rule forbids it."""
    check_work(asked.kind, through)
    witness = asked.witness
    beside = None if witness is None else (witness.account_id, witness.role)
    check_person(asked.kind, viewer.account_id, viewer.role, beside, delegated=delegated)
    if not 1 <= len(asked.volumes) <= VOLUMES_PER_ACT_MAX:
        raise BadInput(
            problem_zh=f"一次经办 1 至 {VOLUMES_PER_ACT_MAX} 册",
            problem_en=f"an act is on 1 to {VOLUMES_PER_ACT_MAX} volumes",
        )
    _check_place_told(asked)
    names = [(seen.volume.number, seen.volume.volume) for seen in asked.volumes]
    before = ledger.before(connection, asked.command_id, asked.to_place, names)
    place_id, place_kind = _target(asked, before.target)
    agency_id = viewer.agency_seen()
    entries = []
    for seen in asked.volumes:
        found = before.held.get((seen.volume.number, seen.volume.volume))
        if found is None or agency_id not in {None, found.agency_id}:
            raise DossierNotFound(dossier=str(seen.volume))
        details = {key: told for key, told in {**asked.details, **seen.details}.items() if told is not None}
        # A command sent again finds its volumes where its first sending put them: the ledger knows it, rules don't.
        if not before.is_known:
            check_grounds(asked.kind, asked.authority, asked.reason, details)
            check_standing(asked.kind, str(seen.volume), found.standing, place_kind)
        entries.append(_entry(seen, found, place_id, details))
    command = Command(
        asked.command_id,
        asked.kind,
        viewer.account_id,
        asked.authority,
        asked.reason,
        asked.happened_at,
        None if witness is None else witness.account_id,
    )
    return command, entries


def _notice(entries: Sequence[Entry]) -> str:
    return ledger.notice([entry.volume_id for entry in entries], NOTIFIED_VOLUMES_MAX)


def _check_place_told(asked: Asked) -> None:
    rule = RULES[asked.kind]
    if rule.leads is not None and asked.to_place is None:
        raise PlaceMissing(act=rule.zh, act_en=rule.en)


def _target(asked: Asked, target: Target | None) -> tuple[int | None, PlaceKind | None]:
    """Row id and kind of the place an act leads to; both None where it moves nothing."""
    if asked.to_place is None:
        return None, None
    if target is None:
        raise PlaceNotFound(place=asked.to_place)
    kind = PlaceKind(target.kind)
    check_target(asked.kind, asked.to_place, kind)
    return target.place_id, kind


def _entry(seen: Seen, found: Held, place_id: int | None, details: Mapping[str, object]) -> Entry:
    version = found.version if seen.version is None else seen.version
    return Entry(found.volume_id, version, place_id, canonical_details(details))
