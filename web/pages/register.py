"""Work on the register: mergers of agencies, and on one dossier its merger into another and its deposit type."""

from dataclasses import dataclass, field

from fastapi import Request
from starlette.responses import Response

from inventory.domain.merging import Proof, merger_number
from inventory.domain.people import Viewer
from inventory.domain.permissions import Permission, permits
from inventory.domain.refusals import BadInput, Refusal, TooManyAttempts, WrongPin
from inventory.domain.registers import DepositType
from inventory.operations import register_work
from inventory.operations.finding import open_dossier
from inventory.operations.register_work import Announced, DepositChange, Duplicate
from inventory.store.register_work import Merger
from web.at_desk import second_person
from web.doors import Doors, permitted
from web.forms import Form, SentForm
from web.outcomes import redirect
from web.refusing import status_of
from web.rendering import render
from web.signed_in import SignedIn
from web.site import read_clock, site_of

router = Doors()


@dataclass(frozen=True, slots=True)
class MergersContext:
    """Mergers with their numbers; certifies: the viewer's agency, where its head looks at the page."""

    mergers: tuple[tuple[str, Merger], ...]
    may_announce: bool
    certifies: int | None
    sent: Form = field(default_factory=lambda: Form(()))
    problem: Refusal | None = None
    witness_problem: Refusal | None = None


@dataclass(frozen=True, slots=True)
class RegisterContext:
    """One dossier's forms."""

    number: str
    may_merge: bool
    may_change: bool
    sent: Form = field(default_factory=lambda: Form(()))
    problem: Refusal | None = None
    witness_problem: Refusal | None = None
    proofs: type[Proof] = Proof
    deposit_types: type[DepositType] = DepositType


@router.get("/counts/mergers", include_in_schema=False)
@permitted(Permission.SEE_COUNTS)
def mergers_page(request: Request, viewer: SignedIn) -> Response:
    """All mergers the viewer has to do with."""
    return render(request, "mergers.html", _mergers(request, viewer), viewer)


@router.post("/counts/mergers", include_in_schema=False)
@permitted(Permission.ANNOUNCE_MERGERS)
def announce(request: Request, viewer: SignedIn, form: SentForm) -> Response:
    """Announce a merger."""
    try:
        asked = Announced(form.command_id(), form.text("document"), form.text("from_agency"), form.text("to_agency"))
        number = register_work.announce_merger(site_of(request).database, viewer, asked, read_clock())
    except Refusal as refusal:
        return _mergers_again(request, viewer, form, refusal)
    return redirect(request, "/counts/mergers", "mergers.announced", merger=number)


@router.post("/counts/mergers/{number}/count", include_in_schema=False)
@permitted(Permission.CERTIFY_SIDES)
def certify(request: Request, viewer: SignedIn, number: str, form: SentForm) -> Response:
    """One side certifies the count."""
    try:
        count = _whole_number(form.text("count"))
        database = site_of(request).database
        register_work.certify_count(database, viewer, number, count, command_id=form.command_id(), now=read_clock())
    except Refusal as refusal:
        return _mergers_again(request, viewer, form, refusal)
    return redirect(request, "/counts/mergers", "mergers.certified", merger=number)


@router.post("/counts/mergers/{number}/carry-out", include_in_schema=False)
@permitted(Permission.ANNOUNCE_MERGERS)
def carry_out(request: Request, viewer: SignedIn, number: str, form: SentForm) -> Response:
    """All dossiers go over."""
    database, now = site_of(request).database, read_clock()
    try:
        witness = second_person(request, viewer, form)
        done = register_work.carry_out_merger(
            database, viewer, number, command_id=form.command_id(), witness=witness, now=now
        )
    except Refusal as refusal:
        return _mergers_again(request, viewer, form, refusal)
    return redirect(request, "/counts/mergers", "mergers.carried_out", merger=number, dossiers=done.dossiers or 0)


