"""The database holds what the rules say, against everybody."""

import psycopg
import pytest

from inventory.domain.discrepancies import KINDS, DiscrepancyKind
from inventory.domain.findings import FindingKind
from inventory.domain.refusals import Refusal
from inventory.store.constraints import CONSTRAINTS
from inventory.store.database import refusal_for
from tests.conftest import Archive
from tests.discrepancies.breaks import BREAKS, CLOSE, PREPARE, SECOND


def test_whatever_is_broken_tells_by_which_rule(archive: Archive) -> None:
    PREPARE(archive)
    told: dict[str, tuple[str | None, type[Refusal | None]]] = {}
    for constraint, statement in BREAKS.items():
        with pytest.raises(psycopg.Error) as broken:
            archive.root.execute(statement)
        told[constraint] = broken.value.diag.constraint_name, type(refusal_for(broken.value))
    assert told == {constraint: (constraint, CONSTRAINTS[constraint]) for constraint in BREAKS}


def test_somebody_else_may_say_what_the_mover_may_not(archive: Archive) -> None:
    PREPARE(archive)
    archive.root.execute(CLOSE.format(kind="missing", state="resolved", outcome="false_alarm", by=SECOND))


def test_the_table_of_outcomes_stands_in_the_database_word_for_word(archive: Archive) -> None:
    rules = {
        (kind.value, outcome.value): (outcome in nature.reasons, outcome in nature.reasons and nature.by_another)
        for kind, nature in KINDS.items()
        for outcome in (*nature.reasons, *nature.facts)
    }
    rows = archive.root.execute("SELECT kind, outcome, by_person, by_another FROM discrepancy_rule").fetchall()
    assert {(kind, outcome): (person, another) for kind, outcome, person, another in rows} == rules
    assert set(KINDS) == set(DiscrepancyKind)
    assert {kind.value for kind in FindingKind} <= {kind.value for kind in DiscrepancyKind}


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO discrepancy (kind, volume_id, opened_at, opened_numbers, seen_at, numbers) VALUES ('missing', 1, now(), '{}', now(), '{}')",
        "UPDATE discrepancy SET kind = 'misplaced'",
        "UPDATE discrepancy SET probability = 1, times_seen = 0",
        "UPDATE discrepancy SET opened_probability = 0",
        "DELETE FROM discrepancy",
        "UPDATE discrepancy_note SET note = 'x'",
        "DELETE FROM discrepancy_note",
        "TRUNCATE discrepancy_note",
        "UPDATE discrepancy_rule SET by_another = false",
    ],
)
def test_the_application_neither_opens_cases_nor_rewrites_what_was_said(archive: Archive, statement: str) -> None:
    with psycopg.connect(archive.app_url) as app, pytest.raises(psycopg.errors.InsufficientPrivilege):
        app.execute(statement)
