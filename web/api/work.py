"""`/api/v1/waves`, `/stop`, `/picks`, `/aisles`: picking by programs, through the same operations as the pages."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from inventory.domain.identifiers import VolumeName
from inventory.domain.permissions import Permission
from inventory.domain.picking import WAVE_PICKS_MAX, AislePurpose, OpenAisle, work_number
from inventory.domain.places import PLACE_CODE_CHARACTERS_MAX
from inventory.domain.requests import request_number
from inventory.operations import aisles, picking, wave_views, work_papers
from inventory.operations.picking import PickAsked, StopInHand, WaveAsked
from inventory.operations.scanning import CODE_CHARACTERS_MAX, CODES_AT_ONCE_MAX
from inventory.papers.printing import pick_sheet_pdf
from inventory.store.waves import Stop, Wave
from web.api.models import RefusalAnswer
from web.doors import Doors, permitted
from web.signed_in import SignedIn
from web.site import read_clock, site_of

router = Doors(prefix="/api/v1")

Code = Annotated[str, Field(max_length=CODE_CHARACTERS_MAX)]
PlaceCode = Annotated[str, Field(max_length=PLACE_CODE_CHARACTERS_MAX)]
Command = Annotated[
    UUID, Field(description="Made by the caller; sent again with the same content, nothing is done twice.")
]
_NOTE_CHARACTERS_MAX = 200

REFUSALS: dict[int | str, dict[str, Any]] = {
    401: {"model": RefusalAnswer, "description": "No valid token or session."},
    403: {"model": RefusalAnswer, "description": "The role doesn't do this, or the second person's PIN is wrong."},
    404: {"model": RefusalAnswer, "description": "No such thing, or not for you."},
    409: {"model": RefusalAnswer, "description": "Things don't stand so that it can be done."},
    422: {"model": RefusalAnswer, "description": "Something is missing or has the wrong form."},
}


class Sent(BaseModel):
    """What a program sends: nothing unknown is taken."""

    model_config = ConfigDict(extra="forbid")


class WaveSent(Sent):
    """A wave over the approved requests of a warehouse, or of one room of it."""

    command_id: Command
    warehouse: PlaceCode
    room: PlaceCode | None = None
    picks_max: int = Field(default=WAVE_PICKS_MAX, ge=1, le=WAVE_PICKS_MAX)


class CommandSent(Sent):
    """A command without further facts."""

    command_id: Command


class PicksSent(Sent):
    """One scan of the shelf, many of dossiers."""

    command_id: Command
    shelf: Code = Field(description="The label of the shelf, as scanned; it must be that of the stop in hand.")
    codes: list[Code] = Field(min_length=1, max_length=CODES_AT_ONCE_MAX, description="Dossier numbers or EPCs.")
    to_place: PlaceCode = Field(description="The cart or desk they went to.")


class NotFoundSent(Sent):
    """A dossier of the stop in hand that isn't on its shelf."""

    command_id: Command
    volume: Code
    note: str | None = Field(default=None, max_length=_NOTE_CHARACTERS_MAX)


class AisleSent(Sent):
    """An aisle, told by any place in it."""

    place: PlaceCode
    purpose: AislePurpose = AislePurpose.SWEEP


class AislePlaceSent(Sent):
    """A block of mobile shelving, told by any place in it."""

    place: PlaceCode


class WaveAnswer(BaseModel):
    """A wave."""

    wave: str
    warehouse: str
    room: str | None
    state: str
    made_by: str
    made_at: datetime
    at_hand: int = Field(description="Requests whose dossiers stood on a desk or cart already.")
    stops: int
    picks: int
    picked: int
    not_found: int
    aisles: int = Field(description="Aisles opened when walked in this order.")
    metres: float = Field(description="On foot, as reckoned.")


class WavesAnswer(BaseModel):
    """Waves, open ones first."""

    waves: list[WaveAnswer]


class StopAnswer(BaseModel):
    """One shelf of a wave."""

    ordinal: int
    shelf: str
    room: str | None
    block: str | None
    aisle: str | None
    keeper: str | None
    done: bool


