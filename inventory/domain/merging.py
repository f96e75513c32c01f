"""Merging: two dossiers of one person, and two agencies. What proves it, and which numbers must agree. Pure."""

import re
from dataclasses import dataclass, field

from inventory.domain.identifiers import folded_width
from inventory.domain.refusals import BadInput, CountsDiffer, CountsUncertified, ProofContradicted, SameNameIsNoProof
from inventory.domain.words import Word

_MERGER_NUMBER = re.compile(r"M-?0*([0-9]{1,9})", re.IGNORECASE)


class Proof(Word):
    """What proves that two dossiers are one person's. A name is not among them."""

    # Both carry the same valid number and the same name: we look ourselves.
    SAME_ID_NUMBER = "same_id_number", "身份证号一致", "same ID number"
    ID_CARD = "id_card", "核验居民身份证", "identity card checked"
    HOUSEHOLD_REGISTER = "household_register", "户籍证明", "household register"
    POLICE_LETTER = "police_letter", "公安机关证明", "letter of the police"


@dataclass(frozen=True, slots=True)
class Identity:
    """What the register knows of a dossier's person: the name as compared, and the keyed hash of a valid ID number."""

    name: str = field(repr=False)
    id_number_hash: bytes | None = field(repr=False)


def parse_proof(text: str) -> Proof:
    """The kind of proof; raises `SameNameIsNoProof` for anything that proves nothing."""
    try:
        return Proof(text.strip())
    except ValueError:
        raise SameNameIsNoProof from None


def check_proof(proof: Proof, document: str, survivor: Identity, duplicate: Identity) -> None:
    """Raises `SameNameIsNoProof` or `ProofContradicted`; document: what was shown, by its number."""
    if not document.strip():
        raise SameNameIsNoProof
    if proof is Proof.POLICE_LETTER:
        return
    known = {survivor.id_number_hash, duplicate.id_number_hash}
    if proof is Proof.SAME_ID_NUMBER:
        if None in known:
            raise SameNameIsNoProof
        if len(known) > 1 or survivor.name != duplicate.name:
            raise ProofContradicted
    elif len(known - {None}) > 1:  # two valid numbers: a card shows one of them at most
        raise ProofContradicted


def check_counts(handing: int | None, taking: int | None, held: int) -> int:
    """The number of dossiers that go over; raises `CountsUncertified` or `CountsDiffer`."""
    if handing is None or taking is None:
        raise CountsUncertified
    if not handing == taking == held:
        raise CountsDiffer(handing=handing, taking=taking, held=held)
    return held


def merger_number(merger_id: int) -> str:
    """The number people know an agency merger by: `M-0003`."""
    return f"M-{merger_id:04}"


def parse_merger_number(text: str) -> int:
    """The merger's id from its number; raises `BadInput`."""
    match = _MERGER_NUMBER.fullmatch(folded_width(text))
    if match is None or not 0 < int(match[1]) < 2**31:
        raise BadInput(problem_zh="机构变更编号形如 M-0003", problem_en="an agency merger has a number like M-0003")
    return int(match[1])
