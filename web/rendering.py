"""From a typed context to HTML: one template gives the whole page, or one of its blocks when htmx asks for it."""

from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import cache
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from inventory.domain.people import Viewer
from inventory.domain.refusals import Refusal
from web import speaking
from web.site import read_clock, site_of
from web.words import LANGUAGE_COOKIE, Words, choose_language

STATIC = Path(str(files("web"))) / "static"
# htmx and its extension come from the package that ships them; we serve its folder and copy nothing.
VENDOR = Path(str(files("django_htmx"))) / "static" / "django_htmx"


@dataclass(frozen=True, slots=True)
class Frame:
    """What every page shows around its own context."""

    words: Words
    viewer: Viewer | None
    path: str
    now: datetime
    zone: tzinfo

    def age(self, moment: datetime) -> Markup:
        """How long ago, as a `<time>` that stays right while the page is open."""
        text = speaking.age(moment, self.now, self.words, self.zone)
        return Markup('<time data-age datetime="{}" title="{}">{}</time>').format(
            moment.isoformat(), self.clock(moment), text
        )

    def clock(self, moment: datetime) -> str:
        """Local date and time."""
        return speaking.local_time(moment, self.zone)

    def probability(self, probability: float) -> str:
        """A probability in words."""
        return speaking.probability_in_words(probability, self.words)

    @property
    def role(self) -> str:
        """The viewer's role in the page's language."""
        if self.viewer is None:
            return ""
        return self.viewer.role.zh if self.words.chinese else self.viewer.role.en


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
_templates.globals["static"] = static_address
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
    frame = Frame(words, viewer, request.url.path, read_clock(), site_of(request).settings.zone)
    facts = {"page": context, "frame": frame, "t": words}
    source = _templates.get_template(template)
    if block is not None and wants_block(request):
        html = "".join(source.blocks[block](source.new_context(facts)))
    else:
        html = source.render(facts)
    return HTMLResponse(
        html, status, {"Vary": "HX-Request, Accept-Language, Cookie", "Content-Language": words.language}
    )


@dataclass(frozen=True, slots=True)
class RefusalContext:
    """A refusal in the reader's language."""

    sentence: str
    status: int


def refusal_page(request: Request, refusal: Refusal, status: int) -> Response:
    """A calm page, or the same sentence in place of the block that was asked for."""
    language = "zh" if words_of(request).chinese else "en"
    return render(
        request, "refusal.html", RefusalContext(refusal.sentence(language), status), block="refusal", status=status
    )
