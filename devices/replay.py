"""`guiwei replay`: a recording through the same pipeline, as fast as the machine can, with its own time.

Evidence is committed and belief drawn at every minute of the recording's time; the nightly close runs whenever the
recording passes local midnight. Nothing looks at the clock on the wall, so the same recording from the same snapshot ends
in the same beliefs.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import psycopg

from devices.health import EARLY_MICROSECONDS_MAX
from devices.pipeline import Pipeline, known_readers
from devices.recording import read_recording
from inventory.operations.believing import step_beliefs
from inventory.operations.closing import close_day
from inventory.operations.taking_evidence import take_evidence
from inventory.store import evidence
from inventory.store.batch import moment
from inventory.store.database import Database
from inventory.store.readers import registered_antennas

COMMIT_MICROSECONDS = 60 * 1_000_000
BATCH_MESSAGES_MAX = 20_000
EARLY = timedelta(microseconds=EARLY_MICROSECONDS_MAX)  # clocks may be ahead by so much


@dataclass
class Replayed:
    """What a replay did."""

    messages: int = 0
    beliefs_changed: int = 0
    closes: int = 0


def _nobody_watches(messages: int, at: datetime) -> None:
    """No progress is shown."""


def replay(
    database: Database,
    path: Path,
    timezone: ZoneInfo,
    *,
    close: bool = True,
    on_progress: Callable[[int, datetime], None] = _nobody_watches,
) -> Replayed:
    """Feed a recording in; with `close`, models learn at each midnight of `timezone` that it passes.

    Raises `FileUnreadable` before anything is fed in.
    """
    for _ in read_recording(path):
        pass
    done = Replayed()
    with database.unpooled() as connection:
        evidence.prepare(connection)
        by_topic = known_readers(registered_antennas(connection, slot=None))
        # A recording begins by itself: numbers and connections of another time are no part of it.
        pipeline = Pipeline(by_topic, {})
        connection.commit()
        waiting, commit_at, midnight = 0, 0, None
        for message in read_recording(path):
            if midnight is None:
                midnight = next_midnight(moment(message.received_at), timezone)
            if waiting and (message.received_at >= commit_at or waiting >= BATCH_MESSAGES_MAX):
                _commit(connection, pipeline, moment(message.received_at), done)
                on_progress(done.messages, moment(message.received_at))
                waiting = 0
            while moment(message.received_at) >= midnight:
                if close:
                    close_day(connection, midnight)
                    done.closes += 1
                midnight = next_midnight(midnight, timezone)
            if not waiting:
                commit_at = message.received_at - message.received_at % COMMIT_MICROSECONDS + COMMIT_MICROSECONDS
            pipeline.add(message.topic, message.payload, message.received_at)
            waiting, done.messages, last = waiting + 1, done.messages + 1, message.received_at
        if waiting:
            _commit(connection, pipeline, moment(last) + timedelta(seconds=1), done)
    return done


def next_midnight(moment: datetime, timezone: ZoneInfo) -> datetime:
    """The first local midnight after a moment."""
    tomorrow = moment.astimezone(timezone).date() + timedelta(days=1)
    return datetime(tomorrow.year, tomorrow.month, tomorrow.day, tzinfo=timezone).astimezone(moment.tzinfo)


def _commit(connection: psycopg.Connection[Any], pipeline: Pipeline, until: datetime, done: Replayed) -> None:
    batch, days = pipeline.take_batch()
    take_evidence(connection, batch, days, now=until)
    done.beliefs_changed += step_beliefs(connection, until + EARLY)
