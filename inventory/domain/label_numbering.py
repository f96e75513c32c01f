"""How a site numbers its labels: under whose GS1 prefix or manager number, and which EPC a serial comes to. Pure.

GDTI-96 where the site has a GS1 company prefix, GID-96 where it has a manager number. Nothing is assumed: a prefix
belongs to somebody, and an EPC under it would be theirs. Limits: GS1 EPC Tag Data Standard 2.3, 14.5.8 and 14.5.9.
"""

from dataclasses import dataclass

from inventory.domain.epcs import EpcScheme, gdti96, gid96
from inventory.domain.refusals import BadInput

GDTI_DIGITS = 12  # of company prefix and document type together
PREFIX_DIGITS_MIN, PREFIX_DIGITS_MAX = 6, 12
SERIAL_MAX = {EpcScheme.GDTI_96: 2**41 - 1, EpcScheme.GID_96: 2**36 - 1}  # 2,199,023,255,551 and 68,719,476,735
MANAGER_MAX, OBJECT_CLASS_MAX = 2**28 - 1, 2**24 - 1


@dataclass(frozen=True, slots=True)
class Numbering:
    """Under what a site's serials stand.

    GDTI-96: company_prefix and document_type, digits as text (leading zeros count). GID-96: manager and object_class.
    """

    company_prefix: str | None = None
    document_type: str | None = None
    manager: int | None = None
    object_class: int | None = None

    @property
    def scheme(self) -> EpcScheme:
        """Which of the two it is."""
        return EpcScheme.GID_96 if self.company_prefix is None else EpcScheme.GDTI_96

    @property
    def serial_max(self) -> int:
        """The last serial there is."""
        return SERIAL_MAX[self.scheme]

    @property
    def told(self) -> str:
        """The pure identity without its serial, as `gdti:9521141.12345`."""
        if self.company_prefix is not None:
            return f"gdti:{self.company_prefix}.{self.document_type}"
        return f"gid:{self.manager}.{self.object_class}"


def numbering_of(
    company_prefix: str | None, document_type: str | None, manager: int | None, object_class: int | None
) -> Numbering:
    """A numbering a site may have: one scheme, whole. Raises `BadInput`."""
    by_gs1 = (company_prefix is not None, document_type is not None)
    by_manager = (manager is not None, object_class is not None)
    if by_gs1 == (True, True) and not any(by_manager):
        assert company_prefix is not None
        assert document_type is not None
        return _gdti(company_prefix.strip(), document_type.strip())
    if by_manager == (True, True) and not any(by_gs1):
        assert manager is not None
        assert object_class is not None
        return _gid(manager, object_class)
    raise BadInput(
        problem_zh="请指明 GS1 厂商前缀和文件类型，或 GID 管理者号和类别号，二者选一",
        problem_en="tell the GS1 prefix and the document type, or the GID manager number and the object class",
    )


def epc_of(numbering: Numbering, serial: int) -> bytes:
    """The 12 bytes of the EPC of a serial, 1 to `serial_max`; raises `BadInput` beyond."""
    if not 1 <= serial <= numbering.serial_max:
        raise BadInput(
            problem_zh=f"{numbering.scheme.upper()} 的序列号应为 1 至 {numbering.serial_max}",
            problem_en=f"a serial of {numbering.scheme.upper()} is from 1 to {numbering.serial_max}",
        )
    if numbering.company_prefix is not None and numbering.document_type is not None:
        return gdti96(numbering.company_prefix, numbering.document_type, serial)
    assert numbering.manager is not None
    assert numbering.object_class is not None
    return gid96(numbering.manager, numbering.object_class, serial)


def _gdti(prefix: str, document_type: str) -> Numbering:
    digits = prefix + document_type
    if not (digits.isascii() and digits.isdigit() and PREFIX_DIGITS_MIN <= len(prefix) <= PREFIX_DIGITS_MAX):
        raise BadInput(
            problem_zh=f"GS1 厂商前缀为 {PREFIX_DIGITS_MIN} 至 {PREFIX_DIGITS_MAX} 位数字，文件类型也为数字",
            problem_en=f"a GS1 prefix has {PREFIX_DIGITS_MIN} to {PREFIX_DIGITS_MAX} digits, a document type digits too",
        )
    if len(digits) != GDTI_DIGITS:
        raise BadInput(
            problem_zh=f"厂商前缀与文件类型合计应为 {GDTI_DIGITS} 位（不含校验位），现为 {len(digits)} 位",
            problem_en=f"prefix and document type have {GDTI_DIGITS} digits together (no check digit), not {len(digits)}",
        )
    return Numbering(company_prefix=prefix, document_type=document_type)


def _gid(manager: int, object_class: int) -> Numbering:
    if not (0 <= manager <= MANAGER_MAX and 0 <= object_class <= OBJECT_CLASS_MAX):
        raise BadInput(
            problem_zh=f"管理者号应为 0 至 {MANAGER_MAX}，类别号应为 0 至 {OBJECT_CLASS_MAX}",
            problem_en=f"a manager number is from 0 to {MANAGER_MAX}, an object class from 0 to {OBJECT_CLASS_MAX}",
        )
    return Numbering(manager=manager, object_class=object_class)
