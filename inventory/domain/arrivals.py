"""What was announced, what came, and where the two differ: an agency that moves in, or one envelope. Pure.

A line of an arrival is listed, then counted or missing; what nobody listed is extra; what has neither number nor name is
unidentified (无头档案) until somebody finds out. How far a counted line has come (tagged, accepted, shelved, refused) is read
from its tag and its holding, never written down a second time.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from hashlib import sha256

from inventory.domain import cells
from inventory.domain.acts import ActKind
from inventory.domain.custody_rules import RULES
from inventory.domain.identifiers import IdNumber, VolumeName, parse_dossier_number, parse_volume, read_id_number
from inventory.domain.names import parse_name
from inventory.domain.refusals import BadInput, BatchStateForbids
from inventory.domain.registers import CellError, Column, Register

LINES_MAX = 50_000  # a county's dossiers in one list; more come as several arrivals
BOXES_MAX = 10_000

# Sent back, or gone for good: what stands so comes again under its own number.
GONE = RULES[ActKind.RECEIVED_AGAIN].legal


class Channel(StrEnum):
    """How an arrival came; `self` is the person himself, whose envelope goes to quarantine and never on a shelf."""

    CONFIDENTIAL = "confidential"
    STAFF = "staff"
    EMS = "ems"
    SELF = "self"

    @property
    def zh(self) -> str:
        """Its name in Chinese."""
        return CHANNEL_NAMES[self][0]

    @property
    def en(self) -> str:
        """Its name in English."""
        return CHANNEL_NAMES[self][1]


CHANNEL_NAMES: dict[Channel, tuple[str, str]] = {
    Channel.CONFIDENTIAL: ("机要通信", "confidential courier"),
    Channel.STAFF: ("专人送取", "designated staff"),
    Channel.EMS: ("EMS 等有回执的邮寄", "EMS or other receipted mail"),
    Channel.SELF: ("个人自带", "carried by the person"),
}


class LineState(StrEnum):
    """What is known of one line by counting."""

    LISTED = "listed"
    COUNTED = "counted"
    MISSING = "missing"
    EXTRA = "extra"
    UNIDENTIFIED = "unidentified"
    RESOLVED = "resolved"  # it turned out to be what another line says


class Reached(StrEnum):
    """How far a line has come, counting and the ledger taken together; in the order of the work."""

    LISTED = "listed"
    MISSING = "missing"
    EXTRA = "extra"
    UNIDENTIFIED = "unidentified"
    COUNTED = "counted"
    TAGGED = "tagged"
    ACCEPTED = "accepted"
    SHELVED = "shelved"
    REFUSED = "refused"
    RESOLVED = "resolved"

    @property
    def zh(self) -> str:
        """Its name in Chinese."""
        return REACHED_NAMES[self][0]

    @property
    def en(self) -> str:
        """Its name in English."""
        return REACHED_NAMES[self][1]


REACHED_NAMES: dict[Reached, tuple[str, str]] = {
    Reached.LISTED: ("待清点", "listed"),
    Reached.MISSING: ("缺少", "missing"),
    Reached.EXTRA: ("多出", "extra"),
    Reached.UNIDENTIFIED: ("无头档案", "subject unidentified"),
    Reached.COUNTED: ("已清点", "counted"),
    Reached.TAGGED: ("已装标签", "tagged"),
    Reached.ACCEPTED: ("已审核", "accepted"),
    Reached.SHELVED: ("已上架", "shelved"),
    Reached.REFUSED: ("不予接收", "refused"),
    Reached.RESOLVED: ("已查明", "resolved"),
}


class ArrivalState(StrEnum):
    """Announced: nothing has come. Received: its boxes are here. Settled: both sides have signed what differs."""

    ANNOUNCED = "announced"
    RECEIVED = "received"
    SETTLED = "settled"

    @property
    def zh(self) -> str:
        """Its name in Chinese."""
        return ARRIVAL_STATE_NAMES[self][0]

    @property
    def en(self) -> str:
        """Its name in English."""
        return ARRIVAL_STATE_NAMES[self][1]


ARRIVAL_STATE_NAMES: dict[ArrivalState, tuple[str, str]] = {
    ArrivalState.ANNOUNCED: ("尚未到件", "hasn't come yet"),
    ArrivalState.RECEIVED: ("已到件", "has come"),
    ArrivalState.SETTLED: ("双方已签字", "is signed by both sides"),
}


def check_state(number: str, state: ArrivalState, allowed: frozenset[ArrivalState], step: tuple[str, str]) -> None:
    """Raises `BatchStateForbids` where an arrival isn't ready for a step (its name zh, en) or is past it."""
    if state not in allowed:
        zh, en = ARRIVAL_STATE_NAMES[state]
        raise BatchStateForbids(number=number, state_zh=zh, state_en=en, step_zh=step[0], step_en=step[1])


