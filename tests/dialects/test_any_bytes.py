"""Whatever bytes arrive, a dialect answers with true readings or with one sentence, never with anything else."""

import base64
import gc
import json
import os
import random
import time
import tracemalloc
from collections import deque
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from devices.dialects import DIALECTS, decoder_of
from devices.dialects.tag_memory import HEX_DIGITS, HEX_DIGITS_MIN, words_from_hex, words_from_hex_or_base64
from devices.dialects.times import EARLIEST, EPOCH, LATEST
from devices.readings import Decode, Decoded, Undecodable
from inventory.domain.mappings import Mapping
from inventory.domain.refusals import BadInput

from .cases import GOLDEN, WAREHOUSE_ZONE, cases_of, decode_of, read_cases

EXTENDED = os.environ.get("GUIWEI_EXTENDED") == "1"
# A million inputs: Hypothesis draws some, and each of those is altered at random so often more. It remembers all it drew in one
# run of a test, so they come in parts.
EXAMPLES = 2_500 if EXTENDED else 300
ALTERED = 19
PARTS = 20 if EXTENDED else 1
CPU_SECONDS_MAX = 0.05  # looked at in the extended run alone, by the thread's own clock
GROWTH_BYTES_MAX = 1_000_000
AGAIN_INPUTS = 20_000 if EXTENDED else 1_000
REASON_CHARACTERS_MAX = 300

thorough = settings(max_examples=EXAMPLES, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=30)
    | st.datetimes().map(datetime.isoformat)
    | st.binary(max_size=70).map(bytes.hex)
    | st.sampled_from(
        [
            10**400,
            -1,
            2**63,
            1e308,
            "99999-01-01T00:00:00Z",
            "0001-01-01T00:00:00+23:59",
            "\0",
            "online",
            "22/5/2020 22:4:0:111",
            "1780968615250",
            "-62",
        ]
    ),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)

golden_cases = [case for file in sorted(GOLDEN.rglob("*.jsonl")) for case in read_cases(file)]
golden_payloads = [case.payload for case in golden_cases]
golden_messages = [
    case.payload.decode() for case in golden_cases if case.expect is not None and case.payload.startswith((b"{", b"["))
]
# Every dialect, and the mapping dialect by every mapping of its golden cases.
DECODERS: dict[str, Decode] = {dialect: decode_of(dialect) for dialect in DIALECTS} | {
    f"mapping of {case.note}": decode_of("mapping", case) for case in cases_of("mapping") if case.mapping is not None
}


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


any_payload = (
    st.binary(max_size=300) | changed_bytes() | changed_values()
    | json_values.map(lambda value: json.dumps(value).encode())
)  # fmt: skip


def altered(payload: bytes, chance: random.Random) -> bytes:
    """Flip, cut, repeat, or put in what another message has, some times over."""
    changed = bytearray(payload)
    for _ in range(chance.randint(1, 4)):
        start = chance.randint(0, len(changed))
        end = min(len(changed), start + chance.randint(0, 12))
        match chance.randrange(4):
            case 0:
                changed[start:end] = chance.randbytes(end - start)
            case 1:
                del changed[start:end]
            case 2:
                changed[start:start] = changed[start:end]
            case _:
                other = chance.choice(golden_payloads)
                begin = chance.randint(0, len(other))
                changed[start:end] = other[begin : begin + chance.randint(1, 40)]
    return bytes(changed)


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
    for tap in decoded.taps:
        assert len(tap.uid) in {4, 7, 8, 10}
        assert tap.challenge is None or len(tap.challenge) == 32
        assert tap.signature is None or 1 <= len(tap.signature) <= 72
        assert tap.key is None or len(tap.key) == 65
    for event in decoded.events:
        assert event.kind in {"online", "offline", "gap"}
        assert_one_line(event.reason)
        for at in (event.at, event.from_at, event.to_at):
            assert_sane_time(at)
        if event.from_at is not None and event.to_at is not None:
            assert event.from_at <= event.to_at

    for number, at in decoded.numbers:
        assert type(number) is int
        assert 0 <= number <= 2**53
        assert_sane_time(at)
    for condition in decoded.conditions:
        assert condition.dropped is None or 0 <= condition.dropped <= 2**53
        assert condition.ntp_offset_ms is None or abs(condition.ntp_offset_ms) <= 1e12
        assert all(0 <= number < 2**15 for number in condition.antennas)
        assert_one_line(condition.firmware or "")
        assert_sane_time(condition.at)


