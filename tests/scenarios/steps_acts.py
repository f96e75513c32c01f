"""Acts anybody entitled records directly: shelving, moving, opening by order, sealing, and the like."""

from uuid import uuid4

from pytest_bdd import parsers, when

from inventory.domain.custody_rules import RULES
from inventory.domain.details import Detail
from inventory.domain.identifiers import VolumeName
from inventory.operations import custody
from inventory.operations.custody import Asked, Seen
from tests.scenarios.day import Day, attempted, channel, listed

AUTHORITY, REASON = "依据", "原因"
COUNTS = {Detail.PIECES, Detail.PAGES, Detail.COUNT}
NAMES = {Detail.CARRIERS, Detail.VISITORS, Detail.SEARCHERS}


@when(
    parsers.re(
        r"(?P<names>\S+) 办理“(?P<act>[^”]+)”：(?P<volumes>[^\s，]+)(?: 到 (?P<place>[^\s，]+))?(?:，(?P<told>.+))?$"
    )
)
@attempted
def _(day: Day, names: str, act: str, volumes: str, place: str | None, told: str | None) -> None:
    """What is told follows the comma, each fact by its name: 依据, 原因, or a detail's (封条号 F-2201，材料份数 31)."""
    first, second = day.hands(names)
    (kind,) = [kind for kind, rule in RULES.items() if rule.zh == act]
    facts = dict(fact.strip().split(" ", 1) for fact in (told or "").split("，") if fact)
    authority, reason = facts.pop(AUTHORITY, None), facts.pop(REASON, None)
    seen = [Seen(VolumeName.parse(volume)) for volume in listed(volumes)]
    details = {fact.value: _told(fact, facts.pop(fact.zh)) for fact in Detail if fact.zh in facts}
    assert not facts, f"acts tell nothing called {', '.join(facts)}"
    asked = Asked(uuid4(), kind, seen, place, day.now(), authority, reason, second, details)
    custody.record(day.archive.app, first, asked)


def _told(detail: Detail, text: str) -> object:
    if detail in COUNTS:
        return int(text)
    if detail is Detail.CHANNEL:
        return channel(text)
    return listed(text) if detail in NAMES else text
