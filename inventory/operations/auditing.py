"""Audits: asked for, run, and stored; one that was cut short is run again and finds the same."""

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

import psycopg

from inventory.domain.audits import PlanKind
from inventory.domain.refusals import AuditUnderWay, BadInput, PlaceNotFound, Refusal
from inventory.operations.audit_judging import Asked, Audit, OnStep, judged
from inventory.store import audit_rows, audits
from inventory.store.database import Database

log = logging.getLogger(__name__)

ATTEMPTS_MAX = 3  # of an audit whose judgement raises; one that is killed is tried as often as it takes


def check_interval(since: datetime, until: datetime) -> None:
    """Raises `BadInput` where the interval is empty."""
    if since >= until:
        raise BadInput(problem_zh="盘点区间的开始应早于结束", problem_en="an audit's interval begins before it ends")


def audit(connection: psycopg.Connection[Any], scope: str, since: datetime, until: datetime) -> Audit:
    """Judge everything heard from `since` to `until` against the ledger as of `until`; changes nothing.

    The database holds it to that: it reads, and all of it as of one instant, whatever a close or an act does meanwhile.
    Raises `BadInput` where the interval is empty, `PlaceNotFound`.
    """
    check_interval(since, until)
    return _as_of_one_instant(connection, Asked(scope, since, until), lambda _step, _per_cent: None)


def _as_of_one_instant(connection: psycopg.Connection[Any], asked: Asked, on_step: OnStep) -> Audit:
    with connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        return judged(connection, asked, on_step)


def place_to_audit(connection: psycopg.Connection[Any], scope: str, since: datetime, until: datetime) -> int:
    """The id of the place; raises `BadInput` where the interval is empty, `PlaceNotFound`."""
    check_interval(since, until)
    place = audits.place_id(connection, scope)
    if place is None:
        raise PlaceNotFound(place=scope)
    return place


def ask_for(connection: psycopg.Connection[Any], scope: str, since: datetime, until: datetime, now: datetime) -> int:
    """Write down that an interval is to be audited; returns the audit's number. Raises as `place_to_audit` does."""
    place = place_to_audit(connection, scope, since, until)
    return audit_rows.add(connection, audit_rows.Asked(place, since, until, now))


def run(
    database: Database,
    number: int,
    now: datetime,
    on_step: OnStep | None = None,
    before_keeping: Callable[[psycopg.Connection[Any]], None] | None = None,
) -> Audit:
    """Judge an audit that waits, or one whose run was cut short, and store what it finds, all in one transaction.

    Interval, sample and the ledger's ends are those of its first run, and the jobs close no day before it is done, so that the
    model and the profiles are the same as well: run again, it finds the same. `on_step` is told how far it is;
    `before_keeping` may refuse within the transaction that stores. Raises `AuditUnderWay` where another process is at it.
    """
    with database.unpooled() as watch, database.unpooled() as connection:
        watch.autocommit = True
        if not audit_rows.take(watch, number):
            raise AuditUnderWay(audit=number)
        row = audit_rows.begin(watch, number, now)

        def step(what: str, per_cent: int) -> None:
            audit_rows.note_progress(watch, number, what, per_cent)
            if on_step is not None:
                on_step(what, per_cent)

        is_blind = row.plan_kind == PlanKind.BLIND_COUNT
        asked = Asked(row.scope, row.since, row.until, row.sample_shelves, row.seed, row.ledger_roots, number, is_blind)
        found = _as_of_one_instant(connection, asked, step)
        step("keeping", 95)
        with connection.transaction():
            if before_keeping is not None:
                before_keeping(connection)
            audit_rows.keep(connection, number, now, found.summary, found.rows)
    return replace(found, number=number)


def run_waiting(
    database: Database,
    clock: Callable[[], datetime],
    before_keeping: Callable[[psycopg.Connection[Any]], None] | None = None,
) -> list[Audit]:
    """Judge every audit that waits or was cut short and that nobody works on; one that can't be judged fails after some tries."""
    with database.unpooled() as connection:
        connection.autocommit = True
        waiting = audit_rows.unfinished(connection, clock())
    done = []
    for number in waiting:
        try:
            done.append(run(database, number, clock(), before_keeping=before_keeping))
        except AuditUnderWay:
            continue
        except (Refusal, psycopg.OperationalError):
            raise
        except Exception:
            log.exception("audit %d can't be judged", number)
            _give_up(database, number)
    return done


def _give_up(database: Database, number: int) -> None:
    """After the last try it fails, for somebody to look at the log; it doesn't keep the days from being closed."""
    with database.unpooled() as connection:
        row = audit_rows.one(connection, number)
        if row is not None and row.attempts >= ATTEMPTS_MAX:
            audit_rows.fail(connection, number, "判定时系统出错，见日志 it can't be judged; the log says why")
