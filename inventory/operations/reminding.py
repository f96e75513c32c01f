"""The clocks of requests: what is overdue, which receipts are chased, which are escalated as a suspected loss."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import NAMESPACE_OID, uuid5

from inventory.domain.identifiers import VolumeName
from inventory.domain.requests import request_number
from inventory.domain.travelling import months_after
from inventory.operations.request_views import local_day
from inventory.operations.rule_numbers import numbers_on
from inventory.operations.searching import suspect
from inventory.store import request_facts, request_lists
from inventory.store.database import Database, raw

ESCALATED_AT_ONCE_MAX = 500
CLOCK_LOGIN = "register"  # the service account of the migration: no person decides that a month has passed


@dataclass(frozen=True, slots=True)
class Reminded:
    """What a step found: requests that became overdue, receipts chased, transfers escalated."""

    overdue: int
    chased: int
    escalated: int


def remind(database: Database, now: datetime) -> Reminded:
    """Mark, chase and escalate whatever is due by now, each once however often this runs.

    A receipt is chased a month after sending; where it is still missing after so many days, each volume gets a case of
    suspected loss.
    """
    today = local_day(now)
    with database.transaction() as session:
        connection = raw(session)
        numbers = numbers_on(connection, today)
        overdue = request_lists.mark_overdue(connection, today, now)
        # Escalated first: nothing is escalated on the day it was chased.
        escalated_until = today - timedelta(days=numbers.escalation_days)
        volumes = request_lists.escalate(connection, escalated_until, today, now, ESCALATED_AT_ONCE_MAX)
        chased = request_lists.chase(connection, months_after(today, -numbers.receipt_months), today, now)
        account_id = request_facts.account_id(connection, CLOCK_LOGIN)
        for request_id, number, ordinal in volumes:
            suspect(
                connection,
                account_id,
                VolumeName(number, ordinal),
                command_id=uuid5(NAMESPACE_OID, f"suspected {request_number(request_id)} {number} {ordinal} {today}"),
                now=now,
                reason=f"{request_number(request_id)} 转递逾期未收到回执，疑似遗失",
                request_id=request_id,
            )
    return Reminded(overdue, chased, len({request_id for request_id, _, _ in volumes}))
