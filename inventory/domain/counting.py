"""Counts as of the end of a day: which instant that is, what a certificate says, and its hash. Pure."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from hashlib import sha256
from zoneinfo import ZoneInfo

from inventory.domain.identifiers import folded_width
from inventory.domain.refusals import BadInput, DayNotOver
from inventory.domain.words import Word

LOCAL = ZoneInfo("Asia/Shanghai")
_CERTIFICATE_NUMBER = re.compile(r"Z-?0*([0-9]{1,9})", re.IGNORECASE)


class Cloud(Word):
    """What makes a dossier that is counted doubtful; one may be under several."""

    NOT_FOUND = "not_found", "未找到，查找中", "not found, being searched"
    LOST = "lost", "认定遗失", "declared lost"
    SUSPECTED = "suspected", "疑似遗失或在查找", "suspected lost, or searched for since"
    SEAL_BROKEN = "seal_broken", "封条破损", "seal broken"
    GAP = "gap", "材料缺失", "material gap"
    DAMAGED = "damaged", "破损", "damaged"
    REBUILT = "rebuilt", "重建", "rebuilt"


def end_of_day(day: date) -> datetime:
    """The last instant of a local day: what happens at 24:00 sharp belongs to the next. Aware, in local time."""
    return datetime.combine(day + timedelta(days=1), time(), LOCAL) - timedelta(microseconds=1)


def check_day_over(day: date, known_at: datetime) -> None:
    """Raises `DayNotOver` where a day wasn't over when the ledger was known."""
    if known_at <= end_of_day(day):
        raise DayNotOver


@dataclass(frozen=True, slots=True)
class Certified:
    """What a certificate states. roots: (warehouse, sequence and hash of its newest act known). coverage: None: unknown."""

    number: str
    agency: str
    day: date
    known_at: datetime
    held: int
    query_hash: bytes
    roots: Sequence[tuple[str, int, bytes]]
    exceptions: Mapping[str, int]
    coverage: Mapping[str, object] | None
    issued_by: str
    issued_at: datetime

    def hash(self) -> bytes:
        """SHA-256 over the canonical JSON of everything stated; 32 bytes."""
        told = {
            "number": self.number,
            "agency": self.agency,
            "day": self.day.isoformat(),
            "known_at": _instant(self.known_at),
            "held": self.held,
            "query_hash": self.query_hash.hex(),
            "roots": [[warehouse, sequence, root.hex()] for warehouse, sequence, root in self.roots],
            "exceptions": dict(self.exceptions),
            "coverage": None if self.coverage is None else dict(self.coverage),
            "issued_by": self.issued_by,
            "issued_at": _instant(self.issued_at),
        }
        return sha256(json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()).digest()


def _instant(moment: datetime) -> str:
    return moment.astimezone(LOCAL).isoformat(timespec="microseconds")


def one_root(roots: Sequence[tuple[str, int, bytes]]) -> bytes | None:
    """One hash for all chains: a single chain's own; several chains', the SHA-256 over them in order; None: no act at all."""
    if len(roots) <= 1:
        return roots[0][2] if roots else None
    return sha256(b"".join(warehouse.encode() + b"\0" + root for warehouse, _, root in sorted(roots))).digest()


def certificate_number(certificate_id: int) -> str:
    """The number people know a certificate by: `Z-000012`."""
    return f"Z-{certificate_id:06}"


def parse_certificate_number(text: str) -> int:
    """The certificate's id from its number; raises `BadInput`."""
    match = _CERTIFICATE_NUMBER.fullmatch(folded_width(text))
    if match is None or not 0 < int(match[1]) < 2**31:
        raise BadInput(problem_zh="证明编号形如 Z-000012", problem_en="a certificate has a number like Z-000012")
    return int(match[1])
