"""The rules of the trade as data: each with its source, its sentence in Chinese and English, and its time of validity.

The tables of this package are the only place where a legal rule or number stands; code names a rule by its id. Marks: policy
(an article of the founding policy, binding), law (a law's text), seen (second-hand: guides, local rules), choice (ours).
Where a law changes, its rule gets a last day, and a rule with an id of its own begins. `docs/rules.md` is drawn from here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from inventory.domain.law.coming_in import COMING_IN
from inventory.domain.law.going_out import LEAVING, LENDING
from inventory.domain.law.holding import HOLDING
from inventory.domain.law.keeping import LOSS, STATE, STORE
from inventory.domain.law.people import PEOPLE
from inventory.domain.law.rule import Mark, Rule, Unit
from inventory.domain.refusals import BadInput

__all__ = [
    "ABOLISHED_PAPERS", "CHAPTERS", "RULES", "AbolishedPaper", "Mark", "Rule", "Unit", "abolished_papers", "check_overrides",
    "in_force", "number_of",
]  # fmt: skip

NUMBER_MAX = 3_650

CHAPTERS: dict[tuple[str, str], tuple[Rule, ...]] = {
    ("管理权限", "Who holds what"): HOLDING,
    ("接收", "Coming in"): COMING_IN,
    ("借阅与查阅", "Loans and consultation"): LENDING,
    ("转出", "Leaving for good"): LEAVING,
    ("丢失与查找", "Loss"): LOSS,
    ("状态", "State"): STATE,
    ("库房", "The store"): STORE,
    ("人员", "People"): PEOPLE,
}
RULES: dict[str, Rule] = {rule.id: rule for rules in CHAPTERS.values() for rule in rules}


def in_force(rule: Rule, day: date) -> bool:
    """Whether a rule holds on that day."""
    return (rule.valid_from is None or rule.valid_from <= day) and (rule.valid_to is None or day <= rule.valid_to)


def number_of(rule_id: str, overrides: Mapping[str, int]) -> int:
    """A rule's number: the site's own where it may have one and has, else what the rule says.

    `overrides`: numbers by rule id, checked with `check_overrides` where they come in.
    """
    rule = RULES[rule_id]
    assert rule.number is not None, f"the rule {rule_id} has no number"
    return overrides.get(rule_id, rule.number) if rule.configurable else rule.number


def check_overrides(overrides: Mapping[str, int]) -> None:
    """Raises `BadInput` where a number is set for no rule, for one that is binding, or out of bounds."""
    for rule_id, number in overrides.items():
        rule = RULES.get(rule_id)
        if rule is None or rule.number is None:
            raise BadInput(
                problem_zh=f"没有带数值的规则 {rule_id}", problem_en=f"there is no rule {rule_id} that has a number"
            )
        if not rule.configurable:
            raise BadInput(
                problem_zh=f"规则 {rule_id} 的数值由{rule.source_zh}规定，不得另设",
                problem_en=f"the number of {rule_id} is set by {rule.source_en}; a site can't have its own",
            )
        if not 1 <= number <= NUMBER_MAX:
            raise BadInput(
                problem_zh=f"规则 {rule_id} 的数值应为 1 至 {NUMBER_MAX}",
                problem_en=f"the number of {rule_id} is from 1 to {NUMBER_MAX}",
            )


@dataclass(frozen=True, slots=True)
class AbolishedPaper:
    """A paper nobody may demand any more, and the rule that says so and since when."""

    id: str
    zh: str
    en: str
    rule: str


ABOLISHED_PAPERS: tuple[AbolishedPaper, ...] = (
    AbolishedPaper(
        "introduction_letter",
        "行政（工资）介绍信",
        "administrative or wage introduction letter",
        "no_abolished_papers",
    ),
    AbolishedPaper("probation_form", "转正定级表", "probation grading form", "no_abolished_papers"),
    AbolishedPaper("reassignment_papers", "调整改派手续", "reassignment papers", "no_abolished_papers"),
    AbolishedPaper("registration_card", "就业报到证", "employment registration card", "no_registration_card"),
)


def abolished_papers(day: date) -> tuple[AbolishedPaper, ...]:
    """The papers that must not be demanded on that day."""
    return tuple(paper for paper in ABOLISHED_PAPERS if in_force(RULES[paper.rule], day))
