"""A token in every form: what is sent with somebody's cookie comes from one of our pages.

The token follows from the session's secret, which no page and no other site can read; another session has another one.
It is put into forms by the template compiler and into htmx's requests by the body element, so that no page can forget it.
"""

import re
from hashlib import sha256
from hmac import compare_digest

from jinja2 import Environment
from jinja2.ext import Extension
from markupsafe import Markup
from starlette.requests import Request

from inventory.domain.refusals import FormTokenMissing
from web.signed_in import bearer_of, session_secret

FIELD = "form_token"
HEADER = "X-Form-Token"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_FORM = re.compile(r"""<form\b[^>]*\bmethod="post"[^>]*>""")
# Signing in uses nothing of the session a browser may still have, and the page may be older than that session.
_WITHOUT = frozenset({"/sign-in"})


def form_token(secret: str) -> str:
    """The token of a session: 64 hexadecimal digits that don't tell the secret."""
    return sha256(b"guiwei form token\0" + secret.encode()).hexdigest()


def token_of(request: Request) -> str | None:
    """The token pages shown to this browser carry; None without a session."""
    secret = session_secret(request)
    return None if secret is None else form_token(secret)


def field_of(token: str | None) -> Markup:
    """The token as a form's first field."""
    return Markup() if token is None else Markup('<input type="hidden" name="{}" value="{}">').format(FIELD, token)


def check_form_token(request: Request, body: bytes) -> None:
    """Raises `FormTokenMissing` where a session's cookie comes along without its token, in the header or in the form."""
    if request.method in SAFE_METHODS or request.url.path in _WITHOUT or bearer_of(request) is not None:
        return
    token = token_of(request)
    if token is None or compare_digest(request.headers.get(HEADER, "").encode(), token.encode()):
        return
    # Nobody guesses it: wherever it stands in the body, whoever wrote the body has read one of our pages.
    if token.encode() not in body:
        raise FormTokenMissing


class TokensInForms(Extension):
    """Puts `{{ frame.token_field }}` behind the opening tag of every form that posts."""

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        """The template as it is compiled."""
        return _FORM.sub(lambda tag: tag.group() + "{{ frame.token_field }}", source)


def add_tokens(environment: Environment) -> None:
    """Let an environment's templates have tokens in their forms."""
    environment.add_extension(TokensInForms)
