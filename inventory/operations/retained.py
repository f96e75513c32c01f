"""The clocks of those who died or retired: whose dossier is due to go, and since when."""

from dataclasses import dataclass
from datetime import date, datetime

from inventory.domain.counting import LOCAL
from inventory.domain.people import Viewer
from inventory.domain.travelling import years_after
from inventory.operations.rule_numbers import numbers_on
from inventory.store import people, register_work
from inventory.store.database import Database, raw
from inventory.store.register_work import Kept

KEPT_SHOWN_MAX = 500


@dataclass(frozen=True, slots=True)
class KeptLine:
    """A dossier kept after a death or a retirement: since which day, until when; due: it may go now."""

    number: str
    name: str
    agency: str
    since: date
    until: date
    due: bool
    authority: str | None
    place: str
    place_kind: str


@dataclass(frozen=True, slots=True)
class Retained:
    """The deceased, longest kept first, and the retired who still wait for their township; years: kept after a death."""

    years: int
    deceased: tuple[KeptLine, ...]
    retired: tuple[KeptLine, ...]

    @property
    def due(self) -> int:
        """How many dossiers may go now."""
        return sum(line.due for line in (*self.deceased, *self.retired))


def retained(database: Database, viewer: Viewer, now: datetime) -> Retained:
    """Whose dossier is kept after death or retirement, at most `KEPT_SHOWN_MAX` of each; every one named is a look.

    The years are the rule's (`death_kept_years`) or the site's own. Nothing leaves by a clock: a dossier due still goes by a
    request of its own.
    """
    today = now.astimezone(LOCAL).date()
    with database.transaction(viewer) as session:
        connection = raw(session)
        years = numbers_on(connection, today).kept_years
        agency_id = viewer.agency_seen()
        deceased = register_work.deceased(connection, today, agency_id, KEPT_SHOWN_MAX)
        retired = register_work.retired(connection, today, agency_id, KEPT_SHOWN_MAX)
        looked_at = sorted({one.dossier_id for one in (*deceased, *retired)})
        people.log_looks(connection, viewer.account_id, "retained", now, looked_at)
    return Retained(
        years,
        tuple(_line(one, viewer, years_after(one.on, years), today) for one in deceased),
        tuple(_line(one, viewer, one.on, today) for one in retired),
    )


def _line(one: Kept, viewer: Viewer, until: date, today: date) -> KeptLine:
    return KeptLine(
        one.number,
        viewer.name_seen(one.name),
        one.agency,
        one.on,
        until,
        until <= today,
        one.authority,
        one.place,
        one.place_kind,
    )
