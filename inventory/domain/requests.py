"""Requests (用档申请): the words of a form that asks for a dossier, and where a request stands."""

import re
from dataclasses import dataclass

from inventory.domain.identifiers import folded_width
from inventory.domain.refusals import BadInput, IdNumberInText, RequestElsewhere, RequestNotFound
from inventory.domain.words import Word

NOTE_CHARACTERS_MAX = 300
SOUGHT_CHARACTERS_MAX = 80
_NUMBER = re.compile(r"R-(\d{1,12})")
_SHOWN_CHARACTERS_MAX = 20
# Fifteen or eighteen digits in a row, the last perhaps an X, also with blanks or hyphens between.
_LOOKS_LIKE_ID_NUMBER = re.compile(r"(?<!\d)(?:\d[\s\-]?){14}\d(?:(?:[\s\-]?\d){2}[\s\-]?[\dXx])?(?!\d)")


class RequestKind(Word):
    """What is asked for."""

    LOAN = "loan", "借阅", "loan"
    CONSULTATION = "consultation", "查阅", "consultation"
    TRANSFER = "transfer", "转递", "transfer"
    DISPATCH = "dispatch", "调至窗口", "dispatch to a window"
    SCAN = "scan", "提供扫描件", "scan instead of paper"


class Occasion(Word):
    """Why a dossier leaves for good. There is no occasion of an agency's own."""

    JOB_CHANGE = "job_change", "工作变动", "change of employment"
    GRADUATE_LEAVING = "graduate_leaving", "毕业生离职", "graduate leaving a job"
    AGENCY_MOVE = "agency_move", "变更存档机构", "move to another agency"
    RETIREMENT = "retirement", "退休", "retirement"
    DEATH = "death", "死亡", "death"


class Initiator(Word):
    """Who wants it."""

    EMPLOYER = "employer", "用人单位", "employer"
    PERSON = "person", "本人", "the person"
    INSTITUTION = "institution", "单位", "institution"


class Purpose(Word):
    """What it is wanted for; a site may set days for each."""

    SOCIAL_INSURANCE = "social_insurance", "社会保险核定", "social insurance"
    NOTARISATION = "notarisation", "公证", "notarisation"
    LITIGATION = "litigation", "诉讼仲裁", "litigation or arbitration"
    APPOINTMENT = "appointment", "录用任职考察", "appointment"
    POLITICAL_REVIEW = "political_review", "政治审查", "political review"
    TITLE = "title", "职称评审", "professional title"
    RETIREMENT = "retirement", "办理退休", "retirement"
    MATERIALS = "materials", "归入材料", "adding materials"
    TRANSFER = "transfer", "转递", "transfer"
    OTHER = "other", "其他", "other"


class RequestState(Word):
    """How far a request is."""

    ASKED = "asked", "待审批", "to be approved"
    APPROVED = "approved", "已批准，待出库", "approved, to be picked"
    REFUSED = "refused", "未批准", "refused"
    WITHDRAWN = "withdrawn", "已撤回", "withdrawn"
    PICKING = "picking", "出库中", "being picked"
    SEARCHING = "searching", "查找中", "being searched for"
    READY = "ready", "已出库", "picked"
    UNDERWAY = "underway", "运送中", "under way"
    AT_WINDOW = "at_window", "在窗口", "at the window"
    OUT = "out", "已交出", "handed out"
    CLOSED = "closed", "已办结", "closed"


OPEN = frozenset(RequestState) - {RequestState.REFUSED, RequestState.WITHDRAWN, RequestState.CLOSED}
# One request per dossier is served at a time (`request_one_served`).
SERVED = OPEN - {RequestState.ASKED, RequestState.APPROVED}


class LetterKind(Word):
    """What a letter is."""

    LOAN_LETTER = "loan_letter", "借档函", "loan letter"
    UNIT_LETTER = "unit_letter", "单位介绍信", "letter of introduction"
    TRANSFER_LETTER = "transfer_letter", "调档函", "transfer letter"
    PROOF = "proof", "证明", "proof"
    APPROVAL = "approval", "审批文件", "approval"
    RECEIPT = "receipt", "回执", "receipt"
    ORDER = "order", "指令", "order"


class Priority:
    """How soon a request is picked; higher first."""

    NORMAL = 0
    SOON = 1
    URGENT = 2


@dataclass(frozen=True, slots=True)
class QueuePlace:
    """Where a request stands among those for the same dossier: position 1 is served, or served next."""

    position: int
    waiting: int


def request_number(request_id: int) -> str:
    """How a request is called: `R-000123`."""
    return f"R-{request_id:06d}"


def parse_request_number(text: str) -> int:
    """The row id in a request's number; raises `RequestNotFound` for what can't be one."""
    told = folded_width(text).upper()
    found = _NUMBER.fullmatch(told)
    if found is None:
        raise RequestNotFound(request=told[:_SHOWN_CHARACTERS_MAX])
    return int(found[1])


def check_free_text(text: str | None, field_zh: str, field_en: str, characters_max: int = NOTE_CHARACTERS_MAX) -> str:
    """Free text of a form without blanks around it; raises `BadInput`, and `IdNumberInText` where it tells somebody's."""
    told = (text or "").strip()
    if len(told) > characters_max or not told.replace("\n", " ").isprintable():
        raise BadInput(
            problem_zh=f"“{field_zh}”最多 {characters_max} 个可见字符",
            problem_en=f"the {field_en} has at most {characters_max} visible characters",
        )
    if _LOOKS_LIKE_ID_NUMBER.search(folded_width(told)):
        raise IdNumberInText(field=field_zh, field_en=field_en)
    return told


def check_state(request_id: int, state: RequestState, allowed: frozenset[RequestState], step: tuple[str, str]) -> None:
    """Raises `RequestElsewhere` where a step isn't possible now; `step`: its name in both languages."""
    if state not in allowed:
        raise RequestElsewhere(
            request=request_number(request_id), state=state.zh, state_en=state.en, step=step[0], step_en=step[1]
        )
