"""What is done with a request, step by step: each a small form on a page of its own, made from one table."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TypeAlias
from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from inventory.domain.people import Role, Viewer
from inventory.domain.permissions import Permission, check_permitted, permits
from inventory.domain.refusals import BadInput, NoSuchAddress, Refusal, TooManyAttempts, WrongPin
from inventory.domain.request_rules import ComesBack
from inventory.domain.requests import RequestKind, RequestState
from inventory.domain.travelling import Channel, parse_channel
from inventory.operations import deciding, lending, transferring
from inventory.operations.deciding import Decision
from inventory.operations.lending import ComingBack, HandingOut, Visit
from inventory.operations.request_views import (
    AcceptedView,
    RequestFile,
    RequestView,
    SeenRequest,
    open_request,
    volume_names,
)
from inventory.operations.transferring import Receipt, Sending, Undelivered
from inventory.store.database import Database
from web.at_desk import second_person
from web.doors import Doors, permitted
from web.forms import Form, SentForm
from web.outcomes import redirect
from web.refusing import status_of
from web.rendering import render
from web.signed_in import SignedIn
from web.site import read_clock, site_of

router = Doors()

_PIECES_DIGITS_MAX = 5


@dataclass(frozen=True, slots=True)
class Told:
    """A step's form as it was sent: who, on what, with which fields, beside whom, when."""

    database: Database
    viewer: Viewer
    number: str
    form: Form
    volumes: tuple[str, ...]
    witness: Viewer | None
    now: datetime

    @property
    def command_id(self) -> UUID:
        """The command the form stands for."""
        return self.form.command_id()

    def of_each(self, name: str) -> dict[str, str]:
        """A field told of each volume: its inputs stand in the order of the volumes."""
        return dict(zip(self.volumes, (value.strip() for value in self.form.texts(name)), strict=False))

    def pieces(self) -> dict[str, int]:
        """How many pieces each volume has; raises `BadInput` for what is no number."""
        return {volume: _count(text) for volume, text in self.of_each("pieces").items()}

    def found(self) -> dict[str, ComesBack]:
        """How each volume came back."""
        pieces, seals = self.pieces(), self.of_each("seal_found")
        return {volume: ComesBack(seals.get(volume) == "intact", count) for volume, count in pieces.items()}


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= _PIECES_DIGITS_MAX):
        raise BadInput(problem_zh="材料份数应为数字", problem_en="the number of pieces is a number")
    return int(text)


Done: TypeAlias = Callable[[Told], SeenRequest]


@dataclass(frozen=True, slots=True)
class Step:
    """One step: who takes it with which requests, what its form asks for, and the operation behind it.

    fields: names the template knows. two: a second person signs. grave: it can't be taken back.
    """

    name: str
    permission: Permission
    kinds: frozenset[RequestKind]
    states: frozenset[RequestState]
    fields: tuple[str, ...]
    act: Done
    two: bool = False
    grave: bool = False

    def fits(self, viewer: Viewer, file: RequestFile) -> bool:
        """Whether this is to be done with it now, by the viewer."""
        seen = file.request
        if not permits(viewer, self.permission) or seen.kind not in self.kinds or seen.state not in self.states:
            return False
        if seen.state is RequestState.AT_WINDOW and seen.done_at is not None:
            return False  # its work is done: it only has to come home
        if self.name != "decision":
            return True
        return not seen.asked_by_me and (viewer.agency_seen() is not None or file.delegation is not None)


def _decide(told: Told) -> SeenRequest:
    text = told.form.text("channel")
    channel = parse_channel(text) if text else None
    approve = told.form.text("approve") == "yes"
    return deciding.decide(
        told.database,
        told.viewer,
        Decision(told.command_id, told.number, approve, told.form.text("reason"), channel),
        told.now,
    )


def _withdraw(told: Told) -> SeenRequest:
    return deciding.withdraw(
        told.database, told.viewer, told.command_id, told.number, told.form.text("reason"), told.now
    )


