"""From a typed context to HTML: one template gives the whole page, or one of its blocks when htmx asks for it."""

import json
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from functools import cache
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Protocol
from urllib.parse import quote
from uuid import uuid4

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from inventory.domain.law import RULES
from inventory.domain.people import Viewer
from inventory.domain.refusals import Refusal
from web import form_tokens, speaking
from web.at_desk import own_desk
from web.navigation import Entry, entries_for
from web.outcomes import COOKIE as OUTCOME_COOKIE
from web.outcomes import Outcome, outcome_of
from web.site import read_clock, site_of
from web.words import LANGUAGE_COOKIE, Words, choose_language

STATIC = Path(str(files("web"))) / "static"
# htmx and its extension come from the package that ships them; we serve its folder and copy nothing.
VENDOR = Path(str(files("django_htmx"))) / "static" / "django_htmx"


class Bilingual(Protocol):
    """Whatever of the domain has a name in both languages."""

    @property
    def zh(self) -> str:
        """In Chinese."""

    @property
    def en(self) -> str:
        """In English."""


@dataclass(frozen=True, slots=True)
class Frame:
    """What every page shows around its own context."""

    words: Words
    viewer: Viewer | None
    path: str
    now: datetime
    zone: tzinfo
    entries: tuple[Entry, ...] = ()
    outcome: Outcome | None = None
    form_token: str | None = field(default=None, repr=False)
    desk: str | None = None  # the desk beside this browser

    @property
    def token_field(self) -> Markup:
        """What every form that posts begins with; the template compiler puts it there."""
        return form_tokens.field_of(self.form_token)

    @property
    def token_header(self) -> str | None:
        """The same for htmx, as the JSON of `hx-headers`."""
        return None if self.form_token is None else json.dumps({form_tokens.HEADER: self.form_token})

    def age(self, moment: datetime) -> Markup:
        """How long ago, as a `<time>` that stays right while the page is open."""
        text = speaking.age(moment, self.now, self.words, self.zone)
        return Markup('<time data-age datetime="{}" title="{}">{}</time>').format(
            moment.isoformat(), self.clock(moment), text
        )

    def clock(self, moment: datetime) -> str:
        """Local date and time."""
        return speaking.local_time(moment, self.zone)

    def named(self, kind: Bilingual) -> str:
        """What a kind of the domain (a role, a place, a state) is called in the page's language."""
        return kind.zh if self.words.chinese else kind.en

    def sentence(self, refusal: Refusal) -> str:
        """Why not, in the page's language."""
        return refusal.sentence("zh" if self.words.chinese else "en")

    def article(self, refusal: Refusal) -> str | None:
        """The rule a refusal stands on, with its source; None where it stands on none."""
        if refusal.rule is None:
            return None
        language = "zh" if self.words.chinese else "en"
        rule = RULES[refusal.rule]
        return self.words("error.article", rule=rule.sentence(language), source=rule.source(language))

    def typed(self, moment: datetime) -> str:
        """Local date and time as a `datetime-local` field has it."""
        return moment.astimezone(self.zone).strftime("%Y-%m-%dT%H:%M")

    def probability(self, probability: float) -> str:
        """A probability in words."""
        return speaking.probability_in_words(probability, self.words)

    @property
    def role(self) -> str:
        """The viewer's role in the page's language."""
        return "" if self.viewer is None else self.named(self.viewer.role)


@cache
def static_address(name: str) -> str:
    """Where a static file is served: with the hash of its content, so that browsers may keep it for ever."""
    path = VENDOR / name.removeprefix("vendor/") if name.startswith("vendor/") else STATIC / name
    return f"/static/{name}?v={sha256(path.read_bytes()).hexdigest()[:12]}"


_templates = Environment(
    loader=PackageLoader("web"),
    autoescape=select_autoescape(default=True),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
form_tokens.add_tokens(_templates)
_templates.globals["static"] = static_address
# A form is done once however often it is sent: the command it stands for is named when it is shown.
_templates.globals["new_command"] = uuid4
_templates.filters["percent"] = speaking.percent
_templates.filters["clock_offset"] = speaking.clock_offset
_templates.filters["segment"] = lambda text: quote(text, safe="")


def words_of(request: Request) -> Words:
    """The texts in the language of whoever asks."""
    default = site_of(request).settings.language
    accepted = request.headers.get("accept-language", "")
    return Words(choose_language(request.cookies.get(LANGUAGE_COOKIE), accepted, default))


def wants_block(request: Request) -> bool:
    """Whether htmx asks for a piece of the page it already shows."""
    return "hx-request" in request.headers and "hx-history-restore-request" not in request.headers


def render(
    request: Request,
    template: str,
    context: object,
    viewer: Viewer | None = None,
    *,
    block: str | None = None,
    status: int = 200,
) -> Response:
    """The page, or its `block` where htmx asks; templates see `page` (the context), `frame` and `t` (the words)."""
    words = words_of(request)
    site = site_of(request)
    piece = block if wants_block(request) else None
    frame = Frame(
        words,
        viewer,
        request.url.path,
        read_clock(),
        site.settings.zone,
        entries_for(viewer, site.pages),
        outcome_of(request, words) if piece is None else None,
        form_tokens.token_of(request),
        own_desk(request),
    )
    facts: dict[str, object] = {"page": context, "frame": frame, "t": words}
    # The building blocks, made for this page: a block sent by itself has them too.
    facts["blocks"] = _templates.get_template("blocks.html").make_module(facts)
    source = _templates.get_template(template)
    html = source.render(facts) if piece is None else "".join(source.blocks[piece](source.new_context(facts)))
    headers = {"Vary": "HX-Request, Accept-Language, Cookie", "Content-Language": words.language}
    response = HTMLResponse(html, status, headers)
    if frame.outcome is not None:
        response.delete_cookie(OUTCOME_COOKIE, httponly=True, samesite="lax", secure=site.settings.https)
    return response


@dataclass(frozen=True, slots=True)
class RefusalContext:
    """A refusal, and the status it came with."""

    refusal: Refusal
    status: int


def refusal_page(request: Request, refusal: Refusal, status: int) -> Response:
    """A calm page, or the same sentence in place of the block that was asked for."""
    viewer = getattr(request.state, "viewer", None)
    context = RefusalContext(refusal, status)
    return render(request, "refusal.html", context, viewer, block="refusal", status=status)
