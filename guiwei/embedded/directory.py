"""The data directory: who may use it, which of its files lock, and which loopback ports are free."""

import fcntl
import json
import os
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from inventory.domain.refusals import BadSetting

_SETTING = "GUIWEI_DATA_DIR"
# Below what Linux gives to outgoing connections: nobody's connection takes a server's port before it listens there, or
# while it is down.
_PORTS = range(15_000, 32_768)
_PORTS_TRIED_MAX = 50


def prepare(data_dir: Path) -> Path:
    """Create the data directory if need be and return its absolute path.

    Raises `BadSetting` where it can't be made or belongs to another user: mixed owners lock each other out later.
    """
    directory = data_dir.expanduser().absolute()
    try:
        if not directory.is_dir():
            directory.mkdir(parents=True)
            # Root's PostgreSQL runs as a user of its own, who must be able to pass through; never to look around.
            directory.chmod(0o711 if os.geteuid() == 0 else 0o700)
        owner = directory.stat().st_uid
        writable = os.access(directory, os.W_OK | os.X_OK)
    except OSError as error:
        raise refusal(
            f"无法创建目录 {directory}", f"the directory {directory} can't be made ({error.strerror})"
        ) from error
    if owner != os.geteuid() or not writable:
        raise refusal(
            f"目录 {directory} 属于另一个用户（编号 {owner}）或不可写",
            f"the directory {directory} belongs to another user (number {owner}) or can't be written",
        )
    return directory


def refusal(problem_zh: str, problem_en: str) -> BadSetting:
    """The refusal of a data directory that can't be used."""
    return BadSetting(setting=_SETTING, problem_zh=problem_zh, problem_en=problem_en)


def open_lock(path: Path) -> int:
    """Open a lock file and return its descriptor, which child processes don't inherit; the caller closes it."""
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


@contextmanager
def one_at_a_time(path: Path) -> Iterator[None]:
    """Hold the lock file `path` alone, waiting for whoever has it now."""
    descriptor = open_lock(path)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def read_state(path: Path) -> dict[str, Any]:
    """Read a small JSON object, empty if there is none; raises `BadSetting` if it is damaged."""
    try:
        state = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError:
        state = None
    if not isinstance(state, dict):
        raise refusal(f"文件 {path} 已损坏", f"the file {path} is damaged")
    return state


def write_state(path: Path, state: dict[str, Any]) -> None:
    """Replace a small JSON object at once, for its owner's eyes only; a power cut leaves the old one or the new."""
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(state, file, indent=2)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def free_port(preferred: int | None = None) -> int:
    """Return `preferred` if nobody listens there on loopback, else a free port."""
    # Any of them, not the next one: two servers that start at once don't choose the same.
    others = (secrets.choice(_PORTS) for _ in range(_PORTS_TRIED_MAX))
    for port in (*(() if preferred is None else (preferred,)), *others, 0):
        with socket.socket() as probe:
            # As the servers do: connections of a server just stopped may linger without blocking its port.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise refusal("本机没有空闲端口", "no loopback port is free")
