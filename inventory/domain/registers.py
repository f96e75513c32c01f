"""The four import files: what a row holds, which columns there are, and what is wrong with a row.

A register is a list of columns. `Register.layout` fits it to a file's header once; the layout then turns each row of
cells into a frozen row, or into every error of that row. Docs and tests read the same lists.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from enum import StrEnum
from functools import partial
from typing import Any, Generic, TypeVar

from inventory.domain import cells
from inventory.domain.epcs import parse_epc, parse_tid
from inventory.domain.identifiers import IdNumber, parse_dossier_number, parse_volume, read_id_number
from inventory.domain.names import parse_name
from inventory.domain.places import PlaceKind, parse_place_code, parse_place_kind
from inventory.domain.refusals import BadInput

ANTENNA_MAX = 999
SLOT_MAX = 999
CAPACITY_VOLUMES_MAX = 1_000_000


class AgencyLevel(StrEnum):
    """Whose agency it is."""

    PROVINCE = "province"
    CITY = "city"
    COUNTY = "county"


class Dialect(StrEnum):
    """The reader families: each has its module of the same name under `devices/dialects`."""

    NATIVE = "native"
    IMPINJ = "impinj"
    ZEBRA = "zebra"
    ZEBRA_HANDHELD = "zebra_handheld"
    KEONN = "keonn"
    SMARTREADER = "smartreader"
    SPEEDWAY = "speedway"
    CHAINWAY = "chainway"
    LLRPKIT = "llrpkit"
    MAPPING = "mapping"


class AntennaRole(StrEnum):
    """What an antenna is there for."""

    SHELF = "shelf"
    ZONE = "zone"
    GATE_INNER = "gate_inner"
    GATE_OUTER = "gate_outer"
    TUNNEL = "tunnel"
    DESK = "desk"
    CART = "cart"
    HANDHELD = "handheld"


class DepositType(StrEnum):
    """On whose behalf a dossier is kept."""

    EMPLOYER = "employer"
    INDIVIDUAL = "individual"


# ── Rows: the fields are the columns, in the same order ──────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class AgencyRow:
    """An agency; valid_from and valid_to are its first and last day, successor the agency that took over."""

    code: str
    name: str
    level: AgencyLevel
    parent: str | None
    valid_from: date | None
    valid_to: date | None
    successor: str | None


@dataclass(frozen=True, slots=True)
class PlaceRow:
    """A place; coordinates and sizes in metres within its warehouse, capacity in volumes, epc of its label tag."""

    code: str
    kind: PlaceKind
    name: str
    parent: str | None
    block: str | None
    face: str | None
    aisle: str | None
    x: float | None
    y: float | None
    z: float | None
    width: float | None
    height: float | None
    depth: float | None
    capacity: int | None
    epc: bytes | None


@dataclass(frozen=True, slots=True)
class ReaderRow:
    """One antenna of a reader; antenna 0 where the reader names none, slot None where the site doesn't divide them."""

    reader: str
    dialect: Dialect
    topic: str
    antenna: int
    place: str
    role: AntennaRole
    status_topic: str | None
    timezone: str | None
    mapping: dict[str, object] | None
    control_url: str | None
    slot: int | None


@dataclass(frozen=True, slots=True, repr=False)  # No repr: it names a person.
class DossierRow:
    """One volume of a dossier; without an EPC it is untagged, without a place not yet received."""

    number: str
    name: str
    id_number: IdNumber | None
    holding_agency: str
    epc: bytes | None
    tid: bytes | None
    place: str | None
    volume: int
    aliases: tuple[str, ...]
    employer: str | None
    deposit_type: DepositType | None
    born_on: date | None
    deposited_on: date | None


# ── Columns and errors ───────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class CellError:
    """What is wrong with one cell, in a sentence without its full stop; never the cell's own text."""

    column: str
    problem_zh: str
    problem_en: str


@dataclass(frozen=True, slots=True)
class Column:
    """One column of an import file.

    required: the header must have it. filled: no cell of it may be empty. blank: what an empty cell means. means: for
    the docs, in English.
    """

    name: str
    parse: Callable[[str], object]
    means: str
    required: bool = False
    filled: bool = False
    blank: object = None

    def value(self, text: str) -> object:
        """The value of a cell; raises `BadInput`."""
        if text:
            return self.parse(text)
        if self.filled:
            raise BadInput(problem_zh="此项不能为空", problem_en="this can't be empty")
        return self.blank


Row = TypeVar("Row")
RowErrors = tuple[CellError, ...]


