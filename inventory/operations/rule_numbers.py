"""The numbers rules count by: the law's own, unless the site has set another by a document of its own; and working days."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import psycopg

from inventory.domain.law import NUMBER_MAX, check_overrides, number_of
from inventory.domain.people import Viewer
from inventory.domain.permissions import Permission, check_permitted
from inventory.domain.refusals import BadInput
from inventory.domain.requests import Purpose, RequestKind, check_free_text
from inventory.domain.working_days import (
    CalendarDay,
    DayKind,
    Reckoned,
    WorkingCalendar,
    load_calendar,
    parse_calendar_days,
)
from inventory.store import ledger, request_facts
from inventory.store.database import Database, raw

DOCUMENT_CHARACTERS_MAX = 100
ALL_PURPOSES = ""
LOAN_DAYS = "due_date_never_null"
# What a window promises is no rule of law; a site sets it as it sets the rules' numbers.
PROMISE, PROMISED_WORKING_DAYS = "promised_working_days", 3


@dataclass(frozen=True, slots=True)
class Numbers:
    """The numbers that hold on a day; `own`: the site's, by rule and purpose ('': all purposes)."""

    own: Mapping[tuple[str, str], int]
    calendar: WorkingCalendar

    def number(self, rule: str, purpose: str = ALL_PURPOSES) -> int:
        """The number of a rule: the site's for the purpose, else the site's for all, else the rule's own."""
        overrides = {of: value for (of, fits), value in self.own.items() if fits == ALL_PURPOSES}
        if (rule, purpose) in self.own:
            overrides[rule] = self.own[rule, purpose]
        return number_of(rule, overrides)

    def loan_days(self, purpose: Purpose) -> int:
        """Calendar days a dossier may be out for a purpose."""
        return self.number(LOAN_DAYS, purpose.value)

    @property
    def renewals_max(self) -> int:
        """How often a loan is renewed."""
        return self.number("renewals_limited")

    @property
    def kept_years(self) -> int:
        """Years a dossier is kept after a death."""
        return self.number("death_kept_years")

    @property
    def receipt_months(self) -> int:
        """Months after sending from which on a receipt is chased."""
        return self.number("receipt_within_months")

    @property
    def escalation_days(self) -> int:
        """Days after sending from which on a missing receipt is a suspected loss."""
        return self.number("receipt_escalation_days")

    def promise(self, kind: RequestKind, asked_on: date) -> Reckoned:
        """The day a request of a kind, asked for on a day, is promised for, and the years that leans on by assumption."""
        if kind is RequestKind.TRANSFER:
            working_days = self.number("transfer_within_working_days")
        else:
            working_days = self.own.get((PROMISE, ALL_PURPOSES), PROMISED_WORKING_DAYS)
        return self.calendar.add_working_days(asked_on, working_days)


def numbers_on(connection: psycopg.Connection[Any], day: date) -> Numbers:
    """The numbers that hold on a day, and the calendar as the site knows it."""
    own_days = (
        CalendarDay(day, DayKind(kind), source) for day, kind, source in request_facts.calendar_days(connection)
    )
    return Numbers(request_facts.rule_numbers(connection, day), load_calendar().with_days(own_days))


@dataclass(frozen=True, slots=True)
class NewNumber:
    """A number a site sets for a rule from a day on, by a document; purpose None: for all."""

    command_id: UUID
    rule: str
    value: int
    since: date
    document: str
    purpose: Purpose | None = None


def set_rule_number(database: Database, viewer: Viewer | None, new: NewNumber, now: datetime) -> None:
    """Set a rule's number from a day on: the city manager, or (None) whoever runs the command line.

    Raises `BadInput` for a rule that counts nothing or is binding, `RuleNumberTaken` where that day has its number already.
    """
    account_id = _setter(viewer)
    if new.rule != PROMISE:
        check_overrides({new.rule: new.value})
    elif not 1 <= new.value <= NUMBER_MAX:
        raise BadInput(problem_zh=f"数值应为 1 至 {NUMBER_MAX}", problem_en=f"the number is from 1 to {NUMBER_MAX}")
    if new.purpose is not None and new.rule != LOAN_DAYS:
        raise BadInput(problem_zh="只有借阅期限可按用途设定", problem_en="only the days of a loan differ by purpose")
    document = check_free_text(new.document, "依据文件", "document", DOCUMENT_CHARACTERS_MAX)
    if not document:
        raise BadInput(problem_zh="请填写依据文件", problem_en="name the document")
    purpose = ALL_PURPOSES if new.purpose is None else new.purpose.value
    with database.transaction(viewer) as session:
        connection = raw(session)
        content = ("number", account_id, new.rule, purpose, new.value, new.since, document)
        if ledger.once(connection, new.command_id, content):
            request_facts.add_rule_number(
                connection, new.rule, purpose, new.value, new.since, document, account_id, now
            )


def add_calendar(database: Database, viewer: Viewer | None, command_id: UUID, text: str, now: datetime) -> int:
    """Add the days of a site's file (`parse_calendar_days`); returns how many. Promises made before stay as they were."""
    account_id = _setter(viewer)
    days = [(day.day, day.kind.value, day.source) for day in parse_calendar_days(text)]
    with database.transaction(viewer) as session:
        connection = raw(session)
        if ledger.once(connection, command_id, ("calendar", account_id, days)):
            request_facts.add_calendar_days(connection, days, account_id, now)
    return len(days)


def _setter(viewer: Viewer | None) -> int | None:
    if viewer is not None:
        check_permitted(viewer, Permission.SET_RULE_NUMBERS)
    return None if viewer is None else viewer.account_id
