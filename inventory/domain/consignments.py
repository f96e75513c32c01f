"""Consignments: what a bag should hold and what was read in it, and every way in which the two can differ. Pure."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from inventory.domain.epcs import EpcScheme, describe_epc, parse_epc
from inventory.domain.identifiers import VolumeName, folded_width
from inventory.domain.institutions import InstitutionClass
from inventory.domain.people import Role
from inventory.domain.places import PlaceKind, parse_place_code
from inventory.domain.refusals import (
    BadInput,
    ConsignmentEmpty,
    ConsignmentNotReady,
    NotAskedFor,
    NotAtThisEnd,
    NotYourEnd,
    OtherAgencysDossier,
    SetHasStrangers,
    SetNotChecked,
    TrackingMissing,
    VolumeLeftBehind,
)
from inventory.domain.travelling import Career, Channel, channel_for, parse_channel

VOLUMES_PER_BAG_MAX = 200
_GRAI_HEX_DIGITS = 24
_GRAI_URI = "urn:epc:id:grai:"


class ConsignmentState(StrEnum):
    """Where a consignment is on its way."""

    OPEN = "open"
    SEALED = "sealed"
    UNDERWAY = "underway"
    RECEIVED = "received"  # something on its discrepancy sheet is open
    SETTLED = "settled"
    CANCELLED = "cancelled"

    @property
    def zh(self) -> str:
        """Its name in Chinese."""
        return _STATES[self][0]

    @property
    def en(self) -> str:
        """Its name in English."""
        return _STATES[self][1]


_STATES = {
    ConsignmentState.OPEN: ("装袋中", "being packed"),
    ConsignmentState.SEALED: ("已封袋", "sealed"),
    ConsignmentState.UNDERWAY: ("在途", "underway"),
    ConsignmentState.RECEIVED: ("已签收，有差异", "received with discrepancies"),
    ConsignmentState.SETTLED: ("已了结", "settled"),
    ConsignmentState.CANCELLED: ("已撤销", "cancelled"),
}


class Step(StrEnum):
    """What is done with a consignment."""

    PACK = "pack"
    UNPACK = "unpack"
    CHECK = "check"
    SEAL = "seal"
    DISPATCH = "dispatch"
    ARRIVE = "arrive"
    CANCEL = "cancel"


_STEPS: dict[Step, tuple[str, str, frozenset[ConsignmentState]]] = {
    Step.PACK: ("装袋", "packed", frozenset({ConsignmentState.OPEN})),
    Step.UNPACK: ("出袋", "unpacked", frozenset({ConsignmentState.OPEN, ConsignmentState.SEALED})),
    Step.CHECK: ("核对", "checked", frozenset({ConsignmentState.OPEN})),
    Step.SEAL: ("封袋", "sealed", frozenset({ConsignmentState.OPEN})),
    Step.DISPATCH: ("发出", "dispatched", frozenset({ConsignmentState.SEALED})),
    Step.ARRIVE: ("签收", "received", frozenset({ConsignmentState.UNDERWAY})),
    Step.CANCEL: ("撤销", "cancelled", frozenset({ConsignmentState.OPEN, ConsignmentState.SEALED})),
}


def check_step(step: Step, consignment: str, state: ConsignmentState) -> None:
    """Raises `ConsignmentNotReady` where this isn't the time for it."""
    zh, en, states = _STEPS[step]
    if state not in states:
        raise ConsignmentNotReady(consignment=consignment, state=state.zh, state_en=state.en, act=zh, act_en=en)


class Direction(StrEnum):
    """Away from the warehouse, or home to it."""

    OUT = "out"
    HOME = "home"


_ENDS = frozenset({PlaceKind.WAREHOUSE, PlaceKind.WINDOW})


def direction(origin: str, origin_kind: PlaceKind, target: str, target_kind: PlaceKind) -> Direction:
    """Which way a consignment goes; raises `BadInput` where its ends aren't a warehouse and a window, or two warehouses."""
    kinds = {origin_kind, target_kind}
    if origin == target or not kinds <= _ENDS or kinds == {PlaceKind.WINDOW}:
        raise BadInput(
            problem_zh="交接应在库房与窗口之间，或两个库房之间",
            problem_en="a consignment goes between a warehouse and a window, or between two warehouses",
        )
    return Direction.HOME if target_kind is PlaceKind.WAREHOUSE else Direction.OUT


