"""The whole system at work, apart as in a city: nothing it writes down anywhere but in the database names anybody."""

import io
import json
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import paho.mqtt.client as paho
import psycopg
import pytest
from openpyxl import load_workbook
from paho.mqtt.enums import CallbackAPIVersion
from playwright.sync_api import Browser, expect

from inventory.store.keys import load_key_ring
from tests import servers
from tests.commands.running import Guiwei, Running
from tests.conftest import Archive
from tests.imports.files import AGENCIES, PLACES, csv_file
from tests.ingest.equipment import until
from tests.records.test_no_personal_data import NAME, NUMBER, TYPED_NAME, TYPED_NUMBER, named_in, work
from tests.site import ONE_ENGINE, client_of
from tests.web.stock import password_of

TOPIC = "guiwei/jn/S-1/reads"
EPC = "3500E86F8000A9E000000099"
OWNED = {"jobs", "ingest slot 0", "reader commands 0"}  # what the processes own, once they work
PEOPLE = {"zhao": "keeper", "licheng": "window_clerk", "shen": "audit_admin"}


@dataclass
class Run:
    """A site of three processes, and all that was said and seen while it ran: by what, and the text."""

    archive: Archive
    guiwei: Guiwei
    broker: servers.Mosquitto
    web: Running
    processes: list[Running] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)

    def note(self, what: str, text: str) -> None:
        self.texts[what] = self.texts.get(what, "") + text + "\n"


@pytest.fixture
def run(archive: Archive, tmp_path: Path) -> Iterator[Run]:
    with ExitStack() as stack:
        home = stack.enter_context(servers.server_directory())
        broker = stack.enter_context(servers.mosquitto(home, log_type="all"))
        guiwei = Guiwei(home / "data")
        guiwei.use_database(archive.server, archive.name)
        guiwei.set("GUIWEI_MQTT_URL", broker.url)
        load_key_ring(guiwei.data / "guiwei.key", make=True)
        registers(guiwei, tmp_path)
        processes = []
        for name in ("web", "ingest", "jobs"):
            processes.append(guiwei.start(name))
            stack.callback(processes[-1].abandon)
        site = Run(archive, guiwei, broker, processes[0], processes)
        site.web.wait_for(lambda: answers(site.web.address))
        site.web.wait_for(lambda: {name for (name,) in archive.root.execute("SELECT name FROM lease")} >= OWNED)
        yield site


def answers(address: str) -> bool:
    try:
        return httpx.get(f"{address}/ready").status_code == 200
    except httpx.TransportError:
        return False


def registers(guiwei: Guiwei, folder: Path) -> None:
    """A person's dossier on a shelf a reader looks at, brought in by command; and people to ask for it."""
    files = {
        "agencies": AGENCIES,
        "places": PLACES,
        "readers": (f"S-1,native,{TOPIC},1,W2-A-01-1,shelf",),
        "dossiers": (f"D-1,{NAME},{NUMBER},370112,{EPC},,W2-A-01-1",),
    }
    for kind, lines in files.items():
        done = guiwei("import", kind, csv_file(folder, kind, *lines))
        assert done.code == 0, done.err
    for login, role in PEOPLE.items():
        agency = ("--agency", "370112") if role == "window_clerk" else ()
        added = guiwei("user", "add", login, "--role", role, *agency, GUIWEI_NEW_PASSWORD=password_of(login))
        assert added.code == 0, added.err


def at_the_counter(run: Run) -> None:
    """People search, look, err, and send what can't be meant; each answer that refuses is kept."""
    shown = False
    for login in ("licheng", "zhao"):
        with client_of(run.web.address) as client:
            entered = client.post("/sign-in", data={"login": login, "password": password_of(login)})
            assert entered.status_code == 303, entered.text
            kept = [*work(client), *malformed(client)]
        for answer in kept:
            # What somebody typed into a form stands in the form again, and what into the address in the sentence about it; it
            # was the typist's own. Any other refusal repeats nothing.
            typed = "<form" in answer.text.partition("<main")[2] or named_in(answer.request.url.path)
            if answer.status_code >= 400 and not typed:
                run.note("refusals", f"{answer.status_code} {answer.text}")
            run.note("headers", str(answer.headers))
            assert answer.status_code < 500, answer.text
        shown = shown or any(NAME in answer.text for answer in kept)
    assert shown, "the run showed nobody, so it proves nothing"


