"""Approved requests and a hall of mobile shelving, as picking and consigning find them."""

from datetime import UTC, datetime, timedelta

from inventory.domain.people import Role, Viewer
from tests.conftest import Archive


def now() -> datetime:
    return datetime.now(UTC)


def mobile_shelf(archive: Archive, code: str, block: str, aisle: str, x: float = 0.0, y: float = 0.0) -> str:
    """A shelf of mobile shelving in room W1-R1."""
    archive.shelf(code, x)
    archive.root.execute("UPDATE place SET block = %s, aisle = %s, y = %s WHERE code = %s", (block, aisle, y, code))
    return code


def window(archive: Archive, code: str = "N-1") -> str:
    if not archive.root.execute("SELECT FROM place WHERE code = %s", (code,)).rowcount:
        archive.place(code, "window")
    return code


def head(archive: Archive) -> Viewer:
    """The head of agency 370112."""
    row = archive.root.execute("SELECT id, agency_id FROM account WHERE login = 'head'").fetchone()
    if row is None:
        return archive.person("head", Role.AGENCY_HEAD, agency="370112")
    return Viewer(row[0], "head", "head", Role.AGENCY_HEAD, row[1], "370112", archive.session(row[0]))


def asked(
    archive: Archive, dossier: str, *, to: str = "N-1", priority: int = 0, days: int = 3, state: str = "approved"
) -> int:
    """A request by the window to have a dossier brought there, approved by the head; its row id."""
    window(archive, to)
    row = archive.root.execute(
        """
        INSERT INTO request (kind, initiator, purpose, asked_by, asked_at, accepting_agency_id, holding_agency_id, dossier_id,
                             window_place_id, priority, promised_on, due_on, state, decided_by, decided_at)
        SELECT 'dispatch', 'person', '查阅', %(clerk)s, now(), holding_agency_id, holding_agency_id, dossier.id,
               (SELECT id FROM place WHERE code = %(to)s), %(priority)s, %(day)s, %(day)s, %(state)s, %(head)s, now()
        FROM dossier WHERE number = %(dossier)s RETURNING id
        """,
        {
            "clerk": archive.clerk.account_id,
            "head": head(archive).account_id,
            "to": to,
            "priority": priority,
            "day": (now() + timedelta(days=days)).date(),
            "state": state,
            "dossier": dossier,
        },
    ).fetchone()
    assert row is not None
    return int(row[0])


def state_of(archive: Archive, request: int) -> str:
    row = archive.root.execute("SELECT state FROM request WHERE id = %s", (request,)).fetchone()
    assert row is not None
    return str(row[0])