def check_end(role: Role, place: str, kind: PlaceKind) -> None:
    """Raises `NotYourEnd`: keepers work at a warehouse, window clerks at a window."""
    wanted = Role.WINDOW_CLERK if kind is PlaceKind.WINDOW else Role.KEEPER
    if role is not wanted:
        raise NotYourEnd(place=place, role=wanted.zh, role_en=wanted.en)


def bag_code(text: str) -> tuple[str, bytes | None]:
    """A bag's place code, and its tag where it has one: a printed number, or the hexadecimal EPC of a GRAI-96.

    A GRAI's code is its company prefix, asset type and serial with dots between them (GS1 EPC Tag Data Standard 14.6.4).
    """
    code = folded_width(text)
    if len(code) == _GRAI_HEX_DIGITS and all(character in "0123456789abcdefABCDEF" for character in code):
        epc = parse_epc(code)
        identity = describe_epc(epc)
        if identity.scheme is EpcScheme.GRAI_96 and identity.uri is not None:
            return parse_place_code(identity.uri.removeprefix(_GRAI_URI)), epc
    return parse_place_code(code), None


@dataclass(frozen=True, slots=True)
class Packing:
    """A volume about to go into a bag.

    is_here: it stands at the consignment's own end. window: where the request it is served for wants it, None where the
    request doesn't say; request_id None: no request is being served for its dossier.
    """

    volume: VolumeName
    agency_id: int
    is_here: bool
    request_id: int | None = None
    window: str | None = None


@dataclass(frozen=True, slots=True)
class Journey:
    """Where a bag goes. of_one_agency: a window is at one of its ends, and a window acts for its own agency only."""

    origin: str
    target: str
    way: Direction
    of_one_agency: bool


def check_packing(journey: Journey, agency_id: int | None, packings: Sequence[Packing]) -> int | None:
    """Whose dossiers the bag then holds; `agency_id`: whose it holds already, None where it is empty.

    Raises `NotAtThisEnd`, `NotAskedFor` (out of the warehouse only for a request; home a dossier may always go) and
    `OtherAgencysDossier`.
    """
    for packing in packings:
        if not packing.is_here:
            raise NotAtThisEnd(volume=str(packing.volume), place=journey.origin)
        if journey.way is Direction.OUT and (
            packing.request_id is None or packing.window not in {None, journey.target}
        ):
            raise NotAskedFor(volume=str(packing.volume), place=journey.target)
        if journey.of_one_agency and agency_id not in {None, packing.agency_id}:
            raise OtherAgencysDossier(volume=str(packing.volume))
        agency_id = packing.agency_id if journey.of_one_agency else None
    return agency_id


# ── The set ──────────────────────────────────────────────────────────────────────────────────────────────────────────


class Colour(StrEnum):
    """What a keeper sees from across the room."""

    GREEN = "green"
    AMBER = "amber"  # something expected wasn't read
    RED = "red"  # something was read that nobody expected


@dataclass(frozen=True, slots=True)
class SetPicture:
    """A bag's whole set: what was read of what is expected, what wasn't, and the strangers among what was read.

    strangers: names of volumes, or the codes as they were read where they mean no volume to whoever looks.
    """

    read: tuple[VolumeName, ...]
    unread: tuple[VolumeName, ...]
    strangers: tuple[str, ...]

    @property
    def expected(self) -> int:
        """How many volumes should be there."""
        return len(self.read) + len(self.unread)

    @property
    def colour(self) -> Colour:
        """Red before amber before green; an empty bag is never green."""
        if self.strangers:
            return Colour.RED
        return Colour.AMBER if self.unread or not self.read else Colour.GREEN


def compare(expected: Collection[VolumeName], seen: Iterable[VolumeName], unknown: Iterable[str] = ()) -> SetPicture:
    """The picture of a set; `unknown`: codes read that stand for no volume the viewer may know."""
    met = set(seen)
    wanted = set(expected)
    return SetPicture(
        tuple(sorted(wanted & met)),
        tuple(sorted(wanted - met)),
        (*map(str, sorted(met - wanted)), *sorted(set(unknown))),
    )


def check_sealing(consignment: str, expected: int, read: int, strangers: int | None, reason: str | None) -> None:
    """Raises `ConsignmentEmpty`, `SetHasStrangers`, or `SetNotChecked` where some weren't read and nobody says why.

    strangers: of the last check, None where there was none since the bag was last touched.
    """
    if expected == 0:
        raise ConsignmentEmpty(consignment=consignment)
    if strangers:
        raise SetHasStrangers(consignment=consignment, strangers=strangers)
    if (strangers is None or read < expected) and not (reason or "").strip():
        raise SetNotChecked(consignment=consignment, expected=expected, read=read if strangers is not None else 0)


