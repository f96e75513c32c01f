"""The station (工位): acts done by scanning, a batch at a time. One form for each act, made from the table of rules."""

from dataclasses import dataclass, field, replace
from datetime import datetime, tzinfo
from typing import TypeAlias
from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from inventory.domain import law
from inventory.domain.acts import ActKind
from inventory.domain.custody_rules import RULES, ActRule, Authority
from inventory.domain.details import CHANNELS_IN, Detail
from inventory.domain.law import Rule
from inventory.domain.people import Role, Viewer
from inventory.domain.permissions import Permission
from inventory.domain.places import PlaceKind
from inventory.domain.refusals import BadInput, NoSuchAddress, NotAllowed, Refusal, TooManyAttempts, WrongPin
from inventory.operations import custody
from inventory.operations.custody import Asked, Seen
from inventory.operations.scanning import Scanned, own_window
from inventory.papers.codes import code_128
from web.at_desk import second_person
from web.doors import Doors, permitted
from web.forms import Form, SentForm
from web.refusing import status_of
from web.rendering import render, words_of
from web.scanning import OF_EACH_VOLUME, Line, codes_in, lines_of, place_in, told_of_each
from web.signed_in import SignedIn
from web.site import read_clock, site_of
from web.words import Words

router = Doors()
_COUNT_DIGITS_MAX = 8

# In the order of how often a keeper does them.
GROUPS: dict[str, tuple[ActKind, ...]] = {
    "shelf": (ActKind.SHELVED, ActKind.RETURNED, ActKind.MOVED, ActKind.RESHELVED, ActKind.PICKED, ActKind.CORRECTED),
    "arrival": (ActKind.RECEIVED, ActKind.ACCEPTED, ActKind.SELF_CARRIED, ActKind.QUARANTINED, ActKind.CLEARED,
                ActKind.GAP_COMMITTED, ActKind.GAP_FILLED, ActKind.RECEIVED_AGAIN),
    "envelope": (ActKind.SEALED, ActKind.OPENED, ActKind.SEAL_BROKEN, ActKind.DAMAGED, ActKind.REPAIRED),
    "person": (ActKind.RETIRED, ActKind.RETIREMENT_WITHDRAWN, ActKind.DECEASED),
}  # fmt: skip
# What a scanner reads from the card beside the desk; `scan.js` knows the first two, the others choose what a form offers.
CARD = {"done": "GW:DONE", "undo": "GW:UNDO"} | {channel: f"GW:{channel.upper()}" for channel in CHANNELS_IN}
# Work at the desk that has pages of its own.
OTHER_WORK: dict[str, str] = {
    "labels": "/labels",
    "tags": "/tags",
    "loose": "/loose-materials",
    "digitisation": "/digitisation",
    "reshelving": "/reshelving",
}
# Told where it is known, beside what an act must tell.
MAY_TELL: dict[ActKind, tuple[Detail, ...]] = {
    ActKind.RECEIVED: (Detail.TRACKING, Detail.SENDER),
    ActKind.RECEIVED_AGAIN: (Detail.TRACKING, Detail.SENDER),
    ActKind.SELF_CARRIED: (Detail.SENDER,),
}


@dataclass(frozen=True, slots=True)
class StationContext:
    """The acts the viewer may record, in groups, and other work at the desk: name and address."""

    groups: dict[str, tuple[ActKind, ...]]
    others: dict[str, str]
    rules: dict[ActKind, ActRule] = field(default_factory=lambda: RULES)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of the batch sent last; problems: line by line, where that is known."""

    good: bool
    text: str
    problems: tuple[Line, ...] = ()
    refusal: Refusal | None = None


@dataclass(frozen=True, slots=True)
class ActContext:
    """One act's form: what its rule asks for, and the batch as it stands."""

    kind: ActKind
    rule: ActRule
    details: tuple[Detail, ...]
    optional: tuple[Detail, ...]
    lines: tuple[Line, ...] = ()
    target: Scanned | None = None
    sent: Form = field(default_factory=lambda: Form(()))
    command_id: UUID | None = None
    verdict: Verdict | None = None
    witness_problem: Refusal | None = None
    channels: tuple[tuple[str, str], ...] = ()
    language: str = "zh"

    @property
    def laws(self) -> tuple[Rule, ...]:
        """The rules the act stands on."""
        return tuple(law.RULES[rule] for rule in self.rule.law)

    @property
    def wants_document(self) -> bool:
        """Whether the act cites a letter, an order or a request."""
        return self.rule.authority is Authority.DOCUMENT

    @property
    def wants_reason(self) -> bool:
        """Whether the act says why."""
        return self.rule.authority is Authority.REASON


