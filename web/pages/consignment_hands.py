"""Where a bag changes hands: sealed and sent by two, received, and its differences settled by two."""

from dataclasses import dataclass

from fastapi import Request
from starlette.responses import Response

from inventory.domain.consignments import ConsignmentState
from inventory.domain.people import Viewer
from inventory.domain.permissions import Permission
from inventory.domain.refusals import BadInput, DiscrepancyNotFound, Refusal, TooManyAttempts, WrongPin
from inventory.operations import consigning, consignment_views, receiving
from inventory.operations.consigning import Dispatching, Sealing
from inventory.operations.custody import part_of
from inventory.operations.receiving import Arriving, Outcome, Settling
from inventory.store.consignment_sets import Discrepancy
from web.at_desk import second_person
from web.doors import Doors, permitted
from web.forms import Form, SentForm
from web.outcomes import redirect
from web.pages.consignments import StepContext, of_this_bag, step_context
from web.refusing import status_of
from web.rendering import render
from web.scanning import codes_in, lines_of, place_in
from web.signed_in import SignedIn
from web.site import read_clock, site_of

router = Doors()

_PIECES_DIGITS_MAX = 5


@router.get("/consignments/{number}/seal", include_in_schema=False)
@permitted(Permission.CONSIGN)
def seal_page(request: Request, viewer: SignedIn, number: str) -> Response:
    """The seal, the two who carry it, and one signature of the second person for both."""
    return render(request, "sealing.html", step_context(request, viewer, number), viewer)


@router.post("/consignments/{number}/seal", include_in_schema=False)
@permitted(Permission.CONSIGN)
def seal(request: Request, viewer: SignedIn, number: str, form: SentForm) -> Response:
    """Seal the bag, and hand it over where the carriers are told; a sealed one is only handed over."""
    database, now = site_of(request).database, read_clock()
    carriers = [form.text("carrier_1"), form.text("carrier_2")]
    try:
        command = form.command_id()
        witness = second_person(request, viewer, form)
        view = consignment_views.view(database, viewer, number, now)
        if view.state is ConsignmentState.OPEN:
            sealing = Sealing(part_of(command, "seal"), number, form.text("bag_seal"), witness, form.told("reason"))
            view = consigning.seal(database, viewer, sealing, now)
        if not any(carriers) and not form.text("only_send"):
            return redirect(request, f"/consignments/{number}", "consignments.sealed", number=number)
        sending = Dispatching(
            part_of(command, "dispatch"), number, form.text("channel"), carriers, witness, form.told("tracking")
        )
        consigning.dispatch(database, viewer, sending, now)
    except Refusal as refusal:
        context = _refused(request, viewer, number, form, refusal)
        return render(request, "sealing.html", context, viewer, status=status_of(refusal))
    return redirect(request, f"/consignments/{number}", "consignments.sent", number=number)


@router.get("/consignments/{number}/arrive", include_in_schema=False)
@permitted(Permission.CONSIGN)
def arrive_page(request: Request, viewer: SignedIn, number: str) -> Response:
    """Scan the seal and everything in the bag; at a window it stays there unless another place is scanned."""
    context = step_context(request, viewer, number)
    one = context.view.consignment
    if one.target_kind == "window":
        target = place_in(site_of(request).database, viewer, one.target, read_clock())
        context = step_context(request, viewer, number, target=target)
    return render(request, "receiving.html", context, viewer)


@router.post("/consignments/{number}/arrive", include_in_schema=False)
@permitted(Permission.CONSIGN)
def arrive(request: Request, viewer: SignedIn, number: str, form: SentForm) -> Response:
    """Receive what is there, and write down what isn't."""
    database, now = site_of(request).database, read_clock()
    codes = codes_in(form.texts("code"))
    try:
        arriving = Arriving(
            form.command_id(),
            number,
            form.text("bag_seal"),
            form.text("condition") != "broken",
            codes,
            form.told("to_place"),
            form.texts("broken"),
            _pieces(form),
        )
        view = receiving.arrive(database, viewer, arriving, now)
    except Refusal as refusal:
        seen = consignment_views.view(database, viewer, number, now)
        lines = tuple(of_this_bag(seen, line) for line in lines_of(database, viewer, codes, now))
        target = place_in(database, viewer, form.text("to_place"), now)
        context = step_context(request, viewer, number, form, lines=lines, target=target, problem=refusal)
        return render(request, "receiving.html", context, viewer, status=status_of(refusal))
    count = view.consignment.open_discrepancies
    if count:
        return redirect(
            request, f"/consignments/{number}", "consignments.arrived.differs", good=False, number=number, count=count
        )
    return redirect(request, f"/consignments/{number}", "consignments.arrived", number=number)


@dataclass(frozen=True, slots=True)
class SettlingContext:
    """A row of a discrepancy sheet about to be closed."""

    step: StepContext
    row: Discrepancy


@router.get("/consignments/{number}/discrepancies/{row}", include_in_schema=False)
@permitted(Permission.CONSIGN)
def settle_page(request: Request, viewer: SignedIn, number: str, row: int) -> Response:
    """How one difference is settled."""
    context = _settling(step_context(request, viewer, number), row)
    return render(request, "settling.html", context, viewer)


@router.post("/consignments/{number}/discrepancies/{row}", include_in_schema=False)
@permitted(Permission.CONSIGN)
def settle(request: Request, viewer: SignedIn, number: str, row: int, form: SentForm) -> Response:
    """Close one row of the discrepancy sheet."""
    database, now = site_of(request).database, read_clock()
    try:
        witness = second_person(request, viewer, form)
        settling = Settling(
            form.command_id(),
            row,
            _outcome(form),
            form.text("reason"),
            witness,
            form.told("place"),
            form.text("strip") != "broken",
        )
        receiving.settle(database, viewer, settling, now)
    except Refusal as refusal:
        context = _settling(_refused(request, viewer, number, form, refusal), row)
        return render(request, "settling.html", context, viewer, status=status_of(refusal))
    return redirect(request, f"/consignments/{number}", "consignments.settled")


def _settling(step: StepContext, row: int) -> SettlingContext:
    found = next((one for one in step.view.discrepancies if one.discrepancy_id == row), None)
    if found is None:
        raise DiscrepancyNotFound
    return SettlingContext(step, found)


def _refused(request: Request, viewer: Viewer, number: str, form: Form, refusal: Refusal) -> StepContext:
    """The form as it was sent, with what is wrong."""
    signed_wrong = refusal if isinstance(refusal, WrongPin | TooManyAttempts) else None
    return step_context(request, viewer, number, form, problem=refusal, witness_problem=signed_wrong)


def _outcome(form: Form) -> Outcome:
    try:
        return Outcome(form.text("outcome"))
    except ValueError:
        raise BadInput(problem_zh="请选择处理方式", problem_en="choose how it is settled") from None


def _pieces(form: Form) -> dict[str, int]:
    """Pieces counted, by volume; an empty field was not counted."""
    told = {}
    for volume, text in zip(form.texts("counted"), form.texts("pieces"), strict=False):
        count = text.strip()
        if not count:
            continue
        if not (count.isascii() and count.isdigit() and len(count) <= _PIECES_DIGITS_MAX):
            raise BadInput(problem_zh="份数应为整数", problem_en="pieces are a whole number")
        told[volume] = int(count)
    return told
