"""Picking: waves over approved requests, walked stop by stop; a stop is one keeper's, and one shelf scan takes many dossiers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg

from inventory.domain.acts import ActKind
from inventory.domain.hall import Hall
from inventory.domain.identifiers import VolumeName
from inventory.domain.people import Viewer
from inventory.domain.permissions import Permission, check_permitted
from inventory.domain.picking import (
    WAVE_PICKS_MAX,
    AislePurpose,
    PickDue,
    chosen,
    parse_work_number,
    work_number,
)
from inventory.domain.refusals import (
    BadInput,
    NoStopTaken,
    NothingToPick,
    NotOfThisStop,
    PlaceNotFound,
    WaveFinished,
    WaveNotFound,
)
from inventory.domain.requests import request_number
from inventory.domain.waves import PickPoint, plan_wave
from inventory.operations import aisles, custody, searching
from inventory.operations.custody import Asked, Seen, part_of
from inventory.operations.scanning import ScannedKind, scanned
from inventory.store import aisles as aisle_rows
from inventory.store import ledger, people, requests, searches, wave_making, waves
from inventory.store.aisles import AislePlace
from inventory.store.database import Database, raw
from inventory.store.wave_making import Fetched, NewWave
from inventory.store.waves import Pick, Stop, Wave


@dataclass(frozen=True, slots=True)
class WaveAsked:
    """A wave somebody wants: over a warehouse or one room of it, at most `picks_max` picks."""

    command_id: UUID
    warehouse: str
    room: str | None = None
    picks_max: int = WAVE_PICKS_MAX


@dataclass(frozen=True, slots=True)
class PickAsked:
    """What a keeper took: the shelf's label as scanned, the codes of the dossiers, and the cart or desk they went to."""

    command_id: UUID
    shelf: str
    codes: Sequence[str]
    to_place: str


@dataclass(frozen=True, slots=True)
class StopInHand:
    """The stop a keeper is at, with all its picks, done or not; target: the cart or desk the last ones went to."""

    stop: Stop
    picks: tuple[Pick, ...]
    target: str | None

    @property
    def wave(self) -> str:
        """The wave's number."""
        return work_number("W", self.stop.wave_id)

    @property
    def open(self) -> tuple[Pick, ...]:
        """What is still to be picked here."""
        return tuple(pick for pick in self.picks if pick.state == "open")


@dataclass(frozen=True, slots=True)
class Picked:
    """How many were picked just now, and what is left at the stop; None: the stop is done."""

    count: int
    left: StopInHand | None


def make_wave(database: Database, viewer: Viewer, asked: WaveAsked, now: datetime) -> Wave:
    """Make a wave of the approved requests that come first, in the order that opens few aisles and walks little.

    Requests whose dossiers stand on a desk or cart already are ready at once. Raises `NotAllowed`, `BadInput`,
    `PlaceNotFound`, `NothingToPick`.
    """
    _check_maker(viewer)
    if not 1 <= asked.picks_max <= WAVE_PICKS_MAX:
        raise BadInput(
            problem_zh=f"一个批次取 1 至 {WAVE_PICKS_MAX} 册", problem_en=f"a wave has 1 to {WAVE_PICKS_MAX} picks"
        )
    with database.transaction(viewer) as session:
        connection = raw(session)
        content = ("wave", viewer.account_id, asked.warehouse, asked.room, asked.picks_max)
        if ledger.once(connection, asked.command_id, content):
            wave_id = _made(connection, viewer, asked, now)
        else:
            known = waves.wave_of_command(connection, asked.command_id)
            assert known is not None, "a wave and its command are written together"
            wave_id = known
        return _wave(connection, wave_id)


def _made(connection: psycopg.Connection[Any], viewer: Viewer, asked: WaveAsked, now: datetime) -> int:
    warehouse_id = _place_of_kind(connection, asked.warehouse, "warehouse")
    room_id = None if asked.room is None else _place_of_kind(connection, asked.room, "room")
    to_fetch, at_hand, waiting = wave_making.take_requests(connection, warehouse_id, room_id, asked.picks_max)
    if not to_fetch and not at_hand:
        raise NothingToPick(place=asked.room or asked.warehouse, waiting=waiting)
    requests.advance(connection, to_fetch + at_hand, ["approved"], "picking", viewer.account_id, now)
    requests.advance(connection, at_hand, ["picking"], "ready", viewer.account_id, now)
    picks = wave_making.fetched(connection, to_fetch)
    order, aisles_opened, metres = _walked(connection, picks)
    wave = NewWave(warehouse_id, room_id, viewer.account_id, now, asked.command_id, len(at_hand), aisles_opened, metres)
    return wave_making.add_wave(connection, wave, order, picks)


