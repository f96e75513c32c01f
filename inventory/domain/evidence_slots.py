"""Which papers a case needs, slot by slot. Adding a slot or a case is one row."""

from collections.abc import Mapping

from inventory.domain.refusals import SlotMissing, WrongLetter
from inventory.domain.requests import Initiator, LetterKind, Occasion, RequestKind
from inventory.domain.words import Word


class EvidenceSlot(Word):
    """One paper of a case."""

    LOAN_LETTER = "loan_letter", "借档函", "loan letter"
    UNIT_LETTER = "unit_letter", "单位介绍信", "letter of introduction"
    TRANSFER_LETTER = "transfer_letter", "调档函", "transfer letter"
    TERMINATION_PROOF = "termination_proof", "终止（解除）劳动关系证明", "proof of termination"
    ACCEPTANCE_PROOF = "acceptance_proof", "新单位接收证明", "acceptance proof of the new unit"
    EMPLOYER_APPLICATION = "employer_application", "用人单位申请", "employer's application"
    IDENTITY_CHECK = "identity_check", "本人身份核验", "check of the person's identity"
    RETIREMENT_APPROVAL = "retirement_approval", "退休审批文件", "retirement approval"
    DEATH_CERTIFICATE = "death_certificate", "死亡证明", "death certificate"
    ARCHIVES_AGREEMENT = "archives_agreement", "档案馆接收函", "agreement of the archives"

    @property
    def letters(self) -> frozenset[LetterKind]:
        """The kinds of letter that fill it."""
        return _LETTERS[self]

    @property
    def may_be_told(self) -> bool:
        """Whether a remark does in place of a letter: somebody looked, and nothing is left to file."""
        return self is EvidenceSlot.IDENTITY_CHECK


def _of(*kinds: LetterKind) -> frozenset[LetterKind]:
    return frozenset(kinds)


_S, _L, _O = EvidenceSlot, LetterKind, Occasion
_LETTERS: dict[EvidenceSlot, frozenset[LetterKind]] = {
    _S.LOAN_LETTER: _of(_L.LOAN_LETTER),
    _S.UNIT_LETTER: _of(_L.UNIT_LETTER),
    _S.TRANSFER_LETTER: _of(_L.TRANSFER_LETTER),
    _S.TERMINATION_PROOF: _of(_L.PROOF),
    _S.ACCEPTANCE_PROOF: _of(_L.PROOF, _L.TRANSFER_LETTER),
    _S.EMPLOYER_APPLICATION: _of(_L.UNIT_LETTER, _L.ORDER),
    _S.IDENTITY_CHECK: _of(_L.PROOF),
    _S.RETIREMENT_APPROVAL: _of(_L.APPROVAL),
    _S.DEATH_CERTIFICATE: _of(_L.PROOF),
    _S.ARCHIVES_AGREEMENT: _of(_L.TRANSFER_LETTER, _L.APPROVAL),
}

_BY_KIND: dict[RequestKind, tuple[EvidenceSlot, ...]] = {
    RequestKind.LOAN: (_S.LOAN_LETTER,),
    RequestKind.CONSULTATION: (_S.UNIT_LETTER,),
    RequestKind.SCAN: (_S.UNIT_LETTER,),
    RequestKind.DISPATCH: (),
}
_BY_OCCASION: dict[Occasion, tuple[EvidenceSlot, ...]] = {
    _O.JOB_CHANGE: (_S.TRANSFER_LETTER,),
    _O.GRADUATE_LEAVING: (_S.TERMINATION_PROOF, _S.ACCEPTANCE_PROOF),
    _O.AGENCY_MOVE: (_S.TRANSFER_LETTER,),
    _O.RETIREMENT: (_S.RETIREMENT_APPROVAL,),
    _O.DEATH: (_S.DEATH_CERTIFICATE, _S.ARCHIVES_AGREEMENT),
}
_BY_INITIATOR: dict[Initiator, tuple[EvidenceSlot, ...]] = {
    Initiator.EMPLOYER: (_S.EMPLOYER_APPLICATION,),
    Initiator.PERSON: (_S.IDENTITY_CHECK,),
    Initiator.INSTITUTION: (),
}


def slots_needed(kind: RequestKind, occasion: Occasion | None, initiator: Initiator) -> tuple[EvidenceSlot, ...]:
    """The papers of a case, the one it cites as its authority first."""
    if kind is not RequestKind.TRANSFER or occasion is None:
        return _BY_KIND.get(kind, ())
    return (*_BY_OCCASION[occasion], *_BY_INITIATOR[initiator])


def check_slots(
    needed: tuple[EvidenceSlot, ...], letters: Mapping[EvidenceSlot, LetterKind], told: Mapping[EvidenceSlot, str]
) -> None:
    """Raises `SlotMissing` or `WrongLetter`; letters: the kind of letter in each slot, told: remarks in place of one."""
    for slot, kind in letters.items():
        if kind not in slot.letters:
            raise WrongLetter(slot=slot.zh, slot_en=slot.en, kind=kind.zh, kind_en=kind.en)
    for slot in needed:
        if slot not in letters and not (slot.may_be_told and told.get(slot)):
            raise SlotMissing(slot=slot.zh, slot_en=slot.en)
