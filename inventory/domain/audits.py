"""Audits (盘点) as pure rules: their states, who signs as what, and which shelves a published seed draws."""

from collections.abc import Iterable
from hashlib import sha256

from inventory.domain.people import Role
from inventory.domain.words import Word

SEED_CHARACTERS_MAX = 100
SAMPLE_SHELVES_MAX = 10_000


class AuditState(Word):
    """How far an audit is. A run that was killed stays `running` until somebody runs it again."""

    WAITING = "waiting", "等待", "waiting"
    RUNNING = "running", "进行中", "running"
    JUDGED = "judged", "已判定", "judged"
    SIGNED = "signed", "已签字", "signed"
    CLOSED = "closed", "已关闭", "closed"
    FAILED = "failed", "失败", "failed"

    @property
    def has_results(self) -> bool:
        """Whether it has found what it finds."""
        return self in (AuditState.JUDGED, AuditState.SIGNED, AuditState.CLOSED)

    @property
    def is_under_way(self) -> bool:
        """Whether somebody will still judge it without being asked again."""
        return self in (AuditState.WAITING, AuditState.RUNNING)


class PlanKind(Word):
    """Why an audit is due."""

    ROLLING = "rolling", "滚动覆盖", "rolling coverage"
    YEARLY = "yearly", "年度全面盘点", "full, yearly"
    BEFORE_HOLIDAYS = "before_holidays", "节前盘点", "before holidays"
    AFTER_RESHELVING = "after_reshelving", "倒架后盘点", "after a re-shelving"
    SAMPLE = "sample", "随机抽查", "random sample"
    BLIND_COUNT = "blind_count", "盲点", "blind count"

    @property
    def interval_days(self) -> int:
        """How many days its evidence may come from: a campaign takes its time, a night judges its day."""
        return {PlanKind.YEARLY: 30, PlanKind.ROLLING: 1, PlanKind.AFTER_RESHELVING: 1}.get(self, 7)

    @property
    def begins(self) -> bool:
        """Whether its days begin when it is due: a blind count is counted then, everything else has been heard before."""
        return self is PlanKind.BLIND_COUNT

    @property
    def draws(self) -> bool:
        """Whether it looks at some shelves only, drawn by a seed."""
        return self in (PlanKind.SAMPLE, PlanKind.BLIND_COUNT)


class Part(Word):
    """As what somebody signs: for the shelves, or for the count of them. Whoever keeps a bay doesn't count it."""

    KEEPER = "keeper", "保管人", "keeper"
    COUNTER = "counter", "盘点人", "counter"


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
