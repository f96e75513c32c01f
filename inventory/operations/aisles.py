"""Aisles of mobile shelving: one stands open in a block at a time, and whoever opened it answers for the people in it."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import psycopg

from inventory.domain.people import Role, Viewer
from inventory.domain.permissions import Permission, check_permitted
from inventory.domain.picking import AislePurpose, OpenAisle, check_aisle
from inventory.domain.refusals import AisleNotOpen, AisleTaken, NotMobile, PlaceNotFound
from inventory.store import aisles, ledger
from inventory.store.aisles import AislePlace
from inventory.store.database import Database, raw

LOCAL = ZoneInfo("Asia/Shanghai")


def open_aisle(database: Database, viewer: Viewer, place: str, purpose: AislePurpose, now: datetime) -> OpenAisle:
    """Open the aisle in which `place` lies; an aisle of the keeper's own in the same block closes by it.

    Sent again it changes nothing. Raises `PlaceNotFound`, `NotMobile`, `AisleHeld`, `NotAllowed`.
    """
    with database.transaction(viewer) as session:
        connection = raw(session)
        return hold(connection, viewer, _mobile(connection, place), purpose, now)


def close_aisle(database: Database, viewer: Viewer, place: str, now: datetime) -> None:
    """Close the aisle that stands open in the block of `place`: its holder may, and the city manager for whoever left.

    Raises `PlaceNotFound`, `NotMobile`, `AisleNotOpen`, `AisleHeld`.
    """
    with database.transaction(viewer) as session:
        connection = raw(session)
        where = _mobile(connection, place)
        assert where.room_id is not None, "mobile shelving stands in a room"
        assert where.block is not None, "mobile shelving has blocks"
        _close(connection, viewer, where.room_id, where.block, now)


def close_aisle_of(database: Database, viewer: Viewer, room: str, block: str, now: datetime) -> None:
    """The same, told by room and block, as a list of open aisles has them."""
    with database.transaction(viewer) as session:
        connection = raw(session)
        place = ledger.place_by_code(connection, room)
        if place is None:
            raise PlaceNotFound(place=room)
        _close(connection, viewer, place.place_id, block, now)


def _close(connection: psycopg.Connection[Any], viewer: Viewer, room_id: int, block: str, now: datetime) -> None:
    open_now = aisles.open_aisle_of(connection, room_id, block)
    if open_now is None:
        raise AisleNotOpen(place=block)
    if viewer.role is not Role.CITY_MANAGER:
        check_aisle(open_now, viewer.account_id, _local(open_now.since))
    aisles.release_aisle(connection, room_id, block, viewer.account_id, now)


def open_aisles(database: Database, viewer: Viewer) -> list[tuple[str, OpenAisle]]:
    """Every aisle that stands open, with its room; raises `NotAllowed` for whoever doesn't work in the hall."""
    check_permitted(viewer, Permission.PLAN_WAVES)
    with database.transaction(viewer) as session:
        return aisles.open_aisles(raw(session))


def hold(
    connection: psycopg.Connection[Any], viewer: Viewer, where: AislePlace, purpose: AislePurpose, now: datetime
) -> OpenAisle:
    """Open an aisle in the caller's transaction, or keep it open where it is the keeper's own; raises `AisleHeld`."""
    check_permitted(viewer, Permission.PICK)
    room_id, block, aisle = where.room_id, where.block, where.aisle
    if room_id is None or block is None or aisle is None:
        raise NotMobile(place=where.code)
    open_now = aisles.open_aisle_of(connection, room_id, block)
    check_aisle(open_now, viewer.account_id, "" if open_now is None else _local(open_now.since))
    if open_now is not None and open_now.aisle == aisle:
        return open_now
    if open_now is not None:
        aisles.release_aisle(connection, room_id, block, viewer.account_id, now)
    if not aisles.try_open_aisle(connection, room_id, block, aisle, purpose, viewer.account_id, now):
        # Somebody was quicker by a moment; by now their opening is committed and can be told by name.
        open_now = aisles.open_aisle_of(connection, room_id, block)
        check_aisle(open_now, viewer.account_id, "" if open_now is None else _local(open_now.since))
        raise AisleTaken
    return OpenAisle(block, aisle, purpose, viewer.account_id, viewer.name, now)


def _mobile(connection: psycopg.Connection[Any], place: str) -> AislePlace:
    where = aisles.aisle_place(connection, place)
    if where is None:
        raise PlaceNotFound(place=place)
    if where.room_id is None or where.block is None or where.aisle is None:
        raise NotMobile(place=place)
    return where


def _local(moment: datetime) -> str:
    return moment.astimezone(LOCAL).strftime("%m-%d %H:%M")
