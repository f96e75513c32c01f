"""Looking at searches: the list, and one case with everything that may help to find the volume."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import psycopg

from inventory.domain.acts import Act
from inventory.domain.identifiers import VolumeName
from inventory.domain.neighbours import Side, neighbours
from inventory.domain.people import Viewer
from inventory.domain.places import PlaceKind
from inventory.domain.refusals import SearchNotFound
from inventory.domain.searching import CaseState, Step, case_number, parse_case_number
from inventory.store import people, search_hints, searches
from inventory.store.database import Database, raw
from inventory.store.search_hints import Holder, Moved, Sighting
from inventory.store.searches import Case, StepDone

CASES_SHOWN_MAX = 200
ACTS_SHOWN_MAX = 12
PLACES_SHOWN_MAX = 20
MOVED_SHOWN_MAX = 20
MOVED_DAYS = 30

UNSETTLED = (CaseState.SUSPECTED, CaseState.OPEN, CaseState.LOST)


@dataclass(frozen=True, slots=True)
class CaseLine:
    """A case in the list, and how many of its protocol's steps nobody has done yet."""

    number: str
    volume: str
    dossier: str
    state: CaseState
    from_place: str
    reason: str
    opened_by: str
    opened_at: datetime
    request_id: int | None
    steps: int
    steps_left: int


@dataclass(frozen=True, slots=True)
class StepLine:
    """One step of the protocol, who did it so far, and where it leads just now."""

    step: Step
    done: tuple[StepDone, ...]
    places: tuple[Holder, ...] = ()
    sides: Mapping[Side, str] | None = None
    moved: tuple[Moved, ...] = ()
    people: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CaseView:
    """A case with all there is to know; acts: the volume's newest, newest first (who had it last)."""

    line: CaseLine
    case: Case
    steps: tuple[StepLine, ...]
    acts: tuple[Act, ...]
    sighting: Sighting | None
    seen_after_last_move: bool


def search_cases(database: Database, viewer: Viewer, states: Sequence[CaseState] = UNSETTLED) -> list[CaseLine]:
    """Cases in these states, the oldest first, at most `CASES_SHOWN_MAX`; an agency's people see their own dossiers'."""
    with database.transaction(viewer) as session:
        connection = raw(session)
        found = searches.cases(connection, states, viewer.agency_seen(), CASES_SHOWN_MAX)
        done = searches.steps_known(connection, [case.case_id for case in found])
    return [_line(case, done.get(case.case_id, ())) for case in found]


def search_case(database: Database, viewer: Viewer, number: str, now: datetime) -> CaseView:
    """One case with its hints; raises `SearchNotFound`."""
    with database.transaction(viewer) as session:
        connection = raw(session)
        case = searches.case_by_id(connection, parse_case_number(number), viewer.agency_seen())
        if case is None:
            raise SearchNotFound(case=number)
        people.log_access(connection, viewer.account_id, "search_case", now, case.dossier_id)
        done = searches.steps_done(connection, case.case_id)
        acts = tuple(search_hints.last_acts(connection, case.volume_id, ACTS_SHOWN_MAX))
        seen = search_hints.sighting(connection, case.volume_id)
        # An agency's people search for their own; what else stands around is none of theirs.
        everywhere = viewer.agency_seen() is None
        steps = tuple(
            _step(connection, case, Step(step), done, now) if everywhere else _plain_step(Step(step), done)
            for step in case.steps
        )
    line = _line(case, [step.step for step in done])
    moves = [act.happened_at for act in acts if act.to_place is not None and act.kind != "not_found"]
    fresh = seen is not None and (not moves or seen.last_seen_at >= moves[0])
    return CaseView(line, case, steps, acts, seen, fresh)


def _line(case: Case, done: Sequence[str]) -> CaseLine:
    known = set(done)
    left = [step for step in case.steps if step not in known]
    return CaseLine(
        case_number(case.case_id),
        str(VolumeName(case.number, case.ordinal)),
        case.number,
        CaseState(case.state),
        case.from_place,
        case.reason,
        case.opened_by,
        case.opened_at,
        case.request_id,
        len(case.steps),
        len(left),
    )


# Where a step leads: the kinds of place to look through.
_LOOKED_THROUGH: dict[Step, tuple[PlaceKind, ...]] = {
    Step.CARTS: (PlaceKind.CART, PlaceKind.DESK, PlaceKind.ARRIVALS, PlaceKind.WINDOW),
    Step.BAGS: (PlaceKind.BAG,),
    Step.LOANS: (PlaceKind.BORROWER, PlaceKind.READING_ROOM, PlaceKind.DIGITISATION),
    Step.QUARANTINE: (PlaceKind.QUARANTINE,),
}


def _plain_step(step: Step, done: Sequence[StepDone]) -> StepLine:
    return StepLine(step, tuple(one for one in done if one.step == step))


def _step(
    connection: psycopg.Connection[Any], case: Case, step: Step, done: Sequence[StepDone], now: datetime
) -> StepLine:
    mine = _plain_step(step, done).done
    if step in _LOOKED_THROUGH:
        found = tuple(search_hints.holders(connection, _LOOKED_THROUGH[step], PLACES_SHOWN_MAX))
        moved = _moved(connection, case, now) if step is Step.LOANS else ()
        return StepLine(step, mine, places=found, moved=moved)
    if step is Step.NEIGHBOURS:
        return StepLine(step, mine, sides=_sides(connection, case.from_place))
    if step is Step.CARRIERS:
        return StepLine(step, mine, people=tuple(search_hints.carriers(connection, case.volume_id)))
    return _plain_step(step, done)


def _sides(connection: psycopg.Connection[Any], shelf: str) -> Mapping[Side, str]:
    around = search_hints.shelves_around(connection, shelf)
    itself = next((one for one in around if one.code == shelf), None)
    return {} if itself is None else neighbours(itself, around)


def _moved(connection: psycopg.Connection[Any], case: Case, now: datetime) -> tuple[Moved, ...]:
    """What left the same shelf or one next to it lately: it may have been taken in place of the one that is missing."""
    codes = [case.from_place, *_sides(connection, case.from_place).values()]
    return tuple(search_hints.moved_from(connection, codes, now - timedelta(days=MOVED_DAYS), MOVED_SHOWN_MAX))