def check_left_behind(consignment: str, left: Sequence[tuple[VolumeName, str]], reason: str | None) -> None:
    """Raises `VolumeLeftBehind` where a volume of a dossier in the bag stands at a place of this end and nobody says why."""
    if left and not (reason or "").strip():
        raise VolumeLeftBehind(consignment=consignment, volume=str(left[0][0]), place=left[0][1])


def check_channel(text: str, tracking: str | None, careers: Iterable[Iterable[Career]]) -> Channel:
    """How a bag travels; `careers`: what the person of each dossier in it was.

    Raises `NeverSelfCarry`, `BadInput`, `TrackingMissing` for a courier service's bag, and `NeverByEms` for a dossier that
    wouldn't go by EMS on transfer either [choice].
    """
    channel = parse_channel(text)
    if channel is not Channel.STAFF and not (tracking or "").strip():
        raise TrackingMissing(channel=channel.zh, channel_en=channel.en)
    for one in careers:
        channel_for(channel, one, InstitutionClass.AGENCY)
    return channel


# ── On arrival ───────────────────────────────────────────────────────────────────────────────────────────────────────


class DiscrepancyKind(StrEnum):
    """How what came differs from what went."""

    MISSING = "missing"
    UNEXPECTED = "unexpected"
    SEAL_BROKEN = "seal_broken"
    PIECES_DIFFER = "pieces_differ"
    BAG_SEAL_BROKEN = "bag_seal_broken"
    BAG_SEAL_DIFFERS = "bag_seal_differs"

    @property
    def zh(self) -> str:
        """Its name in Chinese."""
        return _DISCREPANCIES[self][0]

    @property
    def en(self) -> str:
        """Its name in English."""
        return _DISCREPANCIES[self][1]


_DISCREPANCIES = {
    DiscrepancyKind.MISSING: ("未到", "missing"),
    DiscrepancyKind.UNEXPECTED: ("清单外", "not on the manifest"),
    DiscrepancyKind.SEAL_BROKEN: ("封条破损", "seal strip broken"),
    DiscrepancyKind.PIECES_DIFFER: ("份数不符", "pieces differ"),
    DiscrepancyKind.BAG_SEAL_BROKEN: ("封签破损", "bag seal broken"),
    DiscrepancyKind.BAG_SEAL_DIFFERS: ("封签号不符", "bag seal differs"),
}


@dataclass(frozen=True, slots=True)
class Sent:
    """A volume as it went into the bag."""

    volume: VolumeName
    seal_number: str | None = None
    pieces: int | None = None


@dataclass(frozen=True, slots=True)
class BagFound:
    """The bag as it came: the number on its seal, and whether the seal was whole."""

    seal: str
    whole: bool


@dataclass(frozen=True, slots=True)
class Difference:
    """One row of a discrepancy sheet; volume None: it is about the bag or a stranger."""

    kind: DiscrepancyKind
    volume: VolumeName | None
    expected: str | None
    found: str | None


def differences(
    sent: Sequence[Sent],
    picture: SetPicture,
    bag_seal_out: str,
    bag: BagFound,
    broken: Collection[VolumeName],
    pieces: Mapping[VolumeName, int],
) -> Iterator[Difference]:
    """Everything in which a bag that came differs from the bag that went; nothing where all is as it should be.

    broken: volumes whose own strip was found broken; pieces: what was counted of each, where somebody counted.
    """
    if not bag.whole:
        yield Difference(DiscrepancyKind.BAG_SEAL_BROKEN, None, bag_seal_out, bag.seal)
    elif folded_width(bag.seal).upper() != folded_width(bag_seal_out).upper():
        yield Difference(DiscrepancyKind.BAG_SEAL_DIFFERS, None, bag_seal_out, bag.seal)
    arrived = set(picture.read)
    for one in sent:
        if one.volume not in arrived:
            yield Difference(DiscrepancyKind.MISSING, one.volume, None, None)
            continue
        if one.volume in broken:
            yield Difference(DiscrepancyKind.SEAL_BROKEN, one.volume, one.seal_number, None)
        counted = pieces.get(one.volume)
        if counted is not None and one.pieces is not None and counted != one.pieces:
            yield Difference(DiscrepancyKind.PIECES_DIFFER, one.volume, str(one.pieces), str(counted))
    for stranger in picture.strangers:
        yield Difference(DiscrepancyKind.UNEXPECTED, None, None, stranger)
