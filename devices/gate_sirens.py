"""Sirens at gates: switched by the output of the gate's own reader, over the broker, with or without a database."""

import logging
import threading
from collections.abc import Callable
from datetime import datetime

from devices.controls import over_mqtt
from devices.controls.told import Told
from devices.gate_knowledge import Knowledge
from inventory.domain.acts import microseconds
from inventory.domain.commands import CommandKind, Topics, control_of
from inventory.locating.reads import SECOND
from inventory.store.readers import RegisteredAntenna

log = logging.getLogger(__name__)

PORT = 1  # the output a siren hangs on
SIREN_MAX = 120 * SECOND  # nobody there: it has been heard by then, and the page goes on saying so
NO_NUMBER = 0  # of a command in `reader_command`: nobody waits for this one's answer


class Sirens:
    """Which sirens sound. Sounded by the deciding thread, silenced by either."""

    def __init__(self, publish: Callable[[str, bytes], None]) -> None:
        """`publish`: a message to a topic."""
        self._publish = publish
        self._readers: dict[int, list[RegisteredAntenna]] = {}
        self._sounding: dict[int, int] = {}
        self._silenced: dict[int, datetime] = {}
        self._lock = threading.Lock()

    def use(self, known: Knowledge) -> None:
        """Which readers stand at which gate."""
        self._readers = {
            gate: list({one.reader_id: one for one in known.antennas if one.place_id == gate}.values())
            for gate in known.gates
        }

    def sound(self, gate: int, now: int) -> None:
        """Sound the siren of a gate; once more where it sounds already, for its reader may have missed the first."""
        with self._lock:
            self._sounding[gate] = now
        self._switch(gate, on=True)

    def silence(self, silenced: dict[int, datetime]) -> None:
        """By gate, since when it may be silent: by an answer to its last alarm, or by hand.

        By hand it is told even where we know of no sound: a reader may have been started again with its output on.
        """
        for gate, at in silenced.items():
            with self._lock:
                before, self._silenced[gate] = self._silenced.get(gate), at
                since = self._sounding.get(gate)
                over = since is not None and microseconds(at) >= since
                if over:
                    del self._sounding[gate]
            if over or (before is not None and before != at):
                self._switch(gate, on=False)

    def tick(self, now: int) -> None:
        """End what has sounded long enough."""
        with self._lock:
            over = [gate for gate, since in self._sounding.items() if now - since > SIREN_MAX]
            for gate in over:
                del self._sounding[gate]
        for gate in over:
            self._switch(gate, on=False)

    def _switch(self, gate: int, *, on: bool) -> None:
        for reader in self._readers.get(gate, ()):
            control = control_of(reader.dialect, reader.topic, reader.control_url)
            if isinstance(control, Topics):
                told = Told(NO_NUMBER, CommandKind.OUTPUT, {"port": PORT, "on": on})
                self._publish(control.commands, over_mqtt(reader.dialect).command(told))
                log.info("siren at %s %s", reader.reader, "sounds" if on else "is silent")
