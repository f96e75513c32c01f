"""The readers (读写器): how each does, what nobody understood, tags nobody bound; and one reader with its registration."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from functools import partial
from typing import Annotated
from urllib.parse import quote

from fastapi import Path, Request
from starlette.responses import Response

from inventory.domain.discrepancies import CLOCK_OFFSET_MAX
from inventory.domain.equipment import AntennaState, Lack, ReaderState, Told, gap_told, lack_of
from inventory.domain.people import Viewer
from inventory.domain.permissions import Permission, permits
from inventory.domain.refusals import BadInput, Refusal
from inventory.domain.registers import Dialect
from inventory.domain.samples import Understood
from inventory.operations.equipment import (
    Antenna,
    Equipment,
    OneReader,
    Reader,
    change_registration,
    equipment,
    one_reader,
    read_sample,
    try_again,
)
from inventory.store.quarantine import QuarantineGroup
from inventory.store.reader_list import CLOCK_HISTORY, GapView
from web.doors import Doors, permitted
from web.forms import Form, SentForm
from web.outcomes import redirect
from web.refusing import status_of
from web.rendering import render
from web.signed_in import SignedIn
from web.site import read_clock, site_of
from web.strips import ClockLine, Strip, clock_line, sheet, strip

router = Doors()
Code = Annotated[str, Path(max_length=100)]

READS_SHOWN_MAX = 20
SAMPLE_CHARACTERS_SHOWN = 300
TONES: dict[ReaderState | AntennaState, str] = {
    ReaderState.SILENT: "bad",
    ReaderState.OFFLINE: "bad",
    ReaderState.BLIND: "doubt",
    ReaderState.CLOCK_OFF: "doubt",
    ReaderState.ANTENNA: "doubt",
    ReaderState.ONLINE: "good",
    ReaderState.NEVER: "quiet",
    AntennaState.DETACHED: "bad",
    AntennaState.DEAD: "bad",
    AntennaState.SWAPPED: "doubt",
    AntennaState.FAINT: "doubt",
    AntennaState.NEW: "quiet",
    AntennaState.WELL: "good",
}


@dataclass(frozen=True, slots=True)
class ReadersContext:
    """All readers, those in trouble first, and what is left over of what they said."""

    all: Equipment
    now: datetime
    zone: tzinfo
    may_set_up: bool
    may_tag: bool
    tones: dict[ReaderState | AntennaState, str] = field(default_factory=lambda: TONES)
    clock_offset_max_ms: int = CLOCK_OFFSET_MAX // timedelta(milliseconds=1)

    def count(self, *states: ReaderState) -> int:
        """How many readers are in one of these states."""
        return sum(reader.state in states for reader in self.all.readers)

    @property
    def in_trouble(self) -> int:
        """How many readers somebody should look at."""
        return sum(reader.state.in_trouble for reader in self.all.readers)

    def strip(self, antenna: Antenna, reader: Reader) -> Strip:
        """The antenna's last two days."""
        return strip(antenna.view.hours, reader.gaps, self.now, self.zone)

    @staticmethod
    def lack(group: QuarantineGroup) -> Lack:
        """What a group of messages lacks."""
        return lack_of(group.reason)

    @staticmethod
    def shown(group: QuarantineGroup) -> str:
        """The newest message's beginning, as text."""
        return group.sample.decode("utf-8", "replace")[:SAMPLE_CHARACTERS_SHOWN]