class WaveStopsAnswer(WaveAnswer):
    """A wave with its stops in walking order."""

    walk: list[StopAnswer]


class PickAnswer(BaseModel):
    """One volume to take at a stop."""

    volume: str
    request: str
    state: str
    place: str = Field(description="Where the ledger has it just now.")


class StopInHandAnswer(BaseModel):
    """The keeper's own stop; null: none."""

    stop: StopAnswer | None
    wave: str | None = None
    picks: list[PickAnswer] = []


class PickedAnswer(StopInHandAnswer):
    """What came of it, and what is left at the stop."""

    picked: int


class SearchAnswer(BaseModel):
    """The search that began."""

    search: str


class AisleAnswer(BaseModel):
    """An aisle that stands open."""

    room: str | None = None
    block: str
    aisle: str
    purpose: AislePurpose
    holder: str
    since: datetime


class AislesAnswer(BaseModel):
    """Every aisle that stands open."""

    aisles: list[AisleAnswer]


@router.get("/waves", summary="Waves", responses=REFUSALS)
@permitted(Permission.PLAN_WAVES)
def waves(request: Request, viewer: SignedIn) -> WavesAnswer:
    """Open waves first, then the newest finished ones."""
    found = wave_views.wave_list(site_of(request).database, viewer)
    return WavesAnswer(waves=[WaveAnswer(**_wave(one)) for one in found])


@router.post("/waves", summary="Make a wave", responses=REFUSALS)
@permitted(Permission.PLAN_WAVES)
def make_wave(request: Request, viewer: SignedIn, sent: WaveSent) -> WaveAnswer:
    """Take the approved requests that come first, in the order that opens few aisles and walks little."""
    asked = WaveAsked(sent.command_id, sent.warehouse, sent.room, sent.picks_max)
    return WaveAnswer(**_wave(picking.make_wave(site_of(request).database, viewer, asked, read_clock())))


@router.get("/waves/{wave}", summary="A wave with its walk", responses=REFUSALS)
@permitted(Permission.PLAN_WAVES)
def wave(request: Request, viewer: SignedIn, wave: str) -> WaveStopsAnswer:
    """The stops in walking order, and who has which."""
    found = wave_views.wave_view(site_of(request).database, viewer, wave)
    return WaveStopsAnswer(**_wave(found.wave), walk=[_stop(one) for one in found.stops])


@router.post("/waves/{wave}/finish", summary="End a wave", responses=REFUSALS)
@permitted(Permission.PLAN_WAVES)
def finish_wave(request: Request, viewer: SignedIn, wave: str, sent: CommandSent) -> WaveAnswer:
    """What wasn't picked goes back to the approved requests."""
    database = site_of(request).database
    return WaveAnswer(**_wave(picking.finish_wave(database, viewer, sent.command_id, wave, read_clock())))


@router.get("/waves/{wave}/pick-sheet.pdf", summary="The pick sheet", responses=REFUSALS, response_class=Response)
@permitted(Permission.PLAN_WAVES)
def pick_sheet(request: Request, viewer: SignedIn, wave: str) -> Response:
    """What is still to be picked, aisle by aisle, as PDF."""
    sheet, printed = work_papers.pick_sheet(site_of(request).database, viewer, wave, read_clock())
    return pdf_answer(pick_sheet_pdf(sheet, printed), f"{sheet.wave}.pdf")


@router.post("/waves/{wave}/next-stop", summary="Take the next stop", responses=REFUSALS)
@permitted(Permission.PICK)
def next_stop(request: Request, viewer: SignedIn, wave: str) -> StopInHandAnswer:
    """The keeper's next shelf, theirs from now on, its aisle open; the one in hand where there is one."""
    return StopInHandAnswer(**_in_hand(picking.next_stop(site_of(request).database, viewer, wave, read_clock())))


@router.get("/stop", summary="The stop in hand", responses=REFUSALS)
@permitted(Permission.PICK)
def stop(request: Request, viewer: SignedIn) -> StopInHandAnswer:
    """The stop the keeper has taken and not done."""
    return StopInHandAnswer(**_in_hand(picking.stop_in_hand(site_of(request).database, viewer, read_clock())))


