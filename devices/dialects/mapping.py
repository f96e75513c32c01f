"""The mapping dialect: any JSON, read by the paths and units of the reader's registration (`inventory.domain.mappings`)."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from devices.dialects.payloads import parse, quoted
from devices.dialects.printed_codes import printed_code
from devices.dialects.tag_memory import Memory, words_from_base64, words_from_hex, words_from_hex_or_base64
from devices.dialects.times import microseconds, microseconds_of_text
from devices.dialects.written_numbers import NUMBER_MAX, antenna, count, epoch, strength, whole
from devices.readings import Barcode, Decode, Decoded, Numbered, ReaderEvent, Reading, Undecodable
from inventory.domain.mappings import (
    ABOVE,
    EPOCH_NS,
    EPOCH_UNITS,
    EVERY,
    ITSELF,
    KEY,
    RFC_3339,
    ROOT,
    STRENGTH_UNITS,
    Mapping,
    Path,
)

PAYLOAD: msgspec.json.Decoder[Any] = msgspec.json.Decoder()
MEMORY: dict[str, Memory] = {
    "hex": words_from_hex,
    "base64": words_from_base64,
    "hex_or_base64": words_from_hex_or_base64,
}
# Without times: a last will is written long before it is sent.
ONLINE, OFFLINE = ReaderEvent("online", None), ReaderEvent("offline", None)


class Spot(NamedTuple):
    """A read where it stands: the message, what holds the read, the read, and the key it has there."""

    message: Any
    above: Any
    read: Any
    key: object


def refusing(problem: str) -> Decode:
    """The decoder of a registration without a mapping that can be used."""

    def refuse(_payload: bytes, _timezone: str) -> Decoded:
        message = f"The reader's registration has no mapping to read by: {problem}."
        raise Undecodable(message)

    return refuse


decode = refusing("none was given")


def decoder(mapping: Mapping) -> Decode:
    """The decoder of one registration."""
    words = {word.encode(): ONLINE for word in mapping.online} | {word.encode(): OFFLINE for word in mapping.offline}

    def decode_mapped(payload: bytes, timezone: str) -> Decoded:
        if mapping.status is None and payload in words:
            return Decoded(events=[words[payload]])
        message = parse(payload, PAYLOAD)
        whole_message = Spot(message, message, message, None)
        if any(is_ignored(value_at(whole_message, path), texts) for path, texts in mapping.ignore):
            return Decoded()
        if mapping.status is not None and (state := value_at(whole_message, mapping.status)) is not None:
            return Decoded(events=[status(state, mapping)])
        return all_reads(whole_message, mapping, mapping.timezone or timezone)

    return decode_mapped


# ── Walking ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def value_at(spot: Spot, path: Path | None) -> Any:
    """What stands at a path; None where nothing does, as where null does."""
    if path is None:
        return None
    first, steps = path[0], path[1:]
    if first == KEY:
        return spot.key
    if first == ROOT:
        value = spot.message
    elif first == ABOVE:
        value = spot.above
    elif first == ITSELF:
        value = spot.read
    else:
        value, steps = spot.read, path
    for step in steps:
        value = below(value, step)
    return value


def below(value: Any, step: str) -> Any:
    """One step down, into an object by name or into an array by index."""
    if isinstance(value, dict):
        return value.get(step)
    if isinstance(value, list) and step.isascii() and step.isdigit() and len(step) <= len(str(len(value))):
        return value[int(step)] if int(step) < len(value) else None
    return None


def spots(spot: Spot, path: Path) -> Iterator[Spot]:
    """Every read the path leads to; raises Undecodable where it leads nowhere. An array at its end is many reads."""
    value, key = spot.read, spot.key
    for number, step in enumerate(path):
        if step == EVERY:
            for inner_key, inner in members(value):
                yield from spots(Spot(spot.message, spot.read, inner, inner_key), path[number + 1 :])
            return
        value, key = below(value, step), step
        if value is None:
            message = f"There is nothing at {quoted('.'.join(path))}, where the mapping has the reads."
            raise Undecodable(message)
    if isinstance(value, list):
        for index, inner in enumerate(value):
            yield Spot(spot.message, spot.read, inner, index)
    else:
        yield Spot(spot.message, spot.above, value, key)


def members(value: Any) -> list[tuple[object, Any]]:
    """What a `*` leads to."""
    if isinstance(value, dict):
        return list(value.items())
    if isinstance(value, list):
        return list(enumerate(value))
    message = "There is neither an array nor an object where the mapping has a *."
    raise Undecodable(message)


# ── Reading ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def all_reads(whole_message: Spot, mapping: Mapping, timezone: str) -> Decoded:
    """Every read and every scanned code of a message."""
    decoded = Decoded()
    for spot in spots(whole_message, mapping.reads):
        at = read_at(value_at(spot, mapping.time), mapping, timezone)
        number = whole(value_at(spot, mapping.number), "number", 0, NUMBER_MAX)
        if number is not None:
            decoded.numbers.append(Numbered(number, at))
        code = value_at(spot, mapping.barcode)
        if code is not None:
            decoded.barcodes.append(Barcode(printed_code(text(code, "scanned code")), at))
        else:
            decoded.readings.append(reading(spot, mapping, at))
    return decoded


def reading(spot: Spot, mapping: Mapping, at: int | None) -> Reading:
    """One read."""
    memory = MEMORY[mapping.epc_form]
    epc, tid = value_at(spot, mapping.epc), value_at(spot, mapping.tid)
    if epc is None:
        message = f"A read has no EPC at {quoted('.'.join(mapping.epc))}."
        raise Undecodable(message)
    return Reading(
        memory(text(epc, "EPC"), "EPC"),
        antenna_of(value_at(spot, mapping.antenna), mapping),
        strength(value_at(spot, mapping.rssi), STRENGTH_UNITS[mapping.rssi_unit]),
        count(value_at(spot, mapping.count)),
        at,
        memory(text(tid, "TID"), "TID") if tid else None,
    )


def antenna_of(value: Any, mapping: Mapping) -> int:
    """An antenna by its name, where the mapping has the name, else by its number."""
    for name, number in mapping.antennas:
        if value == name:
            return number
    return antenna(value)


def read_at(value: Any, mapping: Mapping, timezone: str) -> int | None:
    """A read's time in whatever form the mapping says."""
    form = mapping.time_form
    if value is None or value == "":
        return None
    if form in EPOCH_UNITS:
        return epoch(value, EPOCH_UNITS[str(form)])
    if form == EPOCH_NS:
        nanoseconds = whole(value, "time", 0, 2**63 - 1)
        return None if nanoseconds is None else epoch(nanoseconds // 1_000, 1)
    written = text(value, "time")
    if isinstance(form, str):
        assert form == RFC_3339
        return microseconds_of_text(written, timezone)
    moment: datetime | None = form.parse(written.strip())
    if moment is None:
        message = f"The time {quoted(written)} is not written as {form.text}."
        raise Undecodable(message)
    return microseconds(moment, timezone)


def text(value: Any, what: str) -> str:
    """A value that must be a text."""
    if not isinstance(value, str):
        message = f"The {what} is no text."
        raise Undecodable(message)
    return value


# ── What isn't a read ────────────────────────────────────────────────────────────────────────────────────────────────


def is_ignored(value: Any, texts: tuple[str, ...]) -> bool:
    """Whether a message says nothing, by what it has at one path."""
    return value is not None and (not texts or (isinstance(value, str) and value in texts))


def status(state: Any, mapping: Mapping) -> ReaderEvent:
    """What the reader says of itself."""
    word = text(state, "status")
    if word in mapping.online:
        return ONLINE
    if word in mapping.offline:
        return OFFLINE
    message = f"The status {quoted(word)} is none of the mapping's."
    raise Undecodable(message)
