"""What was scanned: codes of dossiers, tags, places and bags become what they stand for, as far as the viewer may know."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from itertools import groupby

from inventory.domain.acts import ActKind
from inventory.domain.custody import check_standing
from inventory.domain.epcs import parse_epc
from inventory.domain.identifiers import UNPRINTABLE, VolumeName, folded_width
from inventory.domain.people import Role, Viewer
from inventory.domain.places import PlaceKind
from inventory.domain.refusals import AlreadyThere, BadInput, CodeAmbiguous, CodeUnknown, Refusal, TooManyCodes
from inventory.domain.standing import Standing
from inventory.store import ledger, people, scans
from inventory.store.database import Database, raw
from inventory.store.scans import Code, Met

CODE_CHARACTERS_MAX = 120
CODES_AT_ONCE_MAX = 500
_EPC_CHARACTERS_MIN = 16  # 64 bits; what is shorter is rather somebody's number


class ScannedKind(StrEnum):
    """What a code turned out to be."""

    VOLUME = "volume"
    PLACE = "place"
    UNKNOWN = "unknown"
    AMBIGUOUS = "ambiguous"  # an old number of several dossiers


@dataclass(frozen=True, slots=True)
class Scanned:
    """One code and what it stands for.

    A volume comes with its name, the subject's name as the viewer gets it, its version and standing (None: no act yet)
    and the place it is at; a place with its code, name and kind.
    """

    code: str
    kind: ScannedKind
    volume: VolumeName | None = None
    name: str | None = field(default=None, repr=False)
    version: int = 0
    standing: Standing | None = None
    place_code: str | None = None
    place_name: str | None = None
    place_kind: PlaceKind | None = None
    seal_number: str | None = None
    pieces: int | None = None


def own_window(database: Database, viewer: Viewer) -> Scanned | None:
    """The window the viewer was given to work at, as if it had been scanned."""
    if viewer.role is not Role.WINDOW_CLERK:
        return None
    with database.transaction(viewer) as session:
        found = people.own_window(raw(session))
    if found is None:
        return None
    code, name = found
    return Scanned(code, ScannedKind.PLACE, place_code=code, place_name=name, place_kind=PlaceKind.WINDOW)


def scanned(database: Database, viewer: Viewer, codes: Sequence[str], now: datetime) -> list[Scanned]:
    """What each code stands for, in the order they came; another agency's dossier is as unknown as none.

    Codes are dossier numbers (`D-17`, `D-17/2`), old numbers, EPCs of volumes or shelf labels, and codes of places, bags
    among them. Raises `NotAllowed` and, for more than `CODES_AT_ONCE_MAX`, `TooManyCodes`. Every dossier met is a look.
    """
    agency_id = viewer.agency_seen()
    if len(codes) > CODES_AT_ONCE_MAX:
        raise TooManyCodes(most=CODES_AT_ONCE_MAX)
    with database.transaction(viewer) as session:
        connection = raw(session)
        found = scans.met(connection, [as_meant(code) for code in codes], agency_id)
        seen = list(dict.fromkeys(row.dossier_id for row in found if row.dossier_id is not None))
        people.log_looks(connection, viewer.account_id, "scan", now, seen)
    by_position = {position: list(rows) for position, rows in groupby(found, lambda row: row.position)}
    return [_told(viewer, folded_width(code), by_position.get(number, [])) for number, code in enumerate(codes, 1)]


def problem_with(kind: ActKind, one: Scanned, target: Scanned | None) -> Refusal | None:
    """Why this act can't be done with what was scanned, as it stands now; None where nothing is in its way.

    target: the place it is to go to, where that is known yet.
    """
    if one.kind is ScannedKind.AMBIGUOUS:
        return CodeAmbiguous(code=one.code)
    if one.volume is None:
        return CodeUnknown(code=one.code)
    try:
        check_standing(kind, str(one.volume), one.standing, None if target is None else target.place_kind)
    except Refusal as refusal:
        return refusal
    if target is not None and one.standing is not None and target.place_code == one.place_code:
        return AlreadyThere(volume=str(one.volume))
    return None


def as_meant(code: str) -> Code:
    """A code too long or unprintable means nothing: it is looked for as the empty text, which nothing has."""
    text = code.strip()
    if len(text) > CODE_CHARACTERS_MAX or UNPRINTABLE.search(text):
        text = ""
    folded = folded_width(text)
    try:
        name = VolumeName.parse(folded)
    except BadInput:
        name = VolumeName("")
    return Code(text, folded, name.number, name.volume, _epc(folded))


def _epc(text: str) -> bytes | None:
    if len(text) < _EPC_CHARACTERS_MIN:
        return None
    try:
        return parse_epc(text)
    except BadInput:
        return None


def _told(viewer: Viewer, code: str, rows: list[Met]) -> Scanned:
    code = code[:CODE_CHARACTERS_MAX]
    if not rows:
        return Scanned(code, ScannedKind.UNKNOWN)
    if len(rows) > 1:
        return Scanned(code, ScannedKind.AMBIGUOUS)
    (row,) = rows
    kind = None if row.place_kind is None else PlaceKind(row.place_kind)
    if row.number is None or row.ordinal is None:
        return Scanned(code, ScannedKind.PLACE, place_code=row.place_code, place_name=row.place_name, place_kind=kind)
    standing = None
    if row.place_kind is not None and row.legal is not None and row.seal is not None:
        standing = ledger.standing(row.place_kind, row.legal, row.seal, row.marks or [])
    return Scanned(
        code,
        ScannedKind.VOLUME,
        VolumeName(row.number, row.ordinal),
        None if row.name is None else viewer.name_seen(row.name),
        row.version,
        standing,
        row.place_code,
        row.place_name,
        kind,
        row.seal_number,
        row.pieces,
    )


__all__ = ["CODES_AT_ONCE_MAX", "CODE_CHARACTERS_MAX", "Scanned", "ScannedKind", "problem_with", "scanned"]
