"""The command line: it reads arguments, opens the site, calls one operation, and says what came of it.

Wrong input gives one sentence on standard error, exit code 2, and nothing changed; a service that is away gives exit code 1.
`--json` gives machine-readable output. Every command is listed in `docs/commands.md`.
"""

import json
import logging
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated
from uuid import uuid4

import typer

from guiwei import (
    audit_commands,
    broker_commands,
    evidence_commands,
    key_commands,
    label_commands,
    ledger_commands,
    locating_commands,
    people_commands,
    rule_commands,
)
from guiwei.console import Json, parse_moment, print_result, progress, say, screen, tell_errors
from guiwei.desk_commands import CardReader, Reader, Topic, run_desk
from guiwei.doctor import examine
from guiwei.gating import has_gates, run_gates
from guiwei.ingesting import run_ingest
from guiwei.jobs import Jobs
from guiwei.memory import give_back_large_arrays
from guiwei.recording import record_messages
from guiwei.settings import read_settings
from guiwei.site import Site, open_site, upgrade
from guiwei.supervising import supervise
from inventory.domain.refusals import BadInput, Failed, LeaseLost, Refusal, RegisterInvalid, Unavailable
from inventory.operations.closing import close_day
from inventory.operations.importing import ImportOptions, ImportReport, import_register

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help="Guiwei 归位")
database_commands = typer.Typer(no_args_is_help=True, help="The database.")
import_commands = typer.Typer(
    no_args_is_help=True, help="Agencies, places, readers and dossiers, and docked handhelds' reads, from CSV or .xlsx."
)
app.add_typer(database_commands, name="db")
app.add_typer(people_commands.user, name="user")
app.add_typer(people_commands.token, name="token")
app.add_typer(people_commands.factor, name="factor")
app.add_typer(people_commands.badge, name="badge")
app.add_typer(ledger_commands.app, name="ledger")
app.add_typer(import_commands, name="import")
app.add_typer(rule_commands.app, name="rule")
app.add_typer(key_commands.app, name="key")
app.add_typer(label_commands.app, name="label")
app.add_typer(audit_commands.audit, name="audit")
app.command()(locating_commands.locate)
app.command()(broker_commands.broker_config)
import_commands.command("reads")(evidence_commands.import_reads)

EXIT_BAD_INPUT, EXIT_FAILED = 2, 1
WEB_SWITCH_SECONDS = 0.0005
AGAIN_SECONDS = 0.01  # after which a signal that was lost is told again

File = Annotated[Path, typer.Argument(help="CSV (UTF-8 or GB 18030) or .xlsx.")]


def run(command: Callable[[], object] = app) -> None:
    """The entry point: refusals become one sentence and exit code 2, a service that is away exit code 1.

    Also that of our processes that are no command of their own: they end and refuse as commands do.
    """
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:  # `nohup` stays in force
            signal.signal(number, _end_in_order)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s: %(message)s", stream=sys.stderr)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    # That a turn of the jobs was still under way when the next was due is no news: what was missed is made up for.
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
    try:
        command()
    except Refusal as refusal:
        screen.print(str(refusal), soft_wrap=True, markup=False)
        sys.exit(EXIT_FAILED if isinstance(refusal, Unavailable | LeaseLost | Failed) else EXIT_BAD_INPUT)
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)


def _end_in_order(number: int, _frame: object) -> None:
    """End by way of every `finally`: the last command out stops the embedded server. Told twice, it isn't hurried."""
    signal.signal(number, signal.SIG_IGN)
    # A transaction cut in the middle of a statement can't be rolled back by its client; the server does it. No news.
    logging.getLogger("psycopg").setLevel(logging.ERROR)
    sys.unraisablehook = _end_all_the_same
    raise _Ended(128 + number)


class _Ended(SystemExit):
    """A signal told us to end."""


def _end_all_the_same(lost: "sys.UnraisableHookArgs") -> None:
    """A signal that comes while Python clears up after an object raises where nothing can be raised: it is raised again."""
    told = lost.exc_value
    if not isinstance(told, _Ended):
        sys.__unraisablehook__(lost)
        return

    def end(*_: object) -> None:
        raise _Ended(told.code)

    signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_REAL, AGAIN_SECONDS)


@contextmanager
def _until_signalled() -> Iterator[threading.Event]:
    """An event that Ctrl-C or a service manager's SIGTERM sets. Whoever was told to end isn't interrupted in ending."""
    stop = threading.Event()
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        if not stop.is_set():
            for number, handler in before.items():
                signal.signal(number, handler)


