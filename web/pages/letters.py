"""Letters and institutions: what a window takes in before it asks, and the city manager's list of what nobody holds."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Annotated

from fastapi import Depends, Request
from starlette.datastructures import UploadFile
from starlette.responses import Response

from inventory.domain.institutions import InstitutionClass, parse_institution_class
from inventory.domain.permissions import Permission, permits
from inventory.domain.refusals import BadInput, Refusal
from inventory.domain.requests import LetterKind
from inventory.operations import deciding, institutions
from inventory.operations.institutions import NewInstitution, NewLetter
from inventory.store.institutions import InstitutionRow, LetterRow
from web.doors import Doors, permitted
from web.forms import Form, SentForm
from web.outcomes import redirect
from web.refusing import status_of
from web.rendering import render
from web.signed_in import SignedIn
from web.site import read_clock, site_of

router = Doors()
_FIELDS_MAX = 20


@dataclass(frozen=True, slots=True)
class LettersContext:
    """The letters a window took in, and the form for another."""

    letters: Sequence[LetterRow]
    today: date
    sent: Form = field(default_factory=lambda: Form(()))
    problem: Refusal | None = None
    kinds: type[LetterKind] = LetterKind


@dataclass(frozen=True, slots=True)
class InstitutionsContext:
    """Institutions found, and the form for another."""

    institutions: Sequence[InstitutionRow]
    text: str
    may_register: bool
    may_block: bool
    sent: Form = field(default_factory=lambda: Form(()))
    problem: Refusal | None = None
    classes: type[InstitutionClass] = InstitutionClass


@dataclass(frozen=True, slots=True, repr=False)
class Upload:
    """A form with one file at most."""

    form: Form
    content: bytes | None


async def _upload(request: Request) -> Upload:
    async with request.form(max_files=1, max_fields=_FIELDS_MAX) as sent:
        fields = [(name, value) for name, value in sent.multi_items() if isinstance(value, str)]
        file = sent.get("scan")
        content = await file.read() if isinstance(file, UploadFile) else None
    return Upload(Form(fields), content or None)


@router.get("/requests/letters", include_in_schema=False)
@permitted(Permission.KEEP_LETTERS)
def letters_page(request: Request, viewer: SignedIn) -> Response:
    """The letters, newest first."""
    return render(request, "letters.html", _letters(request, viewer), viewer)


@router.post("/requests/letters", include_in_schema=False)
@permitted(Permission.KEEP_LETTERS)
def register_letter(request: Request, viewer: SignedIn, upload: Annotated[Upload, Depends(_upload)]) -> Response:
    """Register a letter with its scan."""
    form = upload.form
    try:
        kind = next((kind for kind in LetterKind if kind == form.text("kind")), None)
        if kind is None:
            raise BadInput(problem_zh="请选择函件种类", problem_en="choose the kind of letter")
        new = NewLetter(
            form.command_id(), kind, form.text("number"), form.text("issuer"), _day(form.text("dated")), upload.content
        )
        institutions.register_letter(site_of(request).database, viewer, new, read_clock())
    except Refusal as refusal:
        context = _letters(request, viewer, form, refusal)
        return render(request, "letters.html", context, viewer, status=status_of(refusal))
    return redirect(request, "/requests/letters", "letters.registered")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadInput(problem_zh="请填写日期", problem_en="tell the day") from None


def _letters(
    request: Request, viewer: SignedIn, sent: Form | None = None, problem: Refusal | None = None
) -> LettersContext:
    rows = institutions.my_letters(site_of(request).database, viewer)
    today = read_clock().astimezone(site_of(request).settings.zone).date()
    return LettersContext(rows, today, sent or Form(()), problem)


@router.get("/requests/letters/{letter_id}/scan", include_in_schema=False)
@permitted(Permission.SEE_LETTERS)
def scan(request: Request, viewer: SignedIn, letter_id: int) -> Response:
    """A letter's scan, to be saved: a stranger's file is never shown inside our pages."""
    media, content = institutions.letter_scan(site_of(request).database, viewer, letter_id, read_clock())
    ending = media.rpartition("/")[2]
    headers = {"Content-Disposition": f'attachment; filename="letter-{letter_id}.{ending}"'}
    return Response(content, media_type=media, headers=headers)


@router.get("/requests/institutions", include_in_schema=False)
@permitted(Permission.REGISTER_INSTITUTIONS)
def institutions_page(request: Request, viewer: SignedIn, text: str = "") -> Response:
    """The register of institutions."""
    return render(request, "institutions.html", _institutions(request, viewer, text), viewer)


@router.post("/requests/institutions", include_in_schema=False)
@permitted(Permission.REGISTER_INSTITUTIONS)
def register_institution(request: Request, viewer: SignedIn, form: SentForm) -> Response:
    """Register an institution."""
    try:
        kind = parse_institution_class(form.text("kind"))
        new = NewInstitution(
            form.command_id(), form.text("code"), form.text("name"), kind, form.text("address"), form.told("agency")
        )
        row = institutions.register_institution(site_of(request).database, viewer, new, read_clock())
    except Refusal as refusal:
        context = _institutions(request, viewer, "", form, refusal)
        return render(request, "institutions.html", context, viewer, status=status_of(refusal))
    return redirect(request, "/requests/institutions", "institutions.registered", code=row.code)


@router.post("/requests/institutions/{code}/block", include_in_schema=False)
@permitted(Permission.BLOCK_INSTITUTIONS)
def block(request: Request, viewer: SignedIn, code: str, form: SentForm) -> Response:
    """Keep an institution from borrowing, or (without a reason) let it borrow again."""
    database = site_of(request).database
    row = institutions.block_institution(database, viewer, form.command_id(), code, form.told("reason"), read_clock())
    if row.blocked_reason is None:
        return redirect(request, "/requests/institutions", "institutions.let", code=row.code)
    return redirect(request, "/requests/institutions", "institutions.blocked", code=row.code)


def _institutions(
    request: Request, viewer: SignedIn, text: str, sent: Form | None = None, problem: Refusal | None = None
) -> InstitutionsContext:
    rows = institutions.find_institutions(site_of(request).database, viewer, text, read_clock())
    may_register = permits(viewer, Permission.REGISTER_INSTITUTIONS)
    may_block = permits(viewer, Permission.BLOCK_INSTITUTIONS)
    return InstitutionsContext(rows, text, may_register, may_block, sent or Form(()), problem)


@router.post("/requests/{number}/route", include_in_schema=False)
@permitted(Permission.SETTLE_UNRESOLVED)
def route(request: Request, viewer: SignedIn, number: str, form: SentForm) -> Response:
    """The city manager says which dossier a request is about, or that there is none."""
    database, now = site_of(request).database, read_clock()
    if form.text("dossier"):
        deciding.route(database, viewer, form.command_id(), number, form.text("dossier"), now)
        return redirect(request, "/requests?list=unresolved", "requests.routed", number=number)
    decision = deciding.Decision(form.command_id(), number, approve=False, reason=form.text("reason"))
    deciding.decide(database, viewer, decision, now)
    return redirect(request, "/requests?list=unresolved", "requests.answered", number=number)
