"""A command of Guiwei that uses the embedded database until it is told to end, as a process of its own."""

import os
import signal
import subprocess
import sys
from pathlib import Path

_USE_THE_DATABASE = """
import sys, pathlib
from guiwei.embedded import embedded_postgres
with embedded_postgres(pathlib.Path(sys.argv[1]), lambda _: None) as server:
    print(server.url("app"), flush=True)
    sys.stdin.read()
"""
_USE_THE_BROKER = """
import sys, pathlib
from guiwei.embedded import embedded_broker
with embedded_broker(pathlib.Path(sys.argv[1]), lambda _: None) as broker:
    print(broker.url, flush=True)
    sys.stdin.read()
"""


class Command:
    """One running command; `url` is what it connects to."""

    def __init__(self, program: str, directory: Path, user: int | None = None) -> None:
        """Start it, as another user if asked to; `wait_until_up` says when it is ready."""
        root = Path(__file__).parents[2]
        self._process = subprocess.Popen(
            [sys.executable, "-c", program, str(directory)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            user=user,
            group=user,
            extra_groups=None if user is None else [],
            cwd="/",
            env={**os.environ, "PYTHONPATH": f"{root}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"},
        )
        self.url = ""

    def wait_until_up(self) -> "Command":
        """Wait for its first line, the URL."""
        assert self._process.stdout is not None
        self.url = self._process.stdout.readline().strip()
        assert self.url, "the command ended before it was up"
        return self

    def end(self) -> None:
        """Let it end in order."""
        self._process.communicate(timeout=60)

    def kill(self) -> None:
        """Kill it as `kill -9` does."""
        self._process.send_signal(signal.SIGKILL)
        self._process.communicate(timeout=60)


def database_command(directory: Path, user: int | None = None) -> Command:
    """A command that uses the embedded database."""
    return Command(_USE_THE_DATABASE, directory, user)


def broker_command(directory: Path) -> Command:
    """A command that uses the embedded broker."""
    return Command(_USE_THE_BROKER, directory)
