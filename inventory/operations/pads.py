"""A stack on the desk's pad or in the tunnel, read at once: what lies in it, what is only heard beside it, what is still to come.

`inventory.locating.sets` tells stacks apart and inside from beside; `inventory.domain.read_sets` holds them against what was
expected. The newest stack counts, as long as it lies there or has just been taken away.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import psycopg

from inventory.domain.identifiers import VolumeName
from inventory.domain.people import Viewer
from inventory.domain.permissions import Permission, check_permitted
from inventory.domain.read_sets import HeardInSet, ReadSet, judge_set, judge_stack
from inventory.domain.refusals import BadInput, NoSuchReader
from inventory.locating.arrays import NONE, Integers
from inventory.locating.reads import SECOND, Reads
from inventory.locating.sets import SetModel, Sets, sets_of
from inventory.store import pads
from inventory.store.batch import micros
from inventory.store.database import Database, raw
from inventory.store.pads import PadRow

LOOK_BACK = timedelta(minutes=3)  # what lies around all the time is told by having been heard before
JUST_NOW = timedelta(seconds=30)  # a stack taken away longer ago is another's
COUNTED_MAX = 500


@dataclass(frozen=True, slots=True)
class StackHeard:
    """The newest stack: each tag with how likely it lies in it; whether nothing more is to be expected."""

    heard: tuple[HeardInSet, ...]
    settled: bool


def read_pad(
    database: Database,
    viewer: Viewer,
    desk: str,
    expected: Collection[VolumeName] | None,
    counted: int | None,
    now: datetime,
) -> ReadSet:
    """The stack on a desk's pad, `desk` its reader, against the volumes expected, or else how many were counted by hand.

    Raises `NotAllowed`, `NoSuchReader`, and `BadInput` for a count that can't be.
    """
    check_permitted(viewer, Permission.FIND_DOSSIERS)
    if counted is not None and not 1 <= counted <= COUNTED_MAX:
        raise BadInput(problem_zh=f"份数应为 1 至 {COUNTED_MAX}", problem_en=f"a stack has 1 to {COUNTED_MAX} dossiers")
    with database.transaction(viewer) as session:
        connection = raw(session)
        place = pads.place_of_desk(connection, desk)
        if place is None:
            raise NoSuchReader(reader=desk)
        stack = newest_stack(connection, place, expected or (), now)
        if expected is None:
            return judge_stack(stack.heard, counted=counted, settled=stack.settled)
        return judged(connection, expected, stack)


def judged(connection: psycopg.Connection[Any], expected: Collection[VolumeName], stack: StackHeard) -> ReadSet:
    """A stack against what was expected; a tag that no antenna ever read is told apart from one that is missing."""
    heard = {one.volume for one in stack.heard}
    unread = [(one.number, one.volume) for one in expected if one not in heard]
    weak = {VolumeName(*name) for name in pads.never_read(connection, unread)} if stack.settled and unread else set()
    return judge_set(expected, stack.heard, settled=stack.settled, never_read=weak)


def newest_stack(
    connection: psycopg.Connection[Any],
    place: str,
    expected: Collection[VolumeName],
    now: datetime,
    look_back: timedelta = LOOK_BACK,
    just_now: timedelta = JUST_NOW,
) -> StackHeard:
    """What lies at a place whose antennas read a whole set, or lay there until just now.

    HF tags laid on the card readers there count as inside. A stack that was taken away is settled.
    """
    rows = pads.rows_at(connection, place, now - look_back, now)
    laid = pads.tapped_at(connection, place, now - just_now)
    by_card = tuple(HeardInSet(_name(one.number, one.ordinal), one.epc.hex().upper(), 1.0) for one in laid)
    if not rows:
        return StackHeard(by_card, settled=bool(by_card))
    row_of = {row.epc: row for row in rows}
    number_of = {epc: number for number, epc in enumerate(sorted(row_of))}
    known, named = list(number_of), set(expected)
    wanted = np.array([_name(row_of[epc].number, row_of[epc].ordinal) in named for epc in known])
    found = sets_of(_reads(rows, number_of), wanted, SetModel(), micros(now))
    newest = _newest(found, now, just_now)
    if newest is None:
        return StackHeard(by_card, settled=bool(by_card))
    mine = np.flatnonzero(found.member == newest)
    heard = tuple(_heard(row_of[known[found.tag[one]]], float(found.inside[one])) for one in mine)
    return StackHeard((*heard, *by_card), bool(found.settled[newest]))


def _newest(found: Sets, now: datetime, just_now: timedelta) -> int | None:
    """The number of the stack heard last, None where that is too long ago."""
    if not len(found.until):
        return None
    newest = int(np.argmax(found.until))
    return newest if micros(now) - int(found.until[newest]) <= just_now.total_seconds() * SECOND else None


def _reads(rows: list[PadRow], number_of: dict[bytes, int]) -> Reads:
    def column(values: list[int]) -> Integers:
        return np.array(values, np.int64)

    def numbered(ids: list[int]) -> Integers:
        return np.unique(ids, return_inverse=True)[1].astype(np.int64)

    return Reads(
        tag=column([number_of[row.epc] for row in rows]),
        reader=numbered([row.reader_id for row in rows]),
        antenna=numbered([row.antenna_id for row in rows]),
        at=column([(row.first_at + row.last_at) // 2 for row in rows]),
        received_at=np.full(len(rows), NONE),
        reads=column([row.reads for row in rows]),
        rssi_reads=column([row.rssi_reads for row in rows]),
        rssi_sum=column([row.rssi_sum for row in rows]),
    )


def _heard(row: PadRow, inside: float) -> HeardInSet:
    return HeardInSet(_name(row.number, row.ordinal), row.epc.hex().upper(), inside)


def _name(number: str | None, ordinal: int | None) -> VolumeName | None:
    return None if number is None or ordinal is None else VolumeName(number, ordinal)
