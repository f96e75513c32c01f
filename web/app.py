"""The web application of one site."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import uvicorn
from fastapi import FastAPI
from starlette.staticfiles import StaticFiles

from inventory.store.database import Database
from web import refusing
from web.accounting import Accounting
from web.api import accounts as accounts_api
from web.api import acts, condition, version_1
from web.api import arrivals as arrivals_api
from web.api import audits as audits_api
from web.api import batches as batches_api
from web.api import borrowed as borrowed_api
from web.api import commands as commands_api
from web.api import consignments as consignments_api
from web.api import counts as counts_api
from web.api import delegations as delegations_api
from web.api import discrepancies as discrepancies_api
from web.api import gates as gates_api
from web.api import jobs as jobs_api
from web.api import labels as labels_api
from web.api import ledger as ledger_api
from web.api import letters as letters_api
from web.api import register as register_api
from web.api import requests as requests_api
from web.api import searches as searches_api
from web.api import shelf_counts as shelf_counts_api
from web.api import sweeps as sweeps_api
from web.api import work as work_api
from web.api.models import EVERYWHERE
from web.guarding import Guarding
from web.listening import GuardedProtocol
from web.live import Live
from web.measuring import Measuring
from web.pages import (
    access_log,
    accounts,
    arrivals,
    audits,
    badges,
    borrowed,
    closing_sheet,
    commands,
    consignment_hands,
    consignments,
    counting_boxes,
    counts,
    declarations,
    delegations,
    digitisation,
    discrepancies,
    docked,
    dossier,
    find,
    following,
    gates,
    jobs,
    label_verifying,
    labels,
    language,
    ledger,
    letters,
    locate,
    loose_materials,
    me,
    pad,
    picking,
    pin,
    readers,
    register,
    request_steps,
    requests,
    reshelving,
    reviewing,
    roles,
    scan,
    searches,
    shelf_count,
    sign_in,
    station,
    sweep_list,
    sweeps,
    tags,
    ties,
    wedge,
    work,
)
from web.rendering import STATIC, VENDOR
from web.site import Site, WebSettings
from web.turned_away import Doorkeeper

PAGES = (
    sign_in,
    language,
    locate,
    dossier,
    find,
    following,
    readers,
    commands,
    scan,
    station,
    me,
    accounts,
    badges,
    pad,
    roles,
    ties,
    borrowed,
    pin,
    work,
    picking,
    consignments,
    consignment_hands,
    arrivals,
    counting_boxes,
    reviewing,
    tags,
    label_verifying,
    labels,
    loose_materials,
    digitisation,
    reshelving,
    sweeps,
    docked,
    wedge,
    shelf_count,
    sweep_list,
    audits,
    discrepancies,
    searches,
    counts,
    register,
    closing_sheet,
    declarations,
    access_log,
    ledger,
    gates,
    jobs,
    letters,  # before requests: its addresses are narrower
    delegations,
    requests,
    request_steps,
)
PROGRAMS = (
    version_1,
    acts,
    work_api,
    consignments_api,
    requests_api,
    letters_api,
    delegations_api,
    borrowed_api,
    accounts_api,
    discrepancies_api,
    searches_api,
    sweeps_api,
    shelf_counts_api,
    audits_api,
    counts_api,
    register_api,
    arrivals_api,
    batches_api,
    ledger_api,
    gates_api,
    jobs_api,
    labels_api,
    commands_api,
    condition,
)
SHUTDOWN_SECONDS_MAX = 3

__all__ = ["Site", "WebSettings", "create_app", "web_server"]


def create_app(database: Database, settings: WebSettings) -> FastAPI:
    """The pages, the API and the live updates over one database; serve it with `web_server`."""
    url = database.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    addresses = frozenset(getattr(route, "path", "") for part in PAGES for route in part.router.routes)
    site = Site(database, settings, Live(url), pages=addresses)
    routes = [route for part in (*PROGRAMS, *PAGES) for route in part.router.routes]
    doorkeeper = Doorkeeper(database, routes, settings.limits.turned_away_seconds)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        with doorkeeper.working():
            async with site.live.listening():
                yield

    # No docs pages: FastAPI's come from a CDN, and the warehouse has no internet.
    app = FastAPI(title="Guiwei 归位", version="1", lifespan=lifespan, docs_url=None, redoc_url=None)
    app.state.site, app.state.doorkeeper = site, doorkeeper
    # Addresses are tried in this order; programs come by the hundreds a second, and an act shouldn't pass every page first.
    for program in PROGRAMS:
        app.include_router(program.router, responses=EVERYWHERE)
    for part in PAGES:
        app.include_router(part.router)
    app.mount("/static/vendor", StaticFiles(directory=VENDOR), name="vendor")
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    refusing.install(app)
    # The last one added is the outermost: guarding answers what it refuses itself, measuring counts that too.
    app.add_middleware(Accounting, database=database, doorkeeper=doorkeeper)
    app.add_middleware(
        Guarding,
        https=settings.https,
        limits=settings.limits,
        doorkeeper=doorkeeper,
        refuse=refusing.refuse,
        fail=refusing.fail,
    )
    app.add_middleware(Measuring, metrics=site.metrics)
    return app


class WebServer(uvicorn.Server):
    """A server that ends its live streams before it waits for connections to close."""

    def __init__(self, config: uvicorn.Config, live: Live) -> None:
        """`live`: whose streams to end."""
        super().__init__(config)
        self._live = live

    async def shutdown(self, sockets: object = None) -> None:
        """Stop."""
        self._live.close()
        await super().shutdown(sockets)  # type: ignore[arg-type]


def web_server(app: FastAPI, host: str, port: int) -> WebServer:
    """A server for `create_app`'s application; `run()` it, or set `should_exit` from another thread."""
    settings = app.state.site.settings
    assert isinstance(settings, WebSettings)
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        log_level="warning",
        access_log=False,  # Addresses are harmless, but who looked at what belongs in the protected log alone.
        server_header=False,
        proxy_headers=True,
        forwarded_allow_ips=list(settings.proxies),
        http=partial(GuardedProtocol, settings.limits, app.state.doorkeeper),  # type: ignore[arg-type]  # any callable that makes one
        ws="none",
        h11_max_incomplete_event_size=settings.limits.head_bytes_max,
        timeout_keep_alive=settings.limits.idle_seconds_max,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS_MAX,
    )
    return WebServer(config, app.state.site.live)
