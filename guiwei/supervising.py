"""`guiwei up`: the processes of a site as children of one, started again when they end."""

import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

from guiwei.site import Say

RESTART_SECONDS_FIRST, RESTART_SECONDS_MAX = 1.0, 30.0
STEADY_SECONDS = 60.0  # a process that ran so long starts anew without a pause
STOP_SECONDS_MAX = 15.0
LOOK_SECONDS = 0.2


@dataclass
class _Child:
    command: str
    process: subprocess.Popen[bytes]
    started: float
    pause: float = RESTART_SECONDS_FIRST
    due: float | None = None


def _start(command: str) -> subprocess.Popen[bytes]:
    # A group of its own: Ctrl-C at the terminal reaches us alone, and we end the children in order.
    return subprocess.Popen([sys.executable, "-m", "guiwei", command], start_new_session=True)


def supervise(commands: Sequence[str], stop: threading.Event, say: Say) -> None:
    """Keep `guiwei <command>` running for each command until stopped, then end them all."""
    children = [_Child(command, _start(command), time.monotonic()) for command in commands]
    try:
        while not stop.wait(LOOK_SECONDS):
            for child in children:
                _look_after(child, say)
    finally:
        for child in children:
            child.process.terminate()
        for child in children:
            try:
                child.process.wait(STOP_SECONDS_MAX)
            except subprocess.TimeoutExpired:
                child.process.kill()
                child.process.wait()


def _look_after(child: _Child, say: Say) -> None:
    now = time.monotonic()
    if child.process.poll() is None:
        return
    if child.due is None:
        if now - child.started > STEADY_SECONDS:
            child.pause = RESTART_SECONDS_FIRST
        child.due = now + child.pause
        child.pause = min(child.pause * 2, RESTART_SECONDS_MAX)
        say(f"{child.command} 已退出（{child.process.returncode}），将重新启动 · ended, starting again")
    elif now >= child.due:
        child.process, child.started, child.due = _start(child.command), now, None
