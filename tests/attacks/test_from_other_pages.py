"""What another site's page, or a file somebody was given, tries with a clerk's open session."""

import re

import httpx
import pytest

from tests.attacks.bombs import bomb
from tests.attacks.conftest import ONE_ENGINE
from tests.site import SignIn
from web.form_tokens import FIELD, HEADER, form_token

pytestmark = ONE_ENGINE
LANGUAGE = {"language": "en", "then": "/"}
_FORM = re.compile(r'<form\b[^>]*\bmethod="post"[^>]*>(.*?)</form>', re.DOTALL)
_INLINE = re.compile(r"<[^>]*\s(?:style|on\w+)=|<style\b|<script(?![^>]*\ssrc=)|javascript:", re.IGNORECASE)


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://elsewhere.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_another_sites_page_cannot_post_even_with_the_token(signed_in: SignIn, headers: dict[str, str]) -> None:
    clerk = signed_in("licheng")
    answer = clerk.post("/sign-out", headers=headers)
    assert answer.status_code == 403
    assert clerk.get("/").status_code == 200


def test_a_session_alone_posts_nothing(signed_in: SignIn) -> None:
    clerk = signed_in("licheng")
    clerk.event_hooks = {}
    for path, sent in (("/sign-out", {}), ("/language", LANGUAGE), ("/requests/letters", {"kind": "loan_letter"})):
        assert clerk.post(path, data=sent).status_code == 403
    answer = clerk.post("/api/v1/dossiers/search", json={"text": "shan"})
    assert (answer.status_code, answer.json()["code"]) == (403, "form_token_missing")
    assert clerk.get("/").status_code == 200, "the session goes on"


def test_another_sessions_token_opens_nothing(signed_in: SignIn) -> None:
    clerk, other = signed_in("licheng"), signed_in("changqing")
    clerk.headers[HEADER] = form_token(str(other.cookies["guiwei"]))
    assert clerk.post("/language", data=LANGUAGE).status_code == 403
    clerk.headers[HEADER] = ""
    assert clerk.post("/language", data=LANGUAGE | {FIELD: ""}).status_code == 403
    token = form_token(str(clerk.cookies["guiwei"]))
    assert clerk.post("/language", data=LANGUAGE | {FIELD: token}).status_code == 303


def pages_reached(client: httpx.Client) -> dict[str, str]:
    """Every page links lead to from the first, by address."""
    found: dict[str, str] = {}
    waiting = ["/"]
    while waiting:
        path = waiting.pop()
        answer = client.get(path, follow_redirects=True)
        if path in found or "text/html" not in answer.headers["content-type"]:
            continue
        found[path] = answer.text
        links = re.findall(r'href="(/[^"?#]*)', answer.text)
        waiting += [link for link in links if link not in found and not link.startswith("/static")]
    return found


@pytest.mark.parametrize("login", ["zhao", "licheng"])
def test_every_form_of_every_page_carries_the_token_and_none_has_script_or_style_in_it(
    signed_in: SignIn, login: str
) -> None:
    client = signed_in(login)
    token = form_token(str(client.cookies["guiwei"]))
    pages = pages_reached(client)
    assert len(pages) > 10, pages.keys()
    forms = [(path, form) for path, text in pages.items() for form in _FORM.findall(text)]
    assert len(forms) > len(pages)
    assert [path for path, form in forms if f'name="{FIELD}" value="{token}"' not in form] == []
    assert [path for path, text in pages.items() if _INLINE.search(text)] == []
    # A telephone keeps the page of counts, so no session's token stands in it: its script asks for one.
    assert [path for path, text in pages.items() if f"{HEADER}" not in text] == ["/shelf-count"] * (
        "/shelf-count" in pages
    )


# ── Files ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_bomb_for_a_letters_scan_is_refused_by_what_it_begins_with(signed_in: SignIn) -> None:
    clerk = signed_in("licheng")
    form = {
        "command_id": "0f9e9d4c-6f3a-4a53-9f61-3c3c0f0a5c11",
        "kind": "loan_letter",
        "number": "1",
        "issuer": "x",
        "dated": "2026-03-01",
    }
    for name, content, told in (
        ("letter.pdf", bomb(), "application/pdf"),
        ("letter.png", b"<svg onload=alert(1)>", "image/png"),
        ("letter.pdf", b"<!doctype html><script>", "application/pdf"),
    ):
        answer = clerk.post("/requests/letters", data=form, files={"scan": (name, content, told)})
        assert answer.status_code == 422, answer.text[:200]
