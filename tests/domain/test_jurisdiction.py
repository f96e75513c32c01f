"""Who may hold a dossier: each line of the policy's fifth article."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.domain.jurisdiction import (
    Circumstance,
    Claim,
    Depositor,
    Employer,
    Fact,
    NearestPlace,
    RegisteredAt,
    agencies_of,
    may_hold,
    with_nearest_place,
)
from inventory.domain.law import RULES
from inventory.domain.refusals import BadInput

CITY, LICHENG, CHANGQING, ZHANGQIU, JIYANG = "370100", "370112", "370113", "370114", "370115"
QINGDAO_SHINAN = "370202"
AGENCIES = {division: f"agency-{division}" for division in (CITY, LICHENG, CHANGQING, ZHANGQIU, JIYANG)}


def entitled(person: Depositor) -> set[tuple[str, str]]:
    """Division and rule of every claim."""
    return {(claim.division, claim.rule) for claim in may_hold(person, AGENCIES)}


def test_an_employer_registered_with_the_city_or_above_deposits_with_the_citys_agency() -> None:
    bank = Employer(RegisteredAt.CITY_OR_ABOVE, LICHENG)
    claims = may_hold(Depositor(Circumstance.WITH_EMPLOYER, bank, hukou=ZHANGQIU), AGENCIES)
    assert claims == (Claim(AGENCIES[CITY], CITY, "city_employer_city_agency", Fact.EMPLOYER),)


def test_an_employer_registered_with_a_county_deposits_with_the_countys_agency() -> None:
    workshop = Employer(RegisteredAt.COUNTY, LICHENG)
    claims = may_hold(Depositor(Circumstance.WITH_EMPLOYER, workshop, hukou=ZHANGQIU), AGENCIES)
    assert claims == (Claim(AGENCIES[LICHENG], LICHENG, "county_employer_county_agency", Fact.EMPLOYER),)


def test_an_individual_deposits_with_a_county_even_when_working_for_the_citys_bank() -> None:
    bank = Employer(RegisteredAt.CITY_OR_ABOVE, LICHENG)
    person = Depositor(Circumstance.INDIVIDUAL, bank, hukou=ZHANGQIU, workplace=LICHENG)
    rule = "individual_county_agency"
    assert entitled(person) == {(ZHANGQIU, rule), (LICHENG, rule)}
    assert AGENCIES[CITY] not in agencies_of(may_hold(person, AGENCIES))


@pytest.mark.parametrize("circumstance", [Circumstance.FREELANCER, Circumstance.LEFT, Circumstance.EMIGRANT])
def test_who_left_deposits_with_the_county_of_the_hukou_or_of_the_former_employer(circumstance: Circumstance) -> None:
    former = Employer(RegisteredAt.CITY_OR_ABOVE, LICHENG)
    person = Depositor(circumstance, former_employer=former, hukou=JIYANG, workplace=CHANGQING)
    rule = "former_employer_or_hukou"
    assert entitled(person) == {(JIYANG, rule), (LICHENG, rule)}, (
        "the county, also of an employer registered with the city"
    )


def test_a_graduate_chooses_among_four_places() -> None:
    person = Depositor(
        Circumstance.GRADUATE,
        hukou=LICHENG,
        hukou_before_enrolment=JIYANG,
        workplace=CHANGQING,
        start_up=ZHANGQIU,
        former_employer=Employer(RegisteredAt.COUNTY, QINGDAO_SHINAN),
    )
    claims = may_hold(person, AGENCIES)
    assert [(claim.fact, claim.division) for claim in claims] == [
        (Fact.HUKOU, LICHENG),
        (Fact.HUKOU_BEFORE_ENROLMENT, JIYANG),
        (Fact.WORKPLACE, CHANGQING),
        (Fact.START_UP, ZHANGQIU),
    ]
    assert {claim.rule for claim in claims} == {"graduate_choice"}
    assert len(agencies_of(claims)) == 4


def test_a_claim_may_lead_out_of_the_city() -> None:
    person = Depositor(Circumstance.GRADUATE, hukou=LICHENG, hukou_before_enrolment=QINGDAO_SHINAN)
    claims = may_hold(person, AGENCIES)
    assert [claim.agency for claim in claims] == [AGENCIES[LICHENG], None]
    assert agencies_of(claims) == {AGENCIES[LICHENG]}


@pytest.mark.parametrize("circumstance", Circumstance)
def test_where_nothing_is_known_nobody_is_entitled(circumstance: Circumstance) -> None:
    assert may_hold(Depositor(circumstance), AGENCIES) == ()


def test_a_division_is_six_digits() -> None:
    with pytest.raises(BadInput, match="a division code has 6 digits"):
        may_hold(Depositor(Circumstance.LEFT, hukou="Licheng"), AGENCIES)


def test_the_nearest_place_is_an_override_beside_what_the_rules_give() -> None:
    claims = may_hold(Depositor(Circumstance.LEFT, hukou=JIYANG), AGENCIES)
    override = NearestPlace(AGENCIES[LICHENG], LICHENG, "本人长期住院，家属就近办理", "head-of-licheng")
    more = with_nearest_place(claims, override, asked_by="clerk")
    assert agencies_of(more) == {AGENCIES[JIYANG], AGENCIES[LICHENG]}
    assert (more[-1].rule, more[-1].fact) == ("nearest_place_override", Fact.NEAREST)


@pytest.mark.parametrize(
    ("reason", "approver", "told"),
    [
        (" ", "head", "needs a reason"),
        ("x" * 201, "head", "needs a reason"),
        ("near", "", "approved by somebody other"),
        ("near", "clerk", "approved by somebody other"),
    ],
)
def test_an_override_without_a_reason_or_by_oneself_is_refused(reason: str, approver: str, told: str) -> None:
    with pytest.raises(BadInput, match=told):
        with_nearest_place((), NearestPlace(AGENCIES[LICHENG], LICHENG, reason, approver), asked_by="clerk")


divisions = st.none() | st.sampled_from([LICHENG, CHANGQING, ZHANGQIU, JIYANG, QINGDAO_SHINAN])
employers = st.none() | st.builds(Employer, st.sampled_from(RegisteredAt), st.sampled_from([LICHENG, QINGDAO_SHINAN]))
people = st.builds(
    Depositor, st.sampled_from(Circumstance), employers, employers, divisions, divisions, divisions, divisions
)


@given(people)
def test_every_claim_stands_on_a_rule_of_the_policy_and_only_employers_lead_to_the_city(person: Depositor) -> None:
    for claim in may_hold(person, AGENCIES):
        assert RULES[claim.rule].source_zh.endswith("第5条")
        assert claim.agency == AGENCIES.get(claim.division)
        assert claim.division.endswith("00") == (claim.rule == "city_employer_city_agency")
        assert claim.division.endswith("00") <= (person.circumstance is Circumstance.WITH_EMPLOYER)
