"""The embedded database: shared by commands, kept from strangers, back after every kind of end."""

import json
import os
import shutil
import signal
import socket
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import mkdtemp

import psycopg
import pytest

from guiwei.embedded import embedded_postgres
from guiwei.embedded.cluster import Say
from inventory.domain.refusals import BadSetting, Unavailable
from tests.ground.commands import database_command
from tests.servers import server_directory

NOBODY = 65534


@pytest.fixture
def site() -> Iterator[Path]:
    """A data directory."""
    with server_directory() as directory:
        yield directory


@pytest.fixture
def say() -> Say:
    """Somebody who is told what takes long."""
    return print


def is_up(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=5).close()
    except psycopg.OperationalError:
        return False
    return True


def postmaster(site: Path) -> int:
    return int((site / "postgres" / "data" / "postmaster.pid").read_text("utf-8").splitlines()[0])


def test_every_role_signs_in_by_password_and_nobody_without(site: Path, say: Say) -> None:
    with embedded_postgres(site, say) as server:
        for role, name in (("owner", "guiwei_owner"), ("app", "guiwei_app"), ("jobs", "guiwei_jobs")):
            with psycopg.connect(server.url(role)) as connection:  # type: ignore[arg-type]
                assert connection.execute("SELECT current_user").fetchone() == (name,)
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(server.url("app").replace(server.passwords["app"], "guessed"))
        assert server.passwords["app"] not in repr(server)


def test_what_was_written_is_there_at_the_next_start(site: Path, say: Say) -> None:
    with embedded_postgres(site, say) as server, psycopg.connect(server.url("owner")) as connection:
        connection.execute("CREATE TABLE shelf AS SELECT '档案' AS name")
    with embedded_postgres(site, say) as again, psycopg.connect(again.url("owner")) as connection:
        assert connection.execute("SELECT name FROM shelf").fetchone() == ("档案",)
        assert again.port == server.port


def test_the_last_one_out_stops_the_server(site: Path, say: Say) -> None:
    with embedded_postgres(site, say) as server:
        other = database_command(site).wait_until_up()
        assert str(server.port) in other.url
    assert is_up(other.url), "the other command still works with it"
    other.end()
    assert not is_up(other.url)


def test_two_commands_starting_at_once_start_one_server(site: Path) -> None:
    commands = [database_command(site) for _ in range(3)]
    urls = {command.wait_until_up().url for command in commands}
    for command in commands:
        command.end()
    assert len(urls) == 1
    assert not is_up(urls.pop())


def test_a_server_left_by_a_killed_command_is_found_and_used(site: Path, say: Say) -> None:
    command = database_command(site).wait_until_up()
    command.kill()
    assert is_up(command.url)
    left_behind = postmaster(site)
    with embedded_postgres(site, say) as server:
        assert postmaster(site) == left_behind
        assert is_up(server.url("app"))
    assert not is_up(command.url)


def test_a_killed_server_recovers_what_was_committed(site: Path, say: Say) -> None:
    with embedded_postgres(site, say) as server:
        with psycopg.connect(server.url("owner")) as connection:
            connection.execute("CREATE TABLE act AS SELECT generate_series(1, 10000) AS number")
        os.kill(postmaster(site), signal.SIGKILL)
    with embedded_postgres(site, say) as again, psycopg.connect(again.url("owner")) as connection:
        assert connection.execute("SELECT count(*), max(number) FROM act").fetchone() == (10000, 10000)


def test_a_pid_file_from_before_a_power_cut_does_not_stop_it(site: Path, say: Say) -> None:
    with embedded_postgres(site, say):
        lines = (site / "postgres" / "data" / "postmaster.pid").read_text("utf-8").splitlines()
    # The number belongs to another process of the same user now: here, to one started by that very user.
    owner = (site / "postgres" / "data").stat().st_uid
    bystander = os.posix_spawn("/bin/sleep", ["sleep", "60"], {}) if os.geteuid() else _sleep_as(owner)
    try:
        stale = "\n".join([str(bystander), *lines[1:]]) + "\n"
        pid_file = site / "postgres" / "data" / "postmaster.pid"
        pid_file.write_text(stale, "utf-8")
        os.chown(pid_file, owner, -1)
        with embedded_postgres(site, say) as server:
            assert is_up(server.url("app"))
            assert postmaster(site) != bystander
    finally:
        os.kill(bystander, signal.SIGKILL)
        os.waitpid(bystander, 0)


