"""The PC/SC readers of this machine and the cards on them, by the daemon's own calls.

Readers are plugged in and out and the daemon is restarted while we work: each is an event, none an end. pyscard's monitors
keep a context of their own that doesn't outlive the daemon, so the calls beneath them are used.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from smartcard import scard

from devices.desk.cards import CardGone, Transmit

ANY_READER = "\\\\?PnP?\\Notification"  # a reader that isn't there; it changes when others come or go
PRESENT, CHANGED = scard.SCARD_STATE_PRESENT, scard.SCARD_STATE_CHANGED
TIMEOUT = scard.SCARD_E_TIMEOUT


class ServiceGone(Exception):
    """The daemon isn't there; a sentence says what to do."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What changed since the last look: readers there are now, where a card was laid down, whether readers came or went."""

    readers: tuple[str, ...]
    laid: tuple[str, ...]
    readers_changed: bool


class CardReaders:
    """All readers of this machine whose name holds `name`. Opened by the first look, opened again after the daemon went."""

    def __init__(self, name: str = "") -> None:
        """Nothing is opened yet."""
        self._name = name.lower()
        self._context: Any = None
        self._all: tuple[str, ...] = ()
        self._states: dict[str, int] = {}  # of each reader, as last heard; the daemon wants them back

    def look(self, seconds: float) -> Changes:
        """Wait at most so long for a change; raises `ServiceGone`."""
        before = set(self._states)
        if self._context is None:
            self._open()
        names = self._names()
        self._states = {name: self._states.get(name, scard.SCARD_STATE_UNAWARE) for name in names}
        asked = [(name, state) for name, state in self._states.items()]
        # Told how many readers we know (in the upper half), the daemon answers as soon as that is no longer so.
        asked.append((ANY_READER, len(self._all) << 16))
        result, told = scard.SCardGetStatusChange(self._context, int(seconds * 1_000), asked)
        if result == TIMEOUT:
            return Changes(names, (), before != set(names))
        if result in {scard.SCARD_E_UNKNOWN_READER, scard.SCARD_E_READER_UNAVAILABLE}:
            self._states = {}
            return Changes((), (), readers_changed=True)
        self._check(result)
        laid = []
        for name, state, _ in told:
            if name not in self._states:
                continue
            was = self._states[name]
            # A card exchanged between two looks shows as present both times; the count of events in the upper half differs.
            if state & PRESENT and (not was & PRESENT or was >> 16 != state >> 16):
                laid.append(name)
            self._states[name] = state & ~CHANGED
        return Changes(names, tuple(laid), before != set(names))

    def present(self) -> tuple[str, ...]:
        """Readers with a card on them, as of the last look."""
        return tuple(name for name, state in self._states.items() if state & PRESENT)

    @contextmanager
    def card(self, reader: str) -> Iterator[Transmit]:
        """The card on a reader, to be asked; raises `CardGone` where it isn't there any more, or another program has it."""
        result, card, protocol = scard.SCardConnect(
            self._context, reader, scard.SCARD_SHARE_SHARED, scard.SCARD_PROTOCOL_T0 | scard.SCARD_PROTOCOL_T1
        )
        if result != scard.SCARD_S_SUCCESS:
            raise CardGone(scard.SCardGetErrorMessage(result))

        afterwards = scard.SCARD_LEAVE_CARD

        def transmit(command: bytes) -> bytes:
            nonlocal afterwards
            sent, answer = scard.SCardTransmit(card, protocol, list(command))
            if sent != scard.SCARD_S_SUCCESS:
                afterwards = scard.SCARD_RESET_CARD  # whatever lies there is spoken to from the beginning
                raise CardGone(scard.SCardGetErrorMessage(sent))
            return bytes(answer)

        try:
            yield transmit
        finally:
            scard.SCardDisconnect(card, afterwards)

    def close(self) -> None:
        """Let go of the daemon; the next look begins anew."""
        if self._context is not None:
            scard.SCardReleaseContext(self._context)
        self._context, self._states = None, {}

    def _open(self) -> None:
        result, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_SYSTEM)
        if result != scard.SCARD_S_SUCCESS:
            raise ServiceGone(scard.SCardGetErrorMessage(result))
        self._context = context

    def _names(self) -> tuple[str, ...]:
        result, names = scard.SCardListReaders(self._context, [])
        if result == scard.SCARD_E_NO_READERS_AVAILABLE:
            names = []
        else:
            self._check(result)
        self._all = tuple(sorted(names))
        return tuple(name for name in self._all if self._name in name.lower())

    def _check(self, result: int) -> None:
        if result != scard.SCARD_S_SUCCESS:
            self.close()
            raise ServiceGone(scard.SCardGetErrorMessage(result))
