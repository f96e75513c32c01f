"""The database holds what audits promise, against everybody."""

import psycopg
import pytest

from inventory.domain.refusals import Refusal
from inventory.store.constraints import CONSTRAINTS
from inventory.store.database import refusal_for
from tests.audits.breaks import BREAKS, FINDING, GAP, PREPARE, SHELF, UNDECIDED
from tests.conftest import Archive


def test_whatever_is_broken_tells_by_which_rule(archive: Archive) -> None:
    PREPARE(archive)
    told: dict[str, tuple[str | None, type[Refusal | None]]] = {}
    for constraint, statement in BREAKS.items():
        with pytest.raises(psycopg.Error) as broken:
            archive.root.execute(statement)
        told[constraint] = broken.value.diag.constraint_name, type(refusal_for(broken.value))
    assert told == {constraint: (constraint, CONSTRAINTS[constraint]) for constraint in BREAKS}


@pytest.mark.parametrize(
    "statement",
    [
        *(result.format(audit=audit) for audit in (1, 3, 4) for result in (
            FINDING.format(kind="misplaced", volume="volume.id", probability=1), UNDECIDED, GAP, SHELF.format(covered=0))),
        "DELETE FROM audit_finding", "TRUNCATE audit_shelf", "DELETE FROM audit_signature", "DELETE FROM audit",
        "UPDATE audit SET expected = 5 WHERE id = 3", "UPDATE audit SET seed = 'x', sample_shelves = 2 WHERE id = 1",
        "UPDATE audit SET state = 'closed', closed_at = now(), closed_by = asked_by WHERE id = 3",
        "UPDATE audit SET state = 'judged' WHERE id = 1",
    ],
)  # fmt: skip
def test_results_and_closed_audits_stay_as_they_are(archive: Archive, statement: str) -> None:
    PREPARE(archive)
    with pytest.raises(psycopg.Error):
        archive.root.execute(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET expected = 1",
        "INSERT INTO audit_finding (audit_id, number, kind) VALUES (1, 1, 'missing')",
        "UPDATE audit_signature SET part = 'counter'",
        "DELETE FROM audit",
    ],
)
def test_the_application_judges_nothing(archive: Archive, statement: str) -> None:
    with psycopg.connect(archive.app_url) as app, pytest.raises(psycopg.errors.InsufficientPrivilege):
        app.execute(statement)
