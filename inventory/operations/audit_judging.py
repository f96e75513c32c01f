"""What an audit comes to: the judgement of an interval as findings, undecided volumes, gaps and coverage of one place."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import psycopg

from inventory.domain.audits import drawn
from inventory.domain.custody_rules import STORED
from inventory.domain.findings import Finding, FindingKind, Gap, Undecided, kind_of, rolled_up
from inventory.domain.judged import Judged, JudgedAs
from inventory.domain.refusals import PlaceNotFound
from inventory.locating.arrays import NONE, Integers
from inventory.locating.judging import Judgement, Outcome
from inventory.operations.audit_counts import corrected, counts_of
from inventory.operations.gathering import model_now
from inventory.operations.judging import Interval, gather_interval, judged_interval, judged_volumes
from inventory.store import audits, reader_commands
from inventory.store.audit_rows import AuditRows, FindingRow, GapRow, ShelfRow, Summary, UndecidedRow
from inventory.store.beliefs import Roots
from inventory.store.judgements import JudgedVolume

OnStep = Callable[[str, int], None]  # what is being done, and how much of all is done, in per cent


@dataclass(frozen=True, slots=True)
class Asked:
    """What is judged: the scope, or of it the shelves that a seed draws. roots: the ledger's ends known; None: as it is now.

    number: the audit that readers were told to read for.
    is_blind: a blind count, which takes in what was counted for it alone.
    """

    scope: str
    since: datetime
    until: datetime
    sample_shelves: int | None = None
    seed: str | None = None
    roots: Roots | None = None
    number: int | None = None
    is_blind: bool = False


@dataclass(frozen=True, slots=True)
class Audit:
    """What an audit found. covered: of `expected` volumes in the scope, so many stood on shelves that were listened at.

    number: None where it isn't stored. rows: the same with the database's ids, as it is stored.
    """

    scope: str
    since: datetime
    until: datetime
    model_version: int
    summary: Summary
    findings: tuple[Finding, ...]
    undecided: tuple[Undecided, ...]
    gaps: tuple[Gap, ...]
    rows: AuditRows
    number: int | None = None

    @property
    def expected(self) -> int:
        """Volumes that the ledger has on the scope's shelves."""
        return self.summary.expected

    @property
    def covered(self) -> int:
        """Of them, those on shelves that were listened at."""
        return self.summary.covered

    @property
    def coverage(self) -> float:
        """Share of the expected volumes whose shelf was listened at; 1 where none is expected."""
        return self.covered / self.expected if self.expected else 1.0


@dataclass(frozen=True)
class _Scope:
    """The places of an audit: codes by id, each with its ids from the warehouse down to itself.

    asked: the ids it is about, all or those drawn. shelves: those of them that volumes stand on.
    """

    top: int
    codes: dict[int, str]
    lineage: dict[int, list[int]]
    asked: frozenset[int]
    shelves: frozenset[int]
    is_sample: bool


def judged(connection: psycopg.Connection[Any], asked: Asked, on_step: OnStep) -> Audit:
    """Judge an interval; reads only, and all of it as of one instant. Raises `PlaceNotFound`."""
    places = _scope(connection, asked)
    version, model = model_now(connection)
    on_step("gathering", 5)
    interval = gather_interval(connection, asked.since, asked.until, asked.roots)
    on_step("judging", 50)
    found, unseen = judged_interval(interval, model)
    on_step("telling", 90)
    findings, undecided = _found(connection, interval, found, unseen, places)
    counts = counts_of(
        connection, sorted(places.shelves), interval, asked.roots, asked.number if asked.is_blind else None
    )
    findings, undecided = corrected(connection, counts, interval, found, findings, undecided)
    findings += _strange_tags(connection, interval, places)
    shelves, gaps = _coverage(interval, found, places, counts.says.whole)
    gaps += _blind_readers(connection, interval, places)
    if asked.number is not None:
        gaps += _unread(connection, asked.number, interval, places)
    visits = [shelf.visits for shelf in shelves if shelf.visits]
    return Audit(
        asked.scope,
        asked.since,
        asked.until,
        version,
        Summary(
            expected=sum(shelf.expected for shelf in shelves),
            covered=sum(shelf.covered for shelf in shelves),
            passes=int(np.median(visits)) if visits else 0,
            wrong_max=model.wrong_max,
            missing_wrong_max=model.missing_wrong_max,
            model_version=version or None,
        ),
        findings=tuple(one for one, _ in findings),
        undecided=tuple(one for one, _ in undecided),
        gaps=tuple(one for one, _ in gaps),
        rows=AuditRows([row for _, row in findings], [row for _, row in undecided], [row for _, row in gaps], shelves),
    )


