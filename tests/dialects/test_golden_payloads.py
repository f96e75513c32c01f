"""Every dialect understands its family's messages and refuses what nobody can understand."""

import dataclasses
import re
from pathlib import Path

import pytest

from devices.dialects import DIALECTS, decoder_of
from devices.dialects.payloads import PAYLOAD_BYTES_MAX
from devices.readings import Undecodable
from inventory.domain.mappings import Mapping

from .cases import GOLDEN, WAREHOUSE_ZONE, Case, assert_says, cases_of, decode_of, read_cases

CORPUS = Path(__file__).parents[3] / "shared" / "corpus" / "dialects"
CORPUS_NAMES = {"impinj": "impinj_r700", "zebra": "zebra_fixed"}  # those of the other families are the dialects' own


def own_and_broken() -> list[object]:
    """Pair every dialect with its own cases and with the broken ones."""
    return [
        pytest.param(dialect, case, id=f"{dialect}: {case.note}")
        for dialect in DIALECTS
        for case in cases_of(dialect) + read_cases(GOLDEN / "broken.jsonl")
    ]


def of_the_corpus() -> list[object]:
    """The same from the shared corpus, which has no cases of mappings: everybody has a reader of one's own."""
    return [
        pytest.param(dialect, case, id=f"{dialect}: {case.note}")
        for dialect in DIALECTS
        for file in (CORPUS / f"{CORPUS_NAMES.get(dialect, dialect)}.jsonl", CORPUS / "broken.jsonl")
        if file.exists()
        for case in read_cases(file)
    ]


def assert_decodes_or_refuses(dialect: str, case: Case) -> None:
    """Hold a dialect to a case."""
    decode = decode_of(dialect, case)
    if case.expect is None:
        with pytest.raises(Undecodable):
            decode(case.payload, WAREHOUSE_ZONE)
    else:
        assert_says(decode(case.payload, WAREHOUSE_ZONE), case)


def test_every_dialect_has_its_golden_folder_and_no_folder_is_left_over() -> None:
    assert {file.parent.name for file in GOLDEN.glob("*/cases.jsonl")} == {*DIALECTS}
    assert {folder.name for folder in GOLDEN.iterdir()} == {*DIALECTS, "broken.jsonl"}


def test_the_corpus_has_no_family_without_a_dialect() -> None:
    if not CORPUS.is_dir():
        pytest.skip("the shared corpus is not beside this clone")
    named = {CORPUS_NAMES.get(dialect, dialect) for dialect in DIALECTS}
    assert {file.stem for file in CORPUS.glob("*.jsonl")} <= {*named, "broken"}


def test_every_dialect_and_every_member_of_a_mapping_has_its_row_in_the_docs() -> None:
    docs = (Path(__file__).parents[2] / "docs" / "dialects.md").read_text("utf-8")
    families, mapping = (docs.split(heading)[1].split("\n##")[0] for heading in ("## The families\n", "### mapping\n"))
    assert set(re.findall(r"^\| `(\w+)`", families, re.MULTILINE)) == {*DIALECTS}
    members = {
        name for row in re.findall(r"^\| (`[^|]+)\|", mapping, re.MULTILINE) for name in re.findall(r"`(\w+)`", row)
    }
    assert members == {field.name for field in dataclasses.fields(Mapping)}


@pytest.mark.parametrize(("dialect", "case"), own_and_broken())
def test_a_message_means_what_its_golden_case_says(dialect: str, case: Case) -> None:
    assert_decodes_or_refuses(dialect, case)


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the shared corpus is not beside this clone")
@pytest.mark.parametrize(("dialect", "case"), of_the_corpus())
def test_a_message_means_what_the_shared_corpus_says(dialect: str, case: Case) -> None:
    assert_decodes_or_refuses(dialect, case)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_message_larger_than_any_reader_sends_is_refused(dialect: str) -> None:
    with pytest.raises(Undecodable, match="bytes"):
        decode_of(dialect)(b"[" + b" " * PAYLOAD_BYTES_MAX + b"]", WAREHOUSE_ZONE)


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


@pytest.mark.parametrize(
    ("mapping", "problem"),
    [(None, "none was given"), ({"epc": 7}, "epc of the mapping: this is a path, as tag.id, of at most 8 steps")],
)
def test_a_registration_without_a_mapping_to_read_by_refuses_its_own_messages(
    mapping: dict[str, object] | None, problem: str
) -> None:
    with pytest.raises(Undecodable) as refused:
        decoder_of("mapping", mapping)(b'{"epc":"2C76451FD46072000000162E"}', WAREHOUSE_ZONE)
    assert str(refused.value) == f"The reader's registration has no mapping to read by: {problem}."
