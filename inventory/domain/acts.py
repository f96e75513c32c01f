"""Acts (经办): the entries of the custody ledger, their canonical bytes and the hash chain over them.

An act either moves a volume from its place to a different one, or moves nothing (both places None). A volume has no
holding before its first act, which therefore comes from nowhere. Acts of one warehouse form one chain:

    hash(n) = SHA-256( hash(n-1) || canonical bytes of act n ),   hash(0) = SHA-256("guiwei ledger " || warehouse code)

The canonical bytes speak the trade's names (dossier number, place code, login), not our row ids, so that an export can be
verified without the database, and a changed place code or number shows as well. The database computes the same bytes in
`ledger_append`; a test holds the two together.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from uuid import UUID

from inventory.domain.faults import Fault
from inventory.domain.netstrings import netstrings

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


def microseconds(moment: datetime) -> int:
    """Microseconds since 1970-01-01 UTC, exactly."""
    return (moment - EPOCH) // timedelta(microseconds=1)


def canonical_bytes(act: Act) -> bytes:
    """The bytes the chain's hash is taken over: every field of the act in the order of its declaration, as netstrings.

    An act with neither witness nor details ends before those two, as all acts did before there were any.
    """
    first = netstrings(
        act.warehouse,
        str(act.sequence),
        act.volume,
        str(act.version),
        act.kind,
        act.from_place,
        act.to_place,
        act.actor,
        str(act.command_id),
        act.authority,
        act.reason,
        str(microseconds(act.happened_at)),
        str(microseconds(act.recorded_at)),
    )
    if act.witness is None and act.details is None:
        return first
    return first + netstrings(act.witness, act.details)


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


def first_break(warehouse: str, entries: Iterable[tuple[Act, bytes, bytes]]) -> Fault | None:
    """Walk one warehouse's entries (act, stored previous hash, stored hash) in sequence; the first that doesn't hold.

    After it nothing later is trustworthy, so it is the only one.
    """
    expected_sequence, previous = 1, genesis_hash(warehouse)
    for act, stored_previous, stored_hash in entries:
        if act.sequence != expected_sequence:
            zh, en = (
                f"缺少此条，其后现有 #{act.sequence}",
                f"the entry is missing; the next one present is #{act.sequence}",
            )
            return Fault.act(warehouse, expected_sequence, zh, en)
        if stored_previous != previous:
            return Fault.act(warehouse, act.sequence, "不接续前一条", "it doesn't continue the entry before it")
        if chained_hash(previous, act) != stored_hash:
            return Fault.act(warehouse, act.sequence, "内容与其哈希不符", "its content doesn't fit its hash")
        expected_sequence, previous = expected_sequence + 1, stored_hash
    return None
