"""The table of acts: one row each. Read it as the working day of a warehouse, from arrival to archive."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from inventory.domain.acts import ActKind
from inventory.domain.details import Detail
from inventory.domain.people import Role
from inventory.domain.places import PlaceKind
from inventory.domain.standing import Legal, Mark, Seal


class Authority(StrEnum):
    """What an act must cite."""

    NONE = "none"
    REASON = "reason"
    DOCUMENT = "document"  # a letter, an order, a request: by its number


@dataclass(frozen=True, slots=True)
class ActRule:
    """One row of the table.

    zh, en: what the act is called. by: who may record it. starts, leads: kinds of place it moves between; leads None: it
    moves nothing. begins: it is a volume's first act, else it needs one that is here. legal, seal: what these must be
    before; *_after: what they become (None: stay). needs, bars, adds, removes: marks. two: it takes a second person.
    evidence: facts it must carry. asked_as: the kind of request it needs, of this very dossier. through: recorded only by a
    piece of work that checks more (a request, a batch). delegable: with an approval also by the city's manager, while the
    volume's agency delegates its decisions in writing. law: ids of the rules of `law.RULES` it stands on.
    """

    zh: str
    en: str
    by: frozenset[Role]
    starts: frozenset[PlaceKind] = frozenset()
    leads: frozenset[PlaceKind] | None = None
    begins: bool = False
    legal: frozenset[Legal] = frozenset()
    legal_after: Legal | None = None
    seal: frozenset[Seal] = frozenset(Seal)
    seal_after: Seal | None = None
    needs: frozenset[Mark] = frozenset()
    bars: frozenset[Mark] = frozenset()
    adds: frozenset[Mark] = frozenset()
    removes: frozenset[Mark] = frozenset()
    two: bool = False
    authority: Authority = Authority.NONE
    evidence: tuple[Detail, ...] = ()
    asked_as: str | None = None
    through: str | None = None
    delegable: bool = False
    law: tuple[str, ...] = ()


_P = PlaceKind
STORED = frozenset({_P.SHELF, _P.CABINET})
_BENCH = frozenset({_P.DESK, _P.CART, _P.ARRIVALS})
_COUNTER = _BENCH | {_P.WINDOW}
_ROOMS = frozenset({_P.READING_ROOM, _P.DIGITISATION})
_HERE = STORED | _COUNTER | _ROOMS | {_P.QUARANTINE}
_OUT = frozenset({_P.BAG, _P.COURIER, _P.BORROWER})

# What may stand on a shelf, and what may leave one: dossiers somebody answers for.
OURS = frozenset({Legal.HELD, Legal.DECEASED_RETAINED, Legal.TRANSFER_PENDING})
_STAYING = frozenset({Legal.HELD, Legal.DECEASED_RETAINED})
_HELD = frozenset({Legal.HELD})
_EXPECTED = frozenset({Legal.EXPECTED})
_ALIVE = OURS | _EXPECTED
_GONE = frozenset(Legal) - _ALIVE
_WHOLE = frozenset({Seal.SEALED})
_NOT_WHOLE = frozenset({Seal.OPENED, Seal.BROKEN})

_KEEPER = frozenset({Role.KEEPER})
_CLERK = frozenset({Role.WINDOW_CLERK})
_STAFF = _KEEPER | _CLERK
_HEAD = frozenset({Role.AGENCY_HEAD})
_AGENCY = _CLERK | _HEAD


def _only(*marks: Mark) -> frozenset[Mark]:
    return frozenset(marks)


def _at(*kinds: PlaceKind) -> frozenset[PlaceKind]:
    return frozenset(kinds)


_A, _D = ActKind, Detail
_DOCUMENT, _REASON = Authority.DOCUMENT, Authority.REASON

RULES: dict[ActKind, ActRule] = {
    # ── Coming in ────────────────────────────────────────────────────────────────────────────────────────────────────
    _A.REGISTERED: ActRule(
        "登记在册", "registered", frozenset({Role.SERVICE, Role.KEEPER, Role.CITY_MANAGER}), leads=_HERE, begins=True,
        legal_after=Legal.HELD, authority=_DOCUMENT, through="import",
    ),
    _A.RECEIVED: ActRule(
        "接收", "received", _STAFF, leads=_COUNTER, begins=True, legal_after=Legal.EXPECTED, evidence=(_D.CHANNEL,),
        law=("channels_in",),
    ),
    # Numbers never change: what was sent back, or went away for good, comes again under its own.
    _A.RECEIVED_AGAIN: ActRule(
        "再次接收", "received again", _STAFF, _at(_P.COURIER, _P.RECIPIENT), _COUNTER, legal=_GONE, legal_after=Legal.EXPECTED,
        removes=_only(Mark.SELF_CARRIED, Mark.RETIRED), evidence=(_D.CHANNEL,), law=("channels_in", "numbers_never_change"),
    ),
    _A.SELF_CARRIED: ActRule(
        "自带送达", "carried in by the person", _STAFF, leads=_at(_P.QUARANTINE), begins=True, legal_after=Legal.EXPECTED,
        adds=_only(Mark.SELF_CARRIED), authority=_REASON, law=("self_carried_is_quarantined",),
    ),
    _A.QUARANTINED: ActRule(
        "转入待查", "quarantined", _STAFF, _COUNTER, _at(_P.QUARANTINE), legal=_EXPECTED | _HELD, authority=_REASON,
    ),
    _A.CLEARED: ActRule(
        "解除待查", "cleared", _KEEPER, _at(_P.QUARANTINE), _at(_P.DESK), legal=_EXPECTED | _HELD,
        bars=_only(Mark.SELF_CARRIED), two=True, authority=_REASON, law=("self_carried_is_quarantined",),
    ),
    _A.ACCEPTED: ActRule(
        "审核入库", "accepted", _STAFF, _COUNTER, legal=_EXPECTED, legal_after=Legal.HELD, bars=_only(Mark.SELF_CARRIED),
        two=True, evidence=(_D.PIECES,), law=("materials_checked_by_two", "no_abolished_papers"),
    ),
    _A.GAP_COMMITTED: ActRule(
        "告知承诺", "gap committed", _STAFF, _COUNTER, legal=_EXPECTED | _HELD, adds=_only(Mark.GAP), evidence=(_D.GAP,),
        law=("gaps_by_notify_and_commit",),
    ),
    _A.GAP_FILLED: ActRule(
        "补齐材料", "gap filled", _STAFF, _COUNTER, legal=_HELD, needs=_only(Mark.GAP), removes=_only(Mark.GAP),
        authority=_DOCUMENT, law=("gaps_by_notify_and_commit",),
    ),
    _A.REFUSED: ActRule(
        "不予接收退回", "refused and returned", _STAFF, _COUNTER | {_P.QUARANTINE}, _at(_P.COURIER), legal=_EXPECTED,
        legal_after=Legal.REFUSED_RETURNED, evidence=(_D.GROUND, _D.CHANNEL), authority=_DOCUMENT, through="refusal",
        law=("refusal_needs_coded_reason", "no_abolished_papers"),
    ),
    # ── Tag and shelf ────────────────────────────────────────────────────────────────────────────────────────────────
    _A.BOUND: ActRule(
        "绑定标签", "tag bound", _KEEPER, _COUNTER | STORED | {_P.QUARANTINE}, legal=_ALIVE, evidence=(_D.EPC,),
        through="tagging", law=("epc_never_reused",),
    ),
    _A.RETAGGED: ActRule(
        "更换标签", "tag replaced", _KEEPER, _COUNTER | STORED, legal=_ALIVE, two=True, authority=_REASON,
        evidence=(_D.EPC,), through="tagging", law=("epc_never_reused", "two_persons"),
    ),
    _A.SHELVED: ActRule(
        "上架", "shelved", _KEEPER, _BENCH, STORED, legal=OURS, seal=_WHOLE,
    ),
    _A.MOVED: ActRule("移位", "moved", _KEEPER, _BENCH, _BENCH, legal=_ALIVE),
    _A.RESHELVED: ActRule("倒架", "re-shelved", _KEEPER, STORED, STORED, legal=OURS, law=("move_in",)),
    _A.CORRECTED: ActRule(
        "更正库位", "corrected", _KEEPER, _HERE, _HERE, legal=_ALIVE, authority=_REASON, law=("no_back_dating",),
    ),
    # ── Envelope and contents ────────────────────────────────────────────────────────────────────────────────────────
    _A.OPENED: ActRule(
        "启封", "opened", _STAFF, _COUNTER | _ROOMS, legal=_ALIVE, seal=frozenset({Seal.SEALED, Seal.BROKEN}),
        seal_after=Seal.OPENED, two=True, authority=_DOCUMENT, law=("seal_opened_by_order_only", "two_persons"),
    ),
    _A.INSERTED: ActRule(
        "归入材料", "materials inserted", _KEEPER, _BENCH, legal=OURS, seal=frozenset({Seal.OPENED}),
        evidence=(_D.PIECES, _D.BATCH), authority=_DOCUMENT, through="loose materials", law=("loose_materials",),
    ),
    _A.SEALED: ActRule(
        "封装", "sealed", _STAFF, _COUNTER | _ROOMS, legal=_ALIVE, seal=_NOT_WHOLE, seal_after=Seal.SEALED, two=True,
        evidence=(_D.SEAL_NUMBER, _D.PIECES), law=("two_persons",),
    ),
    _A.SEAL_BROKEN: ActRule(
        "发现封条破损", "seal found broken", _STAFF, _HERE | _OUT, legal=_ALIVE, seal=_WHOLE, seal_after=Seal.BROKEN,
        authority=_REASON,
    ),
    _A.DAMAGED: ActRule("发现破损", "found damaged", _STAFF, _HERE, legal=_ALIVE, adds=_only(Mark.DAMAGED), authority=_REASON),
    _A.REPAIRED: ActRule(
        "修复", "repaired", _KEEPER, _BENCH, legal=_ALIVE, needs=_only(Mark.DAMAGED), removes=_only(Mark.DAMAGED),
        authority=_REASON,
    ),
    # ── At work ──────────────────────────────────────────────────────────────────────────────────────────────────────
    _A.PICKED: ActRule(
        "出架", "picked", _KEEPER, STORED, _at(_P.CART, _P.DESK), legal=OURS, authority=_DOCUMENT,
    ),
    _A.CONSULTED: ActRule(
        "送阅", "taken to consultation", _KEEPER, _at(_P.DESK, _P.CART), _at(_P.READING_ROOM), legal=_STAYING,
        authority=_DOCUMENT, evidence=(_D.VISITORS, _D.REQUEST), asked_as="consultation", through="request",
        law=("not_own_or_relative", "two_visitors"),
    ),
    _A.SENT_TO_SCAN: ActRule(
        "送数字化", "sent to be scanned", _KEEPER, _at(_P.DESK, _P.CART), _at(_P.DIGITISATION), legal=_STAYING,
        authority=_DOCUMENT, evidence=(_D.BATCH, _D.PIECES), through="digitisation",
    ),
    _A.SCANNED: ActRule(
        "数字化返还", "back from scanning", _KEEPER, _at(_P.DIGITISATION), _at(_P.DESK, _P.CART), legal=_STAYING,
        evidence=(_D.BATCH, _D.PAGES, _D.SHA256, _D.LINK), through="digitisation",
    ),
    _A.PACKED: ActRule(
        "装袋", "packed", _STAFF, _at(_P.DESK, _P.CART, _P.WINDOW), _at(_P.BAG), legal=OURS, seal=_WHOLE,
        authority=_DOCUMENT, evidence=(_D.CONSIGNMENT,), through="consignment",
    ),
    _A.UNPACKED: ActRule(
        "出袋", "unpacked", _STAFF, _at(_P.BAG), _at(_P.DESK, _P.CART, _P.WINDOW), legal=OURS, authority=_REASON,
        through="consignment",
    ),
    _A.DISPATCHED: ActRule(
        "发出", "dispatched", _STAFF, _at(_P.BAG), _at(_P.COURIER), legal=OURS, seal=_WHOLE, two=True, authority=_DOCUMENT,
        evidence=(_D.CONSIGNMENT, _D.CARRIERS, _D.BAG_SEAL, _D.CHANNEL), through="consignment",
        law=("two_carriers", "two_persons"),
    ),
    _A.ARRIVED: ActRule(
        "签收", "arrived", _STAFF, _at(_P.COURIER), _COUNTER, legal=OURS, authority=_DOCUMENT,
        evidence=(_D.CONSIGNMENT, _D.SEAL_FOUND), through="consignment",
    ),
    _A.RETURNED: ActRule(
        "还库", "returned", _STAFF, _at(_P.WINDOW, _P.READING_ROOM), _BENCH, legal=OURS,
    ),
    # ── Lent ─────────────────────────────────────────────────────────────────────────────────────────────────────────
    _A.LENT: ActRule(
        "借出", "lent", _KEEPER, _at(_P.DESK), _at(_P.BORROWER), legal=_HELD, seal=_WHOLE, two=True, authority=_DOCUMENT,
        evidence=(_D.REQUEST, _D.CARRIERS, _D.SEAL_NUMBER, _D.DUE_ON), asked_as="loan", through="request",
        law=("loan_to_institutions_only", "due_date_never_null", "two_persons"),
    ),
    _A.HANDED_OVER: ActRule(
        "交付", "handed over", _CLERK, _at(_P.WINDOW), _at(_P.BORROWER), legal=_HELD, seal=_WHOLE, two=True,
        authority=_DOCUMENT, evidence=(_D.REQUEST, _D.CARRIERS, _D.SEAL_NUMBER, _D.DUE_ON), asked_as="loan", through="request",
        law=("loan_to_institutions_only", "due_date_never_null", "two_persons"),
    ),
    _A.TAKEN_BACK: ActRule(
        "收回", "taken back", _CLERK, _at(_P.BORROWER), _at(_P.WINDOW), legal=_STAYING, two=True, authority=_DOCUMENT,
        evidence=(_D.REQUEST, _D.SEAL_FOUND, _D.PIECES), asked_as="loan", through="request", law=("no_relending", "two_persons"),
    ),
    _A.LOAN_RETURNED: ActRule(
        "借阅归还", "back from loan", _KEEPER, _at(_P.BORROWER), _at(_P.DESK), legal=_STAYING, two=True, authority=_DOCUMENT,
        evidence=(_D.REQUEST, _D.SEAL_FOUND, _D.PIECES), asked_as="loan", through="request", law=("no_relending", "two_persons"),
    ),
    # ── For good ─────────────────────────────────────────────────────────────────────────────────────────────────────
    _A.RETIRED: ActRule(
        "退休登记", "retired", _AGENCY, _HERE | _OUT, legal=_HELD, bars=_only(Mark.RETIRED), adds=_only(Mark.RETIRED),
        authority=_DOCUMENT, delegable=True, law=("retirement_to_township_only", "delegation_in_writing"),
    ),
    _A.RETIREMENT_WITHDRAWN: ActRule(
        "撤销退休登记", "retirement withdrawn", _AGENCY, _HERE | _OUT, legal=_HELD, needs=_only(Mark.RETIRED),
        removes=_only(Mark.RETIRED), authority=_DOCUMENT, law=("retirement_to_township_only",),
    ),
    _A.DECEASED: ActRule(
        "死亡登记", "deceased", _AGENCY, _HERE | _OUT, legal=_HELD, legal_after=Legal.DECEASED_RETAINED,
        authority=_DOCUMENT, evidence=(_D.DIED_ON,), law=("death_kept_years", "never_to_relatives"),
    ),
    _A.TRANSFER_STARTED: ActRule(
        "启动转递", "transfer started", _HEAD, _HERE, legal=_HELD, legal_after=Legal.TRANSFER_PENDING,
        authority=_DOCUMENT, evidence=(_D.REQUEST, _D.RECIPIENT), asked_as="transfer", through="request", delegable=True,
        law=("no_expulsion", "transfer_by_employer_or_person", "whole_never_in_parts", "delegation_in_writing"),
    ),
    _A.TRANSFER_CANCELLED: ActRule(
        "撤销转递", "transfer cancelled", _AGENCY, _HERE, legal=frozenset({Legal.TRANSFER_PENDING}), legal_after=Legal.HELD,
        authority=_DOCUMENT, through="request",
    ),
    _A.TRANSFERRED: ActRule(
        "转递发出", "sent on transfer", _STAFF, _at(_P.DESK, _P.WINDOW), _at(_P.COURIER),
        legal=frozenset({Legal.TRANSFER_PENDING, Legal.DECEASED_RETAINED}), seal=_WHOLE, two=True, authority=_DOCUMENT,
        evidence=(_D.REQUEST, _D.RECIPIENT, _D.CHANNEL, _D.NOTICE, _D.SEAL_NUMBER, _D.PIECES), asked_as="transfer",
        through="request",
        law=("class_a_by_confidential_courier", "never_self_carry", "transfer_within_working_days", "two_persons"),
    ),
    _A.RECEIPT_CONFIRMED: ActRule(
        "回执确认", "confirmed by receipt", _AGENCY, _at(_P.COURIER, _P.NOT_FOUND), _at(_P.RECIPIENT),
        legal=frozenset({Legal.TRANSFER_PENDING}), legal_after=Legal.TRANSFERRED, bars=_only(Mark.RETIRED),
        authority=_DOCUMENT, evidence=(_D.REQUEST, _D.RECEIPT), asked_as="transfer", through="request",
        law=("receipt_within_months",),
    ),
    _A.RETIREMENT_CONFIRMED: ActRule(
        "退休移交确认", "retirement transfer confirmed", _AGENCY, _at(_P.COURIER, _P.NOT_FOUND), _at(_P.RECIPIENT),
        legal=frozenset({Legal.TRANSFER_PENDING}), legal_after=Legal.RETIRED_TRANSFERRED, needs=_only(Mark.RETIRED),
        authority=_DOCUMENT, evidence=(_D.REQUEST, _D.RECEIPT), asked_as="transfer", through="request",
        law=("retirement_to_township_only", "receipt_within_months"),
    ),
    _A.ARCHIVES_CONFIRMED: ActRule(
        "移交档案馆确认", "handover to the archives confirmed", _AGENCY, _at(_P.COURIER, _P.NOT_FOUND), _at(_P.RECIPIENT),
        legal=frozenset({Legal.DECEASED_RETAINED}), legal_after=Legal.ARCHIVES_HANDED, authority=_DOCUMENT,
        evidence=(_D.REQUEST, _D.RECEIPT), asked_as="transfer", through="request", law=("death_kept_years",),
    ),
    _A.UNDELIVERED: ActRule(
        "无法投递退回", "returned undelivered", _STAFF, _at(_P.COURIER), _COUNTER,
        legal=frozenset({Legal.TRANSFER_PENDING, Legal.DECEASED_RETAINED}), authority=_REASON, evidence=(_D.SEAL_FOUND,),
        through="request",
    ),
    # ── Not where it should be ───────────────────────────────────────────────────────────────────────────────────────
    _A.NOT_FOUND: ActRule(
        "未找到", "not found", _STAFF, _HERE | _OUT, _at(_P.NOT_FOUND), legal=_ALIVE, authority=_REASON,
        through="search", law=("search_protocol",),
    ),
    _A.FOUND: ActRule(
        "找到", "found", _STAFF, _at(_P.NOT_FOUND, _P.LOST), STORED | _COUNTER | {_P.QUARANTINE}, legal=_ALIVE,
        authority=_REASON, through="search",
    ),
    _A.LOST: ActRule(
        "认定遗失", "declared lost", _HEAD, _at(_P.NOT_FOUND), _at(_P.LOST), legal=_ALIVE, two=True, authority=_DOCUMENT,
        evidence=(_D.SEARCHERS, _D.REPORT), through="search", law=("lost_needs_head_and_two_searchers",),
    ),
    _A.REBUILT: ActRule(
        "重建", "rebuilt", _KEEPER, _at(_P.LOST), _at(_P.DESK), legal=_ALIVE, seal_after=Seal.OPENED,
        adds=_only(Mark.REBUILT), two=True, authority=_DOCUMENT, through="search", law=("rebuilt_marked_for_ever", "two_persons"),
    ),
    # ── The register ─────────────────────────────────────────────────────────────────────────────────────────────────
    _A.MERGED: ActRule(
        "合并重复", "merged as a duplicate", _HEAD, _HERE, legal=_HELD, bars=_only(Mark.MERGED), adds=_only(Mark.MERGED),
        two=True, authority=_DOCUMENT, evidence=(_D.MERGED_INTO, _D.PROOF), through="merging",
        law=("same_name_is_no_proof", "two_persons", "numbers_never_change"),
    ),
    _A.AGENCY_CHANGED: ActRule(
        "变更保管机构", "holding agency changed", frozenset({Role.CITY_MANAGER}), _HERE | _OUT | {_P.NOT_FOUND, _P.LOST},
        legal=_ALIVE, two=True, authority=_DOCUMENT, evidence=(_D.FROM_AGENCY, _D.TO_AGENCY, _D.COUNT),
        through="agency merger", law=("mergers_by_document", "numbers_never_change"),
    ),
    _A.DEPOSIT_CHANGED: ActRule(
        "变更存档类别", "deposit type changed", _AGENCY, _HERE | _OUT, legal=_HELD, authority=_DOCUMENT,
        evidence=(_D.DEPOSIT_TYPE,), through="deposit", law=("deposit_type_by_act",),
    ),
}  # fmt: skip


def kinds_of(through: str | None) -> Iterable[ActKind]:
    """The acts recorded through one piece of work; None: those anybody entitled may record directly."""
    return (kind for kind, rule in RULES.items() if rule.through == through)
