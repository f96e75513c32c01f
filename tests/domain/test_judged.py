"""What a judgement tells people, and when a volume judged missing is shown so."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from inventory.domain.judged import Judged, JudgedAs
from inventory.domain.whereabouts import Agreement, CountedAt, LedgerPlace, NamedPlace, RadioPlace, agreement

MIDNIGHT = datetime(2026, 3, 3, 16, tzinfo=UTC)
SHELF = NamedPlace("A-01", "1 层", "shelf", ("库房", "1 层"), (1, 2))
OTHER = NamedPlace("A-02", "2 层", "shelf", ("库房", "2 层"), (1, 3))
LEDGER = LedgerPlace(SHELF, MIDNIGHT - timedelta(days=9), 3)
RADIO = RadioPlace(SHELF, 0.999, None, None, 40, MIDNIGHT - timedelta(days=4))
MISSING = Judged(JudgedAs.MISSING, MIDNIGHT - timedelta(days=1), MIDNIGHT, None, None, False, 0.97, 3)
HEARD = Judged(JudgedAs.ELSEWHERE, MIDNIGHT - timedelta(days=1), MIDNIGHT, "A-02", 0.981, False, 0.0, 0)


@pytest.mark.parametrize(
    ("judged", "zh", "en"),
    [
        (replace(HEARD, judged_as=JudgedAs.AT_HOME), "在原位读到，把握 98%。", "Heard where the ledger has it, 98% sure."),
        (HEARD, "在 A-02 读到，把握 98%。", "Heard at A-02, 98% sure."),
        (replace(HEARD, section_only=True), "所在节架读到，把握 98%，第几层不确定", "in the section of A-02, 98% sure; the level isn't"),
        (replace(HEARD, judged_as=JudgedAs.UNDECIDED, probability=0.6), "再盘点一次", "most likely at A-02, but only 60% sure"),
        (MISSING, "有 3 天读过它的库位，都没有读到它，不在的把握 97%", "On 3 days its shelf was listened at"),
        (replace(MISSING, judged_as=JudgedAs.UNDECIDED, missing_probability=0.4), "把握 40%，还不足以判定", "Sweep the shelf again"),
        (replace(MISSING, judged_as=JudgedAs.WEAK_TAG), "换标签", "never read"),
    ],
    ids=["at home", "elsewhere", "section", "heard, undecided", "missing", "unheard, undecided", "weak tag"],
)  # fmt: skip
def test_a_judgement_says_why_in_both_languages(judged: Judged, zh: str, en: str) -> None:
    assert zh in judged.zh
    assert en in judged.en


def test_a_volume_judged_missing_is_not_shown_in_place_by_its_older_belief() -> None:
    assert agreement(LEDGER, RADIO) is Agreement.AGREES
    assert agreement(LEDGER, RADIO, MISSING) is Agreement.MISSING
    assert agreement(LEDGER, None, MISSING) is Agreement.MISSING


def test_an_act_or_a_read_since_then_lifts_it() -> None:
    moved = replace(LEDGER, since=MIDNIGHT + timedelta(hours=1))
    seen = replace(RADIO, last_seen_at=MIDNIGHT + timedelta(hours=1))
    assert agreement(moved, RADIO, MISSING) is Agreement.OUTDATED
    assert agreement(LEDGER, seen, MISSING) is Agreement.AGREES
    assert agreement(LEDGER, RADIO, replace(MISSING, judged_as=JudgedAs.UNDECIDED)) is Agreement.AGREES


@pytest.mark.parametrize(
    ("radio", "judged", "hours", "shelf", "says"),
    [
        (RADIO, MISSING, -5, SHELF, Agreement.AGREES),  # the day it was judged, somebody had it in hand
        (None, None, -5, SHELF, Agreement.AGREES),
        (RADIO, None, -5, OTHER, Agreement.DIFFERS),
        (RADIO, MISSING, 5, OTHER, Agreement.DIFFERS),
        (RADIO, MISSING, -30, SHELF, Agreement.MISSING),  # a whole day since then didn't hear it
        (RADIO, None, -24 * 5, OTHER, Agreement.AGREES),  # read at home since then
    ],
)
def test_a_count_decides_while_nothing_newer_is_known(
    radio: RadioPlace | None, judged: Judged | None, hours: int, shelf: NamedPlace, says: Agreement
) -> None:
    assert agreement(LEDGER, radio, judged, CountedAt(shelf, MIDNIGHT + timedelta(hours=hours))) is says