def _renew(told: Told) -> SeenRequest:
    return deciding.renew(told.database, told.viewer, told.command_id, told.number, told.form.text("reason"), told.now)


def _hand_out(told: Told) -> SeenRequest:
    carriers = [name.strip() for name in told.form.texts("carrier") if name.strip()]
    handing = HandingOut(told.command_id, told.number, carriers, told.of_each("seal"))
    act = lending.lend if told.viewer.role is Role.KEEPER else lending.hand_over
    return act(told.database, told.viewer, handing, told.witness, told.now)


def _take_back(told: Told) -> SeenRequest:
    back = ComingBack(told.command_id, told.number, told.form.text("place"), told.found())
    act = lending.loan_return if told.viewer.role is Role.KEEPER else lending.take_back
    return act(told.database, told.viewer, back, told.witness, told.now)


def _consult(told: Told) -> SeenRequest:
    names, numbers = told.form.texts("visitor"), told.form.texts("visitor_id")
    visitors = [(name, number) for name, number in zip(names, numbers, strict=False) if name.strip() or number.strip()]
    return lending.consult(
        told.database, told.viewer, Visit(told.command_id, told.number, told.form.text("place"), visitors), told.now
    )


def _end_consultation(told: Told) -> SeenRequest:
    place = told.form.text("place")
    return lending.end_consultation(told.database, told.viewer, told.command_id, told.number, place, told.now)


def _give_scan(told: Told) -> SeenRequest:
    return lending.give_scan(told.database, told.viewer, told.command_id, told.number, told.now)


def _finish(told: Told) -> SeenRequest:
    return lending.finish(told.database, told.viewer, told.command_id, told.number, told.now)


def _send(told: Told) -> SeenRequest:
    sending = Sending(told.command_id, told.number, told.of_each("seal"), told.pieces(), told.form.text("tracking"))
    return transferring.send(told.database, told.viewer, sending, told.witness, told.now)


def _receive_receipt(told: Told) -> SeenRequest:
    try:
        day = date.fromisoformat(told.form.text("received_on"))
    except ValueError:
        raise BadInput(problem_zh="请填写签收日期", problem_en="tell the day it was signed") from None
    receipt = Receipt(told.command_id, told.number, told.form.text("receipt_number"), day)
    return transferring.confirm_receipt(told.database, told.viewer, receipt, told.now)


def _undelivered(told: Told) -> SeenRequest:
    back = Undelivered(told.command_id, told.number, told.form.text("place"), told.form.text("reason"), told.found())
    return transferring.undelivered(told.database, told.viewer, back, told.witness, told.now)


_P, _K, _S = Permission, RequestKind, RequestState
_ALL = frozenset(RequestKind)
_READY = frozenset({_S.APPROVED, _S.READY, _S.AT_WINDOW})
_OUT = frozenset({_S.OUT})


def _only(*kinds: RequestKind) -> frozenset[RequestKind]:
    return frozenset(kinds)


STEPS: dict[str, Step] = {
    step.name: step
    for step in (
        Step("decision", _P.APPROVE_REQUESTS, _ALL, frozenset({_S.ASKED}), ("decision",), _decide),
        Step("hand-out", _P.HAND_OVER, _only(_K.LOAN), _READY, ("carriers", "seals"), _hand_out, two=True),
        Step("consultation", _P.CONSULT, _only(_K.CONSULTATION), _READY, ("place", "visitors"), _consult),
        Step("consultation-end", _P.CONSULT, _only(_K.CONSULTATION), _OUT, ("place",), _end_consultation),
        Step("scan-given", _P.GIVE_SCANS, _only(_K.SCAN), frozenset({_S.APPROVED, _S.READY}), (), _give_scan),
        Step(
            "transfer",
            _P.HAND_OVER,
            _only(_K.TRANSFER),
            _READY,
            ("seals", "pieces", "tracking"),
            _send,
            two=True,
            grave=True,
        ),
        Step("receipt", _P.FOLLOW_UP_REQUESTS, _only(_K.TRANSFER), _OUT, ("receipt",), _receive_receipt),
        Step("return", _P.HAND_OVER, _only(_K.LOAN), _OUT, ("found", "place"), _take_back, two=True),
        Step("finish", _P.FOLLOW_UP_REQUESTS, _only(_K.DISPATCH), frozenset({_S.AT_WINDOW}), (), _finish),
        Step("renewal", _P.FOLLOW_UP_REQUESTS, _only(_K.LOAN), _OUT, ("reason",), _renew),
        Step("undelivered", _P.HAND_OVER, _only(_K.TRANSFER), _OUT, ("reason", "found", "place"), _undelivered),
        Step("withdrawal", _P.FOLLOW_UP_REQUESTS, _ALL, _READY | {_S.ASKED}, ("reason",), _withdraw, grave=True),
    )
}


