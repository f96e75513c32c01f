"""`guiwei demo`: a simulated city warehouse on embedded services, with readers that read and pages to look at.

Everything lies in a directory of its own; a second start finds the same data and goes on. The people and their password
exist here alone: no other command makes an account by itself.
"""

import json
import os
import secrets
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn

from devices.simulator.city import City, make_city, write_registers
from devices.simulator.floor import EPC_MANAGER
from devices.simulator.run import simulate
from devices.simulator.truth import DifferenceKind, Truth, make_truth
from guiwei import demo_day, demo_history
from guiwei.demo_day import AGENCY, Crew
from guiwei.embedded.directory import free_port
from guiwei.settings import Settings, read_settings
from guiwei.site import Say, Site, open_site
from guiwei.supervising import supervise
from inventory.domain.label_numbering import Numbering
from inventory.domain.people import Role
from inventory.domain.refusals import BadSetting, NameTaken, Unavailable
from inventory.operations import countersigning, numbering_labels, second_factor, signing_in
from inventory.operations.importing import ImportOptions, import_register
from inventory.store.database import raw
from inventory.store.dossiers import is_empty

SEED = 20260301
PLAIN_TO_SEE = (DifferenceKind.FAR, DifferenceKind.LEFT_ON_DESK)  # found by the first sweep that passes
READY_SECONDS_MAX = 60
STOOD_THERE = timedelta(days=7)  # so long already, when the demo begins
_LABEL_CLASS = 3  # 1 and 2 are the city's dossiers and shelves
PASSWORD = "guiwei-demo-2026"  # noqa: S105 - printed on the screen; the demo listens on loopback


@dataclass(frozen=True)
class _Person:
    login: str
    name: str
    role: Role
    agency: str | None = None
    pin: str | None = None


PEOPLE = (
    _Person("keeper", "库管 李建国", Role.KEEPER, pin="204816"),
    _Person("second", "库管 孙丽", Role.KEEPER, pin="739150"),
    _Person("clerk", "窗口 赵敏", Role.WINDOW_CLERK, AGENCY, pin="518402"),
    _Person("head", "中心主任 郑伟", Role.AGENCY_HEAD, AGENCY, pin="640273"),
    _Person("manager", "主管 王秀英", Role.CITY_MANAGER),
    _Person("auditor", "审计 周明", Role.AUDITOR),
)


def run(settings: Settings, dossiers: int, speed: float, stop: threading.Event, say: Say) -> None:
    """Run the demo until stopped. Raises `BadSetting` where the environment names a database of the site's own."""
    settings = _own_settings(settings)
    with open_site(settings, say, "app", "jobs", "owner", broker=True) as site:
        begun = _remembered(settings, dossiers)
        city = make_city(begun.dossiers, seed=SEED)
        truth = make_truth(city, SEED)
        try:
            if _is_empty(site):
                _fill(site, city, begun.stood_since or datetime.now(UTC), stop, say)
        except _Stopped:
            return
        crew = _let_people_in(site)
        _number_labels(site)
        demo_day.begin(site.app, city, crew, datetime.now(UTC))
        services = threading.Thread(
            target=supervise, args=(("web", "ingest", "gate", "jobs"), stop, say), name="services"
        )
        services.start()
        history: subprocess.Popen[bytes] | None = None
        try:
            _wait_until_ready(settings, stop)
            if not stop.is_set():
                _welcome(settings, truth, say)
                if begun.stood_since is not None and demo_history.is_wanted(site, city):
                    history = _live_through_history(begun.dossiers, say)
                simulate(city, truth, site.broker, stop, speed, say)
        finally:
            stop.set()
            if history is not None:
                history.terminate()
                history.wait()
            services.join()


def _own_settings(settings: Settings) -> Settings:
    """The settings of the demo: its own directory unless told, embedded services only, a free port if 8000 is taken."""
    if not (settings.uses_embedded_database and settings.uses_embedded_broker):
        raise BadSetting(
            setting="GUIWEI_DATABASE_URL / GUIWEI_MQTT_URL",
            problem_zh="演示只使用内置服务，请先取消此设置",
            problem_en="the demo runs on embedded services only; unset it first",
        )
    if "GUIWEI_DATA_DIR" not in os.environ:
        os.environ["GUIWEI_DATA_DIR"] = str(settings.data_dir / "demo")
    if "GUIWEI_WEB_PORT" not in os.environ:
        os.environ["GUIWEI_WEB_PORT"] = str(free_port(settings.web_port))
    return read_settings()  # the services are child processes and read the same environment


@dataclass(frozen=True)
class _Begun:
    """What the first start in this directory was told, and since when the city's dossiers stand where the register has them.

    stood_since: None where an older version filled the city; nothing happened there before.
    """

    dossiers: int
    stood_since: datetime | None


