"""`/api/v1/sweeps`: what the sweep assistant shows, for handhelds with a program of their own."""

from datetime import datetime

from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field

from inventory.domain.permissions import Permission
from inventory.operations.sweeping import look_at_sweeps, watch_sweep
from web.api.work import REFUSALS
from web.doors import Doors, permitted
from web.signed_in import SignedIn
from web.site import read_clock, site_of

router = Doors(prefix="/api/v1")


class _Answer(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class SweepingAnswer(_Answer):
    """A handheld or cart, and what it read in the last twelve hours."""

    reader: str
    at: datetime | None
    reads: int


class ToSweepAnswer(_Answer):
    """A bay that waits for a sweep."""

    bay: str
    path: list[str]
    undecided: int
    volumes: int
    listened_at: datetime | None = Field(description="When a reader was last at its least visited shelf; null: never.")


class SweepsAnswer(_Answer):
    """Readers, and bays in the order in which they should be swept."""

    readers: list[SweepingAnswer]
    waiting: list[ToSweepAnswer]


class ShelfSweptAnswer(_Answer):
    """A shelf of a bay that is being swept."""

    code: str
    name: str
    expected: int
    heard: int
    unsure: int
    visits: int


class BaySweptAnswer(_Answer):
    """A bay that is being swept."""

    code: str
    path: list[str]
    expected: int
    heard: int
    unsure_share: float
    again: bool = Field(description="Worth another pass.")
    shelves: list[ShelfSweptAnswer]


class StrangerAnswer(_Answer):
    """A volume heard where it doesn't belong."""

    volume: str
    here: str
    belongs: str | None
    probability: float
    section_only: bool = Field(description="Which level is unsure.")
    searched: str | None = Field(description="Number of an open search for it.")


class SweepAnswer(_Answer):
    """What a reader heard in the last half hour."""

    reader: str
    since: datetime
    at: datetime | None
    reads: int
    bays: list[BaySweptAnswer]
    strangers: list[StrangerAnswer]
    hunted: list[StrangerAnswer]


@router.get("/sweeps", responses=REFUSALS)
@permitted(Permission.SWEEP)
def sweeps(request: Request, viewer: SignedIn) -> SweepsAnswer:
    """Who sweeps, and what waits."""
    return SweepsAnswer.model_validate(look_at_sweeps(site_of(request).database, viewer, read_clock()))


@router.get("/sweeps/{reader}", responses=REFUSALS)
@permitted(Permission.SWEEP)
def sweep(request: Request, reader: str, viewer: SignedIn) -> SweepAnswer:
    """One reader's sweep, judged on the spot."""
    return SweepAnswer.model_validate(watch_sweep(site_of(request).database, viewer, reader, read_clock()))
