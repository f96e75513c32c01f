"""`/health`, `/ready` and `/metrics`, for whatever watches over the process. They tell nothing about dossiers."""

from typing import Literal

from fastapi import Request
from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import BaseModel
from sqlalchemy.exc import SQLAlchemyError
from starlette.responses import Response

from inventory.domain.refusals import Refusal, Unavailable
from inventory.operations.equipment import readers_of
from inventory.store.checkpoints import last_made_at
from inventory.store.database import Database, raw
from inventory.store.migrating import revisions
from inventory.store.reader_list import ingest_totals
from web.doors import Doors, open_to_all
from web.measuring import Stored
from web.site import read_clock, site_of

router = Doors()


class Condition(BaseModel):
    """All is well; whatever isn't comes as a refusal."""

    status: Literal["ok"] = "ok"


@router.get("/health", summary="The process lives")
@open_to_all
def health() -> Condition:
    """Answers as long as the process does; asks nobody else."""
    return Condition()


@router.get("/ready", summary="The process can serve")
@open_to_all
def ready(request: Request) -> Condition:
    """The database answers and has the newest schema; else 503 and the reason."""
    try:
        with site_of(request).database.transaction() as session:
            present, newest = revisions(raw(session))
    except Unavailable:
        raise Unavailable(service="PostgreSQL", problem="no connection") from None
    if present != newest:
        raise Unavailable(
            service="PostgreSQL", problem=f"schema {present or 'empty'}, expected {newest}: guiwei db upgrade"
        )
    return Condition()


@router.get("/metrics", summary="Numbers for Prometheus", response_class=Response)
@open_to_all
def metrics(request: Request) -> Response:
    """Requests by route and status, seconds by route, what the readers sent and how each does, when the ledger was signed."""
    site = site_of(request)
    return Response(site.metrics.page(_stored(site.database)), media_type=CONTENT_TYPE_LATEST)


def _stored(database: Database) -> Stored | None:
    try:
        with database.transaction() as session:
            connection = raw(session)
            return Stored(ingest_totals(connection), last_made_at(connection), readers_of(connection, read_clock()))
    except (Refusal, SQLAlchemyError):
        return None  # The process still has numbers of its own to tell.
