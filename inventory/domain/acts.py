"""Acts (经办): the entries of the custody ledger, their canonical bytes and the hash chain over them.

An act either moves a volume from its place to a different one, or moves nothing (both places None). A volume has no
holding before its first act, which therefore comes from nowhere. Acts of one warehouse form one chain:

    hash(n) = SHA-256( hash(n-1) || canonical bytes of act n ),   hash(0) = SHA-256("guiwei ledger " || warehouse code)

The canonical bytes speak the trade's names (dossier number, place code, login), not our row ids, so that an export can be
verified without the database, and a changed place code or number shows as well. The database computes the same bytes in
`ledger_append`; a test holds the two together.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from uuid import UUID

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class ActKind(StrEnum):
    """What people do with a volume; who may, from where to where, and on what grounds: `custody.RULES`."""

    # Coming in
    REGISTERED = "registered"
    RECEIVED = "received"
    RECEIVED_AGAIN = "received_again"
    SELF_CARRIED = "self_carried"
    QUARANTINED = "quarantined"
    CLEARED = "cleared"
    ACCEPTED = "accepted"
    GAP_COMMITTED = "gap_committed"
    GAP_FILLED = "gap_filled"
    REFUSED = "refused"
    # Tag and shelf
    BOUND = "bound"
    RETAGGED = "retagged"
    SHELVED = "shelved"
    MOVED = "moved"
    RESHELVED = "reshelved"
    CORRECTED = "corrected"
    # Envelope and contents
    OPENED = "opened"
    INSERTED = "inserted"
    SEALED = "sealed"
    SEAL_BROKEN = "seal_broken"
    DAMAGED = "damaged"
    REPAIRED = "repaired"
    # At work
    PICKED = "picked"
    CONSULTED = "consulted"
    SENT_TO_SCAN = "sent_to_scan"
    SCANNED = "scanned"
    PACKED = "packed"
    UNPACKED = "unpacked"
    DISPATCHED = "dispatched"
    ARRIVED = "arrived"
    RETURNED = "returned"
    # Lent
    LENT = "lent"
    HANDED_OVER = "handed_over"
    TAKEN_BACK = "taken_back"
    LOAN_RETURNED = "loan_returned"
    # For good
    RETIRED = "retired"
    RETIREMENT_WITHDRAWN = "retirement_withdrawn"
    DECEASED = "deceased"
    TRANSFER_STARTED = "transfer_started"
    TRANSFER_CANCELLED = "transfer_cancelled"
    TRANSFERRED = "transferred"
    RECEIPT_CONFIRMED = "receipt_confirmed"
    RETIREMENT_CONFIRMED = "retirement_confirmed"
    ARCHIVES_CONFIRMED = "archives_confirmed"
    UNDELIVERED = "undelivered"
    # Not where it should be
    NOT_FOUND = "not_found"
    FOUND = "found"
    LOST = "lost"
    REBUILT = "rebuilt"
    # The register
    MERGED = "merged"
    AGENCY_CHANGED = "agency_changed"
    DEPOSIT_CHANGED = "deposit_changed"


@dataclass(frozen=True, slots=True)
class Act:
    """One entry of the ledger, in the trade's own names; `happened_at` and `recorded_at` are aware UTC.

    witness: login of the second person. details: what was told with the act (seal number, pieces, EPC, ...) as canonical JSON.
    """

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
    witness: str | None = None
    details: str | None = None


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
    """The bytes the chain's hash is taken over: every field of the act in the order of its declaration, as netstrings.

    An act with neither witness nor details ends before those two, as all acts did before there were any.
    """
    first = b"".join(
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
    if act.witness is None and act.details is None:
        return first
    return first + _netstring(act.witness) + _netstring(act.details)


def canonical_details(details: Mapping[str, object]) -> str | None:
    """Details as the ledger keeps them: JSON with sorted keys and no blanks, None where there are none."""
    told = {key: value for key, value in details.items() if value is not None}
    return json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":")) if told else None


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
