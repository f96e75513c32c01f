"""Who may come in where: each address of the web names its door, and one without a door doesn't even start.

    @router.post("/waves", ...)
    @permitted(Permission.PLAN_WAVES)
    def make_wave(request: Request, viewer: SignedIn, ...) -> ...:

The door is asked before anything of the request is read or looked up: who may not, learns nothing of what there is.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum, auto
from typing import Any, TypeVar

from fastapi import APIRouter, Depends
from fastapi.params import Depends as Asked
from fastapi.routing import APIRoute

from inventory.domain.permissions import Permission, check_permitted
from web.signed_in import SignedIn

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])


class Entrance(StrEnum):
    """What a door asks of everybody."""

    OPEN = auto()  # nothing
    SIGNING_IN = auto()  # a session, even one that still owes its second factor
    SIGNED_IN = auto()  # to be signed in: what is one's own
    PERMITTED = auto()  # a permission


@dataclass(frozen=True, slots=True)
class Door:
    """What an address asks for; permission: only where the entrance is `PERMITTED`."""

    entrance: Entrance
    permission: Permission | None = None


def permitted(permission: Permission) -> Callable[[Endpoint], Endpoint]:
    """Mark an endpoint: only who has the permission."""
    return _marked(Door(Entrance.PERMITTED, permission))


def for_everybody_signed_in(endpoint: Endpoint) -> Endpoint:
    """Mark an endpoint: one's own affairs, whoever one is."""
    return _marked(Door(Entrance.SIGNED_IN))(endpoint)


def while_signing_in(endpoint: Endpoint) -> Endpoint:
    """Mark an endpoint: whoever has a session, and may still owe the second factor."""
    return _marked(Door(Entrance.SIGNING_IN))(endpoint)


def open_to_all(endpoint: Endpoint) -> Endpoint:
    """Mark an endpoint: also strangers; it tells nothing about dossiers."""
    return _marked(Door(Entrance.OPEN))(endpoint)


def door_of(endpoint: Callable[..., Any]) -> Door | None:
    """The door an endpoint was marked with."""
    door = getattr(endpoint, "door", None)
    return door if isinstance(door, Door) else None


def _marked(door: Door) -> Callable[[Endpoint], Endpoint]:
    def mark(endpoint: Endpoint) -> Endpoint:
        endpoint.door = door  # type: ignore[attr-defined]
        return endpoint

    return mark


class Doors(APIRouter):
    """A router whose every address has a door."""

    def add_api_route(
        self, path: str, endpoint: Callable[..., Any], *, dependencies: Sequence[Asked] | None = None, **told: Any
    ) -> None:
        """Add an address with what its door asks for; raises `TypeError` for an endpoint that names none."""
        door = door_of(endpoint)
        if door is None:
            raise TypeError(f"{path}: say who may come in (web.doors)")
        asked = [*(dependencies or ()), *_asks(door)]
        super().add_api_route(path, endpoint, dependencies=asked, **told)

    def doors(self) -> dict[tuple[str, str], Door]:
        """Every address with its door, by method and path."""
        return {
            (method, route.path): door
            for route in self.routes
            if isinstance(route, APIRoute) and (door := door_of(route.endpoint))
            for method in route.methods or ()
        }


def _asks(door: Door) -> list[Asked]:
    permission = door.permission
    if permission is None:
        return []

    # It only looks, so it needs no thread: handing it to one costs more than all it does.
    async def ask(viewer: SignedIn) -> None:
        check_permitted(viewer, permission)

    return [Depends(ask)]
