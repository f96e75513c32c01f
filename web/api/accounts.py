"""`/api/v1/accounts` and `/api/v1/roles`: accounts made and locked by one administrator, roles given by another."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field

from inventory.domain.granting import REASON_CHARACTERS_MAX, Belonging
from inventory.domain.people import (
    LOGIN_CHARACTERS_MAX,
    PASSWORD_CHARACTERS_MAX,
    PERSON_NAME_CHARACTERS_MAX,
    Role,
)
from inventory.domain.permissions import Permission
from inventory.operations import accounts, granting
from inventory.operations.granting import Granting
from inventory.store.role_grants import HolderRow
from web.api.letters import Done
from web.api.models import RefusalAnswer
from web.api.request_models import CommandSent, Name
from web.doors import Doors, permitted
from web.signed_in import SignedIn
from web.site import read_clock, site_of

_REFUSALS: dict[int | str, dict[str, Any]] = {
    401: {"model": RefusalAnswer, "description": "No valid token or session."},
    403: {"model": RefusalAnswer, "description": "The role doesn't cover this, or it would be one's own."},
    404: {"model": RefusalAnswer, "description": "No such account, agency, institution or window."},
    409: {
        "model": RefusalAnswer,
        "description": "That login, role or window is taken, or the administrators stay apart.",
    },
    422: {"model": RefusalAnswer, "description": "Something is missing or has the wrong form."},
}
router = Doors(prefix="/api/v1", responses=_REFUSALS)
Login = Annotated[str, Field(max_length=LOGIN_CHARACTERS_MAX)]


class _Sent(BaseModel):
    model_config = ConfigDict(extra="forbid")


class AccountSent(_Sent):
    """An account to make; it may do nothing until a role is given."""

    login: Login
    name: Annotated[str, Field(max_length=PERSON_NAME_CHARACTERS_MAX)]
    password: Annotated[str, Field(max_length=PASSWORD_CHARACTERS_MAX, repr=False)]


class LockSent(_Sent):
    """Whether an account opens anything."""

    login: Login
    locked: bool


class RoleSent(CommandSent):
    """Which role somebody gets, and what comes with it."""

    login: Login
    role: Role = Field(description="`unassigned` takes the role away.")
    reason: Annotated[str, Field(max_length=REASON_CHARACTERS_MAX)]
    agency: Name | None = Field(default=None, description="Code; for window clerks and agency heads.")
    institution: Name | None = Field(default=None, description="Code; for borrowers.")
    window: Name | None = Field(default=None, description="Code of the place; for window clerks.")


class AccountAnswer(BaseModel):
    """An account as the system administrator sees it."""

    model_config = ConfigDict(from_attributes=True, frozen=True)
    login: str
    name: str
    role: Role
    agency: str | None = Field(validation_alias="agency_name")
    signs_in: bool
    second_factor: bool
    locked: bool
    attempts_locked: bool


class RoleAnswer(BaseModel):
    """Somebody's role, since when, by whom and why."""

    login: str
    name: str
    role: Role
    agency: str | None
    institution: str | None
    window: str | None
    since: datetime | None
    granted_by: str | None = Field(description="Null: by the command line.")
    reason: str | None


@router.get("/accounts", summary="Accounts")
@permitted(Permission.MANAGE_ACCOUNTS)
def listed(request: Request, viewer: SignedIn) -> list[AccountAnswer]:
    """Every account; at most 2,000."""
    return [AccountAnswer.model_validate(one) for one in accounts.accounts(site_of(request).database, viewer)]


@router.post("/accounts", summary="Make an account", status_code=201)
@permitted(Permission.MANAGE_ACCOUNTS)
def make(request: Request, viewer: SignedIn, sent: AccountSent) -> Done:
    """Make an account without a role; the security administrator gives it one."""
    accounts.make(site_of(request).database, viewer, sent.login, sent.name, sent.password)
    return Done()


@router.post("/accounts/lock", summary="Lock an account, or open it again")
@permitted(Permission.MANAGE_ACCOUNTS)
def lock(request: Request, viewer: SignedIn, sent: LockSent) -> Done:
    """A locked account's sessions end, its tokens are revoked, and nothing opens."""
    accounts.lock(site_of(request).database, sent.login, viewer, shut=sent.locked)
    return Done()


@router.get("/roles", summary="Who has which role")
@permitted(Permission.GRANT_ROLES)
def roles(request: Request, viewer: SignedIn) -> list[RoleAnswer]:
    """Everybody's role and since when, by whom and why; at most 2,000."""
    return [_answer(one) for one in granting.holders(site_of(request).database, viewer)]


@router.post("/roles", summary="Give or withdraw a role")
@permitted(Permission.GRANT_ROLES)
def give(request: Request, viewer: SignedIn, sent: RoleSent) -> RoleAnswer:
    """It counts at once and ends the account's sessions and tokens; never one's own."""
    asked = Granting(
        sent.command_id, sent.login, sent.role, sent.reason, Belonging(sent.agency, sent.institution, sent.window)
    )
    return _answer(granting.grant(site_of(request).database, asked, read_clock(), viewer))


def _answer(one: HolderRow) -> RoleAnswer:
    return RoleAnswer(
        login=one.login,
        name=one.name,
        role=Role(one.role),
        agency=one.agency,
        institution=one.institution,
        window=one.place,
        since=one.since,
        granted_by=one.granted_by,
        reason=one.reason,
    )
