"""A warehouse worth attacking: two counties' dossiers, their people in every role, and a server before them."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import httpx
import pytest

from inventory.domain.people import Reach, Role
from inventory.domain.requests import RequestKind
from inventory.operations.signing_in import add_token
from tests.conftest import Archive
from tests.requests.counter import Counter
from tests.site import ONE_ENGINE

__all__ = ["ONE_ENGINE"]

OURS, THEIRS = "370112", "370113"


class Counties:
    """Licheng's dossiers L-1 to L-3 and Changqing's C-1 to C-3; nothing of a Changqing person's is like anybody else's."""

    ours = ("L-1", "L-2", "L-3")
    theirs = ("C-1", "C-2", "C-3")
    # Where one of these stands in an answer to Licheng, Changqing's data came out.
    secrets_of_theirs = ("欧阳慎独", "长清轴承厂", "长老7788")

    def __init__(self, archive: Archive, address: str) -> None:
        self.archive, self.address = archive, address
        self.counter = Counter(archive)
        for number in self.ours:
            self.counter.dossier(number)
        for number in self.theirs:
            self.counter.dossier(number, agency=THEIRS)
        archive.root.execute(
            "UPDATE subject SET name = '欧阳慎独', employer = '长清轴承厂' WHERE id IN"
            " (SELECT subject_id FROM dossier WHERE number = ANY (%s))",
            (list(self.theirs),),
        )
        archive.root.execute("INSERT INTO dossier_alias SELECT id, '长老7788' FROM dossier WHERE number = 'C-1'")
        counter = self.counter
        for number in self.ours:
            counter.career(number)
        self.requests = [counter.ask(counter.form(RequestKind.LOAN, number)).number for number in self.ours]
        letters = {letter for (letter,) in archive.root.execute("SELECT id FROM letter")}
        self.letters = sorted(letters)

    def token(self, role: Role) -> str:
        """A token of somebody in that role, of Licheng where the role belongs to an agency."""
        agency = OURS if role.rights.dossiers is Reach.OWN_AGENCY else None
        login = f"program-{role.value}"
        self.archive.person(login, role, agency=agency)
        secret = uuid4().hex
        now = datetime.now(UTC)
        add_token(self.archive.owner, login, "attack", now, now + timedelta(days=2), secret)
        return secret


@pytest.fixture
def counties(archive: Archive, site: str) -> Counties:
    return Counties(archive, site)


@pytest.fixture
def outsider(site: str) -> Iterator[httpx.Client]:
    """Somebody on the network without an account."""
    with httpx.Client(base_url=site, headers={"Accept-Language": "en"}) as client:
        yield client
