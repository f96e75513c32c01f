"""A warehouse in which something isn't where it should be."""

from collections.abc import Callable
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from inventory.domain.identifiers import VolumeName
from inventory.domain.people import Role, Viewer
from inventory.domain.searching import Step, StepResult
from inventory.operations import searching
from inventory.operations.search_cases import search_case
from inventory.operations.searching import Looking
from tests.conftest import Archive

Missed = Callable[[str], str]


@pytest.fixture
def head(archive: Archive) -> Viewer:
    """The head of agency 370112."""
    return archive.person("head", Role.AGENCY_HEAD, agency="370112")


@pytest.fixture
def missed(archive: Archive) -> Missed:
    """A dossier stands on A-01 by the ledger, a keeper looked and it isn't there; gives the number of the search."""

    def miss(number: str) -> str:
        if not archive.root.execute("SELECT FROM place WHERE code = 'A-01'").rowcount:
            archive.shelf("A-01")
        archive.dossier(number, on="A-01")
        return searching.begin_search(
            archive.app,
            archive.keeper,
            VolumeName(number),
            command_id=uuid4(),
            now=datetime.now(UTC),
            reason="库位上没有",
        )

    return miss


def look_everywhere(archive: Archive, case: str, *searchers: Viewer) -> None:
    """Every step of the protocol, the searchers taking turns."""
    steps = [line.step for line in search_case(archive.app, archive.keeper, case, datetime.now(UTC)).steps]
    for turn, step in enumerate(steps):
        look(archive, case, step, searchers[turn % len(searchers)])


def look(archive: Archive, case: str, step: Step, searcher: Viewer, result: StepResult = StepResult.NOTHING) -> None:
    looking = Looking(uuid4(), step, result, "x" if result is StepResult.NOT_APPLICABLE else None)
    searching.look(archive.app, searcher, case, looking, datetime.now(UTC))


def asked_for(archive: Archive, number: str) -> int:
    """A request for a dossier whose picking ended in a search; returns its row id."""
    row = archive.root.execute(
        "INSERT INTO request (kind, initiator, purpose, asked_by, asked_at, accepting_agency_id, holding_agency_id, dossier_id, "
        "window_place_id, promised_on, due_on, state, decided_by, decided_at) "
        "SELECT 'dispatch', 'employer', 'x', %s, now(), holding_agency_id, holding_agency_id, dossier.id, place.id, "
        "current_date + 1, current_date + 9, 'searching', %s, now() FROM dossier, place WHERE number = %s AND code = 'LOST' "
        "RETURNING id",
        (archive.clerk.account_id, archive.keeper.account_id, number),
    ).fetchone()
    assert row is not None
    return int(row[0])
