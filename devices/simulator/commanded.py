"""A simulated reader that does what it is told, by native commands over the broker."""

from datetime import datetime

import msgspec

from devices.simulator.readers import SimulatedReader
from inventory.domain.commands import CommandKind


class _Told(msgspec.Struct):
    id: int
    command: str


_TOLD = msgspec.json.Decoder(_Told)
_SAID_TO_ALL = {
    CommandKind.MODE,
    CommandKind.POWER,
    CommandKind.OUTPUT,
}  # taken, and nothing changes that anybody could see


class CommandedReader:
    """The side of a reader that takes commands. Only its connection's thread gives it any."""

    def __init__(self, reader: SimulatedReader) -> None:
        """`reader`: a double of its own, whose `control` says where it listens."""
        assert reader.control is not None
        self.control = reader.control
        self.is_stopped = False
        self._reader = reader

    def do(self, payload: bytes, now: datetime) -> list[tuple[str, bytes]]:
        """Do it; what is published for it, as topic and payload: the answer, and what was read. Garbage gets no answer."""
        try:
            told = _TOLD.decode(payload)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return []
        answer: dict[str, object] = {"id": told.id, "ok": True}
        reads: list[tuple[str, bytes]] = []
        if told.command == CommandKind.START:
            self.is_stopped = False
            reads = [(message.topic, message.payload) for message in self._reader.whole_round(now)]
        elif told.command == CommandKind.STOP:
            self.is_stopped = True
        elif told.command not in _SAID_TO_ALL:
            answer = {"id": told.id, "ok": False, "problem": f"no such command: {told.command[:40]}"}
        return [(self.control.answers, msgspec.json.encode(answer)), *reads]
