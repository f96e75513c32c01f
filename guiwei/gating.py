"""Running the gates' process on this machine: one at a time, for the spool on its disk is its own."""

import fcntl
import threading

from devices.broker_access import GATE
from devices.gate import Gates
from guiwei.ingesting import spare_the_collector
from guiwei.site import Site
from inventory.domain.refusals import LeaseLost
from inventory.store import gate_lists

SPOOL = "gate"  # in the data directory


def has_gates(site: Site) -> bool:
    """Whether any reader of the site stands at a gate."""
    with site.jobs.unpooled() as connection:
        return bool(gate_lists.gates(connection))


def run_gates(site: Site, stop: threading.Event) -> None:
    """Work until stopped. Raises `LeaseLost` where another process of this machine does already."""
    directory = site.settings.data_dir / SPOOL
    directory.mkdir(parents=True, exist_ok=True)
    with (site.settings.data_dir / "gate.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LeaseLost(lease="gate") from None
        site.broker.login(GATE)
        spare_the_collector()
        Gates(site.jobs, site.broker, directory, site.settings.zone).run(stop)
