"""`guiwei user`, `token`, `factor` and `badge`: people, programs and second factors, by the owner's role."""

import os
import secrets
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Annotated
from uuid import uuid4

import typer

from guiwei.console import Json, print_result, say
from guiwei.settings import read_settings
from guiwei.site import open_site
from inventory.domain.badges import ending
from inventory.domain.granting import Belonging
from inventory.domain.people import parse_role
from inventory.operations import accounts, badges, countersigning, granting, second_factor, signing_in
from inventory.operations.granting import Granting

user = typer.Typer(no_args_is_help=True, help="People who sign in.")
token = typer.Typer(no_args_is_help=True, help="Tokens for programs.")
factor = typer.Typer(no_args_is_help=True, help="Second factors.")
badge = typer.Typer(no_args_is_help=True, help="Badges.")

PASSWORD_VARIABLE = "GUIWEI_NEW_PASSWORD"  # noqa: S105 - a variable's name
PIN_VARIABLE = "GUIWEI_NEW_PIN"


def _new_password() -> str:
    asked: str = os.environ.get(PASSWORD_VARIABLE) or typer.prompt(
        "密码 Password", hide_input=True, confirmation_prompt=True
    )
    return asked


@user.command("add")
def user_add(
    login: str,
    role: Annotated[str, typer.Option(help="keeper, window_clerk, agency_head, city_manager, auditor, ...")],
    name: Annotated[str | None, typer.Option(help="The person's name; default the login.")] = None,
    agency: Annotated[str | None, typer.Option(help="Code of the agency the person works for.")] = None,
    *,
    as_json: Json = False,
) -> None:
    """Add a person; the password is asked for, or taken from GUIWEI_NEW_PASSWORD."""
    password = _new_password()
    with open_site(read_settings(), say, "owner") as site:
        viewer = signing_in.add_account(site.owner, login, name or login, parse_role(role), agency, password)
    print_result(
        {"login": viewer.login, "role": viewer.role.value}, f"{viewer.login} ({viewer.role.zh})", as_json=as_json
    )


@user.command("role")
def user_role(
    login: str,
    role: Annotated[str, typer.Option(help="The role from now on; unassigned takes it away.")],
    reason: Annotated[str, typer.Option(help="By which decision.")],
    agency: Annotated[str | None, typer.Option(help="Code of the agency the person works for.")] = None,
    institution: Annotated[str | None, typer.Option(help="Code of the institution a borrower asks for.")] = None,
    window: Annotated[str | None, typer.Option(help="Code of the window a window clerk works at.")] = None,
    *,
    as_json: Json = False,
) -> None:
    """Give somebody another role; their sessions end and their tokens are revoked."""
    belonging = Belonging(agency, institution, window)
    asked = Granting(uuid4(), login, parse_role(role), reason, belonging)
    with open_site(read_settings(), say, "owner") as site:
        holder = granting.grant(site.owner, asked, datetime.now(UTC))
    print_result({"login": holder.login, "role": holder.role}, f"{holder.login} ({asked.role.zh})", as_json=as_json)


@user.command("pin")
def user_pin(login: str, *, as_json: Json = False) -> None:
    """Set the PIN by which somebody signs as second person; it is asked for, or taken from GUIWEI_NEW_PIN."""
    pin = os.environ.get(PIN_VARIABLE) or typer.prompt("口令 PIN", hide_input=True, confirmation_prompt=True)
    with open_site(read_settings(), say, "owner") as site:
        countersigning.set_pin(site.owner, login, pin)
    print_result({"login": login}, f"{login}: 口令已设置 PIN set", as_json=as_json)


@user.command("password")
def user_password(login: str, *, as_json: Json = False) -> None:
    """Give somebody a new password and end his sessions; it is asked for, or taken from GUIWEI_NEW_PASSWORD."""
    password = _new_password()
    with open_site(read_settings(), say, "owner") as site:
        accounts.set_password(site.owner, login, password)
    print_result({"login": login}, f"{login}: 密码已设置 password set", as_json=as_json)


@user.command("list")
def user_list(*, as_json: Json = False) -> None:
    """Every account, with role, second factor and locks."""
    with open_site(read_settings(), say, "owner") as site:
        seen = accounts.accounts(site.owner)
    lines = [
        f"{one.login:20} {one.role:16} {one.agency_name or '-'}"
        f"{' 双因素 factor' if one.second_factor else ''}{' 已锁定 locked' if one.locked or one.attempts_locked else ''}"
        for one in seen
    ]
    print_result({"accounts": [asdict(one) for one in seen]}, "\n".join(lines), as_json=as_json)


