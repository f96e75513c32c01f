"""Reads of a gate, a tunnel or a pad: a set of reports, whatever their order and however often each came."""

from dataclasses import dataclass, fields, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from inventory.locating.arrays import NONE, Integers, Reals

SECOND = 1_000_000
INNER, OUTER = 0, 1  # the sides of a gate
SIDES = 2
CLOCK_SHARE = 0.05  # of a reader's messages: those least delayed on their way tell its clock


@dataclass(frozen=True)
class Reads:
    """Rows that stand for one read each, or for the reads of one tag by one antenna in a short slice.

    Tags and readers are numbered by the caller. antenna: 0, 1 ... within the equipment; at a gate as `gate_antenna` numbers them.
    at: the reader's time, microseconds since 1970; received_at: ours, `NONE` where nobody kept it. rssi_sum: centi-dBm, over
    `rssi_reads` of the `reads`.
    """

    tag: Integers
    reader: Integers
    antenna: Integers
    at: Integers
    received_at: Integers
    reads: Integers
    rssi_reads: Integers
    rssi_sum: Integers

    def __len__(self) -> int:
        return len(self.tag)

    def columns(self) -> list[Integers]:
        """All columns, in their order."""
        return [getattr(self, field.name) for field in fields(self)]

    def chosen(self, which: NDArray[np.bool_] | NDArray[np.intp]) -> Self:
        """Some of the rows."""
        return type(self)(*(column[which] for column in self.columns()))

    def dbm(self) -> Reals:
        """Mean strength of each row, NaN where none was told."""
        told = self.rssi_reads > 0
        mean = np.full(len(self), np.nan)
        np.divide(self.rssi_sum, self.rssi_reads * 100.0, out=mean, where=told)
        return mean


def gate_antenna(side: int, further: int = 0) -> int:
    """The number of a gate's antenna: its side, where it is the only one there; `further`: how many were counted before it."""
    return side + SIDES * further


def by_side(reads: Reads) -> Reads:
    """A gate's reads with the side in the antenna's stead: which way somebody went is a matter of sides alone."""
    return replace(reads, antenna=reads.antenna % SIDES)


def no_reads() -> Reads:
    """Nothing was heard."""
    return Reads(*(np.zeros(0, np.int64) for _ in fields(Reads)))


def together(*parts: Reads) -> Reads:
    """All rows of all parts."""
    return Reads(*(np.concatenate(columns) for columns in zip(*(part.columns() for part in parts), strict=True)))


def in_order(reads: Reads) -> Reads:
    """Each report once, by the readers' clocks set right, ascending by (tag, at, antenna): the same set, the same bits.

    A report that came twice (sent again after a cut, replayed, merged from two sources) has come when it came first.
    """
    once = each_once(reads)
    finer = within_their_second(once)
    offsets = clock_offsets(finer)
    if finer is once and not offsets.any():
        return once
    right = replace(finer, at=finer.at - offsets[finer.reader])
    return right.chosen(_order(right))


def each_once(reads: Reads) -> Reads:
    """Each report once, ascending by (tag, at, antenna), by the readers' own clocks."""
    if not len(reads):
        return reads
    sorted_ = reads.chosen(_order(reads))
    new = np.ones(len(reads), bool)
    same = [column[1:] == column[:-1] for name, column in _named(sorted_) if name != "received_at"]
    new[1:] = ~np.all(same, axis=0)
    return sorted_.chosen(new)


def _order(reads: Reads) -> NDArray[np.intp]:
    """By tag and time, and by everything else where these are the same, which is seldom."""
    origin = int(reads.at.min())
    key = reads.tag * np.int64(int(reads.at.max()) - origin + 1) + (reads.at - origin)
    order = np.argsort(key, kind="stable")
    equal = key[order][1:] == key[order][:-1]
    tied = np.concatenate([equal, [False]]) | np.concatenate([[False], equal])
    rows = order[tied]
    others = (reads.received_at, reads.rssi_sum, reads.rssi_reads, reads.reads, reads.reader, reads.antenna, key)
    order[tied] = rows[np.lexsort([column[rows] for column in others])]
    return order


def _named(reads: Reads) -> list[tuple[str, Integers]]:
    return [(field.name, getattr(reads, field.name)) for field in fields(reads)]


def clock_offsets(reads: Reads) -> Integers:
    """How far each reader's clock is ahead of the reader's that is heard most, in microseconds, by reader number.

    What was received least late after it was read tells it best. Readers of one gate differ by seconds when one of them lost
    its time server, and a direction is a matter of half a second. 0 where nobody kept when things were received.
    """
    offsets = np.zeros(int(reads.reader.max(initial=0)) + 1, np.int64)
    readers = np.unique(reads.reader)
    if len(readers) < 2:  # noqa: PLR2004 - one clock can't differ from itself
        return offsets
    heard = np.bincount(reads.reader)
    for reader in readers:
        mine = (reads.reader == reader) & (reads.received_at != NONE)
        late = np.sort(reads.received_at[mine] - reads.at[mine])
        offsets[reader] = -late[int(len(late) * CLOCK_SHARE)] if len(late) else 0
    return np.where(heard > 0, offsets - offsets[int(np.argmax(heard))], 0)


def within_their_second(reads: Reads) -> Reads:
    """The same reads; of readers that stamp whole seconds, at the moment within it that their messages tell.

    A direction is a matter of half a second. A read can't be later than it was sent, and messages come several times a second;
    one that was kept back on its way still was read in the second it says. As given where every reader stamps finer.
    """
    at, told = reads.at, reads.received_at != NONE
    readers = int(reads.reader.max(initial=-1)) + 1
    heard = np.bincount(reads.reader[told], minlength=readers)
    finer = np.bincount(reads.reader[told & (at % SECOND != 0)], minlength=readers)
    for reader in np.flatnonzero((heard > 0) & (finer == 0)):
        mine = told & (reads.reader == reader)
        late = reads.received_at[mine] - reads.at[mine]
        least = np.sort(late)[int(len(late) * CLOCK_SHARE)]
        at = at if at is not reads.at else reads.at.copy()
        at[mine] = np.clip(reads.received_at[mine] - least, reads.at[mine], reads.at[mine] + SECOND - 1)
    return reads if at is reads.at else replace(reads, at=at)


def slices(reads: Reads, microseconds: int) -> Reads:
    """The same reads, shorter: one row for each tag and antenna in each slice, at the middle of it.

    Enough for what lies around for long; whoever decides live keeps the last minute read by read and what is older like this.
    """
    if not len(reads):
        return reads
    number = reads.at // microseconds
    order = np.lexsort((number, reads.antenna, reads.reader, reads.tag))
    keys = [column[order] for column in (reads.tag, reads.reader, reads.antenna, number)]
    new = np.ones(len(order), bool)
    new[1:] = np.any([key[1:] != key[:-1] for key in keys], axis=0)
    first = np.flatnonzero(new)
    sums = [np.add.reduceat(column[order], first) for column in (reads.reads, reads.rssi_reads, reads.rssi_sum)]
    tag, reader, antenna, number = (key[first] for key in keys)
    received = np.minimum.reduceat(reads.received_at[order], first)
    return Reads(tag, reader, antenna, number * microseconds + microseconds // 2, received, *sums)
