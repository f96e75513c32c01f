"""The real web server in front of a warehouse with people, the browser, a broker: one of each kind for all folders of tests."""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from time import monotonic, sleep
from uuid import uuid4

import httpx
import pytest
from playwright.sync_api import Browser, Page, Route, expect, sync_playwright

from devices.samples import understand
from inventory.domain.people import Role
from inventory.store.people import secret_hash
from tests.conftest import Archive
from tests.servers import Mosquitto, mosquitto, server_directory
from tests.web.stock import account_of, password_of
from web.app import WebSettings, create_app, web_server
from web.form_tokens import HEADER, form_token

_START_SECONDS_MAX = 60
_ANSWER_SECONDS_MAX = 30  # two workers, their servers and a browser share two cores
CHROMIUM = "/usr/bin/chromium"

# What is SQL runs on both engines; pages look the same on either.
ONE_ENGINE = pytest.mark.parametrize("postgres", ["PostgreSQL 18, embedded"], indirect=True)

SignIn = Callable[[str], httpx.Client]

# Two workers and their servers share two cores, and people's secrets are checked slowly, on purpose: what takes a second
# alone may take ten.
expect.set_options(timeout=30_000)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A directory that servers may use."""
    with server_directory() as directory:
        yield directory


@pytest.fixture
def broker(folder: Path) -> Iterator[Mosquitto]:
    """A real Mosquitto of the test's own; a folder may set its own up otherwise."""
    with mosquitto(folder) as running:
        yield running


@pytest.fixture
def web_settings() -> WebSettings:
    """How the site is set up; a folder or a test may choose otherwise."""
    return WebSettings(understand=understand)


@contextmanager
def serving(archive: Archive, settings: WebSettings) -> Iterator[str]:
    """The address of a running server over the archive, which has stopped when the block is left."""
    # Listened on from the start: no other worker's server gets between choosing a port and using it.
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    server = web_server(create_app(archive.app, settings), "127.0.0.1", port)
    thread = Thread(target=server.run, args=([listener],))
    thread.start()
    deadline = monotonic() + _START_SECONDS_MAX
    while not server.started:
        assert thread.is_alive(), "the web server ended"
        assert monotonic() < deadline, "the web server doesn't start"
        sleep(0.02)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(_START_SECONDS_MAX)
    assert not thread.is_alive(), "the web server doesn't stop"


@pytest.fixture
def site(archive: Archive, web_settings: WebSettings) -> Iterator[str]:
    """The address of a running server over the archive; keeper 'zhao', and one clerk of each of two counties."""
    archive.root.execute("INSERT INTO agency (code, name, level) VALUES ('370113', '长清区档案中心', 'county')")
    account_of(archive, "zhao", "赵建国", Role.KEEPER)
    account_of(archive, "licheng", "刘敏", Role.WINDOW_CLERK, "370112")
    account_of(archive, "changqing", "孙丽", Role.WINDOW_CLERK, "370113")
    with serving(archive, web_settings) as address:
        yield address


def client_of(site: str) -> httpx.Client:
    """A browser without a screen: whatever session it has, it sends the token that the session's pages carry."""

    def with_token(request: httpx.Request) -> None:
        # As the body element of every page has htmx send it.
        for cookie in client.cookies.jar:
            if cookie.name == "guiwei":
                request.headers.setdefault(HEADER, form_token(str(cookie.value)))

    client = httpx.Client(
        base_url=site,
        headers={"Accept-Language": "en"},
        timeout=_ANSWER_SECONDS_MAX,
        event_hooks={"request": [with_token]},
    )
    return client


@pytest.fixture
def visitor(site: str) -> Iterator[httpx.Client]:
    """Somebody who hasn't signed in."""
    with client_of(site) as client:
        yield client


@pytest.fixture
def signed_in(site: str, archive: Archive) -> Iterator[SignIn]:
    """Somebody who came in before, with a session of their own; `by_the_form` types a password."""
    clients: list[httpx.Client] = []

    def sign_in(login: str) -> httpx.Client:
        client, secret = client_of(site), uuid4().hex
        clients.append(client)
        archive.root.execute(
            "INSERT INTO web_session (secret_hash, account_id, created_at, expires_at)"
            " SELECT %s, id, now(), now() + interval '8 hours' FROM account WHERE login = %s",
            (secret_hash(secret), login),
        )
        client.cookies.set("guiwei", secret)
        return client

    yield sign_in
    for client in clients:
        client.close()


@pytest.fixture
def by_the_form(site: str) -> Iterator[SignIn]:
    """Sign somebody in by the form, as a browser would."""
    clients: list[httpx.Client] = []

    def sign_in(login: str) -> httpx.Client:
        client = client_of(site)
        clients.append(client)
        answer = client.post("/sign-in", data={"login": login, "password": password_of(login)})
        assert answer.status_code == 303, answer.text
        return client

    yield sign_in
    for client in clients:
        client.close()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


class Held:
    """The next thing a page asks for at an address: a slow answer, until the test lets it go."""

    def __init__(self, page: Page, address: str) -> None:
        self._page, self._routes = page, list[Route]()
        page.route(address, self._hold, times=1)

    def _hold(self, route: Route) -> None:
        self._routes.append(route)

    @property
    def asked(self) -> Route:
        """What was asked, once it has been; `continue_()` or `abort()` it."""
        deadline = monotonic() + _ANSWER_SECONDS_MAX
        while not self._routes:
            assert monotonic() < deadline, f"asked for nothing there: {self._page.locator('body').inner_text()}"
            self._page.wait_for_timeout(10)
        return self._routes[0]
