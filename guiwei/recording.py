"""`guiwei record`: a listener beside ingest, which misses nothing and changes nothing."""

import threading
import time
from pathlib import Path
from uuid import uuid4

from devices.broker_access import RECORD
from devices.mqtt import SlotConnection
from devices.recording import line_of, opened
from guiwei.site import Say, Site
from inventory.store.readers import registered_antennas

TAKEN_AT_ONCE = 1_000
TOLD_EVERY_SECONDS = 5.0


def record_messages(
    site: Site, path: Path, stop: threading.Event, seconds_max: float | None, messages_max: int | None, say: Say
) -> int:
    """Write down what registered readers say until stopped, or so long, or so many; returns how many messages."""
    with site.jobs.unpooled() as connection:
        antennas = registered_antennas(connection, slot=None)
    topics = {topic for antenna in antennas for topic in (antenna.topic, antenna.status_topic) if topic}
    listener = SlotConnection(site.broker, f"{RECORD}-{uuid4().hex[:12]}", topics, lasting=False)
    ends = time.monotonic() + seconds_max if seconds_max else float("inf")
    count, tell_at = 0, time.monotonic() + TOLD_EVERY_SECONDS
    # The file first: where it can't be written, nobody has been listened to.
    with opened(path, "wb") as file:
        listener.start()
        try:
            while not stop.is_set() and time.monotonic() < ends and (messages_max is None or count < messages_max):
                taken = listener.take(min(TAKEN_AT_ONCE, messages_max - count if messages_max else TAKEN_AT_ONCE), 0.2)
                for message in taken:
                    file.write(line_of(message.received_at, message.topic, message.payload))
                listener.acknowledge(taken)
                count += len(taken)
                if time.monotonic() >= tell_at:
                    say(f"{count} …")
                    tell_at += TOLD_EVERY_SECONDS
        finally:
            listener.close()
    return count
