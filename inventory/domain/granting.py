"""What comes with a role: an agency, an institution, a window. Pure."""

from dataclasses import dataclass

from inventory.domain.people import Reach, Role
from inventory.domain.refusals import AgencyRequired, BadInput
from inventory.domain.requests import check_free_text

REASON_CHARACTERS_MAX = 300
# What the security administrator may give; `UNASSIGNED` takes a role away. Services are no people.
GRANTABLE = tuple(role for role in Role if role is not Role.SERVICE)


@dataclass(frozen=True, slots=True)
class Belonging:
    """Codes of what somebody belongs to: the agency, the institution they borrow for, the window they work at."""

    agency: str | None = None
    institution: str | None = None
    window: str | None = None


def check_grant(role: Role, belonging: Belonging) -> None:
    """Raises `AgencyRequired` or `BadInput` where a role lacks what it needs, or comes with what isn't its."""
    if role not in GRANTABLE:
        raise BadInput(problem_zh="此角色不授予个人", problem_en="that role isn't for people")
    of_agency = role.rights.dossiers is Reach.OWN_AGENCY
    if of_agency and belonging.agency is None:
        raise AgencyRequired(role_zh=role.zh, role_en=role.en)
    if role is Role.BORROWER and belonging.institution is None:
        raise BadInput(problem_zh="查借阅单位必须指定单位", problem_en="a borrower needs its institution")
    for told, is_its, zh, en in (
        (belonging.agency, of_agency, "机构", "agency"),
        (belonging.institution, role is Role.BORROWER, "单位", "institution"),
        (belonging.window, role is Role.WINDOW_CLERK, "窗口", "window"),
    ):
        if told is not None and not is_its:
            raise BadInput(problem_zh=f"{role.zh}不指定{zh}", problem_en=f"no {en} belongs to the role {role.en}")


def parse_reason(text: str) -> str:
    """Why somebody gets a role or loses it, or why a tie is withdrawn; raises `BadInput`."""
    told = check_free_text(text, "依据", "reason", REASON_CHARACTERS_MAX)
    if not told:
        raise BadInput(problem_zh="请填写依据", problem_en="say why")
    return told
