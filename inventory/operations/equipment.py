"""Readers as people look after them: how each does, what nobody understood, tags nobody bound; and their registrations."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import psycopg

from inventory.domain import cells
from inventory.domain.discrepancies import CLOCK_OFFSET_MAX, FORGOTTEN_AFTER, UNKNOWN_READS_MIN
from inventory.domain.equipment import AntennaState, Rate, ReaderState, antenna_state
from inventory.domain.people import Viewer
from inventory.domain.permissions import Permission, check_permitted
from inventory.domain.refusals import BadInput, NoSuchReader
from inventory.domain.registers import AntennaRole, Dialect
from inventory.domain.samples import Sample
from inventory.store import quarantine, reader_list, registrations, unknown_tags
from inventory.store.database import Database, raw
from inventory.store.quarantine import QuarantineGroup
from inventory.store.reader_list import AntennaView, GapView, ReaderView, Registration
from inventory.store.unknown_tags import UnknownTag

READERS_MAX = 1_000
ANTENNAS_MAX = 4_000
GAPS_SPAN = timedelta(hours=24)
GAPS_MAX = 50
GAPS_DAYS = timedelta(days=14)
GROUPS_MAX = 30
SAMPLE_BYTES = 2_000
UNKNOWN_TAGS_MAX = 40
CANDIDATES_MAX = 3
DAY_HOURS = 24
OWN_HOURS = 14 * DAY_HOURS  # of the antennas on a reader's own page
_CLOCK_MS_MAX = CLOCK_OFFSET_MAX // timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Antenna:
    """An antenna and how it does."""

    view: AntennaView
    state: AntennaState
    today: int
    usual: int | None


@dataclass(frozen=True, slots=True)
class Reader:
    """A reader with its antennas, and how it does; gaps: those of the time its antennas' hours are shown for."""

    view: ReaderView
    state: ReaderState
    antennas: tuple[Antenna, ...]
    gaps: Sequence[tuple[datetime, datetime | None]]


@dataclass(frozen=True, slots=True)
class Equipment:
    """Everything about the readers at one look; those in trouble first."""

    readers: tuple[Reader, ...]
    groups: tuple[QuarantineGroup, ...]
    unknown: tuple[UnknownTag, ...]


@dataclass(frozen=True, slots=True)
class OneReader:
    """One reader whole."""

    reader: Reader
    registration: Registration
    told_gaps: tuple[GapView, ...]
    groups: tuple[QuarantineGroup, ...]
    clock: tuple[tuple[datetime, int], ...]


def equipment(database: Database, viewer: Viewer, now: datetime) -> Equipment:
    """All readers with antennas, quarantine and unknown tags; raises `NotAllowed`."""
    check_permitted(viewer, Permission.SEE_READERS)
    with database.transaction(viewer) as session:
        connection = raw(session)
        readers = readers_of(connection, now)
        groups = quarantine.groups(connection, None, GROUPS_MAX, SAMPLE_BYTES)
        unknown = unknown_tags.unknown_tags(
            connection, now - FORGOTTEN_AFTER, UNKNOWN_READS_MIN, UNKNOWN_TAGS_MAX, CANDIDATES_MAX
        )
    return Equipment(readers, tuple(groups), tuple(unknown))


def readers_of(connection: psycopg.Connection[Any], now: datetime) -> tuple[Reader, ...]:
    """All readers with their antennas, those in trouble first."""
    views = reader_list.readers(connection, now - GAPS_SPAN, now, READERS_MAX)
    antennas = reader_list.antennas(connection, now, ANTENNAS_MAX)
    gaps = reader_list.recent_gaps(connection, now - timedelta(hours=reader_list.STRIP_HOURS))
    order = list(ReaderState)
    return tuple(sorted(_readers(views, antennas, gaps, now), key=lambda one: (order.index(one.state), one.view.code)))


