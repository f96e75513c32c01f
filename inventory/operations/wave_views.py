"""Looking at waves: which there are, and how far each has come."""

from dataclasses import dataclass

from inventory.domain.people import Viewer
from inventory.domain.permissions import Permission, check_permitted
from inventory.domain.picking import parse_work_number, work_number
from inventory.domain.refusals import WaveNotFound
from inventory.store import wave_making, waves
from inventory.store.database import Database, raw
from inventory.store.waves import Stop, Wave

WAVES_SHOWN_MAX = 50


@dataclass(frozen=True, slots=True)
class WaveView:
    """A wave and its stops in walking order."""

    wave: Wave
    stops: tuple[Stop, ...]

    @property
    def number(self) -> str:
        """What it is called."""
        return work_number("W", self.wave.wave_id)


def wave_list(database: Database, viewer: Viewer) -> list[Wave]:
    """Open waves first, then the newest finished ones; raises `NotAllowed`."""
    _check(viewer)
    with database.transaction(viewer) as session:
        return waves.waves(raw(session), WAVES_SHOWN_MAX)


def wave_view(database: Database, viewer: Viewer, wave: str) -> WaveView:
    """One wave with its stops; raises `WaveNotFound`."""
    _check(viewer)
    wave_id = parse_work_number("W", wave)
    with database.transaction(viewer) as session:
        connection = raw(session)
        found = waves.wave_by_id(connection, wave_id)
        if found is None:
            raise WaveNotFound(wave=wave)
        return WaveView(found, tuple(waves.stops(connection, wave_id)))


def warehouses(database: Database, viewer: Viewer) -> list[tuple[str, str, int]]:
    """Every warehouse: code, name, and how many approved requests wait for dossiers that stand in it."""
    _check(viewer)
    with database.transaction(viewer) as session:
        return wave_making.warehouses(raw(session))


def _check(viewer: Viewer) -> None:
    check_permitted(viewer, Permission.PLAN_WAVES)
