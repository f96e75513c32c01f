"""Blind windows: a reader says itself that it saw or kept nothing for a while."""

from devices.readings import ReaderEvent, Undecodable


def gap(at: int | None, from_at: int | None, to_at: int | None, reason: str) -> ReaderEvent:
    """Make the event; times in microseconds since 1970-01-01 UTC, a bound None where the reader does not tell it."""
    if from_at is not None and to_at is not None and from_at > to_at:
        message = "The gap ends before it begins."
        raise Undecodable(message)
    return ReaderEvent("gap", at, from_at, to_at, reason)
