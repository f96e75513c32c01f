"""Arrivals (到件): the list, one arrival with what is to be done next, announcing, receiving, planning, signing."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated
from urllib.parse import quote

from fastapi import Depends, Request
from starlette.datastructures import UploadFile
from starlette.responses import Response

from inventory.domain.arrivals import ArrivalState, Channel, ListRow, Reached
from inventory.domain.identifiers import VolumeName, read_id_number
from inventory.domain.names import parse_name
from inventory.domain.people import Role, Viewer
from inventory.domain.permissions import Permission, permits
from inventory.domain.refusals import BadInput, PersonKnown, Refusal, RegisterInvalid
from inventory.domain.words import Word
from inventory.operations import announcing, arriving, placing
from inventory.operations.announcing import Announced, Announcement
from inventory.operations.arriving import Delivery, SheetView, Signing
from inventory.operations.importing import ImportReport, RowError
from inventory.operations.placing import ArrivalSummary, ArrivalView
from inventory.store.arrivals import LineNow
from inventory.store.database import Database
from web.doors import Doors, permitted
from web.forms import Form as Sheet
from web.forms import SentForm
from web.outcomes import redirect
from web.refusing import status_of
from web.rendering import render, words_of
from web.signed_in import SignedIn
from web.site import read_clock, site_of

router = Doors()

ERRORS_SHOWN_MAX = 200
_TONES = {
    Reached.SHELVED: "good",
    Reached.ACCEPTED: "good",
    Reached.MISSING: "bad",
    Reached.REFUSED: "bad",
    Reached.EXTRA: "doubt",
    Reached.UNIDENTIFIED: "doubt",
}
# What else comes in, and where it is done; the key of its text.
_OTHERS = (
    ("/labels", "labels.title", Permission.SEE_LABELS),
    ("/tags", "arrivals.tags", Permission.TAG),
    ("/loose-materials", "arrivals.loose", Permission.INSERT_MATERIALS),
    ("/digitisation", "arrivals.scans", Permission.SEE_SCANS),
    ("/reshelving", "arrivals.reshelving", Permission.PLAN_PLACES),
    ("/refusals", "arrivals.refusals", Permission.SEE_REFUSALS),
)
NUMBER_DIGITS_MAX = 9


@dataclass(frozen=True, slots=True)
class ArrivalsContext:
    """The newest arrivals."""

    arrivals: tuple[ArrivalSummary, ...]
    may_announce: bool
    others: tuple[tuple[str, str], ...]
    states: type[ArrivalState] = ArrivalState

    @property
    def all_of(self) -> dict[str, int]:
        """How many lines each has."""
        return {one.number: sum(one.progress.values()) - one.progress[Reached.RESOLVED] for one in self.arrivals}


@dataclass(frozen=True, slots=True)
class AnnouncingContext:
    """The form, as it was sent where something was wrong, with every error of the list."""

    agencies: tuple[tuple[str, str], ...]
    sent: Sheet = field(default_factory=lambda: Sheet((("boxes", "1"), ("historic", "yes"))))
    command_id: str | None = None
    problem: Refusal | None = None
    errors: tuple[RowError, ...] = ()
    person_known: bool = False

    @property
    def error_count(self) -> object:
        """How many errors the list has, shown or not."""
        return None if self.problem is None else self.problem.facts.get("count")


@dataclass(frozen=True, slots=True)
class ArrivalContext:
    """One arrival, its discrepancy sheet, and what the viewer may do with it."""

    view: ArrivalView
    sheet: SheetView
    shown: Reached | None
    may_receive: bool
    may_plan: bool
    is_keeper: bool
    channel_options: tuple[tuple[str, str], ...]
    steps: tuple[Reached, ...] = tuple(Reached)

    @property
    def state(self) -> ArrivalState:
        """The arrival's state."""
        return ArrivalState(self.view.arrival.state)

    @property
    def channel(self) -> Channel | None:
        """How it came, where it has come."""
        channel = self.view.arrival.channel
        return None if channel is None else Channel(channel)

    @staticmethod
    def reached_of(line: LineNow) -> Reached:
        """How far a line has come."""
        return Reached(line.reached)

    @staticmethod
    def tone_of(line: LineNow) -> str:
        """The chip's tone for a line."""
        return _TONES.get(Reached(line.reached), "quiet")

    @property
    def signed(self) -> frozenset[str]:
        """The sides that have signed the sheet as it is."""
        return frozenset(side for side, *_ in self.sheet.signatures)


