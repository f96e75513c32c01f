"""Where a volume is: what the ledger says and what the radio believes, side by side, never mixed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256

from inventory.domain.judged import Judged, JudgedAs
from inventory.domain.standing import Identification, Legal, Mark, Seal

DOUBT_PROBABILITY_MIN = 0.80  # A belief below this points at a place; it doesn't contradict the ledger.


@dataclass(frozen=True, slots=True)
class NamedPlace:
    """A place as people know it: code, name, and the names from the warehouse down to itself.

    lineage: row ids in the same order as `path`; tells what lies in what.
    """

    code: str
    name: str
    kind: str
    path: tuple[str, ...]
    lineage: tuple[int, ...]

    def touches(self, other: "NamedPlace") -> bool:
        """Whether one of the two is, or contains, the other: a belief may know the bay and not the shelf."""
        shorter = min(len(self.lineage), len(other.lineage))
        return self.lineage[:shorter] == other.lineage[:shorter]


@dataclass(frozen=True, slots=True)
class LedgerPlace:
    """The place people wrote down, and since when."""

    place: NamedPlace
    since: datetime
    version: int


@dataclass(frozen=True, slots=True)
class RadioPlace:
    """The place the radio believes in, with its probability (0 to 1), the runner-up, and the newest read."""

    place: NamedPlace
    probability: float
    runner_up: NamedPlace | None
    runner_up_probability: float | None
    reads: int
    last_seen_at: datetime


@dataclass(frozen=True, slots=True)
class CountedAt:
    """Where somebody had the volume in hand last when a shelf was counted, after the ledger moved it there."""

    place: NamedPlace
    at: datetime


class Agreement(StrEnum):
    """How ledger and radio stand to each other."""

    AGREES = "agrees"
    DIFFERS = "differs"
    DOUBTFUL = "doubtful"  # elsewhere, but too unsure to contradict
    OUTDATED = "outdated"  # last read before the ledger's last move
    UNSEEN = "unseen"  # never read: silence is not absence
    MISSING = "missing"  # its shelf was listened at so often and so well that it can't stand there
    NOT_HELD = "not_held"  # not received yet


@dataclass(frozen=True, slots=True)
class Condition:
    """How a volume stands by its acts: who answers for it, its envelope, its seal strip, its pieces and its marks."""

    legal: Legal
    seal: Seal
    seal_number: str | None
    pieces: int | None
    marks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """One volume, its tag and both its places; `epc` is None for an untagged volume, `condition` before its first act.

    judged: how it was found last, None where it never was, or was moved since. counted: where a count scanned it since.
    """

    volume_id: int
    volume: str
    ordinal: int
    epc: bytes | None
    ledger: LedgerPlace | None
    radio: RadioPlace | None
    condition: Condition | None = None
    identification: Identification = Identification.UNTAGGED
    judged: Judged | None = None
    counted: CountedAt | None = None

    @property
    def agreement(self) -> Agreement:
        """How the ledger's place and what was seen last stand to each other."""
        return agreement(self.ledger, self.radio, self.judged, self.counted)

    @property
    def counted_last(self) -> bool:
        """Whether a count is newer than all the radio says."""
        return _decides(self.counted, self.radio, self.judged)


def agreement(
    ledger: LedgerPlace | None, radio: RadioPlace | None, judged: Judged | None = None, counted: CountedAt | None = None
) -> Agreement:
    """Compare what people wrote with what was seen last: by a count, by the radio, or by a night that didn't hear it."""
    if ledger is None:
        return Agreement.NOT_HELD
    if counted is not None and _decides(counted, radio, judged):
        return Agreement.AGREES if counted.place.touches(ledger.place) else Agreement.DIFFERS
    return _by_radio(ledger, radio, judged)


def _by_radio(ledger: LedgerPlace, radio: RadioPlace | None, judged: Judged | None) -> Agreement:
    if judged is not None and _says_missing(judged, ledger, radio):
        return Agreement.MISSING
    if radio is None:
        return Agreement.UNSEEN
    if radio.last_seen_at < ledger.since:
        return Agreement.OUTDATED
    if radio.place.touches(ledger.place):
        return Agreement.AGREES
    return Agreement.DIFFERS if radio.probability >= DOUBT_PROBABILITY_MIN else Agreement.DOUBTFUL


def _decides(counted: CountedAt | None, radio: RadioPlace | None, judged: Judged | None) -> bool:
    """Whether a count is the newest that is known: nothing was read since, and no later day judged."""
    if counted is None or (radio is not None and radio.last_seen_at > counted.at):
        return False
    return judged is None or judged.since <= counted.at


def _says_missing(judged: Judged, ledger: LedgerPlace, radio: RadioPlace | None) -> bool:
    """Whether nothing has happened since to a volume that was judged missing: no act, no read."""
    unmoved, unread = ledger.since < judged.until, radio is None or radio.last_seen_at < judged.until
    return judged.judged_as is JudgedAs.MISSING and unmoved and unread


def fingerprint(volumes: Sequence[Whereabouts]) -> str:
    """Tells whether a page shows these whereabouts or older ones; 16 hexadecimal digits."""
    return sha256(repr(volumes).encode()).hexdigest()[:16]
