"""Acts as people read them: what an act is called, and the evidence told with it."""

import json
from dataclasses import dataclass

from inventory.domain.acts import Act, ActKind
from inventory.domain.custody_rules import RULES
from inventory.domain.details import CHANNELS_IN, Detail
from inventory.domain.registers import DepositType
from web.words import Words

# Kept as codes in the ledger, told as words; whatever else an act carries is shown as it is.
_CODED: dict[Detail, tuple[str, ...]] = {
    Detail.CHANNEL: CHANNELS_IN,
    Detail.SEAL_FOUND: ("intact", "broken"),
    Detail.DEPOSIT_TYPE: tuple(DepositType),
}


@dataclass(frozen=True, slots=True)
class ToldAct:
    """One act with its name and its evidence as pairs of name and value."""

    act: Act
    kind: ActKind
    name: str
    evidence: tuple[tuple[str, str], ...]

    @property
    def tone(self) -> str:
        """How it looks in the timeline: what went wrong stands out."""
        return _TONES.get(self.kind, "quiet")

    @property
    def is_late(self) -> bool:
        """Whether it was recorded well after it happened."""
        return (self.act.recorded_at - self.act.happened_at).total_seconds() > _LATE_SECONDS


_LATE_SECONDS = 600
_TONES = {
    ActKind.LOST: "bad",
    ActKind.NOT_FOUND: "bad",
    ActKind.SEAL_BROKEN: "bad",
    ActKind.DAMAGED: "bad",
    ActKind.CORRECTED: "doubt",
    ActKind.QUARANTINED: "doubt",
    ActKind.SELF_CARRIED: "doubt",
    ActKind.UNDELIVERED: "doubt",
}


def told(act: Act, words: Words) -> ToldAct:
    """An act in the reader's language."""
    kind = ActKind(act.kind)
    rule = RULES[kind]
    details: dict[str, object] = json.loads(act.details) if act.details else {}
    evidence = tuple(
        (detail.zh if words.chinese else detail.en, _value(detail, details[detail.value], words))
        for detail in Detail
        if detail.value in details
    )
    return ToldAct(act, kind, rule.zh if words.chinese else rule.en, evidence)


def _value(detail: Detail, value: object, words: Words) -> str:
    if value in _CODED.get(detail, ()):
        return words(f"detail.{detail}.{value}")
    if isinstance(value, list):
        return ("、" if words.chinese else ", ").join(map(str, value))
    return str(value)
