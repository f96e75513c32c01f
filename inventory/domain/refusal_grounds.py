"""On what grounds a dossier that came may be sent back, and what is never a ground.

Papers that were abolished may not be demanded, so their absence is nothing: 行政(工资)介绍信, 转正定级表, 调整改派手续 and, since
2023, 就业报到证. Missing materials are promised (告知承诺). A refusal of which nothing else is said is blocked, and counted.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from inventory.domain.law import ABOLISHED_PAPERS
from inventory.domain.refusals import BadInput, GapIsNoGround, GroundAbolished

GROUNDS_MAX = 10
_GAPS = "gaps_by_notify_and_commit"


@dataclass(frozen=True, slots=True)
class Ground:
    """A coded ground; `rule` is the rule of law by which it is none (None: it is one)."""

    code: str
    zh: str
    en: str
    rule: str | None = None


_ALL = (
    Ground("self_carried", "个人自带", "carried by the person himself"),
    Ground("not_sealed", "未密封或密封被拆动", "not sealed, or tampered with"),
    Ground("wrong_person", "人档不符", "it is about somebody else"),
    Ground("wrong_agency", "不属本机构管理范围", "another agency has to hold it"),
    Ground("no_notice", "无转递通知单", "no transfer notice came with it"),
    Ground("not_a_dossier", "不是人事档案材料", "it is no personnel dossier"),
    Ground("forged", "涉嫌涂改或伪造", "altered or forged, as it seems"),
    *(Ground(paper.id, f"无{paper.zh}", f"no {paper.en}", paper.rule) for paper in ABOLISHED_PAPERS),
    Ground("material_gap", "材料不齐", "materials are missing", _GAPS),
)
GROUNDS: dict[str, Ground] = {ground.code: ground for ground in _ALL}


def check_grounds(codes: Sequence[str]) -> tuple[str, ...]:
    """The grounds told, each once, in the table's order.

    Raises `BadInput` for none or an unknown one, `GroundAbolished` or `GapIsNoGround` where nothing told is a ground.
    """
    told = set(codes)
    if not told or len(codes) > GROUNDS_MAX or not told <= GROUNDS.keys():
        known = ", ".join(GROUNDS)
        raise BadInput(
            problem_zh=f"请选择不予接收的理由（{known}）", problem_en=f"a refusal has grounds, each one of {known}"
        )
    grounds = [ground for ground in _ALL if ground.code in told]
    if all(ground.rule is not None for ground in grounds):
        raise _blocked(grounds)
    return tuple(ground.code for ground in grounds)


def is_blocked(codes: Iterable[str]) -> bool:
    """Whether nothing told is a ground; unknown codes are none."""
    return all(code not in GROUNDS or GROUNDS[code].rule is not None for code in codes)


def _blocked(grounds: Sequence[Ground]) -> GroundAbolished | GapIsNoGround:
    abolished = [ground for ground in grounds if ground.rule != _GAPS]
    if not abolished:
        return GapIsNoGround()
    return _abolished(
        "、".join(ground.zh.removeprefix("无") for ground in abolished),
        " and the ".join(ground.en.removeprefix("no ") for ground in abolished),
        abolished[0].rule,
    )


def check_gap(text: str) -> None:
    """Raises `GroundAbolished` where a promise is asked for a paper that was abolished."""
    plain = text.replace("（", "").replace("）", "").replace("(", "").replace(")", "").replace("行政工资", "工资")
    for word in _PAPERS:
        if word in plain:
            raise _abolished(word, _EN[word], GROUNDS[_PAPERS[word]].rule)


def _abolished(papers_zh: str, papers_en: str, rule: str | None) -> GroundAbolished:
    """Not every paper was abolished by the same document: the refusal cites the one that abolished this."""
    refusal = GroundAbolished(papers_zh=papers_zh, papers_en=papers_en)
    refusal.rule = rule
    return refusal


# How clerks write the abolished papers when they ask for them as a gap.
_PAPERS = {
    "行政介绍信": "introduction_letter",
    "工资介绍信": "introduction_letter",
    "转正定级": "probation_form",
    "改派手续": "reassignment_papers",
    "报到证": "registration_card",
    "派遣证": "registration_card",
}
_EN = {
    "行政介绍信": "letter of introduction",
    "工资介绍信": "letter of introduction for salary",
    "转正定级": "form of probation and grading",
    "改派手续": "papers of reassignment",
    "报到证": "employment registration card",
    "派遣证": "employment registration card",
}
