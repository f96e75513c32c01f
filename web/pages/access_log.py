"""The access log (访问日志): who looked at what and who was refused, for the audit administrator alone."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Annotated
from urllib.parse import urlencode

from fastapi import Depends, Query, Request
from starlette.responses import Response, StreamingResponse

from inventory.domain.copies import parse_copy_number
from inventory.domain.people import LOGIN_CHARACTERS_MAX, Role
from inventory.domain.permissions import Permission
from inventory.domain.refusals import BadInput
from inventory.operations.reading_log import LogPage, export_log, read_log
from inventory.papers.spreadsheets import Sheet, csv_pieces, xlsx_pieces
from inventory.store.access_log import LogEntry, LogFilter
from web.doors import Doors, permitted
from web.rendering import render, words_of
from web.signed_in import SignedIn
from web.site import read_clock, site_of
from web.words import Words

router = Doors()
_MOMENT_CHARACTERS_MAX = 40
_ACT_CHARACTERS_MAX = 120
_NUMBER_CHARACTERS_MAX = 60
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# A workbook is made while its asker waits; CSV leaves as it is read.
WORKBOOK_ENTRIES_MAX = 100_000
COLUMNS = (
    "at", "person", "role", "agency", "act", "object", "reason", "outcome", "times", "address", "browser", "request"
)  # fmt: skip
_Moment = Annotated[str, Query(max_length=_MOMENT_CHARACTERS_MAX)]


@dataclass(frozen=True, slots=True)
class Typed:
    """What stands in the fields of the form; `before` is the entry a page begins under."""

    since: str = ""
    until: str = ""
    person: str = ""
    act: str = ""
    dossier: str = ""
    copy: str = ""
    refused: bool = False
    before: int | None = None


@dataclass(frozen=True, slots=True)
class AccessLogContext:
    """A page of the log; `older` is the address of the next."""

    log: LogPage
    typed: Typed
    older: str | None


def _typed(
    since: _Moment = "",
    until: _Moment = "",
    person: Annotated[str, Query(max_length=LOGIN_CHARACTERS_MAX)] = "",
    act: Annotated[str, Query(max_length=_ACT_CHARACTERS_MAX)] = "",
    dossier: Annotated[str, Query(max_length=_NUMBER_CHARACTERS_MAX)] = "",
    copy: Annotated[str, Query(max_length=_NUMBER_CHARACTERS_MAX)] = "",
    refused: Annotated[str, Query(max_length=3)] = "",
    before: Annotated[int | None, Query(ge=0, lt=2**63)] = None,
) -> Typed:
    return Typed(since, until, person.strip(), act.strip(), dossier.strip(), copy.strip(), bool(refused), before)


Asked = Annotated[Typed, Depends(_typed)]


@router.get("/access-log", include_in_schema=False)
@permitted(Permission.READ_ACCESS_LOG)
def access_log(request: Request, viewer: SignedIn, typed: Asked) -> Response:
    """A page of entries, the newest first."""
    site = site_of(request)
    log = read_log(site.database, viewer, _filter(typed, site.settings.zone), read_clock())
    older = None
    if log.more:
        fields = {"since": typed.since, "until": typed.until, "person": typed.person, "act": typed.act}
        fields |= {"dossier": typed.dossier, "copy": typed.copy, "refused": "1" if typed.refused else ""}
        fields["before"] = str(log.entries[-1].id)
        older = "/access-log?" + urlencode({name: value for name, value in fields.items() if value})
    return render(request, "access_log.html", AccessLogContext(log, typed, older), viewer)


@router.get("/access-log/export.csv", include_in_schema=False)
@permitted(Permission.READ_ACCESS_LOG)
def export_csv(request: Request, viewer: SignedIn, typed: Asked) -> Response:
    """All entries the form asks for, as CSV, sent as they are read; that it was made is an entry of its own."""
    return _file(csv_pieces(_exported(request, viewer, typed)), "text/csv; charset=utf-8", "csv")


@router.get("/access-log/export.xlsx", include_in_schema=False)
@permitted(Permission.READ_ACCESS_LOG)
def export_xlsx(request: Request, viewer: SignedIn, typed: Asked) -> Response:
    """The same as a workbook, of so many entries at most."""
    return _file(xlsx_pieces(_exported(request, viewer, typed, WORKBOOK_ENTRIES_MAX)), _XLSX, "xlsx")


def _exported(request: Request, viewer: SignedIn, typed: Typed, entries_max: int | None = None) -> Sheet:
    site, words, now = site_of(request), words_of(request), read_clock()
    zone = site.settings.zone
    log = export_log(site.database, viewer, _filter(typed, zone), entries_max=entries_max)
    columns = tuple(words(f"access_log.{name}") for name in COLUMNS)
    rows = (_row(entry, words, zone) for entry in log.entries)
    taker = f"{viewer.name} ({viewer.login})"
    return Sheet(words("access_log.title"), columns, rows, taker, now.astimezone(zone), str(log.copy))


def _row(entry: LogEntry, words: Words, zone: tzinfo) -> tuple[str | None, ...]:
    role = Role(entry.role) if entry.role else None
    return (
        entry.at.astimezone(zone).isoformat(timespec="milliseconds"),
        entry.login and f"{entry.name} ({entry.login})",
        role and (role.zh if words.chinese else role.en),
        entry.agency,
        entry.act,
        entry.dossier or entry.object,
        entry.reason and f"{entry.object}: {entry.reason}",
        entry.refusal or words("access_log.done"),
        str(entry.times),
        entry.address,
        entry.browser,
        None if entry.request_id is None else str(entry.request_id),
    )


def _file(pieces: Iterator[bytes], kind: str, ending: str) -> Response:
    name = f'attachment; filename="access-log.{ending}"'
    return StreamingResponse(pieces, media_type=kind, headers={"Content-Disposition": name})


def _filter(typed: Typed, zone: tzinfo) -> LogFilter:
    return LogFilter(
        _moment(typed.since, zone),
        _moment(typed.until, zone),
        typed.person.lower() or None,
        typed.act or None,
        typed.dossier or None,
        typed.refused,
        typed.before,
        parse_copy_number(typed.copy) if typed.copy else None,
    )


def _moment(text: str, zone: tzinfo) -> datetime | None:
    if not text.strip():
        return None
    try:
        moment = datetime.fromisoformat(text.strip())
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadInput(problem_zh="时刻的形式不对", problem_en="the moment has the wrong form") from None