def malformed(client: httpx.Client) -> list[httpx.Response]:
    """What no page of ours sends, with a person in it."""
    person = f"{TYPED_NAME} {TYPED_NUMBER}"
    found = [client.get(f"/{typed}") for typed in (TYPED_NAME, TYPED_NUMBER)]
    found += [client.get(f"/dossiers/{typed}") for typed in (TYPED_NAME, TYPED_NUMBER)]
    found += [client.get("/access-log", params={"person": TYPED_NAME})]
    for content, kind in (
        (f'{{"text": "{person}', "application/json"),
        (json.dumps({"text": person + "\0"}), "application/json"),
        (json.dumps([person]), "application/json"),
        (f"text={person}", "application/xml"),
        (f"--x\r\n{person}", "multipart/form-data; boundary=x"),
        (person * 2_500, "application/json"),  # too large, and refused before all of it is sent
    ):
        for path in ("/api/v1/dossiers/search", "/api/v1/requests", "/requests", "/"):
            with suppress(httpx.WriteError, httpx.ReadError):
                found.append(client.post(path, content=content.encode(), headers={"Content-Type": kind}))
    return found


def in_a_browser(run: Run, chromium: Browser) -> None:
    """A clerk finds the dossier by name and opens it; every address the browser asked for is kept."""
    page = chromium.new_page(locale="en")
    page.on("request", lambda asked: run.note("addresses", asked.url))
    try:
        page.goto(f"{run.web.address}/sign-in")
        page.locator("[name=login]").fill("licheng")
        page.locator("[name=password]").fill(password_of("licheng"))
        page.keyboard.press("Enter")
        page.wait_for_url(f"{run.web.address}/work")
        page.goto(run.web.address)
        page.locator("[name=text]").fill(NAME)
        page.keyboard.press("Enter")
        page.wait_for_url("**/dossiers/D-1")  # There is one of that name, so it is opened.
        expect(page.get_by_text(NAME).first).to_be_visible()
        run.note("addresses", page.url)
        run.note("titles", page.title())
    finally:
        page.close()


def on_the_broker(run: Run) -> None:
    """A reader says what it reads, and somebody publishes persons; every topic that is spoken on is kept."""
    speaker = paho.Client(CallbackAPIVersion.VERSION2)
    speaker.on_message = lambda _client, _data, message: run.note("topics", message.topic)
    speaker.connect("127.0.0.1", run.broker.port)
    speaker.subscribe("#", qos=1)
    speaker.loop_start()
    try:
        for payload in (f"{NAME} {NUMBER}", json.dumps({"epc": NAME}), json.dumps({"barcode": NUMBER, "at": NAME})):
            speaker.publish(TOPIC, payload, qos=1).wait_for_publish(5)
        speaker.publish(TOPIC, json.dumps({"antenna": 1, "epc": EPC, "rssi_dbm": -45}), qos=1).wait_for_publish(5)
        root = run.archive.root
        run.web.wait_for(lambda: root.execute("SELECT FROM quarantine").rowcount >= 2)
        run.web.wait_for(lambda: root.execute("SELECT FROM belief").rowcount, 60)
    finally:
        speaker.disconnect()
        speaker.loop_stop()


def at_the_database(run: Run) -> None:
    """Whatever SQL the application may send fails in as many ways as there are, with a person in each."""
    for statement, facts in (
        ("SELECT %s::text::integer", (NUMBER,)),
        ("SELECT %s::text::date", (NAME,)),
        (f"SELECT '{NAME}'::integer", None),
        (f"SELECT '{NAME}", None),
        (f'SELECT "{NAME}"', None),
        ("INSERT INTO subject (id, name) SELECT id, %s FROM subject", (NAME,)),
        ("INSERT INTO dossier_alias SELECT id, %s FROM dossier, generate_series(1, 2)", (NAME,)),
        ("INSERT INTO place (code, kind, name) VALUES ('X', %s, 'x')", (NAME,)),
        ("SELECT jsonb(%s::text)", (NAME,)),
    ):
        with run.archive.sql_of(run.archive.keeper) as app, pytest.raises(psycopg.Error):
            app.execute(statement, facts)