@router.post("/counts/mergers/{number}/withdraw", include_in_schema=False)
@permitted(Permission.ANNOUNCE_MERGERS)
def withdraw(request: Request, viewer: SignedIn, number: str, form: SentForm) -> Response:
    """It doesn't take place."""
    register_work.withdraw_merger(site_of(request).database, viewer, number, command_id=form.command_id())
    return redirect(request, "/counts/mergers", "mergers.withdrawn", merger=number)


@router.get("/dossiers/{number}/register", include_in_schema=False)
@permitted(Permission.CHANGE_REGISTER)
def register_page(request: Request, viewer: SignedIn, number: str) -> Response:
    """What may be changed of a dossier in the register."""
    return render(request, "register.html", _register(request, viewer, number), viewer)


@router.post("/dossiers/{number}/register/merged", include_in_schema=False)
@permitted(Permission.MERGE_DOSSIERS)
def merged(request: Request, viewer: SignedIn, number: str, form: SentForm) -> Response:
    """Merge it into another."""
    database, now, survivor = site_of(request).database, read_clock(), form.text("survivor")
    try:
        second = second_person(request, viewer, form)
        asked = Duplicate(
            form.command_id(),
            number,
            survivor,
            form.text("proof"),
            form.text("proof_document"),
            form.text("authority"),
            second,
        )
        register_work.merge_duplicate(database, viewer, asked, now)
    except Refusal as refusal:
        return _register_again(request, viewer, number, form, refusal)
    return redirect(request, f"/dossiers/{number}", "register.merged", duplicate=number, survivor=survivor)


@router.post("/dossiers/{number}/register/deposit-type", include_in_schema=False)
@permitted(Permission.CHANGE_REGISTER)
def deposit_type(request: Request, viewer: SignedIn, number: str, form: SentForm) -> Response:
    """Change on whose behalf it is kept."""
    try:
        asked = DepositChange(form.command_id(), number, form.text("deposit_type"), form.text("proof_of_deposit"))
        register_work.change_deposit(site_of(request).database, viewer, asked, read_clock())
    except Refusal as refusal:
        return _register_again(request, viewer, number, form, refusal)
    return redirect(request, f"/dossiers/{number}", "register.deposit.done", number=number)


def _mergers(request: Request, viewer: Viewer, **more: object) -> MergersContext:
    found = register_work.mergers(site_of(request).database, viewer)
    return MergersContext(
        tuple((merger_number(one.merger_id), one) for one in found),
        permits(viewer, Permission.ANNOUNCE_MERGERS),
        viewer.agency_id if permits(viewer, Permission.CERTIFY_SIDES) else None,
        **more,  # type: ignore[arg-type]
    )


def _mergers_again(request: Request, viewer: Viewer, form: Form, refusal: Refusal) -> Response:
    context = _mergers(request, viewer, sent=form, problem=refusal, witness_problem=_of_witness(refusal))
    return render(request, "mergers.html", context, viewer, status=status_of(refusal))


def _register(request: Request, viewer: Viewer, number: str, **more: object) -> RegisterContext:
    may_merge, may_change = (permits(viewer, one) for one in (Permission.MERGE_DOSSIERS, Permission.CHANGE_REGISTER))
    dossier = open_dossier(site_of(request).database, viewer, number, read_clock())
    return RegisterContext(dossier.number, may_merge, may_change, **more)  # type: ignore[arg-type]


def _register_again(request: Request, viewer: Viewer, number: str, form: Form, refusal: Refusal) -> Response:
    context = _register(request, viewer, number, sent=form, problem=refusal, witness_problem=_of_witness(refusal))
    return render(request, "register.html", context, viewer, status=status_of(refusal))


def _of_witness(refusal: Refusal) -> Refusal | None:
    return refusal if isinstance(refusal, WrongPin | TooManyAttempts) else None


def _whole_number(text: str) -> int:
    if not text.isdecimal():
        raise BadInput(problem_zh="数量应为非负整数", problem_en="a count is a whole number from 0")
    return int(text)
