"""What people declare: whose dossier they may not touch, and what a dossier's person was."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from inventory.domain.granting import parse_reason
from inventory.domain.identifiers import parse_dossier_number, read_id_number
from inventory.domain.people import Viewer
from inventory.domain.permissions import Permission, check_permitted
from inventory.domain.refusals import AccountNotFound, BadInput, DossierNotFound, TieNotFound
from inventory.domain.requests import check_free_text
from inventory.domain.travelling import Career
from inventory.store import ledger, people, request_facts
from inventory.store.database import Database, raw
from inventory.store.request_facts import TieRow

Tie = Literal["own", "relative"]
DOCUMENT_CHARACTERS_MAX = 100
TIES_SHOWN_MAX = 500


def declare_tie(
    database: Database, viewer: Viewer, command_id: UUID, login: str, tie: Tie, id_number: str, now: datetime
) -> None:
    """Declare that an ID number is an account holder's own or a relative's: by themselves, or by the security administrator.

    Tells nobody whether there is a dossier; the number is kept as its keyed hash alone. Raises `AccountNotFound`.
    """
    if viewer.login != login:
        check_permitted(viewer, Permission.DECLARE_TIES)
    number = read_id_number(id_number, historic=False).normalised
    content = ("tie", viewer.account_id, login, tie, database.keys.command_hash(command_id, number))
    with database.transaction(viewer) as session:
        connection = raw(session)
        if not ledger.once(connection, command_id, content):
            return
        id_hash = database.keys.number_hash(number)
        if not request_facts.add_tie(connection, login, tie, id_hash, None, viewer.account_id, now):
            raise AccountNotFound(login=login)


def declare_tie_to_dossier(
    database: Database, viewer: Viewer, command_id: UUID, tie: Tie, dossier_number: str, now: datetime
) -> None:
    """Declare that a dossier the viewer sees is their own or a relative's, where its person's ID number isn't known."""
    number = parse_dossier_number(dossier_number)
    agency_id = viewer.agency_seen()
    with database.transaction(viewer) as session:
        connection = raw(session)
        if not ledger.once(connection, command_id, ("tie to dossier", viewer.account_id, tie, number)):
            return
        dossier = request_facts.dossier(connection, number, agency_id)
        if dossier is None:
            raise DossierNotFound(dossier=number)
        request_facts.add_tie(connection, viewer.login, tie, None, dossier.subject_id, viewer.account_id, now)


def ties(database: Database, viewer: Viewer) -> list[TieRow]:
    """Every declared tie, those that stand first, at most `TIES_SHOWN_MAX`; to whom it ties is told to nobody."""
    check_permitted(viewer, Permission.WITHDRAW_TIES)
    with database.transaction(viewer) as session:
        return request_facts.ties(raw(session), TIES_SHOWN_MAX)


def withdraw_tie(database: Database, viewer: Viewer, command_id: UUID, tie_id: int, reason: str) -> None:
    """Withdraw a tie that was declared by mistake: the security administrator, with a reason, and never one of their own.

    It stays on record. Raises `TieNotFound`, `TieOfOneself`, `TieWithdrawn`.
    """
    check_permitted(viewer, Permission.WITHDRAW_TIES)
    told = parse_reason(reason)
    with database.transaction(viewer) as session:
        connection = raw(session)
        content = ("withdraw tie", viewer.account_id, tie_id, told)
        if ledger.once(connection, command_id, content) and not request_facts.withdraw_tie(connection, tie_id, told):
            raise TieNotFound


def declare_career(
    database: Database,
    viewer: Viewer,
    command_id: UUID,
    dossier_number: str,
    career: Career,
    document: str,
    now: datetime,
) -> None:
    """Record what a dossier's person was, by the document that says so; it decides how the dossier may travel."""
    check_permitted(viewer, Permission.DECLARE_CAREERS)
    told = check_free_text(document, "依据文件", "document", DOCUMENT_CHARACTERS_MAX)
    if not told:
        raise BadInput(problem_zh="请注明身份类别的依据文件", problem_en="name the document that says so")
    number = parse_dossier_number(dossier_number)
    with database.transaction(viewer) as session:
        connection = raw(session)
        if not ledger.once(connection, command_id, ("career", viewer.account_id, number, career, told)):
            return
        dossier = request_facts.dossier(connection, number, viewer.agency_seen())
        if dossier is None:
            raise DossierNotFound(dossier=number)
        request_facts.add_career(connection, dossier.subject_id, career.value, told, viewer.account_id, now)
        people.log_access(connection, viewer.account_id, "career", now, dossier.dossier_id)