def one_reader(database: Database, viewer: Viewer, code: str, now: datetime) -> OneReader:
    """One reader whole; raises `NoSuchReader`, `NotAllowed`."""
    check_permitted(viewer, Permission.SEE_READERS)
    with database.transaction(viewer) as session:
        connection = raw(session)
        registration = reader_list.registration(connection, code)
        if registration is None:
            raise NoSuchReader(reader=code)
        views = reader_list.readers(connection, now - GAPS_SPAN, now, 1, code)
        antennas = reader_list.antennas(connection, now, ANTENNAS_MAX, code, OWN_HOURS)
        gaps = reader_list.recent_gaps(connection, now - GAPS_DAYS, code)
        told = reader_list.gaps(connection, code, now - GAPS_DAYS, GAPS_MAX)
        groups = quarantine.groups(connection, code, GROUPS_MAX, SAMPLE_BYTES)
        clock = reader_list.clock_hours(connection, code, now - reader_list.CLOCK_HISTORY)
    (reader,) = _readers(views, antennas, gaps, now)
    return OneReader(reader, registration, tuple(told), tuple(groups), tuple(clock))


def _readers(
    views: Sequence[ReaderView],
    antennas: Sequence[AntennaView],
    gaps: Mapping[str, Sequence[tuple[datetime, datetime | None]]],
    now: datetime,
) -> list[Reader]:
    by_reader: dict[str, list[AntennaView]] = {}
    for antenna in antennas:
        by_reader.setdefault(antenna.reader, []).append(antenna)
    readers = []
    for view in views:
        spoke = view.last_message_at is not None and view.last_message_at >= now - GAPS_SPAN
        own = tuple(_antenna(antenna, reader_spoke=spoke) for antenna in by_reader.get(view.code, ()))
        readers.append(Reader(view, reader_state(view, own), own, gaps.get(view.code, ())))
    return readers


def _antenna(view: AntennaView, *, reader_spoke: bool) -> Antenna:
    rate = Rate(view.days[0], view.days[1:])
    state = antenna_state(
        AntennaRole(view.role),
        rate,
        connected=view.connected,
        swapped=view.swapped_with is not None,
        reader_spoke=reader_spoke,
    )
    return Antenna(view, state, rate.today, rate.usual)


def reader_state(view: ReaderView, antennas: Sequence[Antenna]) -> ReaderState:
    """How a reader does: what is worst counts."""
    if view.last_message_at is None:
        return ReaderState.NEVER
    told = (
        (ReaderState.SILENT, view.silent_since is not None),
        (ReaderState.OFFLINE, view.online is False),
        (ReaderState.BLIND, view.gap_since is not None),
        (ReaderState.CLOCK_OFF, abs(view.clock_offset_ms or 0) > _CLOCK_MS_MAX),
        (ReaderState.ANTENNA, any(antenna.state.in_trouble for antenna in antennas)),
    )
    return next((state for state, true in told if true), ReaderState.ONLINE)


# ── Registrations ────────────────────────────────────────────────────────────────────────────────────────────────────


def read_sample(dialect: str, timezone: str, mapping: str, payload: str) -> Sample:
    """The registration a page sends, checked as the readers file is, and a payload to try on it; raises `BadInput`."""
    chosen = cells.parse_choice(Dialect)(dialect)
    told = cells.parse_mapping(mapping) if mapping else None
    if chosen is Dialect.MAPPING and told is None:
        raise BadInput(
            problem_zh="方言为 mapping 的读写器必须填写映射", problem_en="a reader of the mapping dialect has a mapping"
        )
    return Sample(chosen, told, cells.parse_timezone(timezone), payload.encode("utf-8", "replace"))


def change_registration(database: Database, viewer: Viewer, code: str, sample: Sample, now: datetime) -> None:
    """Change how a reader's messages are read; ingest tries its quarantined ones again by itself.

    Raises `NoSuchReader`, `NotAllowed`.
    """
    check_permitted(viewer, Permission.SET_UP_READERS)
    with database.transaction(viewer) as session:
        by = (viewer.account_id, now)
        if not registrations.change(raw(session), code, sample.dialect, sample.timezone, sample.mapping, by):
            raise NoSuchReader(reader=code)


def try_again(database: Database, viewer: Viewer, reader: str | None, cause: str | None) -> int:
    """Have quarantined messages of a reader (None: of topics nobody has) tried again; returns how many. Raises `NotAllowed`."""
    check_permitted(viewer, Permission.SET_UP_READERS)
    with database.transaction(viewer) as session:
        return quarantine.ask_again(raw(session), reader, cause)
