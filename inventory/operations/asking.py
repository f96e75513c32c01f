"""Asking for a dossier at a window: of one's own agency, or of whichever holds it, without learning which."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

import psycopg

from inventory.domain.evidence_slots import EvidenceSlot, slots_needed
from inventory.domain.identifiers import folded_width, parse_dossier_number
from inventory.domain.jurisdiction import Depositor
from inventory.domain.people import Viewer
from inventory.domain.permissions import Permission, check_permitted
from inventory.domain.places import PlaceKind
from inventory.domain.refusals import (
    BadInput,
    DossierNotFound,
    InstitutionNotFound,
    LetterNotFound,
    NotOwnOrRelative,
    PlaceNotFound,
    WrongKindOfPlace,
)
from inventory.domain.registers import DepositType
from inventory.domain.request_rules import DossierFacts, Form, Move, check_dossier, check_form, due_on, rule_of_move
from inventory.domain.requests import (
    SOUGHT_CHARACTERS_MAX,
    Initiator,
    LetterKind,
    Occasion,
    Priority,
    Purpose,
    RequestKind,
    check_free_text,
)
from inventory.domain.travelling import Career, Channel
from inventory.operations.request_views import SeenRequest, accepted_view, local_day, with_places
from inventory.operations.rule_numbers import Numbers, numbers_on
from inventory.store import institutions, ledger, request_facts, requests
from inventory.store.database import Database, raw
from inventory.store.institutions import InstitutionRow
from inventory.store.request_facts import DossierRow

INITIATOR_NAME_CHARACTERS_MAX = 100


@dataclass(frozen=True, slots=True)
class Asking:
    """A form that asks for a dossier.

    sought: a dossier's number; elsewhere also a former number or an ID number, and `elsewhere` says that another agency may
    hold it. letters: row ids of registered letters by slot; told: remarks where no letter is kept. due_on: sooner than the
    rule's own date; None takes that. depositor, nearest_reason: for a move to another agency, on what footing it may hold it.
    """

    command_id: UUID
    kind: RequestKind
    sought: str = field(repr=False)
    initiator: Initiator
    purpose: Purpose
    elsewhere: bool = False
    initiator_name: str = ""
    purpose_note: str = ""
    paper_reason: str = ""
    occasion: Occasion | None = None
    institution: str | None = None
    window: str | None = None
    channel: Channel | None = None
    due_on: date | None = None
    priority: int = Priority.NORMAL
    letters: Mapping[EvidenceSlot, int] = field(default_factory=dict)
    told: Mapping[EvidenceSlot, str] = field(default_factory=dict)
    depositor: Depositor | None = None
    nearest_reason: str = ""


def ask(database: Database, viewer: Viewer, asking: Asking, now: datetime) -> SeenRequest:
    """Ask for a dossier; returns the request with its promise and its place in the queue.

    Asked elsewhere, the answer is "accepted" and nothing more, whatever there is; it never depends on the dossier. Raises
    what the form breaks, and for a dossier of one's own agency what the dossier forbids.
    """
    agency_id = _agency_asking(viewer)
    asking = _checked_texts(asking)
    with database.transaction(viewer) as session:
        connection = raw(session)
        if ledger.once(connection, asking.command_id, _content(database, viewer, asking)):
            _add(connection, database, viewer, agency_id, asking, now)
        row = requests.of_command(connection, asking.command_id)
        if row is not None:
            return with_places(connection, viewer, [row], local_day(now))[0]
        accepted = requests.accepted_by_command(connection, asking.command_id)
        assert accepted is not None, "a command done once has its request"
        return accepted_view(accepted)


def _agency_asking(viewer: Viewer) -> int:
    check_permitted(viewer, Permission.ASK)
    assert viewer.agency_id is not None, "these roles belong to an agency"
    return viewer.agency_id


def _content(database: Database, viewer: Viewer, asking: Asking) -> object:
    """What makes two forms the same; an ID number that was typed stands in it as a keyed hash."""
    told = {
        **{slot.value: text for slot, text in asking.told.items()},
        **{s.value: n for s, n in asking.letters.items()},
    }
    return (
        "ask",
        viewer.account_id,
        database.keys.command_hash(asking.command_id, asking.sought),
        *(
            getattr(asking, name)
            for name in Asking.__slots__
            if name not in {"command_id", "sought", "letters", "told"}
        ),
        sorted(told.items()),
    )


def _checked_texts(asking: Asking) -> Asking:
    sought = folded_width(asking.sought)
    if not 1 <= len(sought) <= SOUGHT_CHARACTERS_MAX or not sought.isprintable():
        raise BadInput(
            problem_zh=f"档案编号应为 1 至 {SOUGHT_CHARACTERS_MAX} 个字符",
            problem_en=f"the dossier's number has 1 to {SOUGHT_CHARACTERS_MAX} characters",
        )
    if asking.priority not in {Priority.NORMAL, Priority.SOON, Priority.URGENT}:
        raise BadInput(problem_zh="优先级为 0、1 或 2", problem_en="the priority is 0, 1 or 2")
    name = ("申请人", "name of who asks")
    return replace(
        asking,
        sought=sought,
        initiator_name=check_free_text(asking.initiator_name, *name, INITIATOR_NAME_CHARACTERS_MAX),
        purpose_note=check_free_text(asking.purpose_note, "用途说明", "note on the purpose"),
        nearest_reason=check_free_text(asking.nearest_reason, "就近存档的理由", "reason for the nearest place"),
        paper_reason=check_free_text(asking.paper_reason, "需要原件的理由", "reason for the paper"),
        told={slot: check_free_text(text, slot.zh, slot.en) for slot, text in asking.told.items() if text.strip()},
    )


def _add(
    connection: psycopg.Connection[Any],
    database: Database,
    viewer: Viewer,
    agency_id: int,
    asking: Asking,
    now: datetime,
) -> None:
    today = local_day(now)
    numbers = numbers_on(connection, today)
    institution = institution_of(connection, asking.institution, today)
    form = _form(connection, agency_id, asking, institution)
    check_form(form)
    move_rule = rule_of_move(form, _move(connection, asking, institution, today))
    window_id = _window_id(connection, asking.window)
    dossier = _dossier_asked(connection, agency_id, asking)
    channel = asking.channel
    if dossier is not None:
        channel = check_asked_dossier(connection, viewer, form, dossier, today, numbers)
    promise = numbers.promise(asking.kind, today)
    # A transfer is due out by its promise; the days of the rest begin when the dossier is handed out, and are set anew then.
    transfers = asking.kind is RequestKind.TRANSFER
    last = promise.day if transfers else due_on(promise.day, numbers.loan_days(asking.purpose), asking.due_on)
    request_id = requests.add(
        connection,
        {
            "command_id": asking.command_id,
            "kind": asking.kind.value,
            "occasion": None if asking.occasion is None else asking.occasion.value,
            "initiator": asking.initiator.value,
            "initiator_name": asking.initiator_name,
            "purpose": asking.purpose.value,
            "purpose_note": asking.purpose_note or None,
            "paper_reason": asking.paper_reason or None,
            "asked_by": viewer.account_id,
            "asked_at": now,
            "accepting_agency_id": agency_id,
            "routed": asking.elsewhere,
            "sought_cipher": database.keys.encrypt(asking.sought) if asking.elsewhere else None,
            "holding_agency_id": None if dossier is None else dossier.agency_id,
            "dossier_id": None if dossier is None else dossier.dossier_id,
            "institution_id": None if institution is None else institution.institution_id,
            "institution_class": None if institution is None else institution.kind,
            "window_place_id": window_id,
            "letter_id": next(iter(_letters_in_order(asking)), None),
            "move_rule": move_rule,
            "nearest_reason": asking.nearest_reason or None,
            "channel": None if channel is None else channel.value,
            "priority": asking.priority,
            "promised_on": promise.day,
            "due_on": last,
            "assumed_years": list(promise.assumed_years),
        },
    )
    letters = {slot.value: letter_id for slot, letter_id in asking.letters.items()}
    requests.add_evidence(connection, request_id, letters, {slot.value: text for slot, text in asking.told.items()})
    requests.tell(connection, request_id, "asked", viewer.account_id, now)
    if asking.elsewhere:
        requests.route(connection, database.keys, request_id, asking.sought)


def institution_of(connection: psycopg.Connection[Any], code: str | None, today: date) -> InstitutionRow | None:
    """The institution of a code; raises `InstitutionNotFound`."""
    if not code:
        return None
    row = institutions.institution(connection, folded_width(code).upper(), today)
    if row is None:
        raise InstitutionNotFound(institution=code[:40])
    return row


def _form(
    connection: psycopg.Connection[Any], agency_id: int, asking: Asking, institution: InstitutionRow | None
) -> Form:
    """The form as rules see it; raises `LetterNotFound` for a letter that another agency's window took in."""
    rows = institutions.letters(connection, list(asking.letters.values()))
    for letter_id in asking.letters.values():
        if letter_id not in rows or rows[letter_id].agency_id != agency_id:
            raise LetterNotFound(letter=letter_id)
    return Form(
        asking.kind,
        asking.initiator,
        asking.purpose,
        asking.occasion,
        asking.paper_reason,
        None if institution is None else institution.facts,
        bool(asking.window),
        {slot: LetterKind(rows[letter_id].kind) for slot, letter_id in asking.letters.items()},
        asking.told,
        asking.channel,
    )