@dataclass(frozen=True, slots=True)
class CardContext:
    """The codes of the card: name, and what a scanner reads."""

    codes: dict[str, str] = field(default_factory=lambda: CARD)
    channels: tuple[str, ...] = CHANNELS_IN


@router.get("/station", include_in_schema=False)
@permitted(Permission.RECORD_ACTS)
def station(request: Request, viewer: SignedIn) -> Response:
    """The acts to choose from."""
    groups = {name: tuple(kind for kind in kinds if _may(viewer, kind)) for name, kinds in GROUPS.items()}
    served = site_of(request).pages if viewer.role is Role.KEEPER else frozenset()
    others = {name: address for name, address in OTHER_WORK.items() if address in served}
    context = StationContext({name: kinds for name, kinds in groups.items() if kinds}, others)
    return render(request, "station.html", context, viewer)


@router.get("/station/card", include_in_schema=False)
@permitted(Permission.RECORD_ACTS)
def card(request: Request, viewer: SignedIn) -> Response:
    """The card beside the desk: with it a scanner ends a batch and takes lines out, and nobody touches a keyboard."""
    return render(request, "card.html", CardContext(), viewer)


@router.get("/station/card/{name}.svg", include_in_schema=False)
@permitted(Permission.RECORD_ACTS)
def card_code(viewer: SignedIn, name: str) -> Response:
    """One code of the card."""
    assert viewer
    code = code_128(CARD[name]) if name in CARD else None
    if code is None:
        raise NoSuchAddress
    return Response(code.svg, media_type="image/svg+xml")


@router.get("/station/{act}", include_in_schema=False)
@permitted(Permission.RECORD_ACTS)
def act_form(request: Request, viewer: SignedIn, act: str) -> Response:
    """One act's form, empty."""
    kind = _kind(viewer, act)
    context = replace(_context(kind, words_of(request)), target=_own_window(request, viewer, kind))
    return render(request, "act.html", context, viewer, block="act")


@router.post("/station/{act}", include_in_schema=False)
@permitted(Permission.RECORD_ACTS)
def act_sent(request: Request, viewer: SignedIn, act: str, form: SentForm) -> Response:
    """Record the act on all that was scanned or on none, and say so loudly."""
    kind, database, now = _kind(viewer, act), site_of(request).database, read_clock()
    codes = codes_in(form.texts("code"))
    target = place_in(database, viewer, form.text("to_place"), now) if RULES[kind].leads else None
    lines = lines_of(database, viewer, codes, now, kind, target, _told(kind, form, codes))
    try:
        asked = _asked(request, viewer, kind, form, (lines, target), now)
        written = custody.record(database, viewer, asked)
    except Refusal as refusal:
        return _not_done(request, viewer, kind, form, (lines, target), refusal)
    words, rule = words_of(request), RULES[kind]
    facts = {"act": rule.zh if words.chinese else rule.en, "count": len(lines)}
    text = words("station.done", **facts) if written else words("station.done_before", **facts)
    if asked.to_place is not None:
        text += f" → {asked.to_place}"
    done, target = Verdict(True, text), _own_window(request, viewer, kind)
    context = replace(_context(kind, words), verdict=done, sent=_kept(form), target=target)
    return render(request, "act.html", context, viewer, block="act")


Batch: TypeAlias = tuple[list[Line], Scanned | None]  # the lines, and the place they go to


def _asked(request: Request, viewer: Viewer, kind: ActKind, form: Form, batch: Batch, now: datetime) -> Asked:
    """The act a form stands for; raises `WrongPin`, and whatever is wrong with its lines or its time."""
    lines, target = batch
    rule, witness = RULES[kind], None
    if rule.two:
        witness = second_person(request, viewer, form)
    told_place = form.told("to_place") if target is None else target.place_code
    return Asked(
        form.command_id(),
        kind,
        [_seen(line) for line in lines],
        told_place if rule.leads else None,
        _happened_at(form, now, site_of(request).settings.zone),
        form.told("authority"),
        form.told("reason"),
        witness,
        _details(kind, form),
    )


