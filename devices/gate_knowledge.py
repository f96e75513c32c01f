"""What a gate's process knows: gates and their readers, papers under way, and every tag's volume and where the ledger has that.

It is looked up in memory and lies on local disk too, so that a gate decides with the database away, also after a restart. A
million tags are arrays of some 50 MB; what has moved since they were written lies beside them.
"""

import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from devices.spool import replace_file
from inventory.domain.acts import microseconds
from inventory.domain.gate_passages import Passing
from inventory.domain.identifiers import VolumeName
from inventory.domain.places import PlaceKind
from inventory.locating.arrays import NONE
from inventory.locating.gate_model import ORDER, SHARE, GateModel, Levels
from inventory.locating.walking import Usual
from inventory.store.gate_lists import ListedGate, PaperRow, TagRow
from inventory.store.readers import RegisteredAntenna

CHANGED_MAX = 20_000  # so many volumes beside the arrays: time to write them anew
KNOWN, REGISTER = "known.json", "register.npz"


class KnownVolume(NamedTuple):
    """A volume, and where the ledger has it; place_id and since (microseconds) None before its arrival."""

    volume_id: int
    name: VolumeName
    place_id: int | None
    since: int | None


class Changed(NamedTuple):
    """A tag of a volume that changed since the register was written."""

    epc: bytes
    volume_id: int
    number: str
    ordinal: int
    place_id: int | None
    since: int | None


@dataclass(frozen=True)
class Register:
    """Every tag in use: keys ascending (hashes of EPCs), and of each the volume, its number, place and since when."""

    key: NDArray[np.uint64]
    volume: NDArray[np.int32]
    ordinal: NDArray[np.int16]
    number: NDArray[np.bytes_]
    place: NDArray[np.int32]
    since: NDArray[np.int64]

    @staticmethod
    def of(parts: Iterable[Sequence[TagRow]]) -> "Register":
        """From the database's rows."""
        made = [_columns(rows) for rows in parts] or [_columns(())]
        whole = [np.concatenate(column) for column in zip(*made, strict=True)]
        order = np.argsort(whole[0], kind="stable")
        return Register(*(column[order] for column in whole))

    def find(self, epc: bytes) -> KnownVolume | None:
        """The volume a tag is on."""
        key = tag_key(epc)
        row = int(np.searchsorted(self.key, key))
        if row == len(self.key) or self.key[row] != key:
            return None
        place, since = int(self.place[row]), int(self.since[row])
        name = VolumeName(self.number[row].decode(), int(self.ordinal[row]))
        return KnownVolume(
            int(self.volume[row]), name, None if place == NONE else place, None if since == NONE else since
        )


def _columns(rows: Sequence[TagRow]) -> tuple[NDArray[np.generic], ...]:
    return (
        np.array([tag_key(row.epc) for row in rows], np.uint64),
        np.array([row.volume_id for row in rows], np.int32),
        np.array([row.ordinal for row in rows], np.int16),
        np.array([row.number.encode() for row in rows], np.bytes_),
        np.array([NONE if row.place_id is None else row.place_id for row in rows], np.int32),
        np.array([NONE if row.since is None else microseconds(row.since) for row in rows], np.int64),
    )


def tag_key(epc: bytes) -> np.uint64:
    """64 bits of an EPC; two of ten million tags meet once in four hundred thousand sites."""
    return np.uint64(int.from_bytes(blake2b(epc, digest_size=8).digest(), "big"))


@dataclass
class Knowledge:
    """All of it as of one instant (`listed_at`, microseconds). Replaced piece by piece, never changed under a reader's eyes."""

    listed_at: int
    antennas: list[RegisteredAntenna]
    gates: dict[int, ListedGate]
    papers: list[PaperRow]
    places: dict[int, tuple[str, str]]
    register: Register
    changed: dict[int, tuple[Changed, ...]] = field(default_factory=dict)
    _by_epc: dict[bytes, Changed] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Look changed tags up by their EPCs."""
        self._by_epc = {tag.epc: tag for tags in self.changed.values() for tag in tags}

    def find(self, epc: bytes) -> KnownVolume | None:
        """The volume a tag is on, and where the ledger has it."""
        if (tag := self._by_epc.get(epc)) is not None:
            return KnownVolume(tag.volume_id, VolumeName(tag.number, tag.ordinal), tag.place_id, tag.since)
        found = self.register.find(epc)
        return None if found is None or found.volume_id in self.changed else found

    def kind_of(self, place_id: int | None) -> PlaceKind | None:
        """What a place is."""
        return None if place_id is None or place_id not in self.places else PlaceKind(self.places[place_id][1])

    def papers_for(self, gate: ListedGate, passing: Passing) -> dict[str, dict[VolumeName, int]]:
        """By number, the volumes (with their ids) that may pass this gate this way; both ways where it isn't clear which."""
        found: dict[str, dict[VolumeName, int]] = {}
        for row in self.papers:
            out, into = row.from_place_id == gate.warehouse_id, row.to_place_id == gate.warehouse_id
            if {Passing.OUT: out, Passing.IN: into}.get(passing, out or into):
                found.setdefault(row.paper, {})[VolumeName(row.number, row.ordinal)] = row.volume_id
        return found

    def with_changes(self, volume_ids: Iterable[int], rows: Iterable[TagRow], now: int) -> "Knowledge":
        """The same with what the ledger says of these volumes now."""
        changed: dict[int, list[Changed]] = {volume: [] for volume in volume_ids}
        for row in rows:
            since = None if row.since is None else microseconds(row.since)
            changed[row.volume_id].append(Changed(*row[:5], since))
        kept = self.changed | {volume: tuple(tags) for volume, tags in changed.items()}
        return Knowledge(now, self.antennas, self.gates, self.papers, self.places, self.register, kept)


