"""Who may borrow or receive a dossier: institutions of a register, by class. There is no class for a person."""

import re
from dataclasses import dataclass
from enum import StrEnum

from inventory.domain.identifiers import folded_width
from inventory.domain.refusals import BadInput, BorrowerBlocked

INSTITUTION_NAME_CHARACTERS_MAX = 100
ADDRESS_CHARACTERS_MAX = 200
BLOCKED_REASON_CHARACTERS_MAX = 200
_CODE_CHARACTERS_MAX = 30  # with `BOR-` or `RCP-` before it, it is the code of a place
_CODE = re.compile(rf"[A-Z0-9][A-Z0-9.\-]{{0,{_CODE_CHARACTERS_MAX - 1}}}")


class InstitutionClass(StrEnum):
    """What an institution is; the value is what stands in the register."""

    TOWNSHIP_CENTRE = "township_centre"
    ARCHIVES = "archives"
    STATE_BODY = "state_body"
    PARTY_BODY = "party_body"
    COURT = "court"
    PROCURATORATE = "procuratorate"
    POLICE = "police"
    MILITARY = "military"
    AGENCY = "agency"
    PUBLIC_INSTITUTION = "public_institution"
    EMPLOYER = "employer"
    SOCIAL_INSURANCE = "social_insurance"
    NOTARY = "notary"
    SCHOOL = "school"

    @property
    def zh(self) -> str:
        """Its name in Chinese."""
        return _CLASSES[self][0]

    @property
    def en(self) -> str:
        """Its name in English."""
        return _CLASSES[self][1]

    @property
    def is_state_body(self) -> bool:
        """Whether what goes there travels as state staff's dossiers do."""
        return self in _STATE_BODIES


_C = InstitutionClass
_CLASSES: dict[InstitutionClass, tuple[str, str]] = {
    _C.TOWNSHIP_CENTRE: ("街道（乡镇）服务机构", "township or street centre"),
    _C.ARCHIVES: ("档案馆", "archives"),
    _C.STATE_BODY: ("国家机关", "state body"),
    _C.PARTY_BODY: ("党群机关", "Party body"),
    _C.COURT: ("法院", "court"),
    _C.PROCURATORATE: ("检察院", "procuratorate"),
    _C.POLICE: ("公安机关", "police"),
    _C.MILITARY: ("军队单位", "military unit"),
    _C.AGENCY: ("档案管理服务机构", "agency that holds dossiers"),
    _C.PUBLIC_INSTITUTION: ("事业单位", "public institution"),
    _C.EMPLOYER: ("企业及其他用人单位", "enterprise or other employer"),
    _C.SOCIAL_INSURANCE: ("社会保险经办机构", "social insurance institution"),
    _C.NOTARY: ("公证处", "notary office"),
    _C.SCHOOL: ("学校", "school"),
}
_STATE_BODIES = frozenset({_C.STATE_BODY, _C.PARTY_BODY, _C.COURT, _C.PROCURATORATE, _C.POLICE, _C.MILITARY})


@dataclass(frozen=True, slots=True)
class Institution:
    """An institution as rules ask for it; overdue: how many of its loans should have come back."""

    code: str
    name: str
    kind: InstitutionClass
    blocked_reason: str | None = None
    overdue: int = 0


def parse_institution_code(text: str) -> str:
    """An institution's code, such as its unified credit code: capital letters, digits, `-` and `.`."""
    code = folded_width(text).upper()
    if not _CODE.fullmatch(code):
        raise BadInput(
            problem_zh=f"单位代码应为1至{_CODE_CHARACTERS_MAX}个字母、数字、- 或 .",
            problem_en=f"an institution's code has 1 to {_CODE_CHARACTERS_MAX} letters, digits, - or .",
        )
    return code


def parse_institution_class(text: str) -> InstitutionClass:
    """The class by its value or its Chinese name; raises `BadInput`, for a person too."""
    for kind in InstitutionClass:
        if text.strip() in {kind.value, kind.zh}:
            return kind
    raise BadInput(
        problem_zh=f"单位类别应为：{'、'.join(kind.zh for kind in InstitutionClass)}；个人不能登记",
        problem_en=f"the class of an institution is one of {', '.join(InstitutionClass)}; a person can't be registered",
    )


def check_borrower(institution: Institution) -> None:
    """Raises `BorrowerBlocked` for an institution that was blocked, or that has an overdue loan."""
    if institution.blocked_reason is not None:
        reason, reason_en = institution.blocked_reason, institution.blocked_reason
    elif institution.overdue:
        reason, reason_en = f"有 {institution.overdue} 件逾期未还", f"overdue loans: {institution.overdue}"
    else:
        return
    raise BorrowerBlocked(institution=institution.name, reason=reason, reason_en=reason_en)
