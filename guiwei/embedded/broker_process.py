"""The process the embedded broker runs in: `python -m guiwei.embedded.broker_process CONFIGURATION`.

rumqttd can't be asked to end, so it has a process of its own, which ends when its starter closes the pipe or dies.
"""

import logging
import os
import sys
import threading

from iotcore import IotCoreBroker


def main(configuration: str) -> None:
    """Run the broker of a rumqttd configuration file until standard input ends."""
    # rumqttd reports every packet as an error of its tracing; nothing there is for people.
    logging.getLogger("rumqttd").setLevel(logging.CRITICAL)
    threading.Thread(target=_end_with_the_starter, daemon=True).start()
    IotCoreBroker(config_path=configuration).run_forever()


def _end_with_the_starter() -> None:
    sys.stdin.buffer.read()
    os._exit(0)  # rumqttd's threads never return.


if __name__ == "__main__":
    main(sys.argv[1])
