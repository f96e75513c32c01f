"""Judges one audit and halts at a step until it is told to go on: `python -m tests.audits.killed URL NUMBER STEP`."""

import sys
from datetime import UTC, datetime

from inventory.operations import auditing
from inventory.store.database import connect
from inventory.store.keys import new_key_ring


def main() -> None:
    url, number, halt = sys.argv[1:]

    def on_step(step: str, _: int) -> None:
        if step == halt:
            sys.stdout.write(f"{step}\n")
            sys.stdout.flush()
            sys.stdin.readline()

    auditing.run(connect(url, new_key_ring()), int(number), datetime.now(UTC), on_step)
    sys.stdout.write("done\n")


if __name__ == "__main__":
    main()
