"""EPCs: the vectors of GS1's Tag Data Standard, and what clerks and readers write."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.domain.epcs import EpcScheme, describe_epc, gdti96, gid96, parse_epc, parse_tid
from inventory.domain.refusals import BadInput


def test_the_standards_vectors_are_written_bit_for_bit() -> None:
    assert gdti96("9521141", "12345", 5678, filter_value=3).hex().upper() == "2C76451FD46072000000162E"
    assert gdti96("0614141", "12345", 5678, filter_value=3).hex().upper() == "2C74257BF46072000000162E"
    assert gid96(952056, 2718, 1414).hex().upper() == "3500E86F8000A9E000000586"


@pytest.mark.parametrize(
    ("written", "scheme", "uri"),
    [
        ("2C76451FD46072000000162E", EpcScheme.GDTI_96, "urn:epc:id:gdti:9521141.12345.5678"),
        ("2C74257BF46072000000162E", EpcScheme.GDTI_96, "urn:epc:id:gdti:0614141.12345.5678"),
        (
            "3E76451FD7039B061438997367D0C18B266D1AB66EE0",
            EpcScheme.GDTI_174,
            "urn:epc:id:gdti:9521141.98765.ABCDefgh012345678",
        ),
        ("3500E86F8000A9E000000586", EpcScheme.GID_96, "urn:epc:id:gid:952056.2718.1414"),
        ("3276451FD46072000000162E", EpcScheme.SGLN_96, "urn:epc:id:sgln:9521141.12345.5678"),
        ("3376451FD40C0E400000162E", EpcScheme.GRAI_96, "urn:epc:id:grai:9521141.12345.5678"),
    ],
)
def test_a_tag_says_what_it_is(written: str, scheme: EpcScheme, uri: str) -> None:
    identity = describe_epc(parse_epc(written))
    assert (identity.scheme, identity.uri) == (scheme, uri)


@given(st.binary(max_size=62))
def test_any_bits_at_all_are_described(epc: bytes) -> None:
    identity = describe_epc(epc)
    assert (identity.uri is None) == (identity.scheme is EpcScheme.UNKNOWN)


@given(st.integers(0, 2**28 - 1), st.integers(0, 2**24 - 1), st.integers(0, 2**36 - 1))
def test_a_gid_is_read_as_it_was_written(manager: int, object_class: int, serial: int) -> None:
    identity = describe_epc(gid96(manager, object_class, serial))
    assert identity.uri == f"urn:epc:id:gid:{manager}.{object_class}.{serial}"


@given(st.integers(6, 11), st.integers(0, 10**12 - 1), st.integers(0, 2**41 - 1))
def test_a_gdti_is_read_as_it_was_written(prefix_digits: int, company_and_type: int, serial: int) -> None:
    digits = f"{company_and_type:012d}"
    identity = describe_epc(gdti96(digits[:prefix_digits], digits[prefix_digits:], serial))
    assert identity.uri == f"urn:epc:id:gdti:{digits[:prefix_digits]}.{digits[prefix_digits:]}.{serial}"


@pytest.mark.parametrize(
    ("manager", "object_class", "serial"), [(2**28, 0, 0), (0, 2**24, 0), (0, 0, 2**36), (-1, 0, 0)]
)
def test_a_gid_out_of_range_is_refused(manager: int, object_class: int, serial: int) -> None:
    with pytest.raises(BadInput, match="out of range for GID-96"):
        gid96(manager, object_class, serial)


@pytest.mark.parametrize(
    ("prefix", "document_type", "serial", "filter_value"),
    [("9521141", "12345", 2**41, 0), ("95211", "1234567", 1, 0), ("9521141", "1234", 1, 0), ("9521141", "12345", 1, 8)],
)
def test_a_gdti_out_of_range_is_refused(prefix: str, document_type: str, serial: int, filter_value: int) -> None:
    with pytest.raises(BadInput, match="doesn't fit GDTI-96"):
        gdti96(prefix, document_type, serial, filter_value=filter_value)


@pytest.mark.parametrize("written", ["3500 E86F 8000 A9E0 0000 0586", "3500-e86f-8000-a9e0-0000-0586"])
def test_an_epc_may_be_written_in_groups(written: str) -> None:
    assert parse_epc(written) == bytes.fromhex("3500E86F8000A9E000000586")


@pytest.mark.parametrize("written", ["", "35", "3500E8", "3500E86", "35G0", "３５００", "0x3500", "00" * 64])
def test_what_is_no_whole_words_of_hexadecimal_is_refused(written: str) -> None:
    with pytest.raises(BadInput, match="EPC is written in hexadecimal digits, in groups of four, at most 124"):
        parse_epc(written)
    with pytest.raises(BadInput, match="TID is written"):
        parse_tid(written)
