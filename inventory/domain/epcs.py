"""What stands on a tag: EPCs and TIDs as bytes, and the GS1 schemes behind them.

GDTI is for dossiers, SGLN for places, GRAI for bags, GID-96 for sites without a GS1 prefix. Layouts: GS1 EPC Tag Data
Standard 2.3; the coding itself is `epcpy`'s.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from epcpy.epc_schemes.base_scheme import TagEncodable
from epcpy.epc_schemes.gdti import GDTI, GDTIFilterValue
from epcpy.epc_schemes.gid import GID
from epcpy.epc_schemes.grai import GRAI
from epcpy.epc_schemes.sgln import SGLN
from epcpy.utils.common import ConvertException

from inventory.domain.refusals import BadInput

EPC_BYTES_MAX = 62  # 496 bits: the five length bits of a Gen2 tag's protocol control word count 31 words.
_WORD_BYTES = 2
_BLANKS = re.compile(r"[\s\-]+")


class EpcScheme(StrEnum):
    """The schemes Guiwei can read; everything else is a tag all the same."""

    GDTI_96 = "gdti-96"
    GDTI_174 = "gdti-174"
    SGLN_96 = "sgln-96"
    GRAI_96 = "grai-96"
    GID_96 = "gid-96"
    UNKNOWN = "unknown"


# By the header, the EPC's first byte: scheme, its length in bytes (whole words), and who can read it.
_HEADERS: dict[int, tuple[EpcScheme, int, type[TagEncodable]]] = {
    0x2C: (EpcScheme.GDTI_96, 12, GDTI),
    0x3E: (EpcScheme.GDTI_174, 22, GDTI),
    0x32: (EpcScheme.SGLN_96, 12, SGLN),
    0x33: (EpcScheme.GRAI_96, 12, GRAI),
    0x35: (EpcScheme.GID_96, 12, GID),
}


@dataclass(frozen=True, slots=True)
class EpcIdentity:
    """What an EPC says it is; `uri` is the pure identity (`urn:epc:id:...`), None for an unknown scheme."""

    scheme: EpcScheme
    uri: str | None = None


def parse_epc(text: str) -> bytes:
    """The EPC written as hexadecimal digits in whole 16-bit words; blanks and hyphens between digits don't matter."""
    return _parse_words(text, "EPC")


def parse_tid(text: str) -> bytes:
    """The chip's own number, written like an EPC."""
    return _parse_words(text, "TID")


def _parse_words(text: str, what: str) -> bytes:
    try:
        number = bytes.fromhex(text)
    except ValueError:
        number = _from_untidy_hex(text)
    if not number or len(number) % _WORD_BYTES or len(number) > EPC_BYTES_MAX:
        digits_max = EPC_BYTES_MAX * 2
        raise BadInput(
            problem_zh=f"{what} 应为十六进制数字，每4位一组，最多{digits_max}位",
            problem_en=f"{what} is written in hexadecimal digits, in groups of four, at most {digits_max}",
        )
    return number


def _from_untidy_hex(text: str) -> bytes:
    try:
        return bytes.fromhex(_BLANKS.sub("", text))
    except ValueError:
        return b""


def describe_epc(epc: bytes) -> EpcIdentity:
    """What `epc` says it is, by its header."""
    scheme, length_bytes, coding = _HEADERS.get(epc[0] if epc else 0, (EpcScheme.UNKNOWN, 0, GID))
    if len(epc) != length_bytes:
        return EpcIdentity(EpcScheme.UNKNOWN)
    try:
        return EpcIdentity(scheme, coding.from_hex(epc.hex()).epc_uri)
    except (ConvertException, LookupError, ValueError):
        return EpcIdentity(EpcScheme.UNKNOWN)  # The right header over bits that mean nothing: a foreign tag.


def gid96(manager: int, object_class: int, serial: int) -> bytes:
    """A General Identifier of 96 bits: `manager` below 2^28, `object_class` below 2^24, `serial` below 2^36."""
    try:
        identity = GID(f"urn:epc:id:gid:{manager}.{object_class}.{serial}")
    except ConvertException as error:
        raise BadInput(
            problem_zh="GID-96 的管理者号、类别号或序列号超出范围",
            problem_en="manager, object class or serial is out of range for GID-96",
        ) from error
    return _bytes_of(identity.binary())


def gdti96(company_prefix: str, document_type: str, serial: int, *, filter_value: int = 0) -> bytes:
    """A Global Document Type Identifier of 96 bits.

    company_prefix (6 to 12 digits) and document_type have 12 digits together; serial below 2^41; filter_value 0 to 7.
    """
    scheme = GDTI.BinaryCodingScheme.GDTI_96
    try:
        identity = GDTI(f"urn:epc:id:gdti:{company_prefix}.{document_type}.{serial}")
        filtered = GDTIFilterValue(str(filter_value))
        identity.tag_uri(scheme, filtered)  # Only this looks at the serial's range.
    except (ConvertException, ValueError) as error:
        raise BadInput(
            problem_zh="GDTI-96 的厂商前缀、文件类型或序列号不合规定",
            problem_en="company prefix, document type or serial doesn't fit GDTI-96",
        ) from error
    return _bytes_of(identity.binary(scheme, filtered))


def _bytes_of(binary: str) -> bytes:
    return int(binary, 2).to_bytes(len(binary) // 8, "big")
