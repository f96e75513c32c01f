"""Picking: which dossiers of a stop were really taken, and whose aisle stands open. Pure decisions."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from inventory.domain.identifiers import VolumeName, folded_width
from inventory.domain.refusals import AisleHeld, BadInput, NothingScanned, NotOfThisStop, PickMoved, WrongShelf

WAVE_PICKS_MAX = 600  # what one keeper fetches in a day
_DIGITS_MAX = 12


class AislePurpose(StrEnum):
    """Why somebody stands in an aisle."""

    PICK = "pick"
    SWEEP = "sweep"

    @property
    def zh(self) -> str:
        """Its name in Chinese."""
        return {"pick": "出库", "sweep": "手持盘点"}[self]

    @property
    def en(self) -> str:
        """Its name in English."""
        return self.value


@dataclass(frozen=True, slots=True)
class OpenAisle:
    """The aisle that stands open in a block, who opened it, and since when (local time as text, for the sentence)."""

    block: str
    aisle: str
    purpose: AislePurpose
    holder_id: int
    holder: str
    since: datetime


@dataclass(frozen=True, slots=True)
class PickDue:
    """A volume to take at a stop: its request's number, and the ledger's place of it just now."""

    pick_id: int
    volume: VolumeName
    request_id: int
    place: str


def check_aisle(open_now: OpenAisle | None, keeper_id: int, since: str) -> None:
    """Raises `AisleHeld` where somebody else has an aisle of the block open, be it the same one: only its holder closes it."""
    if open_now is not None and open_now.holder_id != keeper_id:
        raise AisleHeld(
            block=open_now.block,
            aisle=open_now.aisle,
            holder=open_now.holder,
            since=since,
            purpose=open_now.purpose.zh,
            purpose_en=open_now.purpose.en,
        )


def chosen(shelf: str, scanned_shelf: str, due: Sequence[PickDue], volumes: Iterable[VolumeName]) -> list[PickDue]:
    """The picks of a stop that were scanned, each once; one wrong scan and nothing is picked.

    Raises `WrongShelf`, `NothingScanned`, `NotOfThisStop`, and `PickMoved` where the ledger has the volume elsewhere by now.
    """
    if folded_width(scanned_shelf).upper() != shelf.upper():
        raise WrongShelf(scanned=scanned_shelf, shelf=shelf)
    by_volume: Mapping[VolumeName, PickDue] = {pick.volume: pick for pick in due}
    taken: dict[VolumeName, PickDue] = {}
    for volume in volumes:
        pick = by_volume.get(volume)
        if pick is None:
            raise NotOfThisStop(code=str(volume))
        if pick.place != shelf:
            raise PickMoved(volume=str(volume), shelf=shelf, place=pick.place)
        taken[volume] = pick  # a scanner held too long reads twice
    if not taken:
        raise NothingScanned
    return list(taken.values())


def work_number(letter: str, row_id: int) -> str:
    """What a wave, a consignment or a request is called: `W-000012`."""
    return f"{letter}-{row_id:06d}"


def parse_work_number(letter: str, text: str) -> int:
    """The row id in `W-000012`, also as scanned under a Chinese input method; raises `BadInput`."""
    prefix, _, digits = folded_width(text).upper().partition("-")
    if prefix != letter or not (digits.isascii() and digits.isdigit()) or len(digits) > _DIGITS_MAX:
        raise BadInput(
            problem_zh=f"编号应如 {work_number(letter, 12)}",
            problem_en=f"a number looks like {work_number(letter, 12)}",
        )
    return int(digits)
