"""Whatever bytes arrive, a dialect answers with true readings or with one sentence, never with anything else."""

import base64
import json
import os
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from devices.dialects import DIALECTS
from devices.dialects.tag_memory import HEX_DIGITS, HEX_DIGITS_MIN, words_from_hex, words_from_hex_or_base64
from devices.dialects.times import EARLIEST, EPOCH, LATEST
from devices.readings import Decoded, Undecodable

from .cases import GOLDEN, WAREHOUSE_ZONE, read_cases

EXAMPLES = 20_000 if os.environ.get("GUIWEI_EXTENDED") == "1" else 800
REASON_CHARACTERS_MAX = 300

thorough = settings(
    max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=30)
    | st.datetimes().map(datetime.isoformat)
    | st.binary(max_size=70).map(bytes.hex)
    | st.sampled_from(
        [10**400, -1, 2**63, 1e308, "99999-01-01T00:00:00Z", "0001-01-01T00:00:00+23:59", "\0", "online"]
    ),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)

golden_payloads = [case.payload for file in sorted(GOLDEN.glob("*.jsonl")) for case in read_cases(file)]
golden_messages = [
    case.payload.decode()
    for file in sorted(GOLDEN.glob("*.jsonl"))
    for case in read_cases(file)
    if case.expect is not None and case.payload.startswith((b"{", b"["))
]


@st.composite
def changed_bytes(draw: st.DrawFn) -> bytes:
    """Cut a golden message anywhere and put other bytes there."""
    payload = draw(st.sampled_from(golden_payloads))
    start = draw(st.integers(0, len(payload)))
    end = draw(st.integers(start, min(len(payload), start + 20)))
    return payload[:start] + draw(st.binary(max_size=8)) + payload[end:]


@st.composite
def changed_values(draw: st.DrawFn) -> bytes:
    """Put any value in the place of one that stands somewhere in a golden message, or take it away."""
    changed = change(draw, json.loads(draw(st.sampled_from(golden_messages))))
    return json.dumps(changed, ensure_ascii=draw(st.booleans())).encode("utf-8", "surrogatepass")


def change(draw: st.DrawFn, said: Any) -> Any:
    """Walk down at random and change what is found there."""
    if isinstance(said, (dict, list)) and said and draw(st.integers(0, 4)):
        key: Any = draw(st.sampled_from(sorted(said) if isinstance(said, dict) else range(len(said))))
        if draw(st.integers(0, 6)):
            said[key] = change(draw, said[key])
        else:
            del said[key]
        return said
    return draw(json_values)


def assert_keeps_its_promises(decoded: Decoded) -> None:
    """Hold readings, codes and events to what their types say."""
    for reading in decoded.readings:
        for memory in (reading.epc, reading.tid) if reading.tid is not None else (reading.epc,):
            assert type(memory) is bytes
            assert 2 <= len(memory) <= 62
            assert len(memory) % 2 == 0
        assert type(reading.antenna) is int
        assert 0 <= reading.antenna < 2**15
        assert type(reading.count) is int
        assert 1 <= reading.count <= 1_000_000
        if reading.rssi_cdbm is not None:
            assert type(reading.rssi_cdbm) is int
            assert -15_000 <= reading.rssi_cdbm <= 1_000
        assert_sane_time(reading.read_at)
    for barcode in decoded.barcodes:
        assert 1 <= len(barcode.code) <= 200
        assert "\0" not in barcode.code
        assert barcode.code.encode().decode() == barcode.code
        assert_sane_time(barcode.scanned_at)
    for event in decoded.events:
        assert event.kind in {"online", "offline", "gap"}
        assert_one_line(event.reason)
        for at in (event.at, event.from_at, event.to_at):
            assert_sane_time(at)
        if event.from_at is not None and event.to_at is not None:
            assert event.from_at <= event.to_at


def assert_sane_time(at: int | None) -> None:
    """Hold a time to whole microseconds of the years 2010 to 2099."""
    assert at is None or (type(at) is int and EARLIEST <= at < LATEST)


def assert_one_line(text: str) -> None:
    """Hold a sentence to what a page, a log and a database column can show."""
    assert text.isprintable()
    assert len(text) <= REASON_CHARACTERS_MAX


def refusal(dialect: str, payload: bytes) -> str | None:
    """Let the dialect have the bytes; any error but Undecodable fails the test by itself."""
    try:
        decoded = DIALECTS[dialect](payload, WAREHOUSE_ZONE)
    except Undecodable as refused:
        return str(refused)
    assert_keeps_its_promises(decoded)
    return None


@pytest.mark.parametrize("dialect", DIALECTS)
@thorough
@given(
    payload=st.binary(max_size=300)
    | changed_bytes()
    | changed_values()
    | json_values.map(lambda v: json.dumps(v).encode())
)
def test_any_bytes_give_true_readings_or_one_sentence(dialect: str, payload: bytes) -> None:
    sentence = refusal(dialect, payload)
    if sentence is not None:
        assert_one_line(sentence)
        assert sentence.endswith(".")


@thorough
@given(at=st.integers(EARLIEST, LATEST - 1), hours=st.integers(-12, 14))
def test_a_device_time_keeps_every_microsecond_in_every_form(at: int, hours: int) -> None:
    moment = (EPOCH + timedelta(microseconds=at)).astimezone(timezone(timedelta(hours=hours)))
    entries = [{"epc": "2C76", "at": form} for form in (at / 1_000_000, moment.isoformat())]
    readings = DIALECTS["native"](json.dumps(entries).encode(), WAREHOUSE_ZONE).readings
    assert [reading.read_at for reading in readings] == [at, at]


@thorough
@given(words=st.integers(1, 31).flatmap(lambda count: st.binary(min_size=2 * count, max_size=2 * count)))
def test_an_epc_is_the_same_tag_in_hex_and_in_base64(words: bytes) -> None:
    base64_text = base64.urlsafe_b64encode(words).decode()
    assert words_from_hex(words.hex()) == words
    # The base64 of a long blank tag is all "A", which are hex digits too: nobody can tell.
    assume(len(base64_text) < HEX_DIGITS_MIN or not HEX_DIGITS.issuperset(base64_text.rstrip("=")))
    assert words_from_hex_or_base64(base64_text) == words
    assert words_from_hex_or_base64(base64_text.rstrip("=")) == words
    if len(words) >= 12:
        assert words_from_hex_or_base64(words.hex().upper()) == words
