"""那么: where things are, how they stand, what was refused; and at the end of every day, the ledger."""

from datetime import timedelta

from pytest_bdd import parsers, then

from inventory.domain import law
from inventory.domain.identifiers import VolumeName
from inventory.domain.requests import RequestState
from inventory.domain.standing import Legal, Mark, Seal
from inventory.domain.travelling import Channel
from inventory.operations.request_views import local_day
from inventory.operations.verifying import verify_ledger
from tests.scenarios.day import Day, listed, named


@then(parsers.re(r"被拒绝，编码 (?P<code>\w+)(?:，依据 (?P<rule>\w+)（(?P<source>[^“]+)）)?(?:，答复“(?P<said>.+)”)?$"))
def _(day: Day, code: str, rule: str | None, source: str | None, said: str | None) -> None:
    """By that code and by that rule of the law, which has that source; 答复: part of the sentence people get."""
    refusal, day.refusal = day.refusal, None
    assert refusal is not None, "nothing was refused"
    assert (refusal.code, refusal.rule) == (code, rule), f"{refusal!r}: {refusal}"
    assert said is None or said in refusal.sentence("zh"), refusal.sentence("zh")
    if rule is not None:
        assert law.RULES[rule].source("zh") == source


@then(parsers.parse("{volumes:S} 在 {place:S}"))
def _(day: Day, volumes: str, place: str) -> None:
    assert {volume: day.archive.where(volume) for volume in listed(volumes)} == dict.fromkeys(listed(volumes), place)


@then(parsers.parse("{volume:S} 的保管状态为“{state}”"))
def _(day: Day, volume: str, state: str) -> None:
    assert Legal(_standing(day, volume)[0]) is named(Legal, state)


@then(parsers.parse("{volume:S} 的封条为“{state}”"))
def _(day: Day, volume: str, state: str) -> None:
    assert Seal(_standing(day, volume)[1]) is named(Seal, state)


@then(parsers.parse("{volume:S} 现有 {pieces:d} 份材料"))
def _(day: Day, volume: str, pieces: int) -> None:
    assert _standing(day, volume)[3] == pieces


@then(parsers.parse("{volume:S} 带有标记“{marks}”"))
def _(day: Day, volume: str, marks: str) -> None:
    assert {Mark(mark) for mark in _standing(day, volume)[2]} == {named(Mark, mark) for mark in listed(marks)}


def _standing(day: Day, volume: str) -> tuple[str, str, list[str], int | None]:
    name = VolumeName.parse(volume)
    row = day.archive.root.execute(
        "SELECT legal, seal, marks, pieces FROM holding JOIN volume ON volume.id = volume_id "
        "JOIN dossier ON dossier.id = dossier_id WHERE number = %s AND ordinal = %s",
        (name.number, name.volume),
    ).fetchone()
    assert row is not None, f"{volume} has no holding"
    return row


@then(parsers.parse("申请 {number:S} 为“{state}”"))
def _(day: Day, number: str, state: str) -> None:
    assert RequestState(_request(day, number)[0]) is named(RequestState, state)


@then(parsers.parse("申请 {number:S} 的应还日期为 {days:d} 天后"))
def _(day: Day, number: str, days: int) -> None:
    assert _request(day, number)[1] == local_day(day.later()) + timedelta(days=days)


@then(parsers.parse("申请 {number:S} 的渠道为 {channel}"))
def _(day: Day, number: str, channel: str) -> None:
    assert Channel(_request(day, number)[2]) is named(Channel, channel)


@then(parsers.re(r"申请 (?P<number>\S+) 有转递通知单 (?P<notice>\S+)"))
def _(day: Day, number: str, notice: str) -> None:
    row = day.archive.root.execute(
        "SELECT number FROM transfer_notice WHERE request_id = %s", (int(number.removeprefix("R-")),)
    ).fetchone()
    assert row is not None, "there is no notice"
    assert row[0] == notice.replace("今年", str(local_day(day.now()).year))


def _request(day: Day, number: str) -> tuple[str, object, str]:
    row = day.archive.root.execute(
        "SELECT state, due_on, channel FROM request WHERE id = %s", (int(number.removeprefix("R-")),)
    ).fetchone()
    assert row is not None, f"there is no request {number}"
    return row


@then("台账完好，每册只在一处")
def _(day: Day) -> None:
    """Chains and projection hold, and every volume anybody acted on is at exactly one place."""
    verification = verify_ledger(day.archive.jobs)
    assert verification.sound, verification
    assert verification.acts > 0, "nothing happened"
    several = day.archive.root.execute(
        "SELECT volume_id FROM act LEFT JOIN holding USING (volume_id) LEFT JOIN place ON place.id = holding.place_id "
        "GROUP BY volume_id HAVING count(DISTINCT place.id) <> 1"
    ).fetchall()
    assert several == []