# ── The list of a move-in ────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, repr=False)  # No repr: it names a person.
class ListRow:
    """One volume announced. Without a number one is allocated; without number and name nobody knows whose it is."""

    box: str
    number: str | None
    name: str | None
    id_number: IdNumber | None
    volume: int = 1
    note: str | None = None

    @property
    def is_unidentified(self) -> bool:
        """无头档案: an envelope that says neither number nor name."""
        return self.number is None and self.name is None


def _check_row(row: ListRow) -> Iterable[CellError]:
    if row.is_unidentified and row.note is None:
        yield CellError(
            "note",
            "编号和姓名都没有的，须在备注中写明特征",
            "without number and name, the note says what it looks like",
        )
    if row.number is None and row.volume > 1:
        yield CellError("number", "第2册起必须填写编号", "from the second volume on, the number must stand there")


def new_material_errors(row: ListRow) -> Iterable[CellError]:
    """What historic stock may have wrong and new material may not: raises nothing, names the cells."""
    if row.is_unidentified:
        yield CellError("name", "新接收的档案必须有姓名", "new material has a name")
    if row.id_number is not None and row.id_number.warning is not None:
        yield CellError("id_number", row.id_number.warning.zh, row.id_number.warning.en)


_has = partial(Column, required=True)

MOVE_IN: Register[ListRow] = Register(
    "move-in",
    ListRow,
    (
        _has("box", cells.parse_label, "the box it is in; 1 where there is only one", blank="1"),
        _has("number", parse_dossier_number, "the dossier's number; empty: one is allocated"),
        _has("name", parse_name, "the person's name as written"),
        Column("id_number", partial(read_id_number, historic=True), "citizen ID"),
        Column("volume", parse_volume, "number of the volume within the dossier", blank=1),
        Column("note", cells.parse_text, "what else there is to say"),
    ),
    _check_row,
)

_SERIES = re.compile(r"([0-9]{6})-?([0-9A-Z]{2})?")


def series_of(agency_code: str) -> tuple[str, str]:
    """Division and agency serial for new dossier numbers: `370112` and `370112-01` give 370112 and 01."""
    written = _SERIES.fullmatch(agency_code)
    if written is None:
        raise BadInput(
            problem_zh="机构代码不含6位区划代码，无法自动编号，请填写档案编号",
            problem_en="the agency's code has no division of six digits to number by; give the dossier numbers",
        )
    return written[1], written[2] or "01"


# ── Counting a box ───────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an arrival as counting needs it."""

    line_id: int
    box: str
    volume: VolumeName | None
    state: LineState
    number: str | None = None


@dataclass(frozen=True, slots=True)
class BoxFindings:
    """What one batch of scans of a box shows.

    counted: lines met now. other_box: those among them listed in another box. again: met before. extra: codes on no line,
    each with the volume it names where the register knows it.
    """

    counted: tuple[Line, ...]
    other_box: tuple[Line, ...]
    again: tuple[Line, ...]
    extra: tuple[tuple[str, VolumeName | None], ...]


