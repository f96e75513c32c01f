"""May this be asked for, approved, lent again? Pure rules over the form, the institution and the dossier as it stands.

What the form alone decides is asked at every window. What the dossier decides is asked only where the asker may know the
dossier: for others it waits for the holding agency's head, so that no answer tells whether there is a dossier.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from inventory.domain.evidence_slots import EvidenceSlot, check_slots, slots_needed
from inventory.domain.institutions import Institution, InstitutionClass, check_borrower
from inventory.domain.jurisdiction import Depositor, agencies_of, may_hold
from inventory.domain.refusals import (
    BadInput,
    DeathToArchives,
    DueTooLate,
    GoesWithSurvivor,
    InitiatorIsNotDepositor,
    KeptAfterDeath,
    LegalStateForbids,
    LoanToInstitutionsOnly,
    MayNotHold,
    NoExpulsion,
    NoMoreRenewals,
    NotHeldYet,
    OfferTheScan,
    RetirementToTownship,
    SealNumberDiffers,
    SlotMissing,
)
from inventory.domain.registers import DepositType
from inventory.domain.requests import Initiator, LetterKind, Occasion, Purpose, RequestKind
from inventory.domain.standing import Legal, Mark, Standing
from inventory.domain.travelling import Career, Channel, channel_for, years_after

NEAREST_PLACE = "nearest_place_override"
_READ_BY_INSTITUTIONS = frozenset({RequestKind.LOAN, RequestKind.CONSULTATION, RequestKind.SCAN})
_MOVES_PAPER_OUT = frozenset({RequestKind.LOAN, RequestKind.CONSULTATION})
_STAYING = frozenset({Legal.HELD, Legal.DECEASED_RETAINED})


@dataclass(frozen=True, slots=True)
class Form:
    """What a form asks for, as far as rules care. letters: the kind of letter in each slot; told: remarks in their place."""

    kind: RequestKind
    initiator: Initiator
    purpose: Purpose
    occasion: Occasion | None = None
    paper_reason: str = ""
    institution: Institution | None = None
    has_window: bool = False
    letters: Mapping[EvidenceSlot, LetterKind] = field(default_factory=dict)
    told: Mapping[EvidenceSlot, str] = field(default_factory=dict)
    channel: Channel | None = None


@dataclass(frozen=True, slots=True)
class DossierFacts:
    """What a dossier decides. volumes: name and standing of each (None: no act yet), a transfer's with those merged into it.

    careers: empty where unknown. merged_into: the number of the dossier it is a duplicate of.
    """

    volumes: Sequence[tuple[str, Standing | None]]
    deposit: DepositType | None = None
    careers: frozenset[Career] = frozenset()
    died_on: date | None = None
    merged_into: str | None = None


def check_form(form: Form) -> None:
    """Raises whatever a form by itself breaks: who may ask, to whom it may go, and the papers of the case."""
    _check_occasion(form)
    if form.kind in _READ_BY_INSTITUTIONS and (form.institution is None or form.initiator is not Initiator.INSTITUTION):
        raise LoanToInstitutionsOnly
    if form.kind in _MOVES_PAPER_OUT and form.institution is not None:
        check_borrower(form.institution)
    if form.kind in _MOVES_PAPER_OUT and not form.paper_reason.strip():
        raise OfferTheScan
    if form.kind is RequestKind.DISPATCH and not form.has_window:
        raise BadInput(problem_zh="调档至窗口须指明窗口", problem_en="a dispatch names the window it goes to")
    check_slots(slots_needed(form.kind, form.occasion, form.initiator), form.letters, form.told)


def _check_occasion(form: Form) -> None:
    if form.kind is not RequestKind.TRANSFER:
        if form.occasion is not None:
            raise BadInput(problem_zh="只有转递才有转递事由", problem_en="only a transfer has an occasion")
        return
    if form.occasion is None:
        raise BadInput(problem_zh="转递须注明事由", problem_en="a transfer names its occasion")
    ends = {Occasion.RETIREMENT, Occasion.DEATH}
    if form.initiator is Initiator.INSTITUTION and form.occasion not in ends:
        raise NoExpulsion
    if form.institution is None:
        raise BadInput(problem_zh="转递须注明登记在册的接收单位", problem_en="a transfer names a registered recipient")
    check_recipient(form.occasion, form.institution.kind)


def check_recipient(occasion: Occasion, recipient: InstitutionClass) -> None:
    """Raises `RetirementToTownship` or `DeathToArchives`: where a dossier may go at the end of a working life."""
    if occasion is Occasion.RETIREMENT and recipient is not InstitutionClass.TOWNSHIP_CENTRE:
        raise RetirementToTownship
    if occasion is Occasion.DEATH and recipient is not InstitutionClass.ARCHIVES:
        raise DeathToArchives


@dataclass(frozen=True, slots=True)
class Move:
    """A dossier goes on to another agency: on what footing it would be deposited there.

    to_agency: that agency's code, None for one outside this register. agencies: code of the agency of each division.
    nearest_reason: why the nearest place, where no rule gives it; the head's approval then stands for the approver's.
    """

    depositor: Depositor
    to_agency: str | None
    agencies: Mapping[str, str]
    nearest_reason: str = ""


def rule_of_move(form: Form, move: Move | None) -> str | None:
    """By which rule the recipient may hold the dossier; None where it isn't a move to an agency. Raises `MayNotHold`."""
    to_agency = form.institution is not None and form.institution.kind is InstitutionClass.AGENCY
    if form.occasion is not Occasion.AGENCY_MOVE or not to_agency:
        return None
    if move is None:
        raise BadInput(
            problem_zh="变更存档机构须说明存档情形", problem_en="a move to another agency tells on what footing"
        )
    claims = may_hold(move.depositor, move.agencies)
    for claim in claims:
        if claim.agency == move.to_agency:
            return claim.rule
    if move.nearest_reason.strip():
        return NEAREST_PLACE
    outside = [claim.division for claim in claims if claim.agency is None]
    allowed = [*sorted(agencies_of(claims)), *outside]
    raise MayNotHold(agencies="、".join(allowed) or "无", agencies_en=", ".join(allowed) or "none")


