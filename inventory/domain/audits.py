"""Audits (盘点) as pure rules: their states, who signs as what, and which shelves a published seed draws."""

from collections.abc import Iterable
from enum import StrEnum
from hashlib import sha256

from inventory.domain.people import Role

SEED_CHARACTERS_MAX = 100
SAMPLE_SHELVES_MAX = 10_000


class AuditState(StrEnum):
    """How far an audit is. A run that was killed stays `running` until somebody runs it again."""

    WAITING = "waiting"
    RUNNING = "running"
    JUDGED = "judged"
    SIGNED = "signed"
    CLOSED = "closed"
    FAILED = "failed"

    @property
    def has_results(self) -> bool:
        """Whether it has found what it finds."""
        return self in (AuditState.JUDGED, AuditState.SIGNED, AuditState.CLOSED)

    @property
    def is_under_way(self) -> bool:
        """Whether somebody will still judge it without being asked again."""
        return self in (AuditState.WAITING, AuditState.RUNNING)


class PlanKind(StrEnum):
    """Why an audit is due."""

    ROLLING = "rolling"
    YEARLY = "yearly"
    BEFORE_HOLIDAYS = "before_holidays"
    AFTER_RESHELVING = "after_reshelving"
    SAMPLE = "sample"
    BLIND_COUNT = "blind_count"

    @property
    def draws(self) -> bool:
        """Whether it looks at some shelves only, drawn by a seed."""
        return self in (PlanKind.SAMPLE, PlanKind.BLIND_COUNT)


class Part(StrEnum):
    """As what somebody signs: for the shelves, or for the count of them. Whoever keeps a bay doesn't count it."""

    KEEPER = "keeper"
    COUNTER = "counter"


PARTS: dict[Role, tuple[Part, ...]] = {
    Role.KEEPER: (Part.KEEPER,),
    Role.CITY_MANAGER: (Part.KEEPER, Part.COUNTER),
    Role.AUDITOR: (Part.COUNTER,),
}


def parts_open(role: Role, signed: Iterable[Part]) -> tuple[Part, ...]:
    """As what somebody of this role may still sign."""
    taken = set(signed)
    return tuple(part for part in PARTS.get(role, ()) if part not in taken)


def drawn(codes: Iterable[str], shelves: int, seed: str) -> frozenset[str]:
    """The shelves a seed draws: those whose SHA-256 of "seed:code" is least. Anybody who knows the seed draws the same."""
    by_hash = sorted(codes, key=lambda code: (sha256(f"{seed}:{code}".encode()).digest(), code))
    return frozenset(by_hash[:shelves])
