"""One PostgreSQL cluster: made, started and stopped with PostgreSQL's own programs, as a user who may run them."""

import errno
import fcntl
import os
import pwd
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from inventory.domain.refusals import Unavailable

Say = Callable[[str], None]

# Replaying days of write-ahead log after a power cut takes what it takes; giving up would only start it again.
START_SECONDS_MAX = 24 * 3600
STOP_SECONDS_MAX = 600
INITDB_SECONDS_MAX = 600
# Backends of a postmaster that was killed hold its shared memory until their statement ends.
ORPHANS_SECONDS_MAX = 120
_SPEAK_EVERY_SECONDS = 5.0
# All PostgreSQL's programs know of our environment: no PG* variable of the caller's may steer them.
_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC", "HOME": "/"}
_POLL_SECONDS = 0.05


@dataclass(frozen=True)
class Account:
    """The operating system's user a cluster runs as."""

    uid: int
    gid: int


def postgres_account(name: str) -> Account:
    """Who runs the server: ourselves, or for root the system user `name`, made if missing: PostgreSQL refuses root."""
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid())
    with _taking_turns(name):
        return _account_of_root(name)


@contextmanager
def _taking_turns(name: str) -> Iterator[None]:
    """Two servers that start at once on a fresh machine would both make the user, under two numbers."""
    turns = os.open(f"/run/{name}.lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(turns, fcntl.LOCK_EX)
        yield
    finally:
        os.close(turns)


def _account_of_root(name: str) -> Account:
    try:
        user = pwd.getpwnam(name)
    except KeyError:
        useradd = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")
        if useradd is None:
            raise _unavailable(f"the system user {name} is missing and there is no useradd to make it") from None
        command = [useradd, "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent"]
        made = subprocess.run(
            [*command, "--shell", "/usr/sbin/nologin", name], capture_output=True, text=True, check=False
        )
        if made.returncode != 0:
            raise _unavailable(f"the system user {name} can't be made ({made.stderr.strip()})") from None
        user = pwd.getpwnam(name)
    return Account(user.pw_uid, user.pw_gid)


@dataclass(frozen=True)
class Cluster:
    """A PostgreSQL data directory and the programs that serve it.

    `home` holds the cluster in `home/data`, its logs in `home/log`, and belongs to `account`.
    """

    binaries: Path
    home: Path
    account: Account

    @property
    def data(self) -> Path:
        """PostgreSQL's own data directory."""
        return self.home / "data"

    def exists(self) -> bool:
        """Whether the cluster was made completely; a half-made one is still called `data.new`."""
        return (self.data / "PG_VERSION").exists()

    def create(self, password: str) -> None:
        """Make the cluster: UTF-8, checksums, SCRAM for every connection, superuser `postgres` with `password`."""
        self.home.mkdir(mode=0o700, exist_ok=True)
        self._give(self.home)
        fresh = self.home / "data.new"
        shutil.rmtree(fresh, ignore_errors=True)
        password_file = self.home / "password.new"
        password_file.unlink(missing_ok=True)
        self._write(password_file, password)
        try:
            made = self._run(
                INITDB_SECONDS_MAX,
                *("initdb", "--pgdata", str(fresh), "--username=postgres", f"--pwfile={password_file}"),
                *("--auth=scram-sha-256", "--data-checksums", "--encoding=UTF8"),
                *("--locale=C.UTF-8", "--lc-collate=C", "--lc-messages=C"),
            )
        finally:
            password_file.unlink(missing_ok=True)
        if made.returncode != 0:
            lines = made.stdout.strip().splitlines()
            raise _unavailable(f"the cluster can't be made: {lines[-1] if lines else made.returncode}")
        fresh.rename(self.data)

    def running_port(self) -> int | None:
        """The port of the server of this directory, or None if it is down; the server may still be recovering."""
        try:
            pid, directory, _started, port, *_ = (self.data / "postmaster.pid").read_text("utf-8").splitlines()
            command = Path(f"/proc/{int(pid)}/cmdline").read_bytes().split(b"\0")
        except (FileNotFoundError, ProcessLookupError, ValueError):
            return None
        return int(port) if os.fsencode(directory) in command else None

    def start(self, port: int, settings: Mapping[str, str], say: Say) -> None:
        """Write `postgresql.conf` and start the server on loopback; wait for crash recovery, saying so meanwhile."""
        self._write(self.data / "postgresql.conf", _configuration(port, settings))
        self._forget_a_strangers_pid()
        deadline = time.monotonic() + ORPHANS_SECONDS_MAX
        while not self._started(say):
            problem = self.last_complaint()
            if "shared memory block" not in problem or time.monotonic() > deadline:
                raise _unavailable(problem)
            time.sleep(1.0)

    def wait_until_it_answers(self, superuser_url: str, say: Say) -> None:
        """Wait for a server somebody else started, perhaps still in recovery.

        Raises `Unavailable` if it goes away or refuses us.
        """
        waiting = _Waiting(say)
        while True:
            try:
                psycopg.connect(superuser_url, connect_timeout=10).close()
            except psycopg.OperationalError as error:
                not_yet = "the database system is" in str(error) or "refused" in str(error)
                if self.running_port() is None or not not_yet or waiting.is_over():
                    raise _unavailable(str(error).strip().splitlines()[-1]) from error
                waiting.speak(self.last_complaint())
                time.sleep(_POLL_SECONDS)
            else:
                return

    def stop(self) -> None:
        """Stop the server: open transactions are rolled back, everything committed is on disk."""
        if self.running_port() is None:
            return
        stopped = self._run(
            STOP_SECONDS_MAX + 10,
            *("pg_ctl", "--pgdata", str(self.data), "--mode=fast", "--wait", f"--timeout={STOP_SECONDS_MAX}", "stop"),
        )
        if stopped.returncode != 0 and self.running_port() is not None:
            raise _unavailable(f"it doesn't stop: {self.last_complaint()}")

    def last_complaint(self) -> str:
        """The last thing the server had to say, its errors before anything else."""
        logs = [self.home / "start.log", *(self.home / "log").glob("*.log")]
        lines = [
            line
            for log in sorted((log for log in logs if log.exists()), key=lambda log: log.stat().st_mtime)
            for line in log.read_text("utf-8", "replace").splitlines()[-50:]
            if line.strip()
        ]
        serious = [line for line in lines[-50:] if "FATAL:" in line or "PANIC:" in line]
        return (serious or lines or ["the log is empty"])[-1].strip()

    def can_run(self) -> bool:
        """Whether the account can reach the programs at all."""
        try:
            return self._run(60, "postgres", "--version").returncode == 0
        except OSError:
            return False

    def can_reach(self, directory: Path) -> bool:
        """Whether the account may pass through `directory` and everything above it."""
        return self._run(60, "/usr/bin/test", "-x", str(directory)).returncode == 0

    def _started(self, say: Say) -> bool:
        (self.home / "start.log").unlink(missing_ok=True)
        starting = self._open(
            *("pg_ctl", "--pgdata", str(self.data), "--wait", f"--timeout={START_SECONDS_MAX}"),
            *("--log", str(self.home / "start.log"), "start"),
        )
        waiting = _Waiting(say)
        while starting.poll() is None:
            waiting.speak(self.last_complaint())
            time.sleep(_POLL_SECONDS)
        return starting.returncode == 0

    def _forget_a_strangers_pid(self) -> None:
        """Remove a `postmaster.pid` from before a power cut whose number is now another process of the same user.

        PostgreSQL would take that process for its own postmaster. Every other stale file it clears itself, and better:
        it also looks for surviving backends.
        """
        pid_file = self.data / "postmaster.pid"
        try:
            pid = int(pid_file.read_text("utf-8").splitlines()[0])
        except (FileNotFoundError, ValueError, IndexError):
            return
        if self.running_port() is None and Path(f"/proc/{pid}").exists():
            pid_file.unlink()

    def _run(self, seconds_max: int, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        process = self._open(program, *arguments, output=subprocess.PIPE)
        try:
            output, _ = process.communicate(timeout=seconds_max)
        except BaseException:
            process.kill()
            process.wait()
            raise
        return subprocess.CompletedProcess([program, *arguments], process.returncode, output)

    def _open(self, program: str, *arguments: str, output: int = subprocess.DEVNULL) -> subprocess.Popen[str]:
        root = os.geteuid() == 0
        try:
            return subprocess.Popen(
                [self.binaries / program, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                text=True,
                cwd="/",  # The account may have no right to stand where we do.
                env=_ENVIRONMENT,
                user=self.account.uid if root else None,
                group=self.account.gid if root else None,
                extra_groups=[] if root else None,
                umask=0o077,
                start_new_session=True,  # Ctrl-C is for us; the server is stopped in order.
            )
        except PermissionError as error:
            if error.errno != errno.EPERM:
                raise
            raise _unavailable(
                "root may not become another user in this container, and PostgreSQL refuses root"
            ) from error

    def _write(self, path: Path, text: str) -> None:
        # Made new and moved into place: the directory is the account's, and root must not follow a link it laid.
        fresh = path.with_name(f"{path.name}.new")
        fresh.unlink(missing_ok=True)
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
        self._give(fresh)
        fresh.rename(path)

    def _give(self, path: Path) -> None:
        if os.geteuid() == 0:
            os.chown(path, self.account.uid, self.account.gid, follow_symlinks=False)


class _Waiting:
    """Says every few seconds that the server isn't ready yet, and knows when waiting makes no sense any more."""

    def __init__(self, say: Say) -> None:
        self._say = say
        self._began = self._spoke = time.monotonic()

    def speak(self, last_line: str) -> None:
        now = time.monotonic()
        if now - self._spoke >= _SPEAK_EVERY_SECONDS:
            self._spoke = now
            seconds = round(now - self._began)
            self._say(
                f"数据库正在恢复，已 {seconds} 秒。The database is still recovering after {seconds} s: {last_line}"
            )

    def is_over(self) -> bool:
        return time.monotonic() - self._began > START_SECONDS_MAX


def superuser_url(port: int, password: str, database: str = "postgres") -> str:
    """The URL of a cluster's superuser on loopback."""
    return url(port, "postgres", password, database)


def url(port: int, user: str, password: str, database: str) -> str:
    """A `postgresql://` URL on loopback; our passwords are URL-safe by their making."""
    return f"postgresql://{user}:{password}@127.0.0.1:{port}/{database}"


def _configuration(port: int, settings: Mapping[str, str]) -> str:
    always = {
        "listen_addresses": "127.0.0.1",
        "port": str(port),
        "unix_socket_directories": "",
        "password_encryption": "scram-sha-256",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "datestyle": "iso, ymd",
        "lc_messages": "C",
        "logging_collector": "on",
        # One file a weekday, each overwritten after a week: the log is bounded.
        "log_directory": "../log",
        "log_filename": "postgresql-%a.log",
        "log_truncate_on_rotation": "on",
        "log_rotation_age": "1d",
        "log_rotation_size": "0",
    }
    quoted = {name: _quoted(value) for name, value in {**always, **settings}.items()}
    lines = "\n".join(f"{name} = {value}" for name, value in quoted.items())
    return f"# Written by Guiwei at every start; your own settings belong into ALTER SYSTEM.\n{lines}\n"


def _quoted(value: str) -> str:
    """Quote a value as `postgresql.conf` wants it."""
    return "'" + value.replace("'", "''") + "'"


def _unavailable(problem: str) -> Unavailable:
    return Unavailable(service="PostgreSQL", problem=problem.rstrip("."))
