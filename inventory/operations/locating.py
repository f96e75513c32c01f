"""Where one dossier is, with everything that speaks for it: ledger, belief, judgement and read profile."""

from dataclasses import dataclass
from typing import Any

import psycopg

from inventory.domain.identifiers import VolumeName
from inventory.domain.refusals import DossierNotFound
from inventory.domain.whereabouts import Whereabouts
from inventory.store import dossiers, read_profiles
from inventory.store.read_profiles import HeardAt


@dataclass(frozen=True, slots=True)
class Located:
    """A volume's whereabouts, and how it usually sounds where it stands: nothing before the first close that heard it there."""

    whereabouts: Whereabouts
    nights: int
    seen: int
    heard_at: tuple[HeardAt, ...]


def locate(connection: psycopg.Connection[Any], number: str) -> list[Located]:
    """Every volume of a dossier, or the one named; raises `DossierNotFound`, `BadInput`. It tells no person's name."""
    name = VolumeName.parse(number)
    row = dossiers.dossier_by_number(connection, name.number, None)
    if row is None:
        raise DossierNotFound(dossier=number)
    volumes = dossiers.whereabouts(connection, [row.dossier_id]).get(row.dossier_id, [])
    return [_located(connection, volume) for volume in volumes if name.volume in (1, volume.ordinal)]


def _located(connection: psycopg.Connection[Any], volume: Whereabouts) -> Located:
    profile = read_profiles.of_volume(connection, volume.volume_id)
    return Located(volume, *(profile or (0, 0, ())))