def check_dossier(form: Form, facts: DossierFacts, today: date, kept_years: int) -> Channel | None:
    """The channel of a transfer (None for the rest); raises whatever the dossier forbids. kept_years: after a death."""
    if form.kind is RequestKind.TRANSFER and facts.merged_into is not None:
        raise GoesWithSurvivor(survivor=facts.merged_into)
    for volume, standing in facts.volumes:
        if standing is None:
            raise NotHeldYet(volume=volume)
        _check_legal(form, volume, standing)
    if not facts.volumes:
        raise BadInput(problem_zh="该档案没有册", problem_en="the dossier has no volume")
    if form.kind is not RequestKind.TRANSFER or form.institution is None or form.occasion is None:
        return None
    if form.occasion is Occasion.DEATH:
        _check_years(facts.died_on, today, kept_years)
    elif form.occasion is not Occasion.RETIREMENT:
        _check_depositor(form, facts.deposit)
    return channel_for(form.channel, facts.careers, form.institution.kind)


def _check_legal(form: Form, volume: str, standing: Standing) -> None:
    dead = standing.legal is Legal.DECEASED_RETAINED
    if form.kind is RequestKind.TRANSFER:
        if dead and form.occasion is not Occasion.DEATH:
            raise DeathToArchives
        fits = {Legal.DECEASED_RETAINED} if form.occasion is Occasion.DEATH else {Legal.HELD}
        if Mark.RETIRED in standing.marks and form.occasion not in {Occasion.RETIREMENT, Occasion.DEATH}:
            raise RetirementToTownship
    else:
        fits = {Legal.HELD} if form.kind is RequestKind.LOAN else set(_STAYING)
    if standing.legal not in fits:
        raise LegalStateForbids(
            volume=volume, act=form.kind.zh, act_en=form.kind.en, state=standing.legal.zh, state_en=standing.legal.en
        )


def _check_years(died_on: date | None, today: date, kept_years: int) -> None:
    if died_on is None:
        raise BadInput(problem_zh="请先登记死亡日期", problem_en="record the day of death first")
    until = years_after(died_on, kept_years)
    if today < until:
        raise KeptAfterDeath(until=until.isoformat())


def _check_depositor(form: Form, deposit: DepositType | None) -> None:
    """An employer has no say over what its person deposited; a person brings proof that the employer has let go."""
    if form.initiator is Initiator.EMPLOYER and deposit is DepositType.INDIVIDUAL:
        raise InitiatorIsNotDepositor
    released = {EvidenceSlot.TERMINATION_PROOF, EvidenceSlot.EMPLOYER_APPLICATION} & set(form.letters)
    if form.initiator is Initiator.PERSON and deposit is DepositType.EMPLOYER and not released:
        slot = EvidenceSlot.TERMINATION_PROOF
        raise SlotMissing(slot=slot.zh, slot_en=slot.en)


# ── Loans ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def due_on(handed_on: date, days: int, asked: date | None = None) -> date:
    """When a dossier handed out on a day is due; sooner where that was asked; raises `DueTooLate`. Never empty."""
    latest = handed_on + timedelta(days=days)
    if asked is None:
        return latest
    if not handed_on <= asked <= latest:
        raise DueTooLate(earliest=handed_on.isoformat(), latest=latest.isoformat())
    return asked


def renewed(due: date, days: int, today: date, renewals: int, renewals_max: int, waiting: int) -> date:
    """The due date after one more renewal; raises `NoMoreRenewals` where it is late, used up, or somebody waits."""
    if today > due:
        reason = "已逾期，须先归还", "it is overdue and comes back first"
    elif renewals >= renewals_max:
        reason = f"已续借 {renewals} 次", f"it was renewed as often as it may be: {renewals}"
    elif waiting:
        reason = f"有 {waiting} 件申请在等候", f"other requests wait for it: {waiting}"
    else:
        return due + timedelta(days=days)
    raise NoMoreRenewals(reason=reason[0], reason_en=reason[1])


def check_seal_numbers(recorded: Mapping[str, str | None], told: Mapping[str, str]) -> None:
    """Raises `SealNumberDiffers` for a strip that isn't the one recorded, `BadInput` where a volume's isn't told."""
    for volume, number in recorded.items():
        if not told.get(volume, "").strip():
            raise BadInput(
                problem_zh=f"请扫描或填写档案 {volume} 的封条号", problem_en=f"tell the seal number of {volume}"
            )
        if number is not None and told[volume].strip() != number:
            raise SealNumberDiffers(volume=volume)


@dataclass(frozen=True, slots=True)
class ComesBack:
    """A volume as it comes back: is its seal whole, and how many pieces it has."""

    seal_intact: bool
    pieces: int


def discrepancies(recorded: Mapping[str, int | None], found: Mapping[str, ComesBack]) -> list[tuple[str, str, str]]:
    """What isn't as it left: (volume, what in Chinese, what in English), broken seals before wrong counts."""
    broken = [(name, "封条破损", "the seal is broken") for name, back in found.items() if not back.seal_intact]
    counted = [
        (
            name,
            f"登记 {pieces} 份，实有 {found[name].pieces} 份",
            f"pieces recorded: {pieces}, found: {found[name].pieces}",
        )
        for name, pieces in recorded.items()
        if pieces is not None and name in found and pieces != found[name].pieces
    ]
    return broken + counted
