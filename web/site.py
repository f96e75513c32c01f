"""What every handler of one site shares: the database, how the site is set up, the metrics and the live updates."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone, tzinfo

from fastapi import Request

from inventory.domain.label_printers import LabelPrinter
from inventory.domain.samples import Sample, Understand, Understood
from inventory.store.database import Database
from web.limits import Limits
from web.live import Live
from web.measuring import Metrics
from web.pacing import Pacing
from web.words import Language

CHINA_TIME = timezone(timedelta(hours=8), "Asia/Shanghai")  # No summer time since 1991.


def no_dialects(_sample: Sample) -> Understood:
    """A web that was started without the dialects understands no sample."""
    return Understood(problem="This process was started without the readers' dialects.")


@dataclass(frozen=True)
class WebSettings:
    """How a site is reached and speaks. `https`: people reach it by TLS (ours or a proxy's), so cookies are Secure."""

    https: bool = False
    proxies: tuple[str, ...] = ("127.0.0.1", "::1")  # whose word on the browser's address and scheme is taken
    limits: Limits = field(default_factory=Limits)
    language: Language = "zh-CN"
    zone: tzinfo = CHINA_TIME
    label_printers: tuple[LabelPrinter, ...] = ()
    idle: timedelta = timedelta(minutes=30)  # after which a session that nobody uses ends
    understand: Understand = (
        no_dialects  # how a reader's sample is understood; whoever starts the web knows the dialects
    )


@dataclass(frozen=True)
class Site:
    """One site's shared things; `site_of` hands it to the handlers."""

    database: Database
    settings: WebSettings
    live: Live
    metrics: Metrics = field(default_factory=Metrics)
    pages: frozenset[str] = frozenset()  # addresses served, for the navigation
    accounts: Pacing = field(init=False)
    taps: Pacing = field(init=False)

    def __post_init__(self) -> None:
        """Begin to count."""
        object.__setattr__(self, "accounts", Pacing(self.settings.limits.of_account))
        object.__setattr__(self, "taps", Pacing(self.settings.limits.taps_of_account))


def site_of(request: Request) -> Site:
    """The site a request came to."""
    site = request.app.state.site
    assert isinstance(site, Site)
    return site


def read_clock() -> datetime:
    """The time of a request; operations get it as an argument."""
    return datetime.now(UTC)