@user.command("lock")
def user_lock(login: str, *, as_json: Json = False) -> None:
    """Shut an account: its sessions end, its tokens are revoked, nothing opens until it is unlocked."""
    with open_site(read_settings(), say, "owner") as site:
        accounts.lock(site.owner, login, shut=True)
    print_result({"login": login, "locked": True}, f"{login}: 已锁定 locked", as_json=as_json)


@user.command("unlock")
def user_unlock(login: str, *, as_json: Json = False) -> None:
    """Open an account again, also one locked by failed sign-ins."""
    with open_site(read_settings(), say, "owner") as site:
        accounts.lock(site.owner, login, shut=False)
    print_result({"login": login, "locked": False}, f"{login}: 已解锁 open again", as_json=as_json)


@token.command("add")
def token_add(
    login: str,
    name: Annotated[str, typer.Option(help="What the token is for.")],
    days: Annotated[int, typer.Option(help="How long it is good for.", min=1, max=3650)] = 365,
    *,
    read_only: Annotated[bool, typer.Option("--read-only", help="It may ask and change nothing.")] = False,
    as_json: Json = False,
) -> None:
    """Make a bearer token that acts for an account; it is shown this once."""
    secret, now = secrets.token_urlsafe(32), datetime.now(UTC)
    with open_site(read_settings(), say, "owner") as site:
        signing_in.add_token(site.owner, login, name, now, now + timedelta(days=days), secret, writes=not read_only)
    print_result({"token": secret, "expires_at": now + timedelta(days=days)}, secret, as_json=as_json)


@token.command("list")
def token_list(*, as_json: Json = False) -> None:
    """Tokens that open something: number, account, scope, end, last use."""
    with open_site(read_settings(), say, "owner") as site:
        seen = accounts.tokens(site.owner, everybody=True)
    lines = [
        f"{one.id:6} {one.login:20} {'读写 writes' if one.writes else '只读 reads'}  {one.expires_at:%Y-%m-%d}  "
        f"{f'{one.last_used_at:%Y-%m-%d %H:%M}' if one.last_used_at else '-'}  {one.name}"
        for one in seen
    ]
    print_result({"tokens": [asdict(one) for one in seen]}, "\n".join(lines), as_json=as_json)


@token.command("revoke")
def token_revoke(number: int, *, as_json: Json = False) -> None:
    """End a token at once, by its number in the list."""
    with open_site(read_settings(), say, "owner") as site:
        accounts.revoke_token(site.owner, number)
    print_result({"token": number}, f"{number}: 已撤销 revoked", as_json=as_json)


@factor.command("reset")
def factor_reset(login: str, *, as_json: Json = False) -> None:
    """Take a lost second factor away and end the account's sessions."""
    with open_site(read_settings(), say, "owner") as site:
        second_factor.reset(site.owner, login)
    print_result({"login": login}, f"{login}: 双因素已重置 second factor reset", as_json=as_json)


@factor.command("require")
def factor_require(role: str, *, as_json: Json = False) -> None:
    """Let a role in only with a second factor, from the next sign-in on."""
    _require(role, required=True, as_json=as_json)


@factor.command("waive")
def factor_waive(role: str, *, as_json: Json = False) -> None:
    """Let a role in without a second factor; whoever has one is still asked."""
    _require(role, required=False, as_json=as_json)


def _require(text: str, *, required: bool, as_json: bool) -> None:
    role = parse_role(text)
    with open_site(read_settings(), say, "owner") as site:
        second_factor.require(site.owner, role, required=required)
    told = "须用双因素 needs a second factor" if required else "可不用双因素 may do without"
    print_result({"role": role.value, "required": required}, f"{role.zh}: {told}", as_json=as_json)


@badge.command("list")
def badge_list(*, as_json: Json = False) -> None:
    """Every badge that opens something: account, last digits of the card's number, whether it signs, since when."""
    with open_site(read_settings(), say, "owner") as site:
        seen = badges.badges(site.owner)
    lines = [
        f"{one.login:20} {ending(one.uid)}  {one.issued_at:%Y-%m-%d}{'  能应答质询 signs' if one.signs else ''}"
        for one in seen
    ]
    told = [
        {"login": one.login, "ending": ending(one.uid), "signs": one.signs, "issued_at": one.issued_at} for one in seen
    ]
    print_result({"badges": told}, "\n".join(lines), as_json=as_json)


@badge.command("end")
def badge_end(
    login: str,
    reason: Annotated[str, typer.Option(help="Why, for the record.")] = "lost",
    *,
    as_json: Json = False,
) -> None:
    """End somebody's badge and the account's sessions; the next sign-in asks for no badge any more."""
    with open_site(read_settings(), say, "owner") as site:
        badges.end(site.owner, None, login, reason)
    print_result({"login": login}, f"{login}: 工作卡已注销 badge ended", as_json=as_json)