def assert_sane_time(at: int | None) -> None:
    """Hold a time to whole microseconds of the years 2010 to 2099."""
    assert at is None or (type(at) is int and EARLIEST <= at < LATEST)


def assert_one_line(text: str) -> None:
    """Hold a sentence to what a page, a log and a database column can show."""
    assert text.isprintable()
    assert len(text) <= REASON_CHARACTERS_MAX


def timed(decode: Decode, payload: bytes) -> tuple[Decoded | str, float]:
    """What a dialect says, or its refusal, and the thread's CPU seconds it took."""
    began = time.thread_time()
    try:
        return decode(payload, WAREHOUSE_ZONE), time.thread_time() - began
    except Undecodable as refused:
        return str(refused), time.thread_time() - began


def assert_answers(payload: bytes) -> float:
    """Let every dialect have the bytes; any error but Undecodable fails the test by itself. Gives the longest CPU seconds."""
    longest = 0.0
    for dialect, decode in DECODERS.items():
        try:
            said, seconds = timed(decode, payload)
            if (
                seconds > CPU_SECONDS_MAX / 2
            ):  # The garbage collector's turn, with all that Hypothesis remembers, comes once.
                seconds = min(timed(decode, payload)[1] for _ in range(3))
        except Exception as error:
            error.add_note(f"dialect: {dialect}")
            raise
        longest = max(longest, seconds)
        if isinstance(said, str):
            assert_one_line(said)
            assert said.endswith(".")
        else:
            assert_keeps_its_promises(said)
    return longest


@pytest.mark.parametrize("part", range(PARTS))
def test_any_bytes_give_true_readings_or_one_sentence(part: int) -> None:
    """In the extended run a million inputs, each to every dialect; none takes long, and none is remembered."""
    longest, inputs, latest = 0.0, 0, deque[bytes](maxlen=AGAIN_INPUTS)

    @thorough
    @given(payload=any_payload, seed=st.integers(0, 2**32))
    def answer(payload: bytes, seed: int) -> None:
        nonlocal longest, inputs
        chance = random.Random(seed)
        for one in (payload, *(altered(payload, chance) for _ in range(ALTERED))):
            longest = max(longest, assert_answers(one))
            latest.append(one)
            inputs += 1

    answer()
    if EXTENDED:
        print(f"{inputs} inputs to {len(DECODERS)} decoders, longest {longest * 1000:.2f} ms of CPU", flush=True)
        assert longest < CPU_SECONDS_MAX
    if part == PARTS - 1:
        assert_nothing_is_remembered(list(latest))


def assert_nothing_is_remembered(payloads: list[bytes]) -> None:
    """The same inputs again need no more memory than they did the first time."""
    for payload in payloads:
        assert_answers(payload)
    gc.collect()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for payload in payloads:
            assert_answers(payload)
        gc.collect()
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    print(f"{len(payloads)} inputs again: {grown} bytes more", flush=True)
    assert grown < GROWTH_BYTES_MAX


@thorough
@given(
    told=st.dictionaries(
        st.sampled_from(["reads", "epc", "tid", "antenna", "antennas", "rssi_unit", "time", "time_form", "timezone",
                         "ignore", "status", "online", "offline", "epc_form", "other"]),
        json_values | st.sampled_from(["tag.id", "*", "$.at", "@", "@key", "^.port", "hex", "epoch_ms", "d/M/yyyy H:m:s"]),
        max_size=6,
    ),
    payload=any_payload,
)  # fmt: skip
def test_any_mapping_is_refused_or_reads_any_bytes(told: dict[str, Any], payload: bytes) -> None:
    try:
        mapping = Mapping.of(told)
    except BadInput as refused:
        assert_one_line(str(refused.facts["problem_en"]))
        return
    try:
        assert_keeps_its_promises(decoder_of("mapping", told)(payload, WAREHOUSE_ZONE))
    except Undecodable as refused:
        assert_one_line(str(refused))
    assert mapping == Mapping.of(told)


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
