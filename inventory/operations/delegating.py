"""Delegations (委托): an agency's head lets the city's manager decide in the agency's place, in writing and for a time.

What it opens is asked where a request is decided (`inventory.operations.deciding`) and, once more, by the database.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import psycopg

from inventory.domain.delegations import (
    REASON_CHARACTERS_MAX,
    DelegationState,
    Period,
    check_period,
    parse_document,
    state_on,
)
from inventory.domain.people import Viewer
from inventory.domain.permissions import Permission, check_permitted, permits
from inventory.domain.refusals import AccountNotFound, DelegationMissing, DelegationNotFound, ReasonMissing
from inventory.domain.requests import check_free_text
from inventory.operations.request_views import local_day
from inventory.store import delegations, ledger
from inventory.store.database import Database, raw
from inventory.store.delegations import DelegationRow

DELEGATIONS_SHOWN_MAX = 300
MANAGERS_SHOWN_MAX = 50


@dataclass(frozen=True, slots=True)
class Giving:
    """What an agency's head delegates: by which letter, from which day to which. delegate: None for whoever is manager."""

    command_id: UUID
    document: str
    first: date
    last: date
    delegate: str | None = None


@dataclass(frozen=True, slots=True)
class DelegationView:
    """A delegation, how it stands today, and whether the viewer may take it back."""

    row: DelegationRow
    state: DelegationState
    mine_to_revoke: bool


def give(database: Database, viewer: Viewer, giving: Giving, now: datetime) -> DelegationView:
    """The head of an agency delegates its decisions; raises `BadInput`, `AccountNotFound`, `DelegationTwice`."""
    check_permitted(viewer, Permission.GIVE_DELEGATIONS)
    assert viewer.agency_id is not None, "a head belongs to an agency"
    document, period = parse_document(giving.document), Period(giving.first, giving.last)
    with database.transaction(viewer) as session:
        connection = raw(session)
        content = ("delegation", viewer.account_id, document, giving.first, giving.last, giving.delegate)
        if ledger.once(connection, giving.command_id, content):
            check_period(period, local_day(now))
            delegate_id = None if giving.delegate is None else _manager(connection, giving.delegate)
            delegations.add(
                connection,
                viewer.agency_id,
                delegate_id,
                document,
                (period.first, period.last),
                viewer.account_id,
            )
        row = delegations.told(connection, viewer.agency_id, document, period.first)
        assert row is not None, "it was given just now, or before"
    return _seen(viewer, row, local_day(now))


def _manager(connection: psycopg.Connection[Any], login: str) -> int:
    wanted = login.strip().lower()
    for account_id, known, _ in delegations.managers(connection, MANAGERS_SHOWN_MAX):
        if known == wanted:
            return account_id
    raise AccountNotFound(login=login)


def revoke(
    database: Database, viewer: Viewer, command_id: UUID, delegation_id: int, reason: str, now: datetime
) -> DelegationView:
    """The head of the agency takes a delegation back; what was decided under it stays. Raises `DelegationOver`."""
    check_permitted(viewer, Permission.GIVE_DELEGATIONS)
    told = check_free_text(reason, "撤销原因", "reason", REASON_CHARACTERS_MAX)
    if not told:
        raise ReasonMissing(act="撤销委托", act_en="revoking a delegation")
    with database.transaction(viewer) as session:
        connection = raw(session)
        _one(connection, viewer, delegation_id)
        if ledger.once(connection, command_id, ("revoke delegation", viewer.account_id, delegation_id, told)):
            delegations.revoke(connection, delegation_id, viewer.account_id, told)
        row = _one(connection, viewer, delegation_id)
    return _seen(viewer, row, local_day(now))


def _one(connection: psycopg.Connection[Any], viewer: Viewer, delegation_id: int) -> DelegationRow:
    row = delegations.one(connection, delegation_id)
    if row is None or row.agency_id != viewer.agency_id:
        raise DelegationNotFound(delegation=delegation_id)
    return row


def listed(database: Database, viewer: Viewer, now: datetime) -> list[DelegationView]:
    """The delegations of the viewer's agency, or everybody's; those that stand first."""
    check_permitted(viewer, Permission.SEE_DELEGATIONS)
    with database.transaction(viewer) as session:
        rows = delegations.listed(raw(session), viewer.agency_seen(), DELEGATIONS_SHOWN_MAX)
    return [_seen(viewer, row, local_day(now)) for row in rows]


def managers(database: Database, viewer: Viewer) -> list[tuple[str, str]]:
    """Login and name of whom a head may delegate to."""
    check_permitted(viewer, Permission.GIVE_DELEGATIONS)
    with database.transaction(viewer) as session:
        return [(login, name) for _, login, name in delegations.managers(raw(session), MANAGERS_SHOWN_MAX)]


def _seen(viewer: Viewer, row: DelegationRow, today: date) -> DelegationView:
    state = state_on(Period(row.valid_from, row.valid_until), today, revoked=row.revoked_at is not None)
    stands = state in {DelegationState.COMING, DelegationState.IN_FORCE}
    mine = row.agency_id == viewer.agency_id and permits(viewer, Permission.GIVE_DELEGATIONS)
    return DelegationView(row, state, stands and mine)


def delegation_of(connection: psycopg.Connection[Any], viewer: Viewer, agency_id: int) -> DelegationRow:
    """Under which delegation the viewer decides for an agency today; raises `DelegationMissing`."""
    row = delegations.in_force(connection, agency_id, viewer.account_id)
    if row is None:
        raise DelegationMissing
    return row
