"""`/api/v1` institutions, letters with their scans, and what people declare: what requests rest on."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Depends, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from inventory.domain.granting import REASON_CHARACTERS_MAX
from inventory.domain.institutions import INSTITUTION_NAME_CHARACTERS_MAX, InstitutionClass
from inventory.domain.people import LOGIN_CHARACTERS_MAX
from inventory.domain.permissions import Permission
from inventory.domain.requests import LetterKind, Purpose
from inventory.domain.travelling import Career
from inventory.operations import declaring, institutions, request_lists
from inventory.operations.institutions import NewInstitution, NewLetter
from inventory.operations.rule_numbers import NewNumber, set_rule_number
from inventory.store.institutions import InstitutionRow, LetterRow
from web.api.models import Day, RefusalAnswer
from web.api.request_models import CommandSent, Name, Note
from web.doors import Doors, permitted
from web.signed_in import SignedIn
from web.site import read_clock, site_of

_ID_CHARACTERS_MAX = 40
_REFUSALS: dict[int | str, dict[str, Any]] = {
    401: {"model": RefusalAnswer, "description": "No valid token or session."},
    403: {"model": RefusalAnswer, "description": "The role doesn't cover this."},
    404: {"model": RefusalAnswer, "description": "No such letter, institution, dossier or account, or not for you."},
    409: {"model": RefusalAnswer, "description": "It stands already."},
    413: {"model": RefusalAnswer, "description": "The scan is too large."},
    422: {"model": RefusalAnswer, "description": "Something is missing or has the wrong form."},
}
router = Doors(prefix="/api/v1", responses=_REFUSALS)


class InstitutionSent(CommandSent):
    """An institution to register; a person can't be one."""

    code: Name
    name: Name
    kind: InstitutionClass
    address: Note
    agency: Name | None = Field(default=None, description="Code of the agency it is, where it holds dossiers itself.")


class BlockSent(CommandSent):
    """Whether an institution may borrow."""

    reason: Note | None = Field(description="Why it may not borrow for now; null lets it borrow again.")


class LetterSent(CommandSent):
    """A letter to register; its scan follows as the body of a PUT."""

    kind: LetterKind
    number: Name
    issuer: Name
    dated: Day


class TieSent(CommandSent):
    """Whose dossier an account holder may not touch. The number is kept as its keyed hash alone."""

    login: Annotated[str, Field(max_length=LOGIN_CHARACTERS_MAX)]
    tie: Literal["own", "relative"]
    id_number: Annotated[str, Field(max_length=_ID_CHARACTERS_MAX, repr=False)]


class WithdrawalSent(CommandSent):
    """Why a tie was declared by mistake."""

    reason: Annotated[str, Field(max_length=REASON_CHARACTERS_MAX)]


class CareerSent(CommandSent):
    """What a dossier's person was, by the document that says so."""

    career: Career
    document: Name


class NumberSent(CommandSent):
    """A rule's number from a day on, by a document."""

    rule: Name
    value: int
    since: Day
    document: Name
    purpose: Purpose | None = None


class _Answer(BaseModel):
    model_config = ConfigDict(from_attributes=True, frozen=True)


class InstitutionAnswer(_Answer):
    """An institution of the register."""

    code: str
    name: str
    kind: InstitutionClass
    address: str
    agency: str | None = Field(validation_alias="agency_code")
    borrower_place: str = Field(description="The place of what it has on loan.")
    recipient_place: str = Field(description="The place of what it received for good.")
    blocked_reason: str | None
    overdue: int = Field(description="Loans that should have come back.")


class LetterAnswer(_Answer):
    """A letter, and what is known of its scan."""

    id: int
    kind: LetterKind
    number: str
    issuer: str
    dated: date
    scan_sha256: str | None
    scan_media: str | None
    scan_bytes: int | None


class TieAnswer(_Answer):
    """A declared tie; to whom it ties is told to nobody."""

    id: int = Field(validation_alias="tie_id")
    login: str
    tie: Literal["own", "relative"]
    by_number: bool = Field(description="By an ID number; else by a dossier's person.")
    declared_by: str
    declared_at: datetime
    withdrawn_by: str | None
    withdrawn_at: datetime | None
    reason: str | None = Field(description="Why it was withdrawn.")


class UnresolvedAnswer(_Answer):
    """A request nobody could be found for; an ID number is masked."""

    number: str
    accepting_agency: str
    sought: str


class Done(BaseModel):
    """It is done."""

    done: bool = True


@router.post("/institutions", summary="Register an institution", status_code=201)
@permitted(Permission.REGISTER_INSTITUTIONS)
def add_institution(request: Request, viewer: SignedIn, sent: InstitutionSent) -> InstitutionAnswer:
    """Register who may borrow or receive; its two places come with it."""
    new = NewInstitution(sent.command_id, sent.code, sent.name, sent.kind, sent.address, sent.agency)
    row = institutions.register_institution(site_of(request).database, viewer, new, read_clock())
    return InstitutionAnswer.model_validate(row)


@router.get("/institutions", summary="Find institutions")
@permitted(Permission.REGISTER_INSTITUTIONS)
def find(request: Request, viewer: SignedIn, text: str = "") -> list[InstitutionAnswer]:
    """By a part of the name or the beginning of the code; at most 100."""
    wanted = text[:INSTITUTION_NAME_CHARACTERS_MAX]
    rows: list[InstitutionRow] = institutions.find_institutions(site_of(request).database, viewer, wanted, read_clock())
    return [InstitutionAnswer.model_validate(row) for row in rows]