@router.get("/arrivals", include_in_schema=False)
@permitted(Permission.ANNOUNCE_ARRIVALS)
def arrivals(request: Request, viewer: SignedIn) -> Response:
    """The newest arrivals and how far they have come."""
    found = placing.newest_arrivals(site_of(request).database, viewer)
    others = tuple((address, text) for address, text, permission in _OTHERS if permits(viewer, permission))
    context = ArrivalsContext(tuple(found), permits(viewer, Permission.ANNOUNCE_ARRIVALS), others)
    return render(request, "arrivals.html", context, viewer)


@router.get("/arrivals/new", include_in_schema=False)
@permitted(Permission.ANNOUNCE_ARRIVALS)
def new_arrival(request: Request, viewer: SignedIn) -> Response:
    """The form of an announcement."""
    agencies = tuple(placing.agencies(site_of(request).database, viewer))
    return render(request, "arrival_new.html", AnnouncingContext(agencies), viewer)


@dataclass(frozen=True, slots=True, repr=False)  # No repr: it names persons.
class SentList:
    """The form of an announcement, and its file (name, bytes) if there is one."""

    form: Sheet
    file: tuple[str, bytes] | None


async def _sent_list(request: Request) -> SentList:
    """Read the form; its size was judged before it came here."""
    async with request.form(max_files=1, max_fields=50) as sent:
        fields = [(name, value) for name, value in sent.multi_items() if isinstance(value, str)]
        file = next((value for _, value in sent.multi_items() if isinstance(value, UploadFile)), None)
        content = b"" if file is None else await file.read()
        named = Path((file.filename if file is not None else None) or "list").name
    return SentList(Sheet(fields), (named, content) if content else None)


@router.post("/arrivals/new", include_in_schema=False)
@permitted(Permission.ANNOUNCE_ARRIVALS)
def announce(request: Request, viewer: SignedIn, sent: Annotated[SentList, Depends(_sent_list)]) -> Response:
    """Announce what the list says, or the one dossier typed; all errors come back at once."""
    database = site_of(request).database
    try:
        told = _announced(database, viewer, sent)
    except (BadInput, PersonKnown) as refusal:
        return _not_announced(request, viewer, sent, refusal)
    address, count = f"/arrivals/{told.number}", len(told.dossiers)
    if told.warnings:
        key, warnings = "arrivals.announced.warned", told.warnings
        return redirect(request, address, key, good=False, number=told.number, count=count, warnings=warnings)
    return redirect(request, address, "arrivals.announced.done", number=told.number, count=count)


def _announced(database: Database, viewer: Viewer, sent: SentList) -> Announced:
    form, now = sent.form, read_clock()
    announcement = Announcement(
        form.command_id(),
        form.text("agency"),
        form.text("sender"),
        whole_number(form.text("boxes")),
        form.text("historic") == "yes",
        form.told("confirmed"),
    )
    if sent.file is None:
        return announcing.announce(database, viewer, announcement, [(1, row_in(form))], now)
    name, content = sent.file
    with TemporaryDirectory(prefix="guiwei-list-") as folder:
        path = Path(folder) / name
        path.write_bytes(content)
        return announcing.announce_file(database, viewer, announcement, path, now)


def _not_announced(request: Request, viewer: Viewer, sent: SentList, refusal: Refusal) -> Response:
    report = refusal.facts.get("report") if isinstance(refusal, RegisterInvalid) else None
    errors = tuple(report.errors[:ERRORS_SHOWN_MAX]) if isinstance(report, ImportReport) else ()
    context = AnnouncingContext(
        tuple(placing.agencies(site_of(request).database, viewer)),
        sent.form,
        sent.form.told("command_id"),
        refusal,
        errors,
        isinstance(refusal, PersonKnown),
    )
    return render(request, "arrival_new.html", context, viewer, status=status_of(refusal))


