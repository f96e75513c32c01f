"""A hall that was listened to, audited: what of it is stored."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from inventory.operations import auditing
from inventory.operations.audit_judging import Audit
from tests.conftest import Archive
from tests.locating.halls import NIGHTS, evening_of

RESULTS = {
    "audit_finding": "number",
    "audit_undecided": "number",
    "audit_gap": "number",
    "audit_shelf": "place_id",
}
INTERVAL = evening_of(NIGHTS - 1), evening_of(NIGHTS)


def ask(archive: Archive, scope: str = "W1") -> int:
    """An audit of the last night that waits."""
    with archive.jobs.unpooled() as connection:
        return auditing.ask_for(connection, scope, *INTERVAL, datetime.now(UTC))


def run(archive: Archive, number: int) -> Audit:
    return auditing.run(archive.jobs, number, datetime.now(UTC))


def stored(archive: Archive, number: int) -> dict[str, list[Any]]:
    """Everything an audit found, row for row, without its number."""
    return {
        table: [
            tuple(row)
            for (row,) in archive.root.execute(
                f"SELECT array_agg(value ORDER BY key) FROM {table}, jsonb_each_text(to_jsonb({table}) - 'audit_id') "
                f"WHERE audit_id = %s GROUP BY {order} ORDER BY {order}",
                (number,),
            )
        ]
        for table, order in RESULTS.items()
    }


def state_of(archive: Archive, number: int) -> str:
    row = archive.root.execute("SELECT state FROM audit WHERE id = %s", (number,)).fetchone()
    assert row is not None
    return str(row[0])


@contextmanager
def halted(archive: Archive, number: int, step: str) -> Iterator[subprocess.Popen[str]]:
    """A process that judges the audit and has come to this step."""
    url = archive.server.url("jobs", archive.name)
    command = [sys.executable, "-m", "tests.audits.killed", url, str(number), step]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == f"{step}\n", process.stderr.read() if process.stderr else ""
        yield process
    finally:
        process.kill()
        process.communicate(timeout=60)
