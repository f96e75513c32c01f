"""`guiwei doctor`: everything Guiwei needs, looked at one by one, each with what to do where it isn't well."""

import shutil
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import psycopg

from guiwei.finding import Finding
from guiwei.probing import probe_broker
from guiwei.settings import Settings
from guiwei.site import Say, Site, open_site
from inventory.domain.refusals import Refusal
from inventory.store import checkpoints, migrating, quarantine, reader_health
from inventory.store.database import raw

FREE_BYTES_MIN = 2 * 1024**3
POSTGRES_VERSION_MIN = 150000
CLOCK_SECONDS_MAX = 2.0
SILENT_READER_HOURS = 24
UNSIGNED_HOURS_MAX = 48  # The jobs sign once a day.


def examine(settings: Settings, say: Say) -> list[Finding]:
    """Look at the data directory, the database, the broker, the keys, the signatures and the readers; never raises a refusal."""
    findings = [_directory(settings)]
    try:
        with open_site(settings, say, "app", "jobs", broker=True, outdated=True) as site:
            for look in (_schema, _clock, _roles, _keys, _signatures, _broker, _quarantine, _readers):
                try:
                    findings.extend(look(site))
                except Refusal as refusal:
                    findings.append(Finding(look.__name__.strip("_"), False, str(refusal)))
                except psycopg.Error as error:  # such as a table that is missing from an older schema
                    findings.append(Finding(look.__name__.strip("_"), False, str(error).split("\n")[0]))
    except Refusal as refusal:
        findings.append(Finding("services", False, str(refusal)))
    return findings


def _directory(settings: Settings) -> Finding:
    if not settings.data_dir.is_dir():
        return Finding("data directory", True, f"{settings.data_dir} will be made when it is needed")
    free = shutil.disk_usage(settings.data_dir).free
    told = f"{settings.data_dir}, {free // 1024**3} GiB free"
    return Finding("data directory", free >= FREE_BYTES_MIN, told)


def _schema(site: Site) -> Iterator[Finding]:
    with site.app.transaction() as session:
        version = raw(session).info.server_version
        present, newest = migrating.revisions(raw(session))
    yield Finding(
        "PostgreSQL",
        version >= POSTGRES_VERSION_MIN,
        f"version {version // 10000}.{version % 10000}; 15 or newer is needed",
    )
    yield Finding(
        "schema",
        present == newest,
        f"{present}" if present == newest else f"{present or 'none'}: run guiwei db upgrade",
    )


def _clock(site: Site) -> Iterator[Finding]:
    with site.app.transaction() as session:
        row = raw(session).execute("SELECT extract(epoch FROM clock_timestamp())").fetchone()
    offset = abs(float(row[0]) - time.time()) if row else CLOCK_SECONDS_MAX
    yield Finding(
        "clock", offset < CLOCK_SECONDS_MAX, f"{offset:.1f} s between this machine and the database; keep NTP running"
    )


def _roles(site: Site) -> Iterator[Finding]:
    query = """
        SELECT rolname FROM pg_roles WHERE rolname = current_user
        AND (rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb
             OR EXISTS (SELECT FROM pg_class WHERE relowner = pg_roles.oid AND relkind IN ('r', 'p')
                        AND relnamespace = 'public'::regnamespace))
    """
    for database in (site.app, site.jobs):
        with database.transaction() as session:
            too_strong = raw(session).execute(query).fetchone()
        role = database.engine.url.username
        yield Finding(
            f"role {role}",
            too_strong is None,
            "owns nothing, bypasses nothing" if too_strong is None else "it may do too much: see docs/operations.md",
        )


def _keys(site: Site) -> Iterator[Finding]:
    with site.jobs.transaction() as session:
        row = (
            raw(session)
            .execute("SELECT id_number_cipher FROM subject WHERE id_number_cipher IS NOT NULL LIMIT 1")
            .fetchone()
        )
    if row is not None:
        site.jobs.keys.decrypt(row[0])
    if site.settings.keys is not None:
        yield Finding("keys", True, "from the environment; keep a copy of them apart from the database")
        return
    mode = site.settings.key_file.stat().st_mode & 0o077
    yield Finding(
        "key file", mode == 0, f"{site.settings.key_file}" + ("" if mode == 0 else " can be read by others: chmod 600")
    )


def _signatures(site: Site) -> Iterator[Finding]:
    with site.jobs.transaction() as session:
        connection = raw(session)
        last, since = checkpoints.last_made_at(connection), checkpoints.unsigned_since(connection)
    if since is None:
        yield Finding("signed ledger", True, "no acts to sign yet")
        return
    hours = (datetime.now(UTC) - since) / timedelta(hours=1)
    told = f"never signed, in {hours:.0f} hours of acts" if last is None else f"last signed {hours:.0f} hours ago"
    well = hours <= UNSIGNED_HOURS_MAX
    yield Finding("signed ledger", well, told + ("" if well else ": see what guiwei jobs says, and docs/ledger.md"))


def _broker(site: Site) -> Iterator[Finding]:
    return probe_broker(site.broker)


def _quarantine(site: Site) -> Iterator[Finding]:
    with site.jobs.transaction() as session:
        count, newest = quarantine.come_lately(raw(session))
    yield Finding(
        "quarantine",
        count == 0,
        f"{count} messages nobody understood since yesterday" + (f", the last at {newest:%F %T%z}" if newest else ""),
    )


def _readers(site: Site) -> Iterator[Finding]:
    with site.jobs.transaction() as session:
        heard = reader_health.heard_within(raw(session), SILENT_READER_HOURS)
    silent = [code for code, lately in heard.items() if not lately]
    told = f"{len(heard)} registered, {len(silent)} silent for {SILENT_READER_HOURS} hours"
    yield Finding("readers", not silent, told + (": " + ", ".join(silent[:10]) if silent else ""))