@router.get("/arrivals/{number}", include_in_schema=False)
@permitted(Permission.ANNOUNCE_ARRIVALS)
def arrival(request: Request, viewer: SignedIn, number: str, reached: Reached | None = None) -> Response:
    """One arrival: what is to be done next first, then its boxes, what differs, where it goes, and its lines."""
    database, now = site_of(request).database, read_clock()
    steps = None if reached is None else (reached,)
    context = ArrivalContext(
        placing.open_arrival(database, viewer, number, now, reached=steps),
        arriving.discrepancies(database, viewer, number),
        reached,
        permits(viewer, Permission.RECEIVE_ARRIVALS),
        permits(viewer, Permission.PLAN_PLACES),
        viewer.role is Role.KEEPER,
        named_options(request, Channel),
    )
    return render(request, "arrival.html", context, viewer)


@router.post("/arrivals/{number}/delivery", include_in_schema=False)
@permitted(Permission.RECEIVE_ARRIVALS)
def deliver(request: Request, viewer: SignedIn, number: str, form: SentForm) -> Response:
    """Its boxes are here."""
    delivery = Delivery(
        form.command_id(),
        number,
        channel_in(form),
        form.text("seal") == "intact",
        whole_number(form.text("boxes")),
        form.text("place"),
        form.told("tracking"),
    )
    arriving.take_delivery(site_of(request).database, viewer, delivery, read_clock())
    return redirect(request, f"/arrivals/{quote(number)}", "arrivals.delivered", number=number)


@router.post("/arrivals/{number}/plan", include_in_schema=False)
@permitted(Permission.PLAN_PLACES)
def plan(request: Request, viewer: SignedIn, number: str, form: SentForm) -> Response:
    """Say where what is still to be shelved shall stand."""
    fill = whole_number(form.text("fill"))
    _, unplaced = placing.plan_places(site_of(request).database, viewer, number, form.text("under"), fill)
    address = f"/arrivals/{quote(number)}"
    if unplaced:
        return redirect(request, address, "arrivals.planned.short", good=False, number=number, count=unplaced)
    return redirect(request, address, "arrivals.planned", number=number)


@router.post("/arrivals/{number}/signature", include_in_schema=False)
@permitted(Permission.RECEIVE_ARRIVALS)
def sign(request: Request, viewer: SignedIn, number: str, form: SentForm) -> Response:
    """Sign the sheet that was shown."""
    signing = Signing(form.command_id(), number, form.text("hash"), form.told("signed_by"), form.told("paper"))
    arriving.sign(site_of(request).database, viewer, signing, read_clock())
    return redirect(request, f"/arrivals/{quote(number)}", "arrivals.signed", number=number)


def named_options(request: Request, kinds: Iterable[Channel | Word]) -> tuple[tuple[str, str], ...]:
    """The options of a choice field: values and names in the reader's language."""
    chinese = words_of(request).chinese
    return tuple((kind.value, kind.zh if chinese else kind.en) for kind in kinds)


def channel_in(form: Sheet) -> Channel:
    """The channel a form names; raises `BadInput`."""
    try:
        return Channel(form.text("channel"))
    except ValueError:
        raise BadInput(problem_zh="请选择送达渠道", problem_en="say how it came") from None


def whole_number(text: str) -> int:
    """A whole number from a form, 0 where it is none: what needs one refuses that."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= NUMBER_DIGITS_MAX else 0


def row_in(form: Sheet, box: str = "1") -> ListRow:
    """The one dossier a form names (`number`, `name`, `id_number`); raises `BadInput`."""
    number, name, id_number = form.told("number"), form.told("name"), form.told("id_number")
    volume = None if number is None else VolumeName.parse(number)
    return ListRow(
        box,
        None if volume is None else volume.number,
        None if name is None else parse_name(name),
        None if id_number is None else read_id_number(id_number, historic=True),
        1 if volume is None else volume.volume,
    )