class _Saved(msgspec.Struct):
    listed_at: int
    antennas: list[RegisteredAntenna]
    gates: list[ListedGate]
    papers: list[PaperRow]
    changed: list[Changed]
    emptied: list[int]


def save(directory: Path, known: Knowledge, *, whole: bool) -> None:
    """Write it to disk; whole: the register too, which only a few changes tell from the one there."""
    if whole:
        content = io.BytesIO()
        register = known.register
        codes = [code.encode() for code, _ in known.places.values()]
        kinds = [kind.encode() for _, kind in known.places.values()]
        np.savez(
            content,
            key=register.key,
            volume=register.volume,
            ordinal=register.ordinal,
            number=register.number,
            place=register.place,
            since=register.since,
            place_id=np.array(list(known.places), np.int64),
            place_code=np.array(codes, np.bytes_),
            place_kind=np.array(kinds, np.bytes_),
        )
        replace_file(directory / REGISTER, content.getvalue())
    tags = [tag for tags in known.changed.values() for tag in tags]
    emptied = [volume for volume, tags in known.changed.items() if not tags]
    saved = _Saved(known.listed_at, known.antennas, list(known.gates.values()), known.papers, tags, emptied)
    replace_file(directory / KNOWN, msgspec.json.encode(saved))


def load(directory: Path) -> Knowledge | None:
    """What was saved last; None where nothing whole is there."""
    try:
        saved = msgspec.json.decode((directory / KNOWN).read_bytes(), type=_Saved)
        with np.load(directory / REGISTER) as stored:
            register = Register(*(stored[name] for name in ("key", "volume", "ordinal", "number", "place", "since")))
            places = {
                int(place): (code.decode(), kind.decode())
                for place, code, kind in zip(
                    stored["place_id"], stored["place_code"], stored["place_kind"], strict=True
                )
            }
    except (OSError, ValueError, KeyError, msgspec.DecodeError):
        return None
    changed: dict[int, list[Changed]] = {volume: [] for volume in saved.emptied}
    for tag in saved.changed:
        changed.setdefault(tag.volume_id, []).append(tag)
    return Knowledge(
        saved.listed_at,
        saved.antennas,
        {gate.place_id: gate for gate in saved.gates},
        saved.papers,
        places,
        register,
        {volume: tuple(tags) for volume, tags in changed.items()},
    )


def gate_antennas(antennas: Iterable[RegisteredAntenna]) -> Iterator[RegisteredAntenna]:
    """Those at gates."""
    return (one for one in antennas if one.role in {"gate_inner", "gate_outer"} and one.place_id is not None)


def as_moment(at: int) -> str:
    """Microseconds since 1970 as the database takes them."""
    return datetime.fromtimestamp(at // 1_000_000, UTC).replace(microsecond=at % 1_000_000).isoformat()


class _Model(msgspec.Struct):
    dbm: list[float]
    spread: list[float]
    lag: float
    loudest: float = 0.0  # neither was kept before it told anything
    share: float = SHARE
    order: float = ORDER


def save_model(directory: Path, gate: str, model: GateModel) -> None:
    """Keep how a gate's passages sound; nothing where it was never taught."""
    if model.levels is not None:
        kept = _Model(model.levels.dbm.tolist(), model.levels.spread.tolist(), *model.levels.usual)
        replace_file(directory / f"model-{gate}.json", msgspec.json.encode(kept))


def load_model(directory: Path, gate: str) -> GateModel:
    """How its passages sounded until now."""
    try:
        kept = msgspec.json.decode((directory / f"model-{gate}.json").read_bytes(), type=_Model)
    except (OSError, msgspec.DecodeError):
        return GateModel()
    usual = Usual(kept.lag, kept.loudest or kept.lag, kept.share, kept.order)
    return GateModel(Levels(np.array(kept.dbm), np.array(kept.spread), usual))