@dataclass(frozen=True, slots=True)
class ReaderContext(ReadersContext):
    """One reader, the form of its registration, and what came of trying a sample."""

    one: OneReader = field(kw_only=True)
    sent: Form = field(default_factory=lambda: Form(()))
    problem: Refusal | None = None
    understood: Understood | None = None
    dialects: Sequence[tuple[str, str]] = tuple((dialect.value, dialect.value) for dialect in Dialect)
    reads_shown: int = READS_SHOWN_MAX

    def sheet(self, antenna: Antenna) -> Strip:
        """The antenna's last two weeks."""
        return sheet(antenna.view.hours, self.one.reader.gaps, self.now, self.zone)

    @staticmethod
    def gap(gap: GapView) -> Told:
        """Why the reader was blind."""
        return gap_told(gap.reason)

    @property
    def clock(self) -> ClockLine | None:
        """How its clock ran in the last week."""
        return clock_line(self.one.clock, self.now, CLOCK_HISTORY)

    @property
    def mapping(self) -> str:
        """The mapping as it is edited."""
        told = self.one.registration.mapping
        return "" if told is None else json.dumps(told, ensure_ascii=False, indent=1)

    def asked(self, name: str, present: str) -> str:
        """A field of the form: as it was sent, or as it is registered."""
        return self.sent.text(name) if any(name == sent for sent, _ in self.sent.fields) else present


@router.get("/readers", include_in_schema=False)
@permitted(Permission.SEE_READERS)
def readers_page(request: Request, viewer: SignedIn) -> Response:
    """Everything about the readers at one look."""
    now = read_clock()
    context = _told(request, viewer, now)(equipment(site_of(request).database, viewer, now))
    return render(request, "readers.html", context, viewer, block="readers")


@router.post("/readers/quarantine/retry", include_in_schema=False)
@permitted(Permission.SET_UP_READERS)
def retry(request: Request, viewer: SignedIn, form: SentForm) -> Response:
    """Have a group of quarantined messages tried again; ingest does it within seconds."""
    reader = form.told("reader")
    count = try_again(site_of(request).database, viewer, reader, form.told("cause"))
    address = f"/readers/{quote(reader, safe='')}" if reader and form.text("then") else "/readers"
    return redirect(request, address, "readers.retried", count=count)


@router.get("/readers/{code}", include_in_schema=False)
@permitted(Permission.SEE_READERS)
def reader_page(request: Request, viewer: SignedIn, code: Code) -> Response:
    """One reader."""
    return _page(request, viewer, code)


@router.post("/readers/{code}", include_in_schema=False)
@permitted(Permission.SET_UP_READERS)
def set_up(request: Request, viewer: SignedIn, code: Code, form: SentForm) -> Response:
    """Try a sample on a registration, or save it."""
    site, now = site_of(request), read_clock()
    try:
        sample = read_sample(form.text("dialect"), form.text("timezone"), form.text("mapping"), form.text("sample"))
        if form.text("what") != "try":
            change_registration(site.database, viewer, code, sample, now)
            return redirect(request, f"/readers/{quote(code, safe='')}", "readers.saved", reader=code)
        if not sample.payload:
            raise BadInput(problem_zh="请粘贴一条样例消息", problem_en="paste a sample message")
    except Refusal as refusal:
        return _page(request, viewer, code, form, refusal)
    return _page(request, viewer, code, form, understood=site.settings.understand(sample))


def _told(request: Request, viewer: Viewer, now: datetime) -> partial[ReadersContext]:
    return partial(
        ReadersContext,
        now=now,
        zone=site_of(request).settings.zone,
        may_set_up=permits(viewer, Permission.SET_UP_READERS),
        may_tag=permits(viewer, Permission.TAG),
    )


def _page(
    request: Request,
    viewer: Viewer,
    code: str,
    sent: Form | None = None,
    problem: Refusal | None = None,
    understood: Understood | None = None,
) -> Response:
    now, site = read_clock(), site_of(request)
    one = one_reader(site.database, viewer, code, now)
    context = ReaderContext(
        Equipment((one.reader,), one.groups, ()),
        now,
        site.settings.zone,
        permits(viewer, Permission.SET_UP_READERS),
        permits(viewer, Permission.TAG),
        one=one,
        sent=sent or Form(()),
        problem=problem,
        understood=understood,
    )
    return render(request, "reader.html", context, viewer, status=200 if problem is None else status_of(problem))
