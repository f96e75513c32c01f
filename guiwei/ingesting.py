"""Running one ingest slot on this machine and, beside it, the commands to its readers.

One process at a time, told apart from other machines' by host name.
"""

import fcntl
import gc
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from devices.broker_access import COMMANDS, INGEST
from devices.commands import Commands, CommandSlot
from devices.ingest import Ingest, Slot
from guiwei.site import Site
from inventory.domain.refusals import LeaseLost

# Reads become hundreds of thousands of small objects without a cycle among them, and all of them go with their batch. At
# Python's own thresholds the collector looks them through again and again, which costs a fifth of the reads a second.
COLLECT_AFTER_OBJECTS = 200_000
COLLECT_OLDER_AFTER, COLLECT_OLDEST_AFTER = 20, 100  # collections of the generation before


def spare_the_collector() -> None:
    """Let the cyclic garbage collector run rarely, and leave alone what a start-up has made."""
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER_OBJECTS, COLLECT_OLDER_AFTER, COLLECT_OLDEST_AFTER)


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
        spare_the_collector()
        for name in (INGEST, COMMANDS):
            site.broker.login(name.format(slot=slot))
        with _commands(site, slot):
            Ingest(site.jobs, site.broker, Slot(slot, socket.gethostname(), INGEST.format(slot=slot))).run(stop)


@contextmanager
def _commands(site: Site, slot: int) -> Iterator[None]:
    """What the slot's readers are told, sent as long as the slot is worked for."""
    told = CommandSlot(slot, socket.gethostname(), COMMANDS.format(slot=slot), site.settings.reader_passwords_file)
    over = threading.Event()
    thread = threading.Thread(target=Commands(site.jobs, site.broker, told).run, args=(over,), name="commands")
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