def _move(
    connection: psycopg.Connection[Any], asking: Asking, institution: InstitutionRow | None, today: date
) -> Move | None:
    if asking.depositor is None or institution is None:
        return None
    agencies = request_facts.agencies_by_division(connection, today)
    return Move(asking.depositor, institution.agency_code, agencies, asking.nearest_reason)


def _letters_in_order(asking: Asking) -> list[int]:
    """The letter a request cites as its authority comes first."""
    needed = slots_needed(asking.kind, asking.occasion, asking.initiator)
    return [asking.letters[slot] for slot in needed if slot in asking.letters]


def _window_id(connection: psycopg.Connection[Any], code: str | None) -> int | None:
    if not code:
        return None
    place = ledger.place_by_code(connection, folded_width(code))
    if place is None:
        raise PlaceNotFound(place=code[:40])
    if place.kind != PlaceKind.WINDOW:
        kind = PlaceKind(place.kind)
        act = RequestKind.DISPATCH
        raise WrongKindOfPlace(act=act.zh, act_en=act.en, place=code, kind=kind.zh, kind_en=kind.en)
    return place.place_id


def _dossier_asked(connection: psycopg.Connection[Any], agency_id: int, asking: Asking) -> DossierRow | None:
    """The dossier, locked, so that two forms at once know of each other; None: sought elsewhere, and routed by the database."""
    if asking.elsewhere:
        return None
    try:
        number = parse_dossier_number(asking.sought)
    except BadInput:
        raise DossierNotFound(dossier=asking.sought[:40]) from None
    row = request_facts.dossier(connection, number, agency_id)
    if row is None:
        raise DossierNotFound(dossier=number)
    return request_facts.lock_dossier(connection, row.dossier_id)


def check_asked_dossier(
    connection: psycopg.Connection[Any],
    viewer: Viewer,
    form: Form,
    dossier: DossierRow,
    today: date,
    numbers: Numbers,
) -> Channel | None:
    """The channel of a transfer; raises whatever the dossier, or the viewer's tie to its person, forbids."""
    if request_facts.is_tied(connection, viewer.account_id, dossier.dossier_id):
        raise NotOwnOrRelative
    covered = request_facts.dossiers_covered(connection, form.kind, dossier.dossier_id)
    facts = DossierFacts(
        [(volume.name, volume.standing) for volume in request_facts.volumes(connection, covered)],
        None if dossier.deposit_type is None else DepositType(dossier.deposit_type),
        frozenset(map(Career, request_facts.careers(connection, dossier.subject_id))),
        request_facts.died_on(connection, dossier.dossier_id),
        request_facts.survivor_of(connection, dossier.dossier_id),
    )
    return check_dossier(form, facts, today, numbers.kept_years)