def _scope(connection: psycopg.Connection[Any], asked: Asked) -> _Scope:
    rows = audits.places_in(connection, asked.scope)
    if not rows:
        raise PlaceNotFound(place=asked.scope)
    codes = {place: code for place, code, _, _ in rows}
    shelves = frozenset(place for place, _, kind, _ in rows if kind in STORED)
    is_sample = asked.sample_shelves is not None and asked.seed is not None
    if asked.sample_shelves is not None and asked.seed is not None:
        kept = drawn((codes[place] for place in shelves), asked.sample_shelves, asked.seed)
        shelves = frozenset(place for place in shelves if codes[place] in kept)
    return _Scope(
        next(place for place, code in codes.items() if code == asked.scope),
        codes,
        {place: lineage for place, _, _, lineage in rows},
        shelves if is_sample else frozenset(codes),
        shelves,
        is_sample,
    )


def _found(
    connection: psycopg.Connection[Any], interval: Interval, judged: Judgement, unseen: Integers, scope: _Scope
) -> tuple[list[tuple[Finding, FindingRow]], list[tuple[Undecided, UndecidedRow]]]:
    elsewhere = judged_volumes(interval, judged, unseen, judged.outcome != Outcome.AT_HOME)
    told = [volume for volume in elsewhere if {volume.ledger_place_id, volume.place_id} & scope.asked]
    names = audits.volume_names(connection, [volume.volume_id for volume in told])
    mentioned = {place for one in told for place in (one.ledger_place_id, one.place_id) if place}
    places = audits.codes_and_kinds(connection, mentioned)
    sections = audits.parents(connection, mentioned)
    findings, undecided = [], []
    for volume in told:
        says, name = _as_judged(volume, interval, places), names[volume.volume_id]
        ledger, ledger_kind = places.get(volume.ledger_place_id or NONE, (None, None))
        kind = kind_of(says, stored=ledger_kind in STORED)
        ids = (volume.volume_id, volume.ledger_place_id)
        if kind is None:
            undecided.append((Undecided(name, ledger, says.zh, says.en), UndecidedRow(*ids, says.zh, says.en)))
            continue
        sure = volume.missing_probability if volume.place_id is None else volume.probability or 0.0
        place_id, belief = sections[volume.place_id or NONE] if says.section_only else (volume.place_id, says.place)
        row = FindingRow(kind.value, volume.volume_id, None, volume.ledger_place_id, place_id, sure, says.zh, says.en)
        findings.append((Finding(name, kind, ledger, belief, sure, says.zh, says.en), row))
    return sorted(findings, key=lambda one: (one[0].kind, one[0].dossier or "")), sorted(
        undecided, key=lambda one: one[0].dossier
    )


def _as_judged(volume: JudgedVolume, interval: Interval, places: dict[int, tuple[str, str]]) -> Judged:
    return Judged(
        judged_as=JudgedAs(volume.outcome),
        since=interval.since,
        until=interval.until,
        place=None if volume.place_id is None else places[volume.place_id][0],
        probability=volume.probability,
        section_only=volume.section_only,
        missing_probability=volume.missing_probability,
        nights_unseen=volume.nights_unseen,
    )