def _walked(connection: psycopg.Connection[Any], picks: Sequence[Fetched]) -> tuple[list[int], int, float]:
    """The shelves of these picks in walking order, by row id; how many aisles that opens, and the metres on foot."""
    shelves = {pick.place_id: pick for pick in picks}
    if not shelves:
        return [], 0, 0.0
    rooms = sorted({pick.room_id for pick in picks})
    hall = Hall(tuple(wave_making.surveyed_aisles(connection, rooms)))
    points = [PickPoint(p.place_id, p.room_id, p.block, p.aisle, p.x, p.y, p.z) for p in shelves.values()]
    walk = plan_wave(points, hall, wave_making.aisles_open(connection, rooms))
    return [place_id for bay in walk.stops for place_id in bay.keys], walk.aisles_opened, walk.metres


def next_stop(database: Database, viewer: Viewer, wave: str, now: datetime) -> StopInHand | None:
    """The keeper's next shelf in a wave, theirs from now on, its aisle open; the stop in hand where there is one.

    None: nothing is left, or the rest is in other keepers' hands. Raises `WaveNotFound`, and `AisleHeld` where all that is
    left lies in blocks others have open; nothing is claimed then.
    """
    _check_keeper(viewer)
    wave_id = parse_work_number("W", wave)
    with database.transaction(viewer) as session:
        connection = raw(session)
        stop = waves.stop_in_hand(connection, viewer.account_id)
        if stop is None:
            _wave(connection, wave_id)
            stop = waves.claim_stop(connection, wave_id, viewer.account_id, now)
        if stop is None:
            aisle_rows.release_picking_aisles(connection, viewer.account_id, viewer.account_id, now)
            return None
        _enter(connection, viewer, stop, now)
        return _in_hand(connection, viewer, stop, now)


def stop_in_hand(database: Database, viewer: Viewer, now: datetime) -> StopInHand | None:
    """The stop a keeper has taken and not done."""
    _check_keeper(viewer)
    with database.transaction(viewer) as session:
        connection = raw(session)
        stop = waves.stop_in_hand(connection, viewer.account_id)
        return None if stop is None else _in_hand(connection, viewer, stop, now)


def give_back_stop(database: Database, viewer: Viewer, now: datetime) -> None:
    """Leave the stop in hand to whoever comes next, and close the aisles one had open to pick; raises `NoStopTaken`."""
    _check_keeper(viewer)
    with database.transaction(viewer) as session:
        connection = raw(session)
        stop = waves.stop_in_hand(connection, viewer.account_id, lock=True)
        if stop is None:
            raise NoStopTaken
        waves.give_back(connection, stop.stop_id)
        aisle_rows.release_picking_aisles(connection, viewer.account_id, viewer.account_id, now)


def pick(database: Database, viewer: Viewer, asked: PickAsked, now: datetime) -> Picked:
    """Take dossiers off the shelf of the stop in hand: one scan of the shelf, many of dossiers; all or none.

    Raises `NoStopTaken`, `WrongShelf`, `NotOfThisStop`, `PickMoved`, `AisleHeld`, and what the act of picking refuses.
    """
    _check_keeper(viewer)
    shelf, volumes = _seen(database, viewer, asked, now)
    with database.transaction(viewer) as session:
        connection = raw(session)
        content = ("pick", viewer.account_id, asked.shelf, list(asked.codes), asked.to_place)
        command = part_of(asked.command_id, "picked")
        if not ledger.once(connection, asked.command_id, content):
            stop = waves.stop_in_hand(connection, viewer.account_id)
            left = None if stop is None else _in_hand(connection, viewer, stop, now)
            return Picked(waves.acts_of(connection, command), left)
        stop = _stop_taken(connection, viewer)
        _enter(connection, viewer, stop, now)
        due = [one.due() for one in waves.picks(connection, [stop.stop_id]) if one.state == "open"]
        taken = chosen(stop.shelf, shelf, due, volumes)
        custody.write(connection, viewer, _picked(command, asked.to_place, taken, now))
        _close(connection, viewer, stop, taken, "picked", now)
        stop = waves.stop_in_hand(connection, viewer.account_id)
        left = None if stop is None else _in_hand(connection, viewer, stop, now)
        return Picked(len(taken), left)


def not_found(
    database: Database, viewer: Viewer, command_id: UUID, volume: VolumeName, now: datetime, note: str | None = None
) -> int:
    """A dossier isn't on the shelf of the stop in hand: its request waits and the search begins; returns the search's id.

    Raises `NoStopTaken`, `NotOfThisStop`, and what beginning the search refuses.
    """
    _check_keeper(viewer)
    with database.transaction(viewer) as session:
        connection = raw(session)
        search = part_of(command_id, "search")
        if not ledger.once(connection, command_id, ("not found", viewer.account_id, str(volume))):
            known = searches.case_of_command(connection, search)
            assert known is not None, "a pick not found and its search are written together"
            return known
        stop = _stop_taken(connection, viewer)
        due = [one.due() for one in waves.picks(connection, [stop.stop_id]) if one.state == "open"]
        missed = next((one for one in due if one.volume == volume), None)
        if missed is None:
            raise NotOfThisStop(code=str(volume))
        reason = note or f"出库批次 {work_number('W', stop.wave_id)}：{stop.shelf} 未找到"
        case_id = searching.begin(
            connection, viewer, volume, command_id=search, now=now, reason=reason, request_id=missed.request_id
        )
        requests.advance(
            connection, [missed.request_id], ["picking"], "searching", viewer.account_id, now, note=str(volume)
        )
        _close(connection, viewer, stop, [missed], "not_found", now)
        return case_id


