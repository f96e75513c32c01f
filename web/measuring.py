"""Numbers for Prometheus: requests by route and status, how long they took, and what the readers sent."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from time import perf_counter

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from inventory.operations.equipment import Reader
from inventory.store.reader_list import IngestTotals

# Seconds. A search has 0.05; live streams are left out, they last as long as the page is open.
_LATENCY_BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
LIVE_PREFIX = "/live/"


@dataclass(frozen=True, slots=True)
class Stored:
    """Numbers the database keeps: what the readers sent, and when the ledger was signed last."""

    ingest: IngestTotals
    signed_at: datetime | None
    readers: Sequence[Reader] = ()


@dataclass(frozen=True)
class Metrics:
    """One site's counters, in a registry of their own: two sites in one process don't add up."""

    registry: CollectorRegistry = field(default_factory=CollectorRegistry)
    requests: Counter = field(init=False)
    seconds: Histogram = field(init=False)

    def __post_init__(self) -> None:
        """Register the two measures."""
        labels = ("method", "route", "status")
        requests = Counter(
            "guiwei_http_requests", "Requests by route template and status.", labels, registry=self.registry
        )
        seconds = Histogram(
            "guiwei_http_seconds",
            "Seconds to answer, by route template.",
            ("route",),
            registry=self.registry,
            buckets=_LATENCY_BOUNDS,
        )
        object.__setattr__(self, "requests", requests)
        object.__setattr__(self, "seconds", seconds)

    def page(self, stored: Stored | None) -> bytes:
        """All numbers in Prometheus' text form; without those of the database where it is away."""
        numbers = generate_latest(self.registry)
        if stored is None:
            return numbers
        others = CollectorRegistry()
        others.register(_StoredNumbers(stored.ingest, stored.signed_at))
        others.register(_ReaderNumbers(stored.readers))
        return numbers + generate_latest(others)


@dataclass(frozen=True)
class _StoredNumbers:
    totals: IngestTotals
    signed_at: datetime | None

    def collect(self) -> Iterator[CounterMetricFamily | GaugeMetricFamily]:
        yield CounterMetricFamily("guiwei_ingest_messages", "Messages of all readers.", value=self.totals.messages)
        yield CounterMetricFamily("guiwei_ingest_reads", "Reads of all readers.", value=self.totals.reads)
        yield CounterMetricFamily(
            "guiwei_ingest_quarantined", "Messages nobody understood.", value=self.totals.quarantined
        )
        yield GaugeMetricFamily("guiwei_readers_online", "Readers that say they are online.", value=self.totals.online)
        if self.signed_at is not None:
            yield GaugeMetricFamily(
                "guiwei_ledger_signed_timestamp_seconds",
                "When the ledger's roots were signed last; the jobs do it once a day.",
                value=self.signed_at.timestamp(),
            )


@dataclass(frozen=True, eq=False)  # the registry keeps its collectors by identity
class _ReaderNumbers:
    """Each reader's and each antenna's health, by the reader's code and the antenna's number."""

    readers: Sequence[Reader]

    def collect(self) -> Iterator[CounterMetricFamily | GaugeMetricFamily]:
        for name, says, is_count, read in _OF_READERS:
            family = (CounterMetricFamily if is_count else GaugeMetricFamily)(
                f"guiwei_reader_{name}", says, labels=("reader",)
            )
            for reader in self.readers:
                if (value := read(reader)) is not None:
                    family.add_metric((reader.view.code,), value)
            yield family
        states = GaugeMetricFamily("guiwei_reader_state", "1 for the state a reader is in.", labels=("reader", "state"))
        reads = GaugeMetricFamily(
            "guiwei_antenna_reads_day", "Reads of an antenna in the last 24 hours.", labels=("reader", "antenna")
        )
        usual = GaugeMetricFamily(
            "guiwei_antenna_reads_day_usual", "Reads of an antenna on a usual day.", labels=("reader", "antenna")
        )
        trouble = GaugeMetricFamily(
            "guiwei_antenna_trouble",
            "1 for an antenna that somebody should look at.",
            labels=("reader", "antenna", "state"),
        )
        for reader in self.readers:
            code = reader.view.code
            states.add_metric((code, reader.state.value), 1)
            for antenna in reader.antennas:
                number = str(antenna.view.number)
                reads.add_metric((code, number), antenna.today)
                if antenna.usual is not None:
                    usual.add_metric((code, number), antenna.usual)
                if antenna.state.in_trouble:
                    trouble.add_metric((code, number, antenna.state.value), 1)
        yield from (states, reads, usual, trouble)


# (name, what it says, whether it only grows, where it stands); what a reader doesn't tell is left out.
_OF_READERS: tuple[tuple[str, str, bool, Callable[[Reader], float | None]], ...] = (
    ("messages", "Messages of a reader.", True, lambda reader: reader.view.messages),
    ("reads", "Reads of a reader.", True, lambda reader: reader.view.reads),
    ("quarantined", "Messages of a reader nobody understood when they came.", True, lambda reader: reader.view.quarantined),
    ("quarantine_waiting", "Messages of a reader nobody understands yet.", False, lambda reader: reader.view.waiting),
    ("clock_offset_seconds", "Median of received minus sent.", False,
     lambda reader: None if reader.view.clock_offset_ms is None else reader.view.clock_offset_ms / 1000),
    ("clock_drift_seconds_a_day", "How the clock's offset moves.", False,
     lambda reader: None if reader.view.drift_ms_a_day is None else reader.view.drift_ms_a_day / 1000),
    ("gaps_day", "Coverage gaps that touch the last 24 hours.", False, lambda reader: reader.view.gaps),
    ("numbers_missing_day", "Of a reader's own numbers, those missing in the last 24 hours.", False,
     lambda reader: reader.view.numbers_missing),
    ("dropped", "What a reader says it threw away since it started.", False, lambda reader: reader.view.dropped),
    ("last_message_timestamp_seconds", "When a reader spoke last.", False,
     lambda reader: None if reader.view.last_message_at is None else reader.view.last_message_at.timestamp()),
)  # fmt: skip


class Measuring:
    """ASGI middleware that counts. Labels are route templates: a dossier's number never becomes one."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        """Wrap `app`."""
        self.app, self.metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, then count it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        begun, status = perf_counter(), 500

        async def noting_status(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, noting_status)
        finally:
            route = getattr(scope.get("route"), "path", None) or "unmatched"
            method = scope["method"] if scope["method"] in {"GET", "HEAD", "POST"} else "other"
            self.metrics.requests.labels(method, route, str(status)).inc()
            if not route.startswith(LIVE_PREFIX):
                self.metrics.seconds.labels(route).observe(perf_counter() - begun)