@router.post("/institutions/{code}/block", summary="Keep an institution from borrowing, or let it")
@permitted(Permission.BLOCK_INSTITUTIONS)
def block(request: Request, viewer: SignedIn, code: str, sent: BlockSent) -> InstitutionAnswer:
    """An agency's head or the city manager blocks a borrower for a reason."""
    database = site_of(request).database
    row = institutions.block_institution(database, viewer, sent.command_id, code, sent.reason, read_clock())
    return InstitutionAnswer.model_validate(row)


@router.post("/letters", summary="Register a letter", status_code=201)
@permitted(Permission.KEEP_LETTERS)
def add_letter(request: Request, viewer: SignedIn, sent: LetterSent) -> LetterAnswer:
    """Register a letter a window took in; requests name it by its id."""
    new = NewLetter(sent.command_id, sent.kind, sent.number, sent.issuer, sent.dated)
    return _letter(institutions.register_letter(site_of(request).database, viewer, new, read_clock()))


@router.get("/letters", summary="Letters the window took in")
@permitted(Permission.KEEP_LETTERS)
def letters(request: Request, viewer: SignedIn) -> list[LetterAnswer]:
    """The newest 100 letters of the viewer's agency."""
    return [_letter(row) for row in institutions.my_letters(site_of(request).database, viewer)]


async def _body(request: Request) -> bytes:
    return await request.body()


@router.put("/letters/{letter_id}/scan", summary="Keep a letter's scan")
@permitted(Permission.KEEP_LETTERS)
def put_scan(
    request: Request, viewer: SignedIn, letter_id: int, command_id: UUID, content: Annotated[bytes, Depends(_body)]
) -> LetterAnswer:
    """The body is a PDF, JPEG or PNG of at most 4 MiB; a scan is never replaced."""
    database = site_of(request).database
    return _letter(institutions.add_scan(database, viewer, command_id, letter_id, content, read_clock()))


@router.get("/letters/{letter_id}/scan", summary="A letter's scan", response_class=Response)
@permitted(Permission.SEE_LETTERS)
def get_scan(request: Request, viewer: SignedIn, letter_id: int) -> Response:
    """For the agency that took the letter in, and for those whose dossiers it asks for."""
    media, content = institutions.letter_scan(site_of(request).database, viewer, letter_id, read_clock())
    return Response(content, media_type=media)


@router.get("/unresolved", summary="Requests nobody could be found for")
@permitted(Permission.SETTLE_UNRESOLVED)
def unresolved(request: Request, viewer: SignedIn) -> list[UnresolvedAnswer]:
    """The city manager's list."""
    rows = request_lists.unresolved(site_of(request).database, viewer, read_clock())
    return [UnresolvedAnswer.model_validate(row) for row in rows]


@router.post("/ties", summary="Declare whose dossier an account may not touch")
@permitted(Permission.DECLARE_OWN_TIES)
def declare_tie(request: Request, viewer: SignedIn, sent: TieSent) -> Done:
    """By themselves, or by the security administrator; tells nobody whether there is a dossier."""
    declaring.declare_tie(
        site_of(request).database, viewer, sent.command_id, sent.login, sent.tie, sent.id_number, read_clock()
    )
    return Done()


@router.get("/ties", summary="Declared ties")
@permitted(Permission.WITHDRAW_TIES)
def ties(request: Request, viewer: SignedIn) -> list[TieAnswer]:
    """For the security administrator: whose account is tied; to whom is told to nobody. At most 500."""
    return [TieAnswer.model_validate(row) for row in declaring.ties(site_of(request).database, viewer)]


@router.post("/ties/{tie}/withdrawal", summary="Withdraw a tie declared by mistake")
@permitted(Permission.WITHDRAW_TIES)
def withdraw_tie(
    request: Request, viewer: SignedIn, tie: Annotated[int, Field(ge=1, le=2**31 - 1)], sent: WithdrawalSent
) -> Done:
    """The security administrator, with a reason, never one of their own; it stays on record."""
    declaring.withdraw_tie(site_of(request).database, viewer, sent.command_id, tie, sent.reason)
    return Done()


@router.post("/dossiers/{number}/career", summary="Record what a dossier's person was")
@permitted(Permission.DECLARE_CAREERS)
def declare_career(request: Request, viewer: SignedIn, number: str, sent: CareerSent) -> Done:
    """It decides how the dossier may travel."""
    database = site_of(request).database
    declaring.declare_career(database, viewer, sent.command_id, number, sent.career, sent.document, read_clock())
    return Done()


@router.post("/rule-numbers", summary="Set a rule's number")
@permitted(Permission.SET_RULE_NUMBERS)
def set_number(request: Request, viewer: SignedIn, sent: NumberSent) -> Done:
    """The city manager sets what the site's own document says, from a day on."""
    new = NewNumber(sent.command_id, sent.rule, sent.value, sent.since, sent.document, sent.purpose)
    set_rule_number(site_of(request).database, viewer, new, read_clock())
    return Done()


def _letter(row: LetterRow) -> LetterAnswer:
    return LetterAnswer(
        id=row.letter_id,
        kind=LetterKind(row.kind),
        number=row.number,
        issuer=row.issuer,
        dated=row.dated,
        scan_sha256=None if row.scan_sha256 is None else row.scan_sha256.hex(),
        scan_media=row.scan_media,
        scan_bytes=row.scan_bytes,
    )