def _sleep_as(user: int) -> int:
    pid = os.fork()
    if pid == 0:
        os.setuid(user)
        os.execv("/bin/sleep", ["sleep", "60"])  # noqa: S606
    while b"sleep" not in Path(f"/proc/{pid}/cmdline").read_bytes():
        time.sleep(0.01)
    return pid


def test_a_port_taken_meanwhile_is_not_a_problem(site: Path, say: Say) -> None:
    with embedded_postgres(site, say) as server:
        port = server.port
    with socket.socket() as neighbour:
        neighbour.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        neighbour.bind(("127.0.0.1", port))
        neighbour.listen()
        with embedded_postgres(site, say) as server:
            assert server.port != port
            assert is_up(server.url("app"))


def test_passwords_are_for_their_owner_only(site: Path, say: Say) -> None:
    with embedded_postgres(site, say):
        assert stat.S_IMODE((site / "postgres.json").stat().st_mode) == 0o600
        assert stat.S_IMODE((site / "postgres").stat().st_mode) == 0o700
        assert len(set(json.loads((site / "postgres.json").read_text("utf-8"))["passwords"].values())) == 4


@pytest.mark.skipif(os.geteuid() != 0, reason="only root needs another user for its server")
def test_root_s_server_runs_as_a_user_of_its_own_and_closed_parents_stay_closed(say: Say) -> None:
    closed = Path(mkdtemp(prefix="guiwei-closed-"))
    try:
        with pytest.raises(BadSetting, match="GUIWEI_DATA_DIR"), embedded_postgres(closed / "data", say):
            pass
        assert stat.S_IMODE(closed.stat().st_mode) == 0o700
        closed.chmod(0o711)
        with embedded_postgres(closed / "data", say):
            assert Path(f"/proc/{postmaster(closed / 'data')}").stat().st_uid not in (0, NOBODY)
        assert stat.S_IMODE(closed.stat().st_mode) == 0o711
    finally:
        shutil.rmtree(closed, ignore_errors=True)


@pytest.mark.skipif(os.geteuid() != 0, reason="everybody else is already a normal user")
def test_a_normal_user_needs_nobody_s_help(site: Path) -> None:
    home = site / "home"
    home.mkdir()
    os.chown(home, NOBODY, NOBODY)
    try:
        command = database_command(home / "guiwei", user=NOBODY)
    except PermissionError:
        pytest.skip("this Python stands where only root may go")
    assert is_up(command.wait_until_up().url)
    assert Path(f"/proc/{postmaster(home / 'guiwei')}").stat().st_uid == NOBODY
    command.end()
    assert not is_up(command.url)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs two users")
def test_another_user_s_directory_is_refused(site: Path, say: Say) -> None:
    os.chown(site, NOBODY, NOBODY)
    with pytest.raises(BadSetting, match=r"GUIWEI_DATA_DIR.*another user"), embedded_postgres(site, say):
        pass


def test_a_server_that_does_not_start_says_why_in_its_own_words(site: Path, say: Say) -> None:
    with embedded_postgres(site, say):
        pass
    (site / "postgres" / "data" / "global" / "pg_control").write_bytes(b"torn")
    with pytest.raises(Unavailable, match=r"FATAL:|PANIC:"), embedded_postgres(site, say):
        pass


def test_lost_passwords_are_told_before_anything_is_touched(site: Path, say: Say) -> None:
    with embedded_postgres(site, say):
        pass
    (site / "postgres.json").unlink()
    with pytest.raises(BadSetting, match=r"postgres\.json is missing"), embedded_postgres(site, say):
        pass
    assert not (site / "postgres.json").exists()
