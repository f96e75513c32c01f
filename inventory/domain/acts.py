"""Acts (经办): the entries of the custody ledger, their canonical bytes and the hash chain over them.

An act either moves a volume from its place to a different one, or moves nothing (both places None). A volume has no
holding before its first act, which therefore comes from nowhere. Acts of one warehouse form one chain:

    hash(n) = SHA-256( hash(n-1) || canonical bytes of act n ),   hash(0) = SHA-256("guiwei ledger " || warehouse code)

The canonical bytes speak the trade's names (dossier number, place code, login), not our row ids, so that an export can be
verified without the database, and a changed place code or number shows as well. The database computes the same bytes in
`ledger_append`; a test holds the two together.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from uuid import UUID

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class ActKind(StrEnum):
    """What people do with a volume. Chinese names: `ACT_NAMES`."""

    RECEIVED = "received"
    SHELVED = "shelved"
    MOVED = "moved"
    CORRECTED = "corrected"


ACT_NAMES: dict[ActKind, tuple[str, str]] = {
    ActKind.RECEIVED: ("接收", "received"),
    ActKind.SHELVED: ("上架", "shelved"),
    ActKind.MOVED: ("移位", "moved"),
    ActKind.CORRECTED: ("更正库位", "corrected"),
}


@dataclass(frozen=True, slots=True)
class Act:
    """One entry of the ledger, in the trade's own names; `happened_at` and `recorded_at` are aware UTC."""

    warehouse: str
    sequence: int
    volume: str
    version: int
    kind: str
    from_place: str | None
    to_place: str | None
    actor: str
    command_id: UUID
    authority: str | None
    reason: str | None
    happened_at: datetime
    recorded_at: datetime


def _netstring(value: str | None) -> bytes:
    """A field that can't be confused with its neighbours: length in bytes, colon, bytes, comma; None is `-,`."""
    if value is None:
        return b"-,"
    encoded = value.encode()
    return b"%d:%b," % (len(encoded), encoded)


def microseconds(moment: datetime) -> int:
    """Microseconds since 1970-01-01 UTC, exactly."""
    return (moment - EPOCH) // timedelta(microseconds=1)


def canonical_bytes(act: Act) -> bytes:
    """The bytes the chain's hash is taken over: every field of the act in the order of its declaration, as netstrings."""
    return b"".join(
        (
            _netstring(act.warehouse),
            _netstring(str(act.sequence)),
            _netstring(act.volume),
            _netstring(str(act.version)),
            _netstring(act.kind),
            _netstring(act.from_place),
            _netstring(act.to_place),
            _netstring(act.actor),
            _netstring(str(act.command_id)),
            _netstring(act.authority),
            _netstring(act.reason),
            _netstring(str(microseconds(act.happened_at))),
            _netstring(str(microseconds(act.recorded_at))),
        )
    )


def genesis_hash(warehouse: str) -> bytes:
    """The hash before the first act of a warehouse's chain; 32 bytes."""
    return sha256(b"guiwei ledger " + warehouse.encode()).digest()


def chained_hash(previous: bytes, act: Act) -> bytes:
    """The act's own hash, given the hash before it; 32 bytes."""
    return sha256(previous + canonical_bytes(act)).digest()


@dataclass(frozen=True, slots=True)
class ChainBreak:
    """The first entry at which a chain no longer holds, and in which way."""

    warehouse: str
    sequence: int
    problem: str


def first_break(warehouse: str, entries: Iterable[tuple[Act, bytes, bytes]]) -> Iterator[ChainBreak]:
    """Walk one warehouse's entries (act, stored previous hash, stored hash) in sequence; yield the first break, if any.

    After the first break nothing later is trustworthy, so at most one comes out.
    """
    expected_sequence, previous = 1, genesis_hash(warehouse)
    for act, stored_previous, stored_hash in entries:
        if act.sequence != expected_sequence:
            yield ChainBreak(warehouse, expected_sequence, f"entry missing; the next one present is {act.sequence}")
            return
        if stored_previous != previous:
            yield ChainBreak(warehouse, act.sequence, "the previous hash is not the hash of the entry before")
            return
        if chained_hash(previous, act) != stored_hash:
            yield ChainBreak(warehouse, act.sequence, "the content does not fit its hash")
            return
        expected_sequence, previous = expected_sequence + 1, stored_hash