def steps_for(viewer: Viewer, file: RequestFile) -> tuple[Step, ...]:
    """What the viewer may do with a request now, the likeliest first."""
    return tuple(step for step in STEPS.values() if step.fits(viewer, file))


@dataclass(frozen=True, slots=True)
class StepContext:
    """One step's form, with what was sent and refused. request None: accepted for another agency.

    delegation: the letter under which the viewer decides for another agency.
    """

    step: Step
    number: str
    request: RequestView | None
    volumes: tuple[str, ...]
    today: date
    delegation: str | None = None
    sent: Form = field(default_factory=lambda: Form(()))
    problem: Refusal | None = None
    witness_problem: Refusal | None = None
    channels: tuple[Channel, ...] = tuple(Channel)

    def sent_of_each(self, name: str) -> Mapping[str, str]:
        """What was sent of each volume."""
        return dict(zip(self.volumes, self.sent.texts(name), strict=False))


@router.get("/requests/{number}/{step}", include_in_schema=False)
@permitted(Permission.WORK_ON_REQUESTS)
def step_page(request: Request, viewer: SignedIn, number: str, step: str) -> Response:
    """One step's form, empty."""
    known = _step(step)
    check_permitted(viewer, known.permission)
    return render(request, "request_step.html", _context(request, viewer, number, known), viewer)


@router.post("/requests/{number}/{step}", include_in_schema=False)
@permitted(Permission.WORK_ON_REQUESTS)
def take_step(request: Request, viewer: SignedIn, number: str, step: str, form: SentForm) -> Response:
    """Do it, and lead back to the request."""
    known, database, now = _step(step), site_of(request).database, read_clock()
    check_permitted(viewer, known.permission)
    context = _context(request, viewer, number, known)
    try:
        witness = None
        if known.two:
            witness = second_person(request, viewer, form)
        known.act(Told(database, viewer, number, form, context.volumes, witness, now))
    except Refusal as refusal:
        wrong_second = refusal if isinstance(refusal, WrongPin | TooManyAttempts) else None
        context = _context(request, viewer, number, known, sent=form, problem=refusal, witness_problem=wrong_second)
        return render(request, "request_step.html", context, viewer, status=status_of(refusal))
    told = "refused" if known.name == "decision" and form.text("approve") != "yes" else known.name
    return redirect(request, f"/requests/{number}", f"requests.did.{told}", number=number)


def _step(name: str) -> Step:
    if name not in STEPS:
        raise NoSuchAddress
    return STEPS[name]


def _context(request: Request, viewer: Viewer, number: str, step: Step, **more: object) -> StepContext:
    now = read_clock()
    file = open_request(site_of(request).database, viewer, number, now)
    seen = None if isinstance(file, AcceptedView) else file.request
    volumes = () if seen is None else tuple(volume_names(site_of(request).database, viewer, number))
    today = now.astimezone(site_of(request).settings.zone).date()
    delegation = None if isinstance(file, AcceptedView) else file.delegation
    return StepContext(step, number, seen, volumes, today, delegation, **more)  # type: ignore[arg-type]
