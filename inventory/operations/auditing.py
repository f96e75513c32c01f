"""An audit: the evidence of an interval judged as of its end, for one place and everything in it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import psycopg

from inventory.domain.custody_rules import STORED
from inventory.domain.findings import Finding, FindingKind, Gap, Undecided, kind_of, rolled_up
from inventory.domain.judged import Judged, JudgedAs
from inventory.domain.refusals import BadInput, PlaceNotFound
from inventory.locating.arrays import NONE
from inventory.locating.judging import Judgement, judge
from inventory.operations.gathering import model_now
from inventory.operations.judging import Interval, gather_interval, judged_volumes
from inventory.store import audits
from inventory.store.judgements import JudgedVolume


@dataclass(frozen=True, slots=True)
class Audit:
    """What an audit found. covered: of `expected` volumes in the scope, so many stood on shelves that were listened at."""

    scope: str
    since: datetime
    until: datetime
    model_version: int
    expected: int
    covered: int
    findings: tuple[Finding, ...]
    undecided: tuple[Undecided, ...]
    gaps: tuple[Gap, ...]

    @property
    def coverage(self) -> float:
        """Share of the expected volumes whose shelf was listened at; 1 where none is expected."""
        return self.covered / self.expected if self.expected else 1.0


@dataclass(frozen=True)
class _Scope:
    """The places of an audit: codes and kinds by id, each with its ids from the warehouse down to itself."""

    top: int
    codes: dict[int, str]
    kinds: dict[int, str]
    lineage: dict[int, list[int]]


def audit(connection: psycopg.Connection[Any], scope: str, since: datetime, until: datetime) -> Audit:
    """Judge everything heard from `since` to `until` against the ledger as of `until`; changes nothing.

    The database holds it to that: it reads, and all of it as of one instant, whatever a close or an act does meanwhile.
    Raises `BadInput` where the interval is empty, `PlaceNotFound`.
    """
    if since >= until:
        raise BadInput(problem_zh="盘点区间的开始应早于结束", problem_en="an audit's interval begins before it ends")
    with connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        return _audit(connection, scope, since, until)


def _audit(connection: psycopg.Connection[Any], scope: str, since: datetime, until: datetime) -> Audit:
    rows = audits.places_in(connection, scope)
    if not rows:
        raise PlaceNotFound(place=scope)
    top = next(place for place, code, _, _ in rows if code == scope)
    places = _Scope(
        top,
        codes={place: code for place, code, _, _ in rows},
        kinds={place: kind for place, _, kind, _ in rows},
        lineage={place: lineage for place, _, _, lineage in rows},
    )
    version, model = model_now(connection)
    interval = gather_interval(connection, since, until)
    heard = interval.gathered
    judged = judge(
        heard.sightings, heard.trail, heard.places, heard.ledger_place, model, interval.profiles, interval.past
    )
    findings, undecided = _found(connection, interval, judged, places)
    expected, covered, gaps = _coverage(interval, judged, places)
    return Audit(
        scope,
        since,
        until,
        version,
        expected=expected,
        covered=covered,
        findings=(*findings, *_strange_tags(connection, interval, places)),
        undecided=tuple(undecided),
        gaps=(*gaps, *_blind_readers(connection, interval, places)),
    )


def _found(
    connection: psycopg.Connection[Any], interval: Interval, judged: Judgement, scope: _Scope
) -> tuple[list[Finding], list[Undecided]]:
    unseen = interval.profiles.unseen + (judged.listened & (judged.night.reads == 0))
    told = [
        volume
        for volume in judged_volumes(interval, judged, unseen)
        if volume.outcome != JudgedAs.AT_HOME and {volume.ledger_place_id, volume.place_id} & scope.codes.keys()
    ]
    names = audits.volume_names(connection, [volume.volume_id for volume in told])
    mentioned = {place for one in told for place in (one.ledger_place_id, one.place_id) if place}
    places = audits.codes_and_kinds(connection, mentioned)
    sections = audits.parents(connection, mentioned)
    findings, undecided = [], []
    for volume in told:
        says, name = _as_judged(volume, interval, places), names[volume.volume_id]
        ledger, ledger_kind = places.get(volume.ledger_place_id or NONE, (None, None))
        kind = kind_of(says, stored=ledger_kind in STORED)
        if kind is None:
            undecided.append(Undecided(name, ledger, says.zh, says.en))
        else:
            sure = volume.missing_probability if volume.place_id is None else volume.probability or 0.0
            belief = sections[volume.place_id or NONE] if says.section_only else says.place
            findings.append(Finding(name, kind, ledger, belief, sure, says.zh, says.en))
    return sorted(findings, key=lambda one: (one.kind, one.dossier or "")), sorted(
        undecided, key=lambda one: one.dossier
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


def _coverage(interval: Interval, judged: Judgement, scope: _Scope) -> tuple[int, int, list[Gap]]:
    """How many volumes were expected on shelves, how many of them on shelves listened at, and the places nobody was at."""
    gathered = interval.gathered
    within = np.array(
        [place in scope.codes and scope.kinds[place] in STORED for place in gathered.place_ids.tolist()], bool
    )
    expected = np.append(within, False)[gathered.ledger_place]
    shelves = gathered.place_ids[np.unique(gathered.ledger_place[expected])].tolist()
    silent = np.unique(
        gathered.ledger_place[expected & (np.append(judged.night.posts.effort, 0)[gathered.ledger_place] == 0)]
    )
    uncovered = gathered.place_ids[silent].tolist()
    gaps = [
        Gap(scope.codes[place], interval.since, interval.until, "没有读写器到过", "no reader was there")
        for place in rolled_up(uncovered, shelves, scope.lineage, scope.top)
    ]
    return int(expected.sum()), int((expected & judged.listened).sum()), gaps


def _strange_tags(connection: psycopg.Connection[Any], interval: Interval, scope: _Scope) -> list[Finding]:
    found = []
    for epc, place, former, reads in audits.strange_tags(connection, list(scope.codes), interval.since, interval.until):
        if former is None:
            kind, zh, en = (
                FindingKind.UNKNOWN_TAG,
                f"读到 {reads} 次，未绑定任何档案。",
                f"Read {reads} times; it is no dossier's.",
            )
        else:
            kind = FindingKind.TWO_TAGS
            zh, en = f"已更换的旧标签仍读到 {reads} 次。", f"The tag that was replaced is still read, {reads} times."
        found.append(Finding(former, kind, None, place, 1.0, zh, en, epc.upper()))
    return found


def _blind_readers(connection: psycopg.Connection[Any], interval: Interval, scope: _Scope) -> list[Gap]:
    rows = audits.blind_readers(connection, list(scope.codes), interval.since, interval.until)
    return [
        Gap(place, since, until, f"读写器失读：{reason}", f"the reader was blind: {reason}")
        for place, since, until, reason in rows
    ]