def _remembered(settings: Settings, dossiers: int) -> _Begun:
    path = settings.data_dir / "demo.json"
    if path.exists():
        told = json.loads(path.read_text())
        since = told.get("stood_since")
        return _Begun(int(told["dossiers"]), since and datetime.fromisoformat(since))
    begun = _Begun(dossiers, datetime.now(UTC) - STOOD_THERE)
    path.write_text(json.dumps({"dossiers": dossiers, "seed": SEED, "stood_since": str(begun.stood_since)}))
    return begun


def _is_empty(site: Site) -> bool:
    with site.owner.transaction() as session:
        return is_empty(raw(session))


class _Stopped(Exception):
    """The demo is to end before the city is there; the next start makes it."""


def _fill(site: Site, city: City, stood_since: datetime, stop: threading.Event, say: Say) -> None:
    """Through the same import a site uses, from files such as a site has."""
    options = ImportOptions(as_of=stood_since)
    say(f"正在建立模拟城市的 {len(city.dossiers):,} 份档案。Filling the simulated city.")
    with tempfile.TemporaryDirectory() as directory, _progress() as bar:
        write_registers(city, Path(directory))
        for kind in ("agencies", "places", "readers", "dossiers"):
            task = bar.add_task(kind)

            def advance(phase: str, done: int, total: int, task: TaskID = task, kind: str = kind) -> None:
                if stop.is_set():
                    raise _Stopped
                bar.update(task, description=f"{kind}: {phase}", completed=done, total=max(total, 1))

            path = Path(directory) / f"{kind}.csv"
            import_register(site.owner, kind, path, uuid4(), datetime.now(UTC), options, on_progress=advance)


def _let_people_in(site: Site) -> Crew:
    """Also after a first start that was interrupted before it came to this. The demo asks for no second factor."""
    for role in Role:
        second_factor.require(site.owner, role, required=False)
    for person in PEOPLE:
        with suppress(NameTaken):
            signing_in.add_account(site.owner, person.login, person.name, person.role, person.agency, PASSWORD)
        if person.pin is not None:
            countersigning.set_pin(site.owner, person.login, person.pin)
    clerk, head, keeper, manager = (
        signing_in.sign_in(site.app, login, PASSWORD, secrets.token_urlsafe(32)).viewer
        for login in ("clerk", "head", "keeper", "manager")
    )
    return Crew(clerk, head, keeper, manager)


def _number_labels(site: Site) -> None:
    """New labels stand under the simulated city's manager number (the standard's example), in a class of their own."""
    if numbering_labels.numbering(site.owner, None) is None:
        new = Numbering(manager=EPC_MANAGER, object_class=_LABEL_CLASS)
        numbering_labels.set_numbering(site.owner, new, None, datetime.now(UTC))


@contextmanager
def _progress() -> Iterator[Progress]:
    with Progress(TextColumn("{task.description:32}"), BarColumn(), TaskProgressColumn()) as bar:
        yield bar


def _wait_until_ready(settings: Settings, stop: threading.Event) -> None:
    """Return when the pages answer, or when stopped; raises `Unavailable` where they don't in time."""
    deadline = time.monotonic() + READY_SECONDS_MAX
    while not stop.wait(0.2):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{settings.web_port}/ready", timeout=2) as answer:
                if answer.status == 200:  # noqa: PLR2004
                    return
        except OSError as error:
            if time.monotonic() > deadline:
                raise Unavailable(service="web", problem=str(error)) from error


def _welcome(settings: Settings, truth: Truth, say: Say) -> None:
    say("")
    say(f"  归位 Guiwei    http://127.0.0.1:{settings.web_port}")
    say("")
    for person in PEOPLE:
        pin = f"PIN {person.pin}" if person.pin else ""
        say(f"  {person.login:9} {PASSWORD}   {pin:12} {person.role.zh} · {person.role.en}")
    say("")
    strayed = [difference.number for difference in truth.differences if difference.kind in PLAIN_TO_SEE][:3]
    say(f"  登录后检索档案编号、姓名或拼音，例如 {' '.join(strayed)}（几分钟内，盘点会发现它们不在原位）。")
    say(
        "  Sign in and look for a number, a name or pinyin; the sweeps will soon see that these three are out of place."
    )
    say("  Ctrl-C 结束 ends it.")
    say("")


def _live_through_history(dossiers: int, say: Say) -> subprocess.Popen[bytes]:
    say(
        "  正在补上前四天的盘点，几分钟后可看。The four days before are being lived through; in some minutes there is an audit."
    )
    # A group of its own: Ctrl-C at the terminal reaches us alone.
    command = [sys.executable, "-m", "guiwei.demo_history", str(dossiers), str(SEED)]
    return subprocess.Popen(command, start_new_session=True)
