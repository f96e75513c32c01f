"""Scanned batches in forms: what was sent, told line by line; other pages with scan fields use this too."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from inventory.domain.acts import ActKind
from inventory.domain.custody import check_target
from inventory.domain.custody_rules import RULES
from inventory.domain.details import Detail
from inventory.domain.identifiers import folded_width
from inventory.domain.people import Viewer
from inventory.domain.refusals import CodeAmbiguous, CodeUnknown, Refusal
from inventory.operations.scanning import Scanned, ScannedKind, problem_with, scanned
from inventory.store.database import Database

# Told of each volume by itself; whatever else an act carries is told once for the batch.
OF_EACH_VOLUME = (Detail.SEAL_NUMBER, Detail.PIECES)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a batch: what was scanned, why it can't be, and what is to be told of it alone (detail, value)."""

    scanned: Scanned
    problem: Refusal | None = None
    details: tuple[tuple[Detail, str], ...] = ()

    @property
    def name(self) -> str:
        """What stands for it when the batch is sent: the volume's name, the place's code, else the code as it came."""
        one = self.scanned
        return str(one.volume) if one.volume is not None else (self.is_place and one.place_code) or one.code

    @property
    def is_place(self) -> bool:
        """Whether it is a place, which is where the batch goes and not part of it."""
        return self.scanned.kind is ScannedKind.PLACE


def codes_in(values: Sequence[str]) -> list[str]:
    """The codes of a form's fields, each once: folded to plain width, also several lines in one field."""
    lines = (folded_width(line) for value in values for line in value.splitlines())
    return list(dict.fromkeys(line for line in lines if line))


def told_of_each(kind: ActKind | None) -> tuple[Detail, ...]:
    """What an act wants to know of each volume by itself."""
    return () if kind is None else tuple(detail for detail in OF_EACH_VOLUME if detail in RULES[kind].evidence)


def lines_of(
    database: Database,
    viewer: Viewer,
    codes: Sequence[str],
    now: datetime,
    kind: ActKind | None = None,
    target: Scanned | None = None,
    told: Mapping[str, Mapping[Detail, str]] | None = None,
) -> list[Line]:
    """The batch as it stands; kind, target: the act each line is checked against. A volume scanned twice stands once.

    told: what was typed of each code by itself.
    """
    lines = [
        Line(
            one,
            problem_of(kind, one, target),
            tuple((detail, (told or {}).get(code, {}).get(detail, "")) for detail in told_of_each(kind)),
        )
        for code, one in zip(codes, scanned(database, viewer, codes, now), strict=True)
    ]
    return list({line.name: line for line in reversed(lines)}.values())[::-1]


def problem_of(kind: ActKind | None, one: Scanned, target: Scanned | None) -> Refusal | None:
    """Why a line is red; None where it is fine. A place is wrong only where the act doesn't lead to its kind."""
    if one.kind is ScannedKind.PLACE:
        return None if kind is None else _place_problem(kind, one)
    if kind is not None:
        return problem_with(kind, one, target)
    if one.kind is ScannedKind.AMBIGUOUS:
        return CodeAmbiguous(code=one.code)
    return CodeUnknown(code=one.code) if one.kind is ScannedKind.UNKNOWN else None


def _place_problem(kind: ActKind, one: Scanned) -> Refusal | None:
    if one.place_code is None or one.place_kind is None or RULES[kind].leads is None:
        return None
    try:
        check_target(kind, one.place_code, one.place_kind)
    except Refusal as refusal:
        return refusal
    return None


def place_in(database: Database, viewer: Viewer, code: str, now: datetime) -> Scanned | None:
    """The place a form names, None where it names none we know."""
    if not code.strip():
        return None
    (one,) = scanned(database, viewer, [folded_width(code)], now)
    return one if one.kind is ScannedKind.PLACE else None
