"""What people counted on the shelves of an audit, beside what the radio says: it corrects findings and covers shelves."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import psycopg

from inventory.domain.custody_rules import STORED
from inventory.domain.findings import Finding, FindingKind, Undecided
from inventory.domain.shelf_counts import COUNTED_RIGHT, CountSays, Held, missing_probability, said
from inventory.locating.judging import Judgement, Outcome
from inventory.operations.judging import Interval
from inventory.store import audits, shelf_counts
from inventory.store.audit_rows import FindingRow, UndecidedRow
from inventory.store.beliefs import Roots

_OF_PLACE = frozenset({FindingKind.MISPLACED, FindingKind.MISSING, FindingKind.PRESENT_THOUGH_OUT})

Found = list[tuple[Finding, FindingRow]]
Unsure = list[tuple[Undecided, UndecidedRow]]


@dataclass(frozen=True)
class Counts:
    """The counts of an audit's shelves, and the ledger of everything they speak of, as of the audit's instant."""

    says: CountSays = field(default_factory=lambda: CountSays({}, {}, frozenset()))
    ledger: dict[int, Held] = field(default_factory=dict)


def counts_of(
    connection: psycopg.Connection[Any],
    shelf_ids: list[int],
    interval: Interval,
    roots: Roots | None,
    blind: int | None,
) -> Counts:
    """What was counted of these shelves in the interval; blind: for that blind count alone, since keepers count as well."""
    counts = shelf_counts.between(connection, shelf_ids, interval.since, interval.until, blind)
    if not counts:
        return Counts()
    volumes = sorted({volume for count in counts for volume in count.volumes})
    places = sorted({count.place_id for count in counts})
    ledger = shelf_counts.ledger_of(connection, interval.until, roots, places, volumes)
    return Counts(said(counts, ledger), ledger)


def corrected(
    connection: psycopg.Connection[Any],
    counts: Counts,
    interval: Interval,
    judged: Judgement,
    findings: Found,
    undecided: Unsure,
) -> tuple[Found, Unsure]:
    """Findings and undecided volumes, set right by what people had in hand and by what a whole shelf didn't hold."""
    says = counts.says
    if not says.counted and not says.absent:
        return findings, undecided
    misplaced = {row.volume_id for one, row in findings if one.kind is FindingKind.MISPLACED}
    # A volume not on its shelf that the radio has elsewhere is misplaced, which says more than missing.
    absent = {volume: times for volume, times in says.absent.items() if volume not in misplaced}
    heard_home = _heard_at_home(interval, judged, list(absent))
    told = says.counted.keys() | absent.keys()
    findings = [pair for pair in findings if pair[0].kind not in _OF_PLACE or pair[1].volume_id not in told]
    undecided = [pair for pair in undecided if pair[1].volume_id not in told | says.absent.keys()]
    names = audits.volume_names(connection, sorted(told))
    mentioned = {*says.counted.values(), *(counts.ledger[volume].place_id for volume in told & counts.ledger.keys())}
    places = audits.codes_and_kinds(connection, mentioned)
    for volume, place_id in sorted(says.counted.items()):
        pair = _where_counted(counts.ledger.get(volume), volume, place_id, names[volume], places)
        findings += [] if pair is None else [pair]
    for volume, times in sorted(absent.items()):
        home = counts.ledger[volume].place_id
        code = places[home][0]
        if volume in heard_home:
            zh, en = (
                f"清点 {code} 未见，但有读写器在架上读到。",
                f"A count of {code} didn't have it, yet a reader heard it there.",
            )
            undecided.append((Undecided(names[volume], code, zh, en), UndecidedRow(volume, home, zh, en)))
            continue
        sure = missing_probability(times)
        zh, en = f"{code} 全架清点 {times} 次未见。", f"{code} was counted whole {times} times without it."
        row = FindingRow(FindingKind.MISSING.value, volume, None, home, None, sure, zh, en)
        findings.append((Finding(names[volume], FindingKind.MISSING, code, None, sure, zh, en), row))
    return (
        sorted(findings, key=lambda pair: (pair[0].kind, pair[0].dossier or "")),
        sorted(undecided, key=lambda pair: pair[0].dossier),
    )


def _where_counted(
    held: Held | None, volume: int, place_id: int, name: str, places: dict[int, tuple[str, str]]
) -> tuple[Finding, FindingRow] | None:
    """What it means that somebody had a volume in hand on a shelf; nothing, where it belongs there."""
    if held is not None and held.place_id == place_id:
        return None
    here = places[place_id][0]
    ledger, kind_of_place = (None, None) if held is None else places[held.place_id]
    kind = FindingKind.MISPLACED if kind_of_place in STORED else FindingKind.PRESENT_THOUGH_OUT
    zh, en = f"清点时在 {here}。", f"It was counted on {here}."
    ledger_id = None if held is None else held.place_id
    row = FindingRow(kind.value, volume, None, ledger_id, place_id, COUNTED_RIGHT, zh, en)
    return Finding(name, kind, ledger, here, COUNTED_RIGHT, zh, en), row


def _heard_at_home(interval: Interval, judged: Judgement, volumes: list[int]) -> set[int]:
    """Of these volumes, those that the radio heard where they belong."""
    ids = interval.gathered.volume_ids
    rows = np.searchsorted(ids, np.array(volumes, np.int64))
    known = [
        (volume, row)
        for volume, row in zip(volumes, rows.tolist(), strict=True)
        if row < len(ids) and ids[row] == volume
    ]
    return {volume for volume, row in known if judged.outcome[row] == Outcome.AT_HOME and judged.night.reads[row] > 0}
