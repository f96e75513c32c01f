"""People at gate G-1 as its reader tells of them: the rule of thumb of the locating tests, in the native dialect."""

import json
from collections.abc import Iterable, Iterator

import numpy as np

from inventory.locating.reads import SECOND, Reads
from tests.ingest.equipment import Publisher, now_us, rfc3339
from tests.locating.gatesay import MORNING, passing

READS, COMMANDS = "guiwei/W1/G1/reads", "guiwei/W1/G1/commands"
EPC = "3500E86F8000A9E00000{:0>4}"
WAYS = {
    "out": [(-4.0, -4.0), (4.0, 4.0)],
    "in": [(-4.0, 4.0), (4.0, -4.0)],
    "back": [(-4.0, -4.0), (0.0, 0.2), (4.0, -4.0)],
}
REPORT = SECOND // 4


def messages(reads: Reads, epcs: dict[int, str], shift: int) -> Iterator[str]:
    """What the reader sends of them, a message for each quarter of a second; its times are `shift` later."""
    order = np.lexsort((reads.at,))
    number = reads.at[order] // REPORT
    for one in np.unique(number):
        rows = order[number == one]
        yield json.dumps(
            [
                {
                    "epc": epcs[int(reads.tag[row])],
                    "antenna": int(reads.antenna[row]) + 1,
                    "rssi_dbm": float(reads.rssi_sum[row]) / 100,
                    "at": rfc3339(int(reads.at[row]) + shift),
                }
                for row in rows
            ]
        )


def walk(way: str, dossiers: Iterable[int], seconds_ago: float, seed: int = 1) -> list[str]:
    """Somebody who carries dossiers D-n through, so long ago; seen by both antennas."""
    tags = list(dossiers)
    reads = passing(range(len(tags)), 0, WAYS[way], seed=seed)
    return list(
        messages(
            reads, {n: EPC.format(tag) for n, tag in enumerate(tags)}, now_us() - MORNING - round(seconds_ago * SECOND)
        )
    )


def begin(readers: Publisher) -> None:
    """The reader has been listened to for a while, and its clock is right."""
    stranger = {"epc": EPC.format(9999), "antenna": 1, "rssi_dbm": -70}
    readers.say(READS, json.dumps([stranger | {"at": rfc3339(now_us() - ago)} for ago in (0, 500 * SECOND)]))
