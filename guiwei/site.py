"""A site's services, wherever they run: a server of its own by URL, or embedded in the data directory."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal, get_args

import psycopg
import sqlalchemy

from devices.broker import BrokerAddress
from guiwei.embedded import embedded_broker, embedded_postgres
from guiwei.settings import PREFIX, SETTINGS_OF_PARTS, Settings
from inventory.domain.refusals import BadSetting, SchemaOutdated, Unavailable
from inventory.store import migrating
from inventory.store.database import Database, connect, raw, refusal_for
from inventory.store.keys import KeyRing, key_ring_of, load_key_ring

Say = Callable[[str], None]
Part = Literal["app", "jobs", "owner"]  # a role of the database


@dataclass(frozen=True)
class Site:
    """The databases by role, each opened when it is first asked for, and the broker where it was asked for.

    `app` serves people, each by what they present; `jobs` takes in what readers say and works at night; `owner` makes
    accounts and brings registers in for whoever runs the command line, and opens everything: keep it here. A process that
    runs apart is given the URL of its own role alone; whatever asks for another raises `BadSetting`.
    """

    settings: Settings
    urls: Mapping[Part, str] = field(repr=False)
    keys: KeyRing = field(repr=False)
    mqtt_url: str | None = field(repr=False, default=None)

    @cached_property
    def app(self) -> Database:
        """The database as `guiwei_app`."""
        return connect(url_of(self.urls, "app"), self.keys)

    @cached_property
    def jobs(self) -> Database:
        """The database as `guiwei_jobs`."""
        return connect(url_of(self.urls, "jobs"), self.keys)

    @cached_property
    def owner(self) -> Database:
        """The database as `guiwei_owner`."""
        return connect(url_of(self.urls, "owner"), self.keys)

    @property
    def owner_url(self) -> str:
        """The owner's URL, for migrations."""
        return url_of(self.urls, "owner")

    @property
    def broker(self) -> BrokerAddress:
        """Where the broker is; the site must have been opened with one."""
        assert self.mqtt_url is not None
        address = BrokerAddress.parse(self.mqtt_url)
        if self.settings.uses_embedded_broker:
            return address
        return replace(address, ca_file=self.settings.mqtt_ca_file, logins=self.settings.mqtt_logins)

    def close(self) -> None:
        """Let go of whatever was opened."""
        for part in get_args(Part):
            if part in vars(self):
                vars(self)[part].engine.dispose()


def url_of(urls: Mapping[Part, str], part: Part) -> str:
    """The URL of a role; raises `BadSetting` where this process wasn't given it."""
    if part not in urls:
        raise BadSetting(
            setting=PREFIX + SETTINGS_OF_PARTS[part].upper(),
            problem_zh="本命令需要它，尚未设置",
            problem_en="this command needs it and it isn't set",
        )
    return urls[part]


@contextmanager
def open_site(
    settings: Settings,
    say: Say,
    *needs: Part,
    broker: bool = False,
    outdated: bool = False,
    new_keys: bool = False,
    away: bool = False,
) -> Iterator[Site]:
    """Open the site's services, starting embedded ones that aren't running; `needs`: the roles that will be asked for.

    An embedded database is brought to the newest schema on the way; a server of the site's own is not touched, and
    refused with `SchemaOutdated` where it isn't the newest, unless `outdated` is allowed. A missing key file is made for
    an embedded database, for another with `new_keys`, and never for one that holds ID numbers. away: a server that
    doesn't answer now is no reason not to begin.
    """
    with ExitStack() as services:
        urls: dict[Part, str] = {}
        if settings.uses_embedded_database:
            embedded = services.enter_context(embedded_postgres(settings.data_dir, say))
            urls = {part: embedded.url(part) for part in get_args(Part)}
        for part, name in SETTINGS_OF_PARTS.items():
            if (url := getattr(settings, name)) is not None:
                urls[part] = url.get_secret_value()
        for part in needs:
            url_of(urls, part)
        mqtt_url = None
        if broker:
            if settings.mqtt_url is None:
                mqtt_url = services.enter_context(embedded_broker(settings.data_dir, say)).url
            else:
                mqtt_url = settings.mqtt_url.get_secret_value()
        if settings.uses_embedded_database:
            upgrade(urls["owner"])
        new_keys = (new_keys or settings.uses_embedded_database) and not _holds_id_numbers(urls["owner"])
        if settings.keys is not None:
            keys = key_ring_of(settings.keys.get_secret_value())
        else:
            keys = load_key_ring(settings.key_file, make=new_keys)
        site = Site(settings, urls, keys, mqtt_url)
        services.callback(site.close)
        if not outdated:
            with suppress(*([Unavailable] if away else [])):
                _check_schema(getattr(site, needs[0]))
        yield site


def upgrade(owner_url: str) -> tuple[str | None, str]:
    """Bring the database to the newest schema; returns (revision before, revision after).

    Raises `BadSetting` where the URL's role may not, `Unavailable` where nothing answers.
    """
    engine = sqlalchemy.create_engine(sqlalchemy.make_url(owner_url).set(drivername="postgresql+psycopg"))
    try:
        return migrating.upgrade(engine)
    except sqlalchemy.exc.DBAPIError as error:
        if isinstance(error.orig, psycopg.errors.InsufficientPrivilege):
            raise BadSetting(
                setting="GUIWEI_OWNER_DATABASE_URL",
                problem_zh="该角色无权修改数据库结构",
                problem_en="that role may not change the schema",
            ) from error
        if isinstance(error.orig, psycopg.Error) and (refusal := refusal_for(error.orig)) is not None:
            raise refusal from error
        raise
    finally:
        engine.dispose()


def _holds_id_numbers(owner_url: str) -> bool:
    """Whether a new key would leave numbers behind that nobody can read any more."""
    try:
        with psycopg.connect(owner_url) as connection:
            if connection.execute("SELECT to_regclass('subject')").fetchone() == (None,):
                return False
            query = "SELECT FROM subject WHERE id_number_cipher IS NOT NULL LIMIT 1"
            return connection.execute(query).fetchone() is not None
    except psycopg.Error as error:
        raise refusal_for(error) or error from error


def _check_schema(database: Database) -> None:
    with database.transaction() as session:
        present, newest = migrating.revisions(raw(session))
    if present != newest:
        raise SchemaOutdated(present=present or "-", newest=newest)
