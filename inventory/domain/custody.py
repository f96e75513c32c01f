"""The state machine of custody: may this act be done with this volume, by this person, on these grounds? Pure.

A volume's state has four axes that never mix: who legally answers for it, where it is (always one place), whether its
envelope is whole, and how it is identified (what its tags say; kept beside the ledger, changed only together with an act).
The table of acts is `custody_rules.RULES`. It stands in the database too (`act_rule`), where `ledger_append` holds
everybody to it; a test compares the two. `docs/custody.md` is drawn from it.
"""

from collections.abc import Mapping

from inventory.domain.acts import ActKind
from inventory.domain.custody_rules import OURS, RULES, STORED, Authority
from inventory.domain.details import Detail, check_details
from inventory.domain.people import Role
from inventory.domain.places import PlaceKind
from inventory.domain.refusals import (
    ActNeedsWork,
    ActNotForRole,
    AlreadyHeld,
    AuthorityMissing,
    EvidenceMissing,
    LegalStateForbids,
    MarkForbids,
    NotAccepted,
    NotHeldYet,
    ReasonMissing,
    SealForbids,
    SecondPersonIsFirst,
    SecondPersonMissing,
    WrongKindOfPlace,
    WrongOrigin,
)
from inventory.domain.standing import Mark, Standing

# Who may stand beside somebody who opens, seals, hands out: staff, never an outsider or a program.
WITNESSES = frozenset({Role.KEEPER, Role.WINDOW_CLERK, Role.AGENCY_HEAD, Role.CITY_MANAGER})


def check_work(kind: ActKind, through: str | None) -> None:
    """Raises `ActNeedsWork` where an act belongs to a piece of work (a request, a batch) that isn't the one doing it."""
    rule = RULES[kind]
    if rule.through is not None and rule.through != through:
        raise ActNeedsWork(act=rule.zh, act_en=rule.en, work=rule.through, work_zh=WORK_NAMES[rule.through])


WORK_NAMES: dict[str, str] = {
    "import": "导入",
    "refusal": "不予接收",
    "tagging": "装标签",
    "loose materials": "散材料归档",
    "request": "用档申请",
    "digitisation": "数字化批次",
    "consignment": "交接清单",
    "search": "查找",
    "merging": "合并",
    "agency merger": "机构变更",
    "deposit": "存档类别变更",
}


def check_person(
    kind: ActKind, actor_id: int, role: Role, witness: tuple[int, Role] | None, *, delegated: bool = False
) -> None:
    """Raises `ActNotForRole`, `SecondPersonMissing` or `SecondPersonIsFirst`; witness: the second person's id and role.

    delegated: it is part of what the volume's agency has let the city's manager decide.
    """
    rule = RULES[kind]
    if role not in rule.by and not (delegated and rule.delegable and role is Role.CITY_MANAGER):
        raise ActNotForRole(act=rule.zh, act_en=rule.en, role=role.zh, role_en=role.en)
    if rule.two and witness is None:
        raise SecondPersonMissing(act=rule.zh, act_en=rule.en)
    if witness is not None and witness[0] == actor_id:
        raise SecondPersonIsFirst
    if witness is not None and witness[1] not in WITNESSES:
        raise ActNotForRole(act=rule.zh, act_en=rule.en, role=witness[1].zh, role_en=witness[1].en)


def check_grounds(kind: ActKind, authority: str | None, reason: str | None, details: Mapping[str, object]) -> None:
    """Raises `AuthorityMissing`, `ReasonMissing`, `EvidenceMissing` or `BadDetail`: what the act must cite and carry."""
    rule = RULES[kind]
    if rule.authority is Authority.DOCUMENT and not (authority or "").strip():
        raise AuthorityMissing(act=rule.zh, act_en=rule.en)
    if rule.authority is Authority.REASON and not (reason or "").strip():
        raise ReasonMissing(act=rule.zh, act_en=rule.en)
    check_details(details)
    for detail in rule.evidence:
        if details.get(detail) is None:
            raise EvidenceMissing(act=rule.zh, act_en=rule.en, evidence=detail.zh, evidence_en=detail.en)


def check_target(kind: ActKind, place: str, place_kind: PlaceKind) -> None:
    """Raises `WrongKindOfPlace` where this act doesn't lead to a place of that kind."""
    rule = RULES[kind]
    if rule.leads is None or place_kind not in rule.leads:
        raise WrongKindOfPlace(act=rule.zh, act_en=rule.en, place=place, kind=place_kind.zh, kind_en=place_kind.en)


def check_standing(kind: ActKind, volume: str, before: Standing | None, target: PlaceKind | None) -> None:
    """Raises the refusal of whatever in a volume's state forbids this act; `before` None: there has been no act yet."""
    rule = RULES[kind]
    if before is None:
        if not rule.begins:
            raise NotHeldYet(volume=volume)
        return
    if rule.begins:
        raise AlreadyHeld(volume=volume)
    act = {"volume": volume, "act": rule.zh, "act_en": rule.en}
    if before.place_kind not in rule.starts:
        raise WrongOrigin(**act, kind=before.place_kind.zh, kind_en=before.place_kind.en)
    if before.legal not in rule.legal:
        raise LegalStateForbids(**act, state=before.legal.zh, state_en=before.legal.en)
    if before.seal not in rule.seal:
        raise SealForbids(**act, state=before.seal.zh, state_en=before.seal.en)
    barred = sorted(before.marks & rule.bars) or sorted(rule.needs - before.marks)
    if barred:
        raise MarkForbids(**act, mark=barred[0].zh, mark_en=barred[0].en)
    if target in STORED and before.legal not in OURS:
        raise NotAccepted(volume=volume)


def standing_after(kind: ActKind, before: Standing | None, target: PlaceKind | None) -> Standing:
    """A volume's state after an act; `target` None: it stays where it is. Both None can't be: raises `AssertionError`."""
    rule = RULES[kind]
    place_kind = target if target is not None else before.place_kind if before is not None else None
    assert place_kind is not None, "a volume's first act says where it is"
    known = before or Standing(place_kind)
    return Standing(
        place_kind,
        rule.legal_after or known.legal,
        rule.seal_after or known.seal,
        frozenset[Mark]((known.marks | rule.adds) - rule.removes),
    )


__all__ = [
    "WITNESSES",
    "WORK_NAMES",
    "Detail",
    "check_grounds",
    "check_person",
    "check_standing",
    "check_target",
    "check_work",
    "standing_after",
]
