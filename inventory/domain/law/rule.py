"""What a rule is, and where rules come from."""

from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from inventory.domain.words import Word


class Mark(Word):
    """How binding a rule is, by where it stands."""

    POLICY = "policy", "政策", "policy"
    LAW = "law", "法律", "law"
    SEEN = "seen", "见于规定或指南", "seen"
    CHOICE = "choice", "本系统约定", "choice"


class Unit(Word):
    """What a rule's number counts."""

    CALENDAR_DAYS = "calendar days", "日（自然日）", "calendar days"
    WORKING_DAYS = "working days", "个工作日", "working days"
    MONTHS = "months", "个月", "months"
    YEARS = "years", "年", "years"
    PERSONS = "persons", "人", "persons"
    TIMES = "times", "次", "times"
    DEGREES = "°C", "℃", "°C"
    PERCENT = "% RH", "%（相对湿度）", "% RH"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: what it says in both languages, where it stands, and from when to when it is in force.

    valid_from and valid_to are its first and last day; None where no limit is known. number: what the sentences say, in `unit`;
    a site may set another one where nothing binding fixes it (`configurable`).
    """

    id: str
    mark: Mark
    source_zh: str
    source_en: str
    zh: str
    en: str
    valid_from: date | None = None
    valid_to: date | None = None
    number: int | None = None
    unit: Unit | None = None

    @property
    def configurable(self) -> bool:
        """Whether a site may set its own number: of what is only seen elsewhere, or ours."""
        return self.number is not None and self.mark in {Mark.SEEN, Mark.CHOICE}

    def sentence(self, language: str = "en") -> str:
        """What it says; `language` is "zh" or "en"."""
        return self.zh if language == "zh" else self.en

    def source(self, language: str = "en") -> str:
        """Where it stands; `language` is "zh" or "en"."""
        return self.source_zh if language == "zh" else self.source_en


class Source(NamedTuple):
    """Where a rule stands."""

    mark: Mark
    zh: str
    en: str


def rule(
    rule_id: str,
    source: Source,
    zh: str,
    en: str,
    *,
    number: tuple[int, Unit] | None = None,
    valid_from: date | None = None,
) -> Rule:
    """One row of the tables."""
    count, unit = number or (None, None)
    return Rule(rule_id, source.mark, source.zh, source.en, zh, en, valid_from, None, count, unit)


def policy(*articles: int) -> Source:
    """Articles of the founding policy.

    《关于进一步完善流动人员人事档案管理服务体系提升服务能力的意见》, by the Human Resources and Social Security Department of
    Shandong and five other bodies, 2020.
    """
    numbers_zh, numbers_en = "、".join(map(str, articles)), " and ".join(map(str, articles))
    plural = "s" if len(articles) > 1 else ""
    return Source(
        Mark.POLICY,
        f"鲁人社发〔2020〕4号，第{numbers_zh}条",
        f"Shandong HRSS [2020] No. 4, article{plural} {numbers_en}",
    )


NATIONAL_RULES = Source(
    Mark.SEEN,
    "《流动人员人事档案管理服务规定》（人社部发〔2021〕112号）",
    "Rules on Managing Personnel Dossiers of the Mobile Workforce (MOHRSS [2021] No. 112)",
)
GUIDES = Source(Mark.SEEN, "各地办事指南和规定", "guides and local rules")
CADRE_PRACTICE = Source(
    Mark.SEEN,
    "干部人事档案查（借）阅、转递的通行规定",
    "what is usual for consulting and transferring cadres' dossiers",
)
STORE_RULES = Source(
    Mark.SEEN,
    "《档案库房技术管理暂行规定》（国家档案局，1987年）第七条",
    "Interim Rules on the Technical Management of Archive Stores (National Archives Administration, 1987), article 7",
)
OURS = Source(Mark.CHOICE, "本系统约定", "our choice")
