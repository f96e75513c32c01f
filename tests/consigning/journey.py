"""A bag's journey in the trade's words: what every test of consigning begins with."""

from collections.abc import Sequence
from uuid import uuid4

from inventory.domain.people import Role, Viewer
from inventory.operations import consigning, receiving
from inventory.operations.consigning import Dispatching, Opening, Sealing
from inventory.operations.consignment_views import ConsignmentView
from inventory.operations.receiving import Arriving
from tests.conftest import Archive
from tests.picking.requested import asked, now, window

BAG = "BAG-01"


def bag(archive: Archive, code: str = BAG) -> str:
    return consigning.register_bag(archive.app, archive.keeper, code, now())


def colleague(archive: Archive) -> Viewer:
    """Another clerk of the window."""
    row = archive.root.execute("SELECT id, agency_id FROM account WHERE login = 'colleague'").fetchone()
    if row is None:
        return archive.person("colleague", Role.WINDOW_CLERK, agency="370112")
    return Viewer(row[0], "colleague", "colleague", Role.WINDOW_CLERK, row[1], "370112", archive.session(row[0]))


def ready(archive: Archive, *dossiers: str, to: str = "N-1") -> list[int]:
    """Dossiers on the desk W1-D1, picked for requests of the window; the requests."""
    if not archive.root.execute("SELECT FROM place WHERE code = 'W1-D1'").rowcount:
        archive.desk()
    requests = []
    for dossier in dossiers:
        archive.dossier(dossier)
        archive.bring_in(dossier, "W1-D1")
        requests.append(asked(archive, dossier, to=to, state="ready"))
    return requests


def opened(archive: Archive, viewer: Viewer | None = None, *, origin: str = "W1", target: str = "N-1") -> str:
    """A consignment in bag BAG-01; its number."""
    window(archive)
    bag(archive)
    opening = Opening(uuid4(), BAG, origin, target)
    return consigning.open_consignment(archive.app, viewer or archive.keeper, opening, now()).number


def packed(archive: Archive, *dossiers: str) -> str:
    """A consignment to the window with these dossiers in it."""
    ready(archive, *dossiers)
    number = opened(archive)
    consigning.pack(archive.app, archive.keeper, uuid4(), number, dossiers, now())
    return number


def sealed(archive: Archive, *dossiers: str) -> str:
    number = packed(archive, *dossiers)
    consigning.check_set(archive.app, archive.keeper, number, dossiers, now())
    consigning.seal(archive.app, archive.keeper, Sealing(uuid4(), number, "S-100", archive.second), now())
    return number


def dispatching(archive: Archive, number: str, **more: object) -> Dispatching:
    fields = {
        "command_id": uuid4(),
        "consignment": number,
        "channel": "staff",
        "carriers": ["王强", "李梅"],
        "witness": archive.second,
    }
    return Dispatching(**(fields | more))  # type: ignore[arg-type]


def underway(archive: Archive, *dossiers: str) -> str:
    number = sealed(archive, *dossiers)
    consigning.dispatch(archive.app, archive.keeper, dispatching(archive, number), now())
    return number


def arrive(archive: Archive, number: str, codes: Sequence[str], **more: object) -> ConsignmentView:
    fields = {
        "command_id": uuid4(),
        "consignment": number,
        "bag_seal": "S-100",
        "bag_seal_whole": True,
        "codes": codes,
    }
    return receiving.arrive(archive.app, archive.clerk, Arriving(**(fields | more)), now())  # type: ignore[arg-type]