def by_command(run: Run, folder: Path) -> None:
    """A register with persons in the wrong columns: each mistake is told by row and column."""
    lines = (f"{NAME},{NAME},{NUMBER}9,{NAME},{NUMBER},{NAME},{NAME}", f"D-1,{NAME},{NUMBER},370112,{EPC},,{NUMBER}")
    done = run.guiwei("import", "dossiers", csv_file(folder, "dossiers", *lines))
    assert done.code == 2
    run.note("commands", done.out + done.err)


def exports(run: Run) -> None:
    """The audit administrator takes the access log home."""
    with client_of(run.web.address) as client:
        client.post("/sign-in", data={"login": "shen", "password": password_of("shen")})
        for ending in ("csv", "xlsx"):
            answer = client.get(f"/access-log/export.{ending}")
            assert answer.status_code == 200, answer.text
            run.note("names of files", answer.headers["content-disposition"])
            if ending == "csv":
                run.note("exports", answer.text)
            else:
                cells = load_workbook(io.BytesIO(answer.content)).worksheets[0].iter_rows(values_only=True)
                run.note("exports", str(list(cells)))
        run.note("metrics", client.get("/metrics").text)


def left_behind(run: Run) -> None:
    """What lies in files, and in tables that aren't about persons."""
    for process in run.processes:
        run.note("processes", process.said)
    for path in run.guiwei.data.rglob("*"):
        if path.is_file():
            run.note("data directory", f"{path.name} {path.read_bytes().decode('utf-8', 'replace')}")
    run.note("broker's log", (run.broker.directory / "mosquitto.log").read_text("utf-8", "replace"))
    run.note("PostgreSQL's log", logs_of(run.archive))
    for query in (
        "SELECT to_jsonb(access_log)::text FROM access_log",
        "SELECT encode(epc, 'escape') || encode(epc, 'hex') FROM tag",
    ):
        run.note(query, "\n".join(text for (text,) in run.archive.root.execute(query)))


def around(text: str, word: str) -> str:
    at = text.index(word)
    return text[max(0, at - 300) : at + 50]


@ONE_ENGINE
def test_nothing_the_running_system_writes_down_names_anybody(run: Run, chromium: Browser, tmp_path: Path) -> None:
    at_the_counter(run)
    in_a_browser(run, chromium)
    on_the_broker(run)
    at_the_database(run)
    by_command(run, tmp_path)
    exports(run)
    left_behind(run)
    for process in run.processes:
        assert process.end() == 0
        run.note("processes", process.said)
    named = {what: [around(text, word) for word in named_in(text)] for what, text in run.texts.items()}
    assert named == {what: [] for what in run.texts}
    assert min(len(text) for what, text in run.texts.items() if what != "processes") > 0


def test_the_servers_log_repeats_nothing_of_what_a_statement_said(archive: Archive) -> None:
    """On either engine; what a superuser does there is told as before, so the log is one."""
    archive.dossier("D-1")
    run = Run(archive, None, None, None)  # type: ignore[arg-type]
    at_the_database(run)
    with psycopg.connect(archive.app_url) as app, pytest.raises(psycopg.errors.InsufficientPrivilege):
        app.execute("SET log_min_messages = debug1")
    with pytest.raises(psycopg.errors.DivisionByZero):
        archive.root.execute("SELECT 1 / 0 AS told_of_the_superuser")
    until(lambda: "told_of_the_superuser" in logs_of(archive), "the superuser's mistake in the log")
    assert named_in(logs_of(archive)) == []


def logs_of(archive: Archive) -> str:
    """All the server has written down; a collector of its own writes it, a moment later."""
    return "".join(path.read_text("utf-8", "replace") for path in archive.server.cluster.home.rglob("*.log"))
