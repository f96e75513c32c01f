"""Commands to readers on a page and by programs."""

from pathlib import Path
from uuid import uuid4

import pytest

from inventory.domain.people import Role
from inventory.domain.refusals import BadInput, NotAllowed, NotCommandable
from tests.commanding.test_commands import register
from tests.conftest import Archive
from tests.site import ONE_ENGINE, SignIn

pytestmark = ONE_ENGINE


@pytest.fixture
def registered(archive: Archive, folder: Path, site: str) -> Archive:
    assert site
    register(archive, folder, "S1,native,guiwei/W1/S1/reads,1,A-01,shelf,", "FX,zebra,tevents/FX,1,A-01,shelf,")
    return archive


def test_programs_tell_a_reader_and_see_what_came_of_it(registered: Archive, signed_in: SignIn) -> None:
    registered.person("auditor", Role.AUDITOR)
    keeper, auditor = signed_in("keeper"), signed_in("auditor")
    sent = {"command_id": str(uuid4()), "kind": "output", "port": 2, "on": True, "pulse": 5}
    told = keeper.post("/api/v1/readers/S1/commands", json=sent)
    assert told.status_code == 202
    assert keeper.post("/api/v1/readers/S1/commands", json=sent).json() == told.json()
    assert (told.json()["state"], told.json()["arguments"]) == ("asked", {"port": 2, "on": True})
    back, first = auditor.get("/api/v1/commands").json()["commands"]
    assert first == told.json()
    assert (back["arguments"], back["due_at"] > first["due_at"]) == ({"port": 2, "on": False}, True)
    stop = {"command_id": str(uuid4()), "kind": "stop"}
    assert auditor.post("/api/v1/readers/S1/commands", json=stop).json()["code"] == NotAllowed.code
    assert keeper.post("/api/v1/readers/FX/commands", json=stop).json()["code"] == NotCommandable.code
    mixed = stop | {"command_id": str(uuid4()), "dbm": 3}
    assert keeper.post("/api/v1/readers/S1/commands", json=mixed).json()["code"] == BadInput.code


def test_a_keeper_tells_a_reader_on_the_page(registered: Archive, signed_in: SignIn) -> None:
    keeper = signed_in("keeper")
    form = {"command_id": str(uuid4()), "reader": "S1", "kind": "start", "seconds": "30", "on": "on"}
    assert keeper.post("/commands", data=form).headers["location"] == "/commands"
    page = keeper.get("/commands").text
    assert "30 s" in page and "start reading" in page and "asked" in page
    refused = keeper.post("/commands", data=form | {"command_id": str(uuid4()), "reader": "S9"})
    assert (refused.status_code, "There is no reader S9." in refused.text) == (404, True)
    wrong = keeper.post("/commands", data=form | {"command_id": str(uuid4()), "kind": "power", "dbm": "loud"})
    assert wrong.status_code == 422
    assert registered.root.execute("SELECT count(*) FROM reader_command").fetchone() == (1,)
