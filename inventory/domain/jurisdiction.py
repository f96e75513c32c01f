"""Which agencies may hold a person's dossier: a set, not one answer (article 5 of the founding policy).

A division is a code of six digits, as in ID numbers: `370112` is a county or district, `370100` its city. Each line of the policy
gives claims, and each claim says by which rule and which fact. A claim may lead out of the city: its agency is then None, since
the register knows none, and the dossier can go there but not be held here.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from inventory.domain.refusals import BadInput
from inventory.domain.words import Word

REASON_CHARACTERS_MAX = 200
_DIVISION = re.compile("[0-9]{6}")


class Circumstance(Word):
    """On what footing somebody deposits a dossier."""

    WITH_EMPLOYER = "with_employer", "单位存档", "deposited by the employer"
    INDIVIDUAL = "individual", "在职个人存档", "employed, deposits as an individual"
    FREELANCER = "freelancer", "自由职业", "freelancer"
    LEFT = "left", "离职或被辞退", "left or was dismissed"
    EMIGRANT = "emigrant", "因私出国（境）", "private emigrant"
    GRADUATE = "graduate", "未实行集体管理的高校毕业生", "graduate without collective management"


class RegisteredAt(Word):
    """At which level an employer is registered."""

    CITY_OR_ABOVE = "city_or_above", "市级及以上", "city level or above"
    COUNTY = "county", "县级", "county level"


class Fact(Word):
    """What a claim follows from."""

    EMPLOYER = "employer", "用人单位登记注册地", "where the employer is registered"
    FORMER_EMPLOYER = "former_employer", "原用人单位所在地", "the former employer's place"
    HUKOU = "hukou", "户籍所在地", "the hukou"
    HUKOU_BEFORE_ENROLMENT = "hukou_before_enrolment", "入学前户籍所在地", "the hukou before enrolment"
    WORKPLACE = "workplace", "就业地", "the place of work"
    START_UP = "start_up", "创业地", "the place of the start-up"
    NEAREST = "nearest", "就近", "the nearest place"


@dataclass(frozen=True, slots=True)
class Employer:
    """An employer: its level, and the county its registered office stands in (also of one registered higher up)."""

    registered_at: RegisteredAt
    division: str


@dataclass(frozen=True, slots=True)
class Depositor:
    """What is known of a person, as divisions of county level; None where it is unknown or there is none."""

    circumstance: Circumstance
    employer: Employer | None = None
    former_employer: Employer | None = None
    hukou: str | None = None
    hukou_before_enrolment: str | None = None
    workplace: str | None = None
    start_up: str | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """One agency that may hold the dossier, and why. agency: its code; None outside this register. rule: id in `law.RULES`."""

    agency: str | None
    division: str
    rule: str
    fact: Fact


@dataclass(frozen=True, slots=True)
class NearestPlace:
    """An override: this agency may hold the dossier although no rule says so; who approved it, and why."""

    agency: str
    division: str
    reason: str
    approver: str


# Which facts count, by which rule.
_CHOICES: dict[Circumstance, tuple[str, tuple[Fact, ...]]] = {
    Circumstance.INDIVIDUAL: ("individual_county_agency", (Fact.HUKOU, Fact.WORKPLACE)),
    Circumstance.FREELANCER: ("former_employer_or_hukou", (Fact.HUKOU, Fact.FORMER_EMPLOYER)),
    Circumstance.LEFT: ("former_employer_or_hukou", (Fact.HUKOU, Fact.FORMER_EMPLOYER)),
    Circumstance.EMIGRANT: ("former_employer_or_hukou", (Fact.HUKOU, Fact.FORMER_EMPLOYER)),
    Circumstance.GRADUATE: (
        "graduate_choice",
        (Fact.HUKOU, Fact.HUKOU_BEFORE_ENROLMENT, Fact.WORKPLACE, Fact.START_UP),
    ),
}


def may_hold(person: Depositor, agencies: Mapping[str, str]) -> tuple[Claim, ...]:
    """Every claim the policy gives, in its order; none where the facts it asks for are unknown.

    agencies: code of the agency of each division of county level and of the city. Raises `BadInput` for a division that is no
    six digits.
    """
    if person.circumstance is Circumstance.WITH_EMPLOYER:
        return () if person.employer is None else (_by_employer(person.employer, agencies),)
    rule, facts = _CHOICES[person.circumstance]
    divisions = ((fact, _division(person, fact)) for fact in facts)
    return tuple(_claim(division, rule, fact, agencies) for fact, division in divisions if division is not None)


def agencies_of(claims: Iterable[Claim]) -> frozenset[str]:
    """The agencies of this register among the claims."""
    return frozenset(claim.agency for claim in claims if claim.agency is not None)


def with_nearest_place(claims: Iterable[Claim], nearest: NearestPlace, asked_by: str) -> tuple[Claim, ...]:
    """The claims and the override; raises `BadInput` where it has no reason or no approver but who asks for it."""
    if not 0 < len(nearest.reason.strip()) <= REASON_CHARACTERS_MAX:
        raise BadInput(
            problem_zh=f"就近存档须说明理由（最多{REASON_CHARACTERS_MAX}字）",
            problem_en=f"holding at the nearest place needs a reason of at most {REASON_CHARACTERS_MAX} characters",
        )
    if not nearest.approver.strip() or nearest.approver == asked_by:
        raise BadInput(
            problem_zh="就近存档须由申请人以外的人批准",
            problem_en="holding at the nearest place is approved by somebody other than who asks",
        )
    return (*claims, Claim(nearest.agency, nearest.division, "nearest_place_override", Fact.NEAREST))


def _by_employer(employer: Employer, agencies: Mapping[str, str]) -> Claim:
    if employer.registered_at is RegisteredAt.COUNTY:
        return _claim(employer.division, "county_employer_county_agency", Fact.EMPLOYER, agencies)
    return _claim(_city_of(employer.division), "city_employer_city_agency", Fact.EMPLOYER, agencies)


def _division(person: Depositor, fact: Fact) -> str | None:
    """Where a fact points to; a former employer's county also where it was registered with the city."""
    if fact is Fact.FORMER_EMPLOYER:
        return None if person.former_employer is None else person.former_employer.division
    by_fact = {
        Fact.HUKOU: person.hukou,
        Fact.HUKOU_BEFORE_ENROLMENT: person.hukou_before_enrolment,
        Fact.WORKPLACE: person.workplace,
        Fact.START_UP: person.start_up,
    }
    return by_fact[fact]


def _claim(division: str, rule: str, fact: Fact, agencies: Mapping[str, str]) -> Claim:
    if not _DIVISION.fullmatch(division):
        raise BadInput(problem_zh="行政区划代码应为6位数字", problem_en="a division code has 6 digits")
    return Claim(agencies.get(division), division, rule, fact)


def _city_of(division: str) -> str:
    return f"{division[:4]}00"