@router.post("/stop/give-back", summary="Give the stop in hand back", responses=REFUSALS)
@permitted(Permission.PICK)
def give_back(request: Request, viewer: SignedIn) -> StopInHandAnswer:
    """Leave it to whoever comes next."""
    picking.give_back_stop(site_of(request).database, viewer, read_clock())
    return StopInHandAnswer(stop=None)


@router.post("/picks", summary="Pick", responses=REFUSALS)
@permitted(Permission.PICK)
def pick(request: Request, viewer: SignedIn, sent: PicksSent) -> PickedAnswer:
    """Take dossiers off the shelf of the stop in hand, all or none."""
    asked = PickAsked(sent.command_id, sent.shelf, sent.codes, sent.to_place)
    done = picking.pick(site_of(request).database, viewer, asked, read_clock())
    return PickedAnswer(picked=done.count, **_in_hand(done.left))


@router.post("/picks/not-found", summary="Not on its shelf", responses=REFUSALS)
@permitted(Permission.PICK)
def not_found(request: Request, viewer: SignedIn, sent: NotFoundSent) -> SearchAnswer:
    """The request waits and the search begins."""
    volume = VolumeName.parse(sent.volume)
    case_id = picking.not_found(site_of(request).database, viewer, sent.command_id, volume, read_clock(), sent.note)
    return SearchAnswer(search=work_number("S", case_id))


@router.get("/aisles", summary="Aisles that stand open", responses=REFUSALS)
@permitted(Permission.PLAN_WAVES)
def open_aisles(request: Request, viewer: SignedIn) -> AislesAnswer:
    """One a block at most, with whoever opened it."""
    found = aisles.open_aisles(site_of(request).database, viewer)
    return AislesAnswer(aisles=[_aisle(one, room) for room, one in found])


@router.post("/aisles/open", summary="Open an aisle", responses=REFUSALS)
@permitted(Permission.PICK)
def open_aisle(request: Request, viewer: SignedIn, sent: AisleSent) -> AisleAnswer:
    """Picks and sweeps share the lock: while somebody else has an aisle of the block open, this is refused by name."""
    return _aisle(aisles.open_aisle(site_of(request).database, viewer, sent.place, sent.purpose, read_clock()))


@router.post("/aisles/close", summary="Close an aisle", responses=REFUSALS)
@permitted(Permission.PLAN_WAVES)
def close_aisle(request: Request, viewer: SignedIn, sent: AislePlaceSent) -> AislesAnswer:
    """Its holder closes it, or the city manager; what stands open then is the answer."""
    database = site_of(request).database
    aisles.close_aisle(database, viewer, sent.place, read_clock())
    return AislesAnswer(aisles=[_aisle(one, room) for room, one in aisles.open_aisles(database, viewer)])


def pdf_answer(content: bytes, name: str) -> Response:
    """A paper, shown in the browser under its name."""
    return Response(
        content, media_type="application/pdf", headers={"Content-Disposition": f'inline; filename="{name}"'}
    )


def _wave(one: Wave) -> dict[str, Any]:
    return {
        "wave": work_number("W", one.wave_id),
        **{name: getattr(one, name) for name in WaveAnswer.model_fields if name != "wave"},
    }


def _stop(one: Stop) -> StopAnswer:
    return StopAnswer(
        ordinal=one.ordinal,
        shelf=one.shelf,
        room=one.room,
        block=one.block,
        aisle=one.aisle,
        keeper=one.keeper,
        done=one.done_at is not None,
    )


def _in_hand(hand: StopInHand | None) -> dict[str, Any]:
    if hand is None:
        return {"stop": None}
    picks = [
        PickAnswer(volume=str(one.volume), request=request_number(one.request_id), state=one.state, place=one.place)
        for one in hand.picks
    ]
    return {"stop": _stop(hand.stop), "wave": work_number("W", hand.stop.wave_id), "picks": picks}


def _aisle(one: OpenAisle, room: str | None = None) -> AisleAnswer:
    return AisleAnswer(
        room=room, block=one.block, aisle=one.aisle, purpose=one.purpose, holder=one.holder, since=one.since
    )
