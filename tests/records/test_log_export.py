"""The access log is taken home whole, however long, in as much memory as a short one; a workbook that holds less says so."""

import csv
import io
import re
import tracemalloc

import httpx
import pytest

from inventory.domain.people import Role
from inventory.operations.signing_in import add_account
from tests.conftest import Archive
from tests.site import ONE_ENGINE, SignIn
from tests.web.stock import password_of
from web.pages.access_log import WORKBOOK_ENTRIES_MAX

pytestmark = ONE_ENGINE
MANY, FEW = 120_000, 12_000
ANSWER_SECONDS_MAX = 300


@pytest.fixture
def shen(archive: Archive, signed_in: SignIn) -> httpx.Client:
    add_account(archive.owner, "shen", "沈静", Role.AUDIT_ADMIN, None, password_of("shen"))
    client = signed_in("shen")
    client.timeout = httpx.Timeout(ANSWER_SECONDS_MAX)
    return client


def many_entries(archive: Archive, count: int, act: str) -> None:
    """The oldest of the newest hundred thousand lie in one minute, so that the range a workbook holds is a short one."""
    archive.root.execute(
        "INSERT INTO access_log (at, act, address, browser) SELECT '2026-03-14 08:00Z'::timestamptz + "
        "CASE WHEN n <= %s THEN interval '0' ELSE interval '1 hour' END, %s, '10.0.0.1', 'browser ' || n "
        "FROM generate_series(1, %s) AS n",
        (count - 500, act, count),
    )


def taken(shen: httpx.Client, act: str) -> tuple[int, int]:
    """Rows and bytes of an export, read as it comes."""
    received, tail, lines = 0, b"", 0
    with shen.stream("GET", "/access-log/export.csv", params={"act": act}) as answer:
        assert answer.status_code == 200
        for piece in answer.iter_bytes():
            received += len(piece)
            lines += piece.count(b"\n")
            tail = (tail + piece)[-200:]
    told = re.search(r"完 end · (\d+) 条 rows\r\n$", tail.decode(errors="replace"))
    assert told is not None
    assert int(told[1]) == lines - 3, "its last line says how many rows it has"
    return lines - 3, received


def test_more_than_a_hundred_thousand_entries_leave_whole_and_in_constant_memory(
    archive: Archive, shen: httpx.Client
) -> None:
    many_entries(archive, MANY, "many")
    many_entries(archive, FEW, "few")
    peaks = {}
    for act, count in (("few", FEW), ("many", MANY)):
        tracemalloc.start()
        rows, received = taken(shen, act)
        peaks[act] = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert rows == count
        assert received > count * 60
    assert peaks["many"] < peaks["few"] * 1.5


def test_a_workbook_too_long_is_refused_with_the_range_that_fits(archive: Archive, shen: httpx.Client) -> None:
    many_entries(archive, MANY, "many")
    refused = shen.get("/access-log/export.xlsx", params={"act": "many"})
    assert refused.status_code == 422
    assert f"at most {WORKBOOK_ENTRIES_MAX} entries" in refused.text
    since = re.search(r"Begin at (\S+ \S+) or later", refused.text)
    assert since is not None
    taken = shen.get("/access-log/export.xlsx", params={"act": "many", "since": since[1]})
    assert taken.status_code == 200
    assert taken.content[:2] == b"PK"


def test_what_was_asked_for_by_its_pages_is_what_is_taken(archive: Archive, shen: httpx.Client) -> None:
    """An export that needs several pieces has every entry once, newest first."""
    many_entries(archive, FEW, "few")
    text = shen.get("/access-log/export.csv", params={"act": "few"}).content.decode("utf-8-sig")
    browsers = [line[10] for line in list(csv.reader(io.StringIO(text)))[2:-1]]
    assert browsers == [f"browser {number}" for number in range(FEW, 0, -1)]
