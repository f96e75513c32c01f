"""How tests run the real `guiwei` command: to its end, or until it is told to end."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from guiwei.embedded.cluster import Cluster, postgres_account
from guiwei.embedded.directory import free_port
from tests.servers import PostgresForTests

PROGRAM = Path(sys.executable).with_name("guiwei")
SECONDS_MAX = 90.0
AT_ONCE = 3
CHINESE = re.compile(r"[\u4e00-\u9fff]")

# What is SQL runs on both engines elsewhere; a command line is the same before either.
ONE_ENGINE = pytest.mark.parametrize("postgres", ["PostgreSQL 18, embedded"], indirect=True)


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def result(self) -> Any:
        """What it printed with `--json`."""
        return json.loads(self.out)

    def refused(self, code: int = 2) -> str:
        """The one sentence on standard error, in both languages; nothing else was said."""
        assert self.code == code, self.err
        assert "Traceback" not in self.err
        lines = self.err.strip().splitlines()
        assert len(lines) == 1, self.err
        assert CHINESE.search(lines[0])
        assert re.search(r"[a-z]{3}", lines[0])
        assert lines[0].endswith((".", "。"))
        return lines[0]


class Guiwei:
    """The command with an environment of its own; `data` is its data directory."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("GUIWEI_")}
        self.set("GUIWEI_DATA_DIR", str(data))

    def set(self, name: str, value: str) -> None:
        self.environment[name] = value

    def use_database(self, server: PostgresForTests, name: str) -> None:
        for role, prefix in (("app", ""), ("owner", "OWNER_"), ("jobs", "JOBS_")):
            self.set(f"GUIWEI_{prefix}DATABASE_URL", server.url(role, name))  # type: ignore[arg-type]

    def __call__(self, *arguments: str | Path, **environment: str) -> Done:
        """Run it to its end; `environment` are further variables."""
        done = subprocess.run(
            [PROGRAM, *arguments],
            env=self.environment | environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=SECONDS_MAX,
            check=False,
        )
        return Done(done.returncode, done.stdout.decode(), done.stderr.decode())

    def each(self, commands: Sequence[Sequence[str | Path]], **environment: str) -> list[Done]:
        """Run many to their ends, some at a time: what they mostly do is start."""
        with ThreadPoolExecutor(AT_ONCE) as hands:
            return list(hands.map(lambda arguments: self(*arguments, **environment), commands))

    def start(self, *arguments: str | Path) -> "Running":
        """Start it and leave it running; a free port serves its pages."""
        port = free_port()
        self.set("GUIWEI_WEB_PORT", str(port))
        self.data.parent.mkdir(parents=True, exist_ok=True)
        path = self.data.parent / f"{arguments[0]}-{port}.log"
        with path.open("wb") as log:
            process = subprocess.Popen(
                [PROGRAM, *arguments],
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        return Running(process, port, path, self.data)


@dataclass
class Running:
    """A command that runs until it is told to end."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path
    data: Path

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def said(self) -> str:
        return self.log.read_text("utf-8", "replace")

    def wait_for(self, condition: Callable[[], object], seconds: float = SECONDS_MAX) -> Any:
        """Ask until the answer is true; the command must live meanwhile."""
        deadline = time.monotonic() + seconds
        while True:
            if answer := condition():
                return answer
            assert self.process.poll() is None, f"it ended: {self.said}"
            assert time.monotonic() < deadline, self.said
            time.sleep(0.1)

    def children(self) -> dict[int, str]:
        """Processes below it by pid, with their command lines."""
        return descendants(self.process.pid)

    def end(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Tell it to end; gives its exit code. Nothing of it is left: no child, no server."""
        below = self.children()
        self.process.send_signal(how)
        try:
            code = self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        deadline = time.monotonic() + 5
        while left := {pid: line for pid, line in below.items() if command_line(pid) == line}:
            assert time.monotonic() < deadline, left
            time.sleep(0.05)
        assert not database_runs(self.data)
        return code

    def abandon(self) -> None:
        """For a test that failed: end it as it can be ended."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


def database_runs(data: Path) -> bool:
    """Whether the embedded PostgreSQL of a data directory is up."""
    return Cluster(Path(), data / "postgres", postgres_account("guiwei-postgres")).running_port() is not None


def command_line(pid: int) -> str | None:
    """A living process's command line; None for one that has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode() or None
    except OSError:
        return None


def descendants(pid: int) -> dict[int, str]:
    """The processes below one, told by their parents' numbers."""
    above: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                above[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
    found: dict[int, str] = {}
    grown = True
    while grown:
        grown = False
        for child, parent in above.items():
            if child not in found and (parent == pid or parent in found) and (line := command_line(child)):
                found[child] = line
                grown = True
    return found
