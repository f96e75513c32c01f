"""A desk: its reader registered, the PC/SC daemon with a virtual reader, a broker."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from devices.broker import BrokerAddress
from devices.commands import Commands, CommandSlot
from inventory.domain.people import Role
from inventory.operations.countersigning import set_pin
from tests.conftest import Archive
from tests.desk.virtual import Daemon, daemon
from tests.web.stock import account_of

PIN = "271828"
TOPIC = "guiwei/w1/DESK-1/reads"


@pytest.fixture
def pcscd(folder: Path) -> Iterator[Daemon]:
    """The real daemon."""
    with daemon(folder) as running:
        yield running


@pytest.fixture
def desk(archive: Archive) -> Archive:
    """A desk, a system administrator, and a head who needs a second factor."""
    register_desk(archive)
    archive.admin = account_of(archive, "admin", "管理员", Role.SYSTEM_ADMIN)  # type: ignore[attr-defined]
    archive.admin = replace(archive.admin, secret=archive.session(archive.admin.account_id))  # type: ignore[attr-defined]
    account_of(archive, "wang", "王芳", Role.AGENCY_HEAD, "370112")
    archive.root.execute("INSERT INTO second_factor_role VALUES ('agency_head')")
    set_pin(archive.owner, "wang", PIN)
    return archive


def register_desk(archive: Archive, code: str = "DESK-1", topic: str = TOPIC) -> None:
    """A desk with a reader that takes badges."""
    archive.desk(f"W1-{code}")
    archive.root.execute(
        "INSERT INTO reader (code, dialect, topic, timezone) VALUES (%s, 'native', %s, 'UTC')", (code, topic)
    )
    archive.root.execute(
        "INSERT INTO antenna (reader_id, number, role, place_id) SELECT reader.id, 0, 'desk', place.id FROM reader, place "
        "WHERE reader.code = %s AND place.code = %s",
        (code, f"W1-{code}"),
    )


@contextmanager
def commands_sent(archive: Archive, url: str) -> Iterator[None]:
    """What desks are told is sent, as beside ingest."""
    stop = threading.Event()
    slot = CommandSlot(0, "here", "guiwei-commands-0", Path("none"))
    thread = threading.Thread(target=Commands(archive.jobs, BrokerAddress.parse(url), slot).run, args=(stop,))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(30)
