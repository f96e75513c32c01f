"""Running one ingest slot on this machine: one process at a time, told apart from other machines' by host name."""

import fcntl
import socket
import threading

from devices.ingest import Ingest, Slot
from guiwei.site import Site
from inventory.domain.refusals import LeaseLost

CLIENT_ID = "guiwei-ingest-{slot}"  # stable: taking over is connecting with the same id


def run_ingest(site: Site, slot: int, stop: threading.Event) -> None:
    """Work for a slot until stopped. Raises `LeaseLost` where this machine or another works for it already."""
    site.settings.data_dir.mkdir(parents=True, exist_ok=True)
    with (site.settings.data_dir / f"ingest-{slot}.lock").open("w") as lock:
        # The kernel frees this lock with the process, however it ends: after a kill -9 the next one starts at once and
        # needn't wait for the lease in the database, which keeps other machines away.
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LeaseLost(lease=f"ingest slot {slot}") from None
        Ingest(site.app, site.broker, Slot(slot, socket.gethostname(), CLIENT_ID.format(slot=slot))).run(stop)