class Layout(Generic[Row]):
    """A register fitted to one file's header."""

    def __init__(self, register: "Register[Row]", header: Sequence[str]) -> None:
        self._register = register
        self._width = len(header)
        positions = {name: position for position, name in enumerate(header)}
        # An absent column reads the empty cell that `read` puts behind the last one.
        self._plan = [
            (positions.get(column.name, self._width), column.parse, column.filled, column.blank)
            for column in register.columns
        ]

    def read(self, written: list[str]) -> Row | RowErrors:
        """The row that stands in the cells `written`, or all its errors; a short row lacks its last cells."""
        missing = self._width - len(written)
        if missing < 0 and any(cell.strip() for cell in written[self._width :]):
            return (CellError("", "该行的单元格多于表头的列", "the row has more cells than the header has columns"),)
        row_cells = [*map(str.strip, written[: self._width]), *[""] * (max(missing, 0) + 1)]
        try:
            # A million rows pass here: no call per empty cell; a parser itself refuses "" where a cell must be filled.
            row = self._register.row_type(
                *[
                    parse(cell) if (cell := row_cells[position]) or filled else blank
                    for position, parse, filled, blank in self._plan
                ]
            )
        except BadInput:
            return self._errors(row_cells)  # The rare row is read again, slowly, for all that is wrong with it.
        return tuple(self._register.check(row)) or row

    def _errors(self, row_cells: list[str]) -> RowErrors:
        errors = []
        for column, (position, *_) in zip(self._register.columns, self._plan, strict=True):
            try:
                column.value(row_cells[position])
            except BadInput as refusal:
                facts = refusal.facts
                errors.append(CellError(column.name, str(facts["problem_zh"]), str(facts["problem_en"])))
        return tuple(errors)


@dataclass(frozen=True, slots=True)
class Register(Generic[Row]):
    """One of the four import files; `check` finds what only several cells together can break."""

    name: str
    row_type: Callable[..., Row]
    columns: tuple[Column, ...]
    check: Callable[[Row], Iterable[CellError]]

    def layout(self, header: Sequence[str]) -> Layout[Row] | RowErrors:
        """The layout for a file with this `header`, or everything that is wrong with the header."""
        names = [name.strip().lower() for name in header]
        while names and not names[-1]:  # Spreadsheets like to add empty columns on the right.
            names.pop()
        return tuple(self._header_errors(names)) or Layout(self, names)

    def _header_errors(self, names: list[str]) -> Iterable[CellError]:
        known = [column.name for column in self.columns]
        for position, name in enumerate(names):
            if name in names[:position]:
                yield CellError(name, "列名重复", "the column stands twice")
            elif name not in known:
                shown = name[: cells.LABEL_CHARACTERS_MAX]
                (nearest,) = get_close_matches(shown, known, n=1, cutoff=0.0)
                yield CellError(
                    shown, f"没有这一列，最接近的是 {nearest}", f"there is no such column; the nearest is {nearest}"
                )
        for column in self.columns:
            if column.required and column.name not in names:
                yield CellError(column.name, "缺少此必需列", "this required column is missing")


# ── The four registers ───────────────────────────────────────────────────────────────────────────────────────────────


def _check_agency(row: AgencyRow) -> Iterable[CellError]:
    if row.parent == row.code:
        yield CellError("parent", "机构不能是自己的上级", "an agency can't be its own parent")
    if row.successor == row.code:
        yield CellError("successor", "机构不能是自己的承接机构", "an agency can't be its own successor")
    if row.valid_from and row.valid_to and row.valid_to < row.valid_from:
        yield CellError("valid_to", "终止日期早于起始日期", "the last day is before the first")


def _check_place(row: PlaceRow) -> Iterable[CellError]:
    if row.parent == row.code:
        yield CellError("parent", "所在不能在自己之内", "a place can't stand in itself")
    elif row.parent is None and not row.kind.may_stand_alone:
        yield CellError("parent", f"{row.kind.zh}必须有上级所在", f"a {row.kind.en} stands in another place")
    elif row.parent is not None and row.kind is PlaceKind.WAREHOUSE:
        yield CellError("parent", "库房没有上级所在", "a warehouse stands in no other place")


def _check_reader(row: ReaderRow) -> Iterable[CellError]:
    if row.dialect is Dialect.MAPPING and row.mapping is None:
        yield CellError("mapping", "方言为 mapping 的读写器必须填写", "a reader of the mapping dialect has a mapping")


def _check_dossier(row: DossierRow) -> Iterable[CellError]:
    if row.tid and not row.epc:
        return (CellError("tid", "有 TID 的标签必须同时填写 EPC", "a tag with a TID also has an EPC"),)
    return ()


_must = partial(Column, required=True, filled=True)
_has = partial(Column, required=True)  # The column must be there, its cells may be empty.

