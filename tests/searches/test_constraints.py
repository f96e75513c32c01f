"""The database holds what the rules say, against everybody."""

import psycopg
import pytest

from inventory.domain.refusals import Refusal
from inventory.store.constraints import CONSTRAINTS
from inventory.store.database import refusal_for
from tests.conftest import Archive
from tests.searches.breaks import BREAKS, PREPARE


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
        "UPDATE search_step SET result = 'nothing'",
        "DELETE FROM search_case",
        "DELETE FROM dossier_merge",
        "UPDATE count_certificate SET held = 0",
        "DELETE FROM count_certificate",
        "DELETE FROM agency_merger",
        "UPDATE dossier SET holding_agency_id = holding_agency_id",
        "UPDATE dossier_agency_past SET agency_id = 1",
        "INSERT INTO dossier_agency_past SELECT id, holding_agency_id, 1, now(), now() FROM dossier",
        "TRUNCATE search_step",
    ],
)
def test_the_application_may_not_rewrite_what_was_certified_searched_or_merged(
    archive: Archive, statement: str
) -> None:
    with psycopg.connect(archive.app_url) as app, pytest.raises(psycopg.errors.InsufficientPrivilege):
        app.execute(statement)