def compare_box(box: str, codes: Sequence[tuple[str, VolumeName | None]], lines: Iterable[Line]) -> BoxFindings:
    """Scanned codes of one box, each with the volume it means (None: nobody knows), against all lines of the arrival."""
    by_volume: dict[VolumeName, Line] = {}
    extra_known: set[str] = set()
    for line in lines:
        if line.volume is not None:
            by_volume[line.volume] = line
        if line.state is LineState.EXTRA and line.number is not None:
            extra_known.add(line.number)
    counted: dict[int, Line] = {}
    again: dict[int, Line] = {}
    extra: dict[str, VolumeName | None] = {}
    for code, volume in codes:
        found = None if volume is None else by_volume.get(volume)
        if found is not None and found.state in {LineState.LISTED, LineState.MISSING}:
            counted[found.line_id] = found
        elif found is not None:
            again[found.line_id] = found
        elif code not in extra_known:
            extra[code] = volume
    met = tuple(counted.values())
    return BoxFindings(met, tuple(line for line in met if line.box != box), tuple(again.values()), tuple(extra.items()))


# ── The discrepancy sheet ────────────────────────────────────────────────────────────────────────────────────────────


class DifferenceKind(StrEnum):
    """In what a line differs from the list."""

    MISSING = "missing"
    EXTRA = "extra"
    UNIDENTIFIED = "unidentified"
    OTHER_BOX = "other_box"
    SEAL_BROKEN = "seal_broken"

    @property
    def zh(self) -> str:
        """Its name in Chinese."""
        return DIFFERENCE_NAMES[self][0]

    @property
    def en(self) -> str:
        """Its name in English."""
        return DIFFERENCE_NAMES[self][1]


DIFFERENCE_NAMES: dict[DifferenceKind, tuple[str, str]] = {
    DifferenceKind.MISSING: ("清单有、实物缺", "listed, not there"),
    DifferenceKind.EXTRA: ("清单无、实物多出", "there, not listed"),
    DifferenceKind.UNIDENTIFIED: ("无头档案", "subject unidentified"),
    DifferenceKind.OTHER_BOX: ("箱号不符", "in another box"),
    DifferenceKind.SEAL_BROKEN: ("封条破损", "seal broken"),
}


@dataclass(frozen=True, slots=True)
class SheetDifference:
    """One line of the discrepancy sheet; `volume` as known or as scanned."""

    kind: DifferenceKind
    volume: str | None
    name: str | None = field(repr=False)
    box: str
    found_box: str | None = None
    note: str | None = None


def sheet_hash(number: str, listed: int, counted: int, differences: Sequence[SheetDifference]) -> bytes:
    """SHA-256 over what the sheet says, so that a signature is under this sheet and no later one; 32 bytes."""
    said = [
        number,
        listed,
        counted,
        sorted(
            [d.kind.value, d.volume or "", d.name or "", d.box, d.found_box or "", d.note or ""] for d in differences
        ),
    ]
    return sha256(json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()).digest()


# ── The space plan ───────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Space:
    """A shelf in walking order: how many volumes fit, and how many stand there or are planned to by others."""

    place_id: int
    capacity: int
    taken: int


@dataclass(frozen=True, slots=True)
class Take:
    """The volumes number `first` to `last` (both counted from 1) go to this place."""

    place_id: int
    first: int
    last: int


def plan_space(volumes: int, spaces: Sequence[Space], fill_percent: int) -> list[Take]:
    """Fill shelves in walking order up to `fill_percent` of their capacity; what doesn't fit is in no take."""
    takes, placed = [], 0
    for space in spaces:
        room = space.capacity * fill_percent // 100 - space.taken
        if room <= 0 or placed >= volumes:
            continue
        last = min(placed + room, volumes)
        takes.append(Take(space.place_id, placed + 1, last))
        placed = last
    return takes


def progress(reached: Mapping[str, int]) -> dict[Reached, int]:
    """How many lines have come how far, every step named."""
    return {step: reached.get(step.value, 0) for step in Reached}
