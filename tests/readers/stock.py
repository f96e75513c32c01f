"""A fleet with two weeks behind it: a cabinet's reader that is well, one with an antenna that died, a gate, a handheld."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from tests.conftest import Archive

DEAD, FAINT, SWAPPED = 2, 3, 4  # antennas of C-R2
READS_AN_HOUR = 600
HOURS = range(8, 19)  # local hours with power
LOCAL = timedelta(hours=8)


def fleet(archive: Archive, now: datetime) -> None:
    """Register the readers and give them their history, up to the hour of `now`."""
    for number in range(1, 7):
        archive.shelf(f"C-{number}")
    archive.place("G-1", "gate", parent="W1-R1")
    archive.desk("W1-D9")
    archive.root.execute(
        "INSERT INTO reader (id, code, dialect, topic, timezone, mapping) OVERRIDING SYSTEM VALUE VALUES "
        "(1, 'C-R1', 'zebra', 'tevents/1', 'UTC', NULL), (2, 'C-R2', 'impinj', 'r700/2', 'UTC', NULL), "
        "(3, 'G-R1', 'native', 'g/1', 'UTC', NULL), (4, 'H-7', 'mapping', 'h/7', 'Asia/Shanghai', "
        """'{"epc": "code", "time": "at", "time_form": "epoch_s"}'), (5, 'D-9', 'native', 'd/9', 'UTC', NULL)"""
    )
    for reader, number, place, role in (
        (1, 1, "C-1", "shelf"), (1, 2, "C-2", "shelf"), (2, 1, "C-3", "shelf"), (2, DEAD, "C-4", "shelf"),
        (2, FAINT, "C-5", "shelf"), (2, SWAPPED, "C-6", "shelf"), (3, 1, "G-1", "gate_inner"), (4, 0, "W1-R1", "handheld"),
        (5, 0, "W1-D9", "desk"),
    ):  # fmt: skip
        archive.root.execute(
            "INSERT INTO antenna (reader_id, number, place_id, role) SELECT %s, %s, id, %s FROM place WHERE code = %s",
            (reader, number, role, place),
        )
    for reader in (1, 2, 3):
        spoke(archive, reader, now)
    for number in (1, 2, 3, 4):
        read(archive, 2, number, worked(now), READS_AN_HOUR * number)
    for number in (1, 2):
        read(archive, 1, number, worked(now), READS_AN_HOUR)
    stop(archive, 2, DEAD, now, 0)
    stop(archive, 2, FAINT, now, 9)


def worked(now: datetime, days: int = 14) -> list[datetime]:
    """Every hour with power of the last days, up to the present one."""
    present = now.replace(minute=0, second=0, microsecond=0)
    hours = (present - timedelta(hours=back) for back in range(24 * days))
    return [hour for hour in hours if (hour + LOCAL).hour in HOURS or hour == present]


def read(archive: Archive, reader: int, antenna: int, hours: Iterable[datetime], reads: int) -> None:
    """An antenna's reads of each of these hours."""
    archive.root.execute(
        "INSERT INTO antenna_hour SELECT antenna.id, hour, %s + 7 * (extract(epoch FROM hour)::bigint / 3600 %% 13) "
        "FROM antenna CROSS JOIN unnest(%s::timestamptz[]) AS hour WHERE reader_id = %s AND number = %s "
        "ON CONFLICT (antenna_id, hour) DO UPDATE SET reads = excluded.reads",
        (reads, list(hours), reader, antenna),
    )


def stop(archive: Archive, reader: int, antenna: int, now: datetime, reads: int) -> None:
    """From 24 hours ago on, it reads so little in each hour."""
    archive.root.execute(
        "UPDATE antenna_hour SET reads = %s FROM antenna WHERE antenna.id = antenna_id AND reader_id = %s AND number = %s "
        "AND hour > %s",
        (reads, reader, antenna, now - timedelta(hours=25)),
    )


def spoke(archive: Archive, reader: int, now: datetime, offset_ms: int = 40, drift_ms: int = 3) -> None:
    """A reader's own hours of two weeks and its last message, just now."""
    archive.root.execute(
        "INSERT INTO reader_hour SELECT %(reader)s, hour, 60, 600, 0, %(offset)s + %(drift)s * extract(epoch FROM hour - %(now)s) / 3600 "
        "FROM unnest(%(hours)s::timestamptz[]) AS hour",
        {"reader": reader, "hours": worked(now), "offset": offset_ms, "drift": drift_ms, "now": now},
    )
    archive.root.execute(
        "INSERT INTO reader_health (reader_id, last_message_at, online, messages, reads, clock_offset_ms) "
        "VALUES (%s, %s, true, 9000, 90000, %s)",
        (reader, now, offset_ms),
    )