def _not_done(request: Request, viewer: Viewer, kind: ActKind, form: Form, batch: Batch, refusal: Refusal) -> Response:
    """The form as it was sent, with what is wrong and where; nothing of it was done."""
    lines, target = batch
    sentence = refusal.sentence("zh" if words_of(request).chinese else "en")
    problems = tuple(line for line in lines if line.problem is not None)
    context = replace(
        _context(kind, words_of(request)),
        lines=tuple(lines),
        target=target,
        sent=form,
        # The same command: had it been done after all, sending it again tells so and does nothing.
        command_id=_command_id(form),
        verdict=Verdict(False, sentence, problems, refusal),
        witness_problem=refusal if isinstance(refusal, WrongPin | TooManyAttempts) else None,
    )
    return render(request, "act.html", context, viewer, block="act", status=status_of(refusal))


def _context(kind: ActKind, words: Words) -> ActContext:
    """The empty form."""
    rule = RULES[kind]
    return ActContext(
        kind,
        rule,
        details=tuple(detail for detail in rule.evidence if detail not in OF_EACH_VOLUME),
        optional=MAY_TELL.get(kind, ()),
        channels=tuple((channel, words(f"detail.channel.{channel}")) for channel in CHANNELS_IN),
        language="zh" if words.chinese else "en",
    )


def _kept(form: Form) -> Form:
    """What the next batch has in common with this one: what came by one channel goes on coming by it."""
    return Form([(name, value) for name, value in form.fields if name == f"detail.{Detail.CHANNEL}"])


def _own_window(request: Request, viewer: Viewer, kind: ActKind) -> Scanned | None:
    """Where the act leads to unless another place is scanned: the window the viewer works at."""
    leads = RULES[kind].leads
    return own_window(site_of(request).database, viewer) if leads and PlaceKind.WINDOW in leads else None


def _may(viewer: Viewer, kind: ActKind) -> bool:
    return viewer.role in RULES[kind].by


def _kind(viewer: Viewer, act: str) -> ActKind:
    """The act an address names; raises `NoSuchAddress` for what isn't done here, `NotAllowed` for what others do."""
    kind = next((kind for kinds in GROUPS.values() for kind in kinds if kind.value == act), None)
    if kind is None:
        raise NoSuchAddress
    if not _may(viewer, kind):
        raise NotAllowed
    return kind


def _told(kind: ActKind, form: Form, codes: list[str]) -> dict[str, dict[Detail, str]]:
    """What was typed of each volume: the fields of the lines stand in the order of their codes."""
    told: dict[str, dict[Detail, str]] = {code: {} for code in codes}
    for detail in told_of_each(kind):
        values = form.texts(f"line.{detail}")
        if len(values) == len(codes):
            for code, value in zip(codes, values, strict=True):
                told[code][detail] = value.strip()
    return told


def _seen(line: Line) -> Seen:
    """A line as the act takes it; raises the line's problem where it is no volume at all."""
    if line.scanned.volume is None:
        raise line.problem or BadInput(problem_zh=f"{line.name} 不是档案", problem_en=f"{line.name} is no dossier")
    return Seen(line.scanned.volume, None, {detail: _value(detail, text) for detail, text in line.details if text})


def _details(kind: ActKind, form: Form) -> dict[str, object]:
    """What is told once for the batch."""
    details = (*RULES[kind].evidence, *MAY_TELL.get(kind, ()))
    told = {detail: form.text(f"detail.{detail}") for detail in details if detail not in OF_EACH_VOLUME}
    return {detail.value: _value(detail, text) for detail, text in told.items() if text}


def _value(detail: Detail, text: str) -> object:
    """A number where the detail is one; anything else is judged with the act's other details."""
    is_count = text.isascii() and text.isdigit() and len(text) <= _COUNT_DIGITS_MAX
    return int(text) if detail is Detail.PIECES and is_count else text


def _happened_at(form: Form, now: datetime, zone: tzinfo) -> datetime:
    """When it was done: just now, unless the form says when, in local time."""
    text = form.text("happened_at")
    if not text:
        return now
    try:
        return datetime.fromisoformat(text).replace(tzinfo=zone)
    except ValueError:
        raise BadInput(problem_zh="经办时间的形式不对", problem_en="the time of the act has the wrong form") from None


def _command_id(form: Form) -> UUID | None:
    try:
        return form.command_id()
    except Refusal:
        return None