def _coverage(
    interval: Interval, judged: Judgement, scope: _Scope, whole: frozenset[int]
) -> tuple[list[ShelfRow], list[tuple[Gap, GapRow]]]:
    """Shelf by shelf how many volumes were expected and listened at, and the places nobody was at.

    whole: shelves that somebody counted whole; that covers them as well as listening does.
    """
    gathered = interval.gathered
    within = np.isin(gathered.place_ids, np.array(sorted(scope.shelves), np.int64))
    rows = np.flatnonzero(np.append(within, False)[gathered.ledger_place])
    expected = np.bincount(gathered.ledger_place[rows], minlength=len(within))
    listened = rows[judged.listened[rows]]
    covered = np.bincount(gathered.ledger_place[listened], minlength=len(within))
    effort = judged.night.posts.effort
    held = np.flatnonzero(expected)
    columns = (gathered.place_ids[held], expected[held], covered[held], effort[held])
    shelves = [ShelfRow(*row) for row in zip(*(column.tolist() for column in columns), strict=True)]
    shelves = [
        one._replace(covered=one.expected, visits=max(one.visits, 1)) if one.place_id in whole else one
        for one in shelves
    ]
    silent = [shelf.place_id for shelf in shelves if not shelf.visits]
    if not scope.is_sample:
        silent = rolled_up(silent, [shelf.place_id for shelf in shelves], scope.lineage, scope.top)
    reason = ("没有读写器到过", "no reader was there")
    gaps = [
        (
            Gap(scope.codes[place], interval.since, interval.until, *reason),
            GapRow(place, interval.since, interval.until, *reason),
        )
        for place in silent
    ]
    return shelves, gaps


def _strange_tags(
    connection: psycopg.Connection[Any], interval: Interval, scope: _Scope
) -> list[tuple[Finding, FindingRow]]:
    found = []
    for tag in audits.strange_tags(connection, sorted(scope.asked), interval.since, interval.until):
        if tag.former is None:
            kind, zh, en = (
                FindingKind.UNKNOWN_TAG,
                f"读到 {tag.reads} 次，未绑定任何档案。",
                f"Read {tag.reads} times; it is no dossier's.",
            )
        else:
            kind = FindingKind.TWO_TAGS
            zh = f"已更换的旧标签仍读到 {tag.reads} 次。"
            en = f"The tag that was replaced is still read, {tag.reads} times."
        row = FindingRow(kind.value, tag.volume_id, tag.tag_id, None, tag.place_id, 1.0, zh, en)
        found.append((Finding(tag.former, kind, None, tag.place, 1.0, zh, en, tag.epc.upper()), row))
    return found


def _blind_readers(connection: psycopg.Connection[Any], interval: Interval, scope: _Scope) -> list[tuple[Gap, GapRow]]:
    rows = audits.blind_readers(connection, sorted(scope.asked), interval.since, interval.until)
    gaps = []
    for place, place_id, since, until, reason in rows:
        told = (since, until, f"读写器失读：{reason}", f"the reader was blind: {reason}")
        gaps.append((Gap(place, *told), GapRow(place_id, *told)))
    return gaps


def _unread(
    connection: psycopg.Connection[Any], audit: int, interval: Interval, scope: _Scope
) -> list[tuple[Gap, GapRow]]:
    """Where a reader was told to read and didn't: what it says nothing about is no less there for that."""
    gaps = []
    unread = reader_commands.unread(connection, audit, sorted(scope.asked), interval.until)
    for place, place_id, since, reader, zh, en in unread:
        told = (
            since,
            interval.until,
            f"读写器 {reader} 未按命令读取：{zh}",
            f"reader {reader} didn't read as told: {en}",
        )
        gaps.append((Gap(place, *told), GapRow(place_id, *told)))
    return gaps