def finish_wave(database: Database, viewer: Viewer, command_id: UUID, wave: str, now: datetime) -> Wave:
    """End a wave: what wasn't picked goes back to the approved requests, the aisles of its keepers close.

    Raises `WaveNotFound`, `WaveFinished`.
    """
    _check_maker(viewer)
    wave_id = parse_work_number("W", wave)
    with database.transaction(viewer) as session:
        connection = raw(session)
        if ledger.once(connection, command_id, ("finish wave", viewer.account_id, wave_id)):
            left = waves.open_picks(connection, wave_id)
            if _wave(connection, wave_id).state == "finished":
                raise WaveFinished(wave=wave)
            waves.settle_picks(connection, [row[0] for row in left], "dropped", viewer.account_id, now)
            requests.advance(
                connection,
                sorted({row[1] for row in left}),
                ["picking"],
                "approved",
                viewer.account_id,
                now,
                note=work_number("W", wave_id),
            )
            for keeper_id in sorted(
                {row[2] for row in left if row[2] is not None}
            ):  # a few people, not a set of dossiers
                aisle_rows.release_picking_aisles(connection, keeper_id, viewer.account_id, now)
        return _wave(connection, wave_id)


def _picked(command: UUID, to_place: str, taken: Sequence[PickDue], now: datetime) -> Asked:
    """The act of picking, on the authority of the requests it serves; each dossier tells its own."""
    numbers = list(dict.fromkeys(request_number(one.request_id) for one in taken))
    seen = [Seen(one.volume, details={"request": request_number(one.request_id)}) for one in taken]
    return Asked(command, ActKind.PICKED, seen, to_place, now, authority="、".join(numbers))


def _close(
    connection: psycopg.Connection[Any], viewer: Viewer, stop: Stop, taken: Sequence[PickDue], state: str, now: datetime
) -> None:
    """Close these picks; requests all of whose dossiers are fetched are ready, and after the last stop the aisles close."""
    waves.settle_picks(connection, [one.pick_id for one in taken], state, viewer.account_id, now)
    fetched = waves.requests_fetched(connection, sorted({one.request_id for one in taken}))
    requests.advance(connection, fetched, ["picking"], "ready", viewer.account_id, now)
    if _wave(connection, stop.wave_id).state == "finished":
        aisle_rows.release_picking_aisles(connection, viewer.account_id, viewer.account_id, now)


def _seen(database: Database, viewer: Viewer, asked: PickAsked, now: datetime) -> tuple[str, list[VolumeName]]:
    """The shelf whose label (its printed code or its tag) was scanned, as far as it is one, and the volumes."""
    shelf, *dossiers = scanned(database, viewer, [asked.shelf, *asked.codes], now)
    volumes = []
    for one in dossiers:
        if one.volume is None:
            raise NotOfThisStop(code=one.code)
        volumes.append(one.volume)
    told = shelf.place_code if shelf.kind is ScannedKind.PLACE else None
    return told or asked.shelf, volumes


def _enter(connection: psycopg.Connection[Any], viewer: Viewer, stop: Stop, now: datetime) -> None:
    """Have the stop's aisle open, where its shelving moves."""
    if stop.room_id is not None and stop.block is not None and stop.aisle is not None:
        where = AislePlace(stop.shelf, stop.room_id, stop.block, stop.aisle)
        aisles.hold(connection, viewer, where, AislePurpose.PICK, now)


def _in_hand(connection: psycopg.Connection[Any], viewer: Viewer, stop: Stop, now: datetime) -> StopInHand:
    picks = waves.picks(connection, [stop.stop_id])
    people.log_looks(connection, viewer.account_id, "pick", now, sorted({one.dossier_id for one in picks}))
    return StopInHand(stop, tuple(picks), waves.last_target(connection, viewer.account_id, stop.wave_id))


def _stop_taken(connection: psycopg.Connection[Any], viewer: Viewer) -> Stop:
    stop = waves.stop_in_hand(connection, viewer.account_id, lock=True)
    if stop is None:
        raise NoStopTaken
    return stop


def _wave(connection: psycopg.Connection[Any], wave_id: int) -> Wave:
    wave = waves.wave_by_id(connection, wave_id)
    if wave is None:
        raise WaveNotFound(wave=work_number("W", wave_id))
    return wave


def _place_of_kind(connection: psycopg.Connection[Any], code: str, kind: str) -> int:
    place = ledger.place_by_code(connection, code)
    if place is None or place.kind != kind:
        raise PlaceNotFound(place=code)
    return place.place_id


def _check_maker(viewer: Viewer) -> None:
    check_permitted(viewer, Permission.PLAN_WAVES)


def _check_keeper(viewer: Viewer) -> None:
    check_permitted(viewer, Permission.PICK)
