"""The native dialect: what our desk, our simulator and any script publish.

One object or an array. Each object is a read (`epc`), a scanned code (`barcode`), a card laid on a desk's reader (`tap`), or
a word about the device itself (`status`: online, offline, gap; with its `firmware`, if it likes). Times are RFC 3339 or
epoch seconds. `seq` numbers the device's messages, or its reads: what is left out was lost.
"""

import re
from datetime import datetime

import msgspec

from devices.dialects.gaps import gap
from devices.dialects.payloads import parse, quoted
from devices.dialects.printed_codes import printed_code
from devices.dialects.quantities import Antenna, Count, Dbm, Tally, centidbm, firmware
from devices.dialects.tag_memory import words_from_hex
from devices.dialects.times import microseconds
from devices.readings import Barcode, Condition, Decoded, Numbered, ReaderEvent, Reading, Tap, Undecodable

UID_BYTES = (4, 7, 8, 10)  # ISO/IEC 14443-3 has numbers of 4, 7 and 10 bytes, ISO/IEC 15693 of 8
HEXADECIMAL = re.compile("(?:[0-9A-Fa-f]{2})+")
CHALLENGE_BYTES = 32
SIGNATURE_BYTES_MAX = 72  # ECDSA over P-256 in DER
KEY_BYTES = 65


class Entry(msgspec.Struct, gc=False):
    """One object of a native payload."""

    epc: str | None = None
    antenna: Antenna = 0
    rssi_dbm: Dbm | None = None
    count: Count = 1
    at: datetime | float | None = None
    tid: str | None = None
    barcode: str | None = None
    tap: str | None = None
    challenge: str | None = None
    signature: str | None = None
    key: str | None = None
    status: str | None = None
    seq: Tally | None = None
    firmware: str | None = None
    from_: datetime | float | None = msgspec.field(default=None, name="from")
    to: datetime | float | None = None


PAYLOAD: msgspec.json.Decoder[Entry | list[Entry]] = msgspec.json.Decoder(Entry | list[Entry])


def decode(payload: bytes, timezone: str) -> Decoded:
    """Decode one native message."""
    said = parse(payload, PAYLOAD)
    decoded = Decoded()
    add_reading = decoded.readings.append
    for entry in said if isinstance(said, list) else [said]:
        at = microseconds(entry.at, timezone)
        if entry.seq is not None:
            decoded.numbers.append(Numbered(entry.seq, at))
        if entry.epc is not None:
            add_reading(
                Reading(
                    words_from_hex(entry.epc),
                    entry.antenna,
                    centidbm(entry.rssi_dbm),
                    entry.count,
                    at,
                    words_from_hex(entry.tid, "TID") if entry.tid else None,
                )
            )
        elif entry.barcode is not None:
            decoded.barcodes.append(Barcode(printed_code(entry.barcode), at))
        elif entry.tap is not None:
            decoded.taps.append(tap(entry))
        else:
            decoded.events.append(event(entry, at, timezone))
            if entry.firmware is not None:
                decoded.conditions.append(Condition(at, firmware=firmware(entry.firmware)))
    return decoded


def tap(entry: Entry) -> Tap:
    """Read what was laid on the desk's reader."""
    told = entry.tap or ""
    uid = octets(told, "tap")
    if len(uid) not in UID_BYTES:
        raise Undecodable(f"The tap {quoted(told)} is no card's number of 4, 7, 8 or 10 bytes.")
    challenge = octets(entry.challenge, "challenge") if entry.challenge else None
    signature = octets(entry.signature, "signature") if entry.signature else None
    key = octets(entry.key, "key") if entry.key else None
    if challenge is not None and len(challenge) != CHALLENGE_BYTES:
        raise Undecodable(f"A challenge has {CHALLENGE_BYTES} bytes.")
    if signature is not None and len(signature) > SIGNATURE_BYTES_MAX:
        raise Undecodable(f"A signature has at most {SIGNATURE_BYTES_MAX} bytes.")
    if key is not None and len(key) != KEY_BYTES:
        raise Undecodable(f"A key has {KEY_BYTES} bytes.")
    return Tap(uid, challenge, signature, key)


def octets(text: str, what: str) -> bytes:
    """Bytes written as hexadecimal digits and nothing else."""
    if not HEXADECIMAL.fullmatch(text):
        raise Undecodable(f"The {what} {quoted(text)} isn't written in pairs of hexadecimal digits.")
    return bytes.fromhex(text)


def event(entry: Entry, at: int | None, timezone: str) -> ReaderEvent:
    """Read what the device says about itself."""
    match entry.status:
        case "online" | "offline" as kind:
            return ReaderEvent(kind, at)
        case "gap":
            return gap(at, microseconds(entry.from_, timezone), microseconds(entry.to, timezone), "told by the device")
        case None:
            message = "An entry has neither epc nor barcode nor tap nor status."
        case unknown:
            message = f"The status {quoted(unknown)} is none of online, offline and gap."
    raise Undecodable(message)