# ── Services ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@app.command()
def demo(
    dossiers: Annotated[
        int, typer.Option(help="How many dossiers the simulated city has.", min=1000, max=1_000_000)
    ] = 20_000,
    speed: Annotated[float, typer.Option(help="How many times faster than life keepers sweep.", min=1, max=100)] = 10,
) -> None:
    """A simulated city warehouse with readers and pages; a second start finds the same data."""
    from guiwei import demo as demonstration  # noqa: PLC0415 - the simulated city takes half a second other commands save

    with _until_signalled() as stop:
        demonstration.run(read_settings(), dossiers, speed, stop, say)


@app.command()
def up() -> None:
    """Everything in one: web, ingest, jobs and the gates, on embedded services or the site's own."""
    with open_site(read_settings(), say, "app", "jobs", broker=True) as site, _until_signalled() as stop:
        services = ["web", "ingest", "jobs", *(["gate"] if has_gates(site) else [])]
        say(f"网页 http://{site.settings.web_host}:{site.settings.web_port}  消息代理 {site.broker}")
        supervise(services, stop, say)


@app.command()
def web() -> None:
    """The pages and the API."""
    with open_site(read_settings(), say, "app") as site, _until_signalled():
        serve(site)  # It has signal handlers of its own, and passes the signal on when it has ended.


def serve(site: Site) -> None:
    """Run the web server in this thread until it is told to stop."""
    from devices.samples import understand  # noqa: PLC0415
    from web.app import create_app, web_server  # noqa: PLC0415 - templates and routes take a second other commands save
    from web.site import WebSettings  # noqa: PLC0415

    # A handler that holds the ledger's chain must not wait 5 ms for its turn behind one that renders a page.
    sys.setswitchinterval(WEB_SWITCH_SECONDS)
    settings = WebSettings(
        https=site.settings.web_https,
        proxies=site.settings.proxies,
        language=site.settings.language,
        zone=site.settings.zone,
        idle=timedelta(minutes=site.settings.idle_minutes),
        label_printers=site.settings.printers,
        understand=understand,
    )
    web_server(create_app(site.app, settings), site.settings.web_host, site.settings.web_port).run()


@app.command()
def ingest(
    slot: Annotated[
        int | None, typer.Option(help="Which ingest slot; default GUIWEI_INGEST_SLOT.", min=0, max=999)
    ] = None,
) -> None:
    """From the broker to committed evidence, for one slot."""
    with open_site(read_settings(), say, "jobs", broker=True) as site, _until_signalled() as stop:
        run_ingest(site, site.settings.ingest_slot if slot is None else slot, stop)


@app.command()
def gate() -> None:
    """Passages through the gates, decided live, also while the database is away."""
    with open_site(read_settings(), say, "jobs", broker=True, away=True) as site, _until_signalled() as stop:
        run_gates(site, stop)


@app.command()
def desk(reader: Reader, *, topic: Topic, card_reader: CardReader = "") -> None:
    """Badges and HF tags laid on this machine's card readers (PC/SC), told through the broker."""
    with _until_signalled() as stop:
        run_desk(reader, topic, card_reader, stop)


@app.command()
def jobs() -> None:
    """Beliefs, the nightly close, upkeep; one process works, others stand by."""
    give_back_large_arrays()
    with open_site(read_settings(), say, "jobs") as site, _until_signalled() as stop:
        Jobs(site.jobs, site.settings.zone, site.settings.log_days, site.settings.ledger_files).run(stop)


@app.command()
def doctor(*, as_json: Json = False) -> None:
    """Look at everything Guiwei needs, and say what is wrong and what to do."""
    findings = examine(read_settings(), say)
    if as_json:
        sys.stdout.write(json.dumps([asdict(finding) for finding in findings], ensure_ascii=False) + "\n")
    else:
        for finding in findings:
            sys.stdout.write(f"{'✓' if finding.well else '✗'} {finding.what}: {finding.told}\n")
    if not all(finding.well for finding in findings):
        raise typer.Exit(EXIT_FAILED)


# ── Registers ────────────────────────────────────────────────────────────────────────────────────────────────────────


@import_commands.command("agencies")
def import_agencies(file: File, *, accept_valid: bool = False, as_json: Json = False) -> None:
    """Agencies: code,name,level,parent."""
    _import("agencies", file, ImportOptions(accept_valid=accept_valid), as_json=as_json)


@import_commands.command("places")
def import_places(file: File, *, accept_valid: bool = False, as_json: Json = False) -> None:
    """Places: code,kind,name,parent."""
    _import("places", file, ImportOptions(accept_valid=accept_valid), as_json=as_json)


@import_commands.command("readers")
def import_readers(file: File, *, accept_valid: bool = False, as_json: Json = False) -> None:
    """Readers, a row for each antenna: reader,dialect,topic,antenna,place,role."""
    _import("readers", file, ImportOptions(accept_valid=accept_valid), as_json=as_json)


