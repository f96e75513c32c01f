"""Processes that run apart: each with the database URL of its own role, and no other."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests import servers
from tests.commands.running import ONE_ENGINE, Guiwei
from tests.conftest import Archive

pytestmark = ONE_ENGINE
URLS = {"app": "GUIWEI_DATABASE_URL", "owner": "GUIWEI_OWNER_DATABASE_URL", "jobs": "GUIWEI_JOBS_DATABASE_URL"}


@pytest.fixture
def broker(directory: Path) -> Iterator[servers.Mosquitto]:
    with servers.mosquitto(directory) as running:
        yield running


def given(guiwei: Guiwei, *roles: str) -> Guiwei:
    for role, name in URLS.items():
        if role not in roles:
            del guiwei.environment[name]
    return guiwei


def answers(address: str) -> bool:
    try:
        return httpx.get(f"{address}/ready").status_code == 200
    except httpx.TransportError:
        return False


@pytest.mark.parametrize(("process", "role"), [("web", "app"), ("ingest", "jobs"), ("jobs", "jobs")])
def test_each_process_runs_with_its_own_url_and_no_other(
    guiwei: Guiwei, archive: Archive, broker: servers.Mosquitto, process: str, role: str
) -> None:
    given(guiwei, role)
    if process == "ingest":
        guiwei.set("GUIWEI_MQTT_URL", broker.url)
    leases = "SELECT count(*) > 0 FROM lease"
    running = guiwei.start(process)
    try:
        if process == "web":
            running.wait_for(lambda: answers(running.address))
        else:
            running.wait_for(lambda: archive.root.execute(leases).fetchone() == (True,))
        roles = {name for (name,) in archive.root.execute(
            "SELECT usename FROM pg_stat_activity WHERE datname = %s AND usename LIKE 'guiwei_%%'", (archive.name,))}  # fmt: skip
        assert roles == {f"guiwei_{role}"}
        assert running.end() == 0
    finally:
        running.abandon()


def test_a_command_says_which_url_it_lacks(guiwei: Guiwei) -> None:
    given(guiwei, "app")
    for command, role in (
        (["jobs"], "jobs"),
        (["ledger", "verify"], "jobs"),
        (["user", "list"], "owner"),
        (["db", "upgrade"], "owner"),
    ):
        assert f"{URLS[role]} can't be used: this command needs it" in guiwei(*command).refused()