AGENCIES: Register[AgencyRow] = Register(
    "agencies",
    AgencyRow,
    (
        _must("code", parse_place_code, "the agency's code, unique"),
        _must("name", cells.parse_text, "its full name"),
        _must(
            "level",
            cells.parse_choice(
                AgencyLevel, {"省级": AgencyLevel.PROVINCE, "市级": AgencyLevel.CITY, "县级": AgencyLevel.COUNTY}
            ),
            "province, city or county",
        ),
        _has("parent", parse_place_code, "code of the agency above it; empty for the topmost"),
        Column("valid_from", cells.parse_date, "its first day"),
        Column("valid_to", cells.parse_date, "its last day"),
        Column("successor", parse_place_code, "code of the agency that took over"),
    ),
    _check_agency,
)

PLACES: Register[PlaceRow] = Register(
    "places",
    PlaceRow,
    (
        _must("code", parse_place_code, "the place's code, unique; what its printed label says"),
        _must("kind", parse_place_kind, "one of " + ", ".join(PlaceKind)),
        _must("name", cells.parse_text, "what people call it"),
        _has("parent", parse_place_code, "code of the place it stands in; empty for a warehouse"),
        Column("block", cells.parse_label, "block of mobile shelving: one aisle open at a time"),
        Column("face", cells.parse_label, "which face of a double-faced bay"),
        Column("aisle", cells.parse_label, "the aisle it is reached from"),
        Column("x", cells.parse_metres, "metres along the room"),
        Column("y", cells.parse_metres, "metres across the room"),
        Column("z", cells.parse_metres, "metres above the floor"),
        Column("width", cells.parse_length, "metres"),
        Column("height", cells.parse_length, "metres"),
        Column("depth", cells.parse_length, "metres"),
        Column("capacity", cells.parse_whole_number(0, CAPACITY_VOLUMES_MAX), "how many volumes fit"),
        Column("epc", parse_epc, "EPC of its label tag, hexadecimal"),
    ),
    _check_place,
)

READERS: Register[ReaderRow] = Register(
    "readers",
    ReaderRow,
    (
        _must("reader", parse_place_code, "the reader's name, the same on the row of each antenna"),
        _must("dialect", cells.parse_choice(Dialect), "one of " + ", ".join(Dialect)),
        _must("topic", cells.parse_topic, "MQTT topic of its reads, without wildcards"),
        _has("antenna", cells.parse_whole_number(0, ANTENNA_MAX), "0 where the reader names none", blank=0),
        _must("place", parse_place_code, "code of the place the antenna looks at or belongs to"),
        _must("role", cells.parse_choice(AntennaRole), "one of " + ", ".join(AntennaRole)),
        Column("status_topic", cells.parse_topic, "MQTT topic of its status"),
        Column("timezone", cells.parse_timezone, "IANA zone of its clock, where its times have none"),
        Column("mapping", cells.parse_mapping, "JSON: field paths and units of the mapping dialect"),
        Column(
            "control_url", cells.parse_control, "where it takes commands: http(s) address, or mqtt:TOPIC?answers=TOPIC"
        ),
        Column("slot", cells.parse_whole_number(0, SLOT_MAX), "the ingest slot that listens to it"),
    ),
    _check_reader,
)

DOSSIERS: Register[DossierRow] = Register(
    "dossiers",
    DossierRow,
    (
        _must("number", parse_dossier_number, "the dossier's number, in any format without a slash"),
        _must("name", parse_name, "the person's name as written"),
        _has("id_number", partial(read_id_number, historic=True), "citizen ID; old and wrong ones are kept and marked"),
        _must("holding_agency", parse_place_code, "code of the agency that legally holds it"),
        _has("epc", parse_epc, "EPC of the volume's tag, hexadecimal; empty if untagged"),
        _has("tid", parse_tid, "the tag's chip number, hexadecimal"),
        _has("place", parse_place_code, "code of the place it stands at; empty if not yet received"),
        Column("volume", parse_volume, "number of the volume within the dossier", blank=1),
        Column("aliases", cells.parse_aliases, "old numbers, separated by ; or |", blank=()),
        Column("employer", cells.parse_text, "last employer, to tell namesakes apart"),
        Column(
            "deposit_type",
            cells.parse_choice(DepositType, {"单位存档": DepositType.EMPLOYER, "个人存档": DepositType.INDIVIDUAL}),
            "employer or individual",
        ),
        Column("born_on", cells.parse_date, "birth date, where the ID number doesn't tell"),
        Column("deposited_on", cells.parse_date, "since when the agency has held it"),
    ),
    _check_dossier,
)

REGISTERS: dict[str, Register[Any]] = {register.name: register for register in (AGENCIES, PLACES, READERS, DOSSIERS)}
