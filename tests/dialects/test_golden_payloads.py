"""Every dialect understands its family's messages and refuses what nobody can understand."""

from pathlib import Path

import pytest

from devices.dialects import DIALECTS
from devices.dialects.payloads import PAYLOAD_BYTES_MAX
from devices.readings import Decoded, Undecodable

from .cases import GOLDEN, WAREHOUSE_ZONE, Case, assert_says, read_cases

CORPUS = Path(__file__).parents[3] / "shared" / "corpus" / "dialects"
CORPUS_FILES = {
    "native": "native",
    "impinj": "impinj_r700",
    "zebra": "zebra_fixed",
    "zebra_handheld": "zebra_handheld",
    "llrpkit": "llrpkit",
}


def own_and_broken(folder: Path, files: dict[str, str]) -> list[object]:
    """Pair every dialect with its own cases and with the broken ones."""
    return [
        pytest.param(dialect, case, id=f"{dialect}: {case.note}")
        for dialect, file in files.items()
        for case in read_cases(folder / f"{file}.jsonl") + read_cases(folder / "broken.jsonl")
    ]


def decode(dialect: str, payload: bytes) -> Decoded:
    """Let a reader of the warehouse speak."""
    return DIALECTS[dialect](payload, WAREHOUSE_ZONE)


def assert_decodes_or_refuses(dialect: str, case: Case) -> None:
    """Hold a dialect to a case."""
    if case.expect is None:
        with pytest.raises(Undecodable):
            decode(dialect, case.payload)
    else:
        assert_says(decode(dialect, case.payload), case)


def test_every_dialect_has_its_golden_file_and_no_file_is_left_over() -> None:
    files = {file.stem for file in GOLDEN.glob("*.jsonl")}
    assert files == {*DIALECTS, "broken"}


def test_every_dialect_has_its_row_in_the_docs() -> None:
    docs = Path(__file__).parents[2] / "docs" / "dialects.md"
    rows = {line.split("`")[1] for line in docs.read_text("utf-8").splitlines() if line.startswith("| `")}
    assert rows == {*DIALECTS}


@pytest.mark.parametrize(("dialect", "case"), own_and_broken(GOLDEN, {name: name for name in DIALECTS}))
def test_a_message_means_what_its_golden_case_says(dialect: str, case: Case) -> None:
    assert_decodes_or_refuses(dialect, case)


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the shared corpus is not beside this clone")
@pytest.mark.parametrize(("dialect", "case"), own_and_broken(CORPUS, CORPUS_FILES) if CORPUS.is_dir() else [])
def test_a_message_means_what_the_shared_corpus_says(dialect: str, case: Case) -> None:
    assert_decodes_or_refuses(dialect, case)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_message_larger_than_any_reader_sends_is_refused(dialect: str) -> None:
    with pytest.raises(Undecodable, match="bytes"):
        decode(dialect, b"[" + b" " * PAYLOAD_BYTES_MAX + b"]")


@pytest.mark.parametrize("timezone", ["", "Asia/Nowhere", "../../etc/passwd", "\0"])
def test_local_time_of_a_reader_whose_time_zone_is_none_is_refused(timezone: str) -> None:
    with pytest.raises(Undecodable, match="time zone"):
        DIALECTS["native"](b'{"epc":"2C76451FD46072000000162E","at":"2026-06-09T09:30:15"}', timezone)


def test_a_reader_in_another_time_zone_keeps_its_own_local_time() -> None:
    payload = b'{"epc":"2C76451FD46072000000162E","at":"2026-06-09T09:30:15"}'
    shanghai = DIALECTS["native"](payload, "Asia/Shanghai").readings[0].read_at
    urumqi = DIALECTS["native"](payload, "Asia/Urumqi").readings[0].read_at
    assert shanghai is not None
    assert urumqi == shanghai + 2 * 3600 * 1_000_000
