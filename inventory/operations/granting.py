"""Roles given and withdrawn (授权): by the security administrator, never for oneself, with a reason, on record for ever.

A grant ends every session and token of the account at once: whatever was open was opened with another role.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg

from inventory.domain.granting import Belonging, check_grant, parse_reason
from inventory.domain.identifiers import folded_width
from inventory.domain.people import Role, Viewer
from inventory.domain.permissions import Permission, check_permitted
from inventory.domain.refusals import (
    AccountNotFound,
    AgencyNotFound,
    GrantToOneself,
    InstitutionNotFound,
    PlaceNotFound,
    RoleStands,
)
from inventory.operations.request_views import local_day
from inventory.store import institutions, ledger, people, role_grants
from inventory.store.database import Database, raw
from inventory.store.role_grants import GrantRow, HolderRow

GRANTS_SHOWN_MAX = 100
CHOICES_SHOWN_MAX = 1_000


@dataclass(frozen=True, slots=True)
class Granting:
    """Which role somebody gets (`UNASSIGNED`: none any more), why, and what they belong to."""

    command_id: UUID
    login: str
    role: Role
    reason: str
    belonging: Belonging = field(default_factory=Belonging)


@dataclass(frozen=True, slots=True)
class Choices:
    """Code and name of what a grant may name."""

    agencies: list[tuple[str, str]]
    institutions: list[tuple[str, str]]
    windows: list[tuple[str, str]]


def grant(database: Database, granting: Granting, now: datetime, by: Viewer | None = None) -> HolderRow:
    """Give a role or take it away; `by` None: the command line, whose database is the owner's.

    Raises `GrantToOneself`, `ThreeAdminsApart`, `RoleStands`, `AgencyRequired`, `WindowOfAnother`, and what isn't found.
    """
    login, role = granting.login.strip().lower(), granting.role
    if by is not None:
        check_permitted(by, Permission.GRANT_ROLES)
        if by.login == login:
            raise GrantToOneself
    reason = parse_reason(granting.reason)
    check_grant(role, granting.belonging)
    with database.transaction(by) as session:
        connection = raw(session)
        content = ("grant", None if by is None else by.account_id, login, role, granting.belonging, reason)
        if ledger.once(connection, granting.command_id, content):
            belongs = _rows(connection, granting.belonging, now)
            before = _holder(connection, login)
            if not role_grants.give(connection, login, role.value, belongs, reason):
                raise AccountNotFound(login=login)
            after = _holder(connection, login)
            if _same(before, after):
                raise RoleStands(login=login)
        return _holder(connection, login)


def _rows(
    connection: psycopg.Connection[Any], belonging: Belonging, now: datetime
) -> tuple[int | None, int | None, int | None]:
    agency = institution = window = None
    if belonging.agency is not None:
        agency = people.agency_id(connection, belonging.agency.strip())
        if agency is None:
            raise AgencyNotFound(agency=belonging.agency)
    if belonging.institution is not None:
        row = institutions.institution(connection, folded_width(belonging.institution).upper(), local_day(now))
        if row is None:
            raise InstitutionNotFound(institution=belonging.institution)
        institution = row.institution_id
    if belonging.window is not None:
        place = ledger.place_by_code(connection, belonging.window.strip())
        if place is None:
            raise PlaceNotFound(place=belonging.window)
        window = place.place_id
    return agency, institution, window


def _holder(connection: psycopg.Connection[Any], login: str) -> HolderRow:
    for holder in role_grants.holders(connection):
        if holder.login == login:
            return holder
    raise AccountNotFound(login=login)


def _same(before: HolderRow, after: HolderRow) -> bool:
    def what(one: HolderRow) -> tuple[object, ...]:
        return one.role, one.agency, one.institution, one.place

    return what(before) == what(after)


def holders(database: Database, viewer: Viewer) -> list[HolderRow]:
    """Everybody with their role, and since when, by whom and why."""
    check_permitted(viewer, Permission.GRANT_ROLES)
    with database.transaction(viewer) as session:
        return role_grants.holders(raw(session))


def grants(database: Database, viewer: Viewer) -> list[GrantRow]:
    """The newest `GRANTS_SHOWN_MAX` changes of anybody's role."""
    check_permitted(viewer, Permission.GRANT_ROLES)
    with database.transaction(viewer) as session:
        return role_grants.grants(raw(session), GRANTS_SHOWN_MAX)


def choices(database: Database, viewer: Viewer) -> Choices:
    """What a grant may name."""
    check_permitted(viewer, Permission.GRANT_ROLES)
    with database.transaction(viewer) as session:
        return Choices(*role_grants.choices(raw(session), CHOICES_SHOWN_MAX))