@import_commands.command("dossiers")
def import_dossiers(
    file: File,
    *,
    accept_valid: bool = False,
    create_agencies: Annotated[bool, typer.Option(help="Register agencies that aren't known yet.")] = False,
    as_of: Annotated[str | None, typer.Option(help="Since when the register is true; default now.")] = None,
    by: Annotated[str, typer.Option(help="Whose act the imported shelving is.")] = "register",
    as_json: Json = False,
) -> None:
    """Dossiers, a row for each volume: number,name,id_number,holding_agency,epc,tid,place."""
    options = ImportOptions(accept_valid, create_agencies, parse_moment(as_of) if as_of else None, by)
    _import("dossiers", file, options, as_json=as_json)


def _import(kind: str, file: Path, options: ImportOptions, *, as_json: bool) -> None:
    with open_site(read_settings(), say, "owner") as site:
        try:
            with progress() as advance:
                report = import_register(site.owner, kind, file, uuid4(), datetime.now(UTC), options, advance)
        except RegisterInvalid as refusal:
            report = refusal.facts["report"]  # type: ignore[assignment]
            assert isinstance(report, ImportReport)
            if as_json:
                print_result(asdict(report), "", as_json=True)
            else:
                tell_errors(report)
            raise
    tell_errors(report)
    print_result(asdict(report), f"导入 {report.imported} 行。Imported {report.imported} rows.", as_json=as_json)


# ── Database ─────────────────────────────────────────────────────────────────────────────────────────


@database_commands.command("upgrade")
def db_upgrade(*, as_json: Json = False) -> None:
    """Bring the database to the newest schema."""
    with open_site(read_settings(), say, "owner", outdated=True, new_keys=True) as site:
        before, after = upgrade(site.owner_url)
    print_result({"before": before, "after": after}, f"数据库结构 {before or '-'} → {after}", as_json=as_json)


# ── Evidence ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@app.command()
def record(
    file: Annotated[Path, typer.Argument(help="Where to; .gz is packed.")],
    seconds: Annotated[float | None, typer.Option(help="Stop after so long.", min=0.1)] = None,
    messages: Annotated[int | None, typer.Option(help="Stop after so many.", min=1)] = None,
) -> None:
    """Write down what the registered readers say, until Ctrl-C."""
    with open_site(read_settings(), say, "jobs", broker=True) as site, _until_signalled() as stop:
        count = record_messages(site, file, stop, seconds, messages, say)
    say(f"已录制 {count} 条消息。Recorded {count} messages.")


@app.command()
def replay(
    file: Annotated[Path, typer.Argument(help="A recording.")],
    *,
    close: Annotated[bool, typer.Option(help="Let models learn at each local midnight.")] = True,
    as_json: Json = False,
) -> None:
    """Feed a recording through the same pipeline, as fast as the machine can."""
    from devices.recording import read_recording  # noqa: PLC0415
    from devices.replay import replay as feed  # noqa: PLC0415 - the command has the better claim to the name

    give_back_large_arrays()
    # Reads that are fed in can't be taken out again: a broken line is found before the first message goes in.
    total = sum(1 for _ in read_recording(file))
    with open_site(read_settings(), say, "jobs") as site, progress() as advance:
        done = feed(
            site.jobs,
            file,
            site.settings.zone,
            close=close,
            on_progress=lambda count, at: advance(f"{at:%F %R}", count, total),
        )
    sentence = f"{done.messages} messages, {done.beliefs_changed} beliefs changed, {done.closes} closes"
    print_result(asdict(done), sentence, as_json=as_json)


@app.command()
def close(
    at: Annotated[str, typer.Option(help="The instant the day ends.")],
    *,
    as_json: Json = False,
) -> None:
    """Run the nightly close by hand: models learn, a new version begins, discrepancies are opened and closed."""
    moment = parse_moment(at)
    if moment > datetime.now(UTC):  # Until then no night would be closed any more.
        raise BadInput(problem_zh=f"时间 {at} 尚未到来", problem_en=f"the time {at} hasn't come yet")
    give_back_large_arrays()
    with open_site(read_settings(), say, "jobs") as site, site.jobs.unpooled() as connection:
        closed = close_day(connection, moment)
    told = ", ".join(f"{name} {count}" for name, count in closed.outcomes.items() if count) or "nothing was heard"
    print_result(
        {"model": closed.version, "at": moment, "outcomes": closed.outcomes, "discrepancies": asdict(closed.cases)},
        f"模型版本 model version {closed.version}: {told}",
        as_json=as_json,
    )
