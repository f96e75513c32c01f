"""A site's services, wherever they run: a server of its own by URL, or embedded in the data directory."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

import psycopg
import sqlalchemy

from devices.broker import BrokerAddress
from guiwei.embedded import embedded_broker, embedded_postgres
from guiwei.settings import Settings
from inventory.domain.refusals import BadSetting, SchemaOutdated
from inventory.store import migrating
from inventory.store.database import Database, connect, raw, refusal_for
from inventory.store.keys import KeyRing, load_key_ring

Say = Callable[[str], None]


@dataclass(frozen=True)
class Site:
    """The databases by role, and the broker where it was asked for.

    `app` serves people, each by what they present; `jobs` takes in what readers say and works at night; `owner` makes
    accounts and brings registers in for whoever runs the command line, and opens everything: keep it here.
    """

    settings: Settings
    app: Database
    jobs: Database
    owner: Database
    owner_url: str = field(repr=False)
    mqtt_url: str | None = field(repr=False, default=None)

    @property
    def broker(self) -> BrokerAddress:
        """Where the broker is; the site must have been opened with one."""
        assert self.mqtt_url is not None
        return BrokerAddress.parse(self.mqtt_url)


@contextmanager
def open_site(
    settings: Settings, say: Say, *, broker: bool = False, outdated: bool = False, new_keys: bool = False
) -> Iterator[Site]:
    """Open the site's services, starting embedded ones that aren't running.

    An embedded database is brought to the newest schema on the way; a server of the site's own is not touched, and
    refused with `SchemaOutdated` where it isn't the newest, unless `outdated` is allowed. A missing key file is made for
    an embedded database, for another with `new_keys`, and never for one that holds ID numbers.
    """
    with ExitStack() as services:
        if settings.uses_embedded_database:
            embedded = services.enter_context(embedded_postgres(settings.data_dir, say))
            app_url, jobs_url, owner_url = embedded.url("app"), embedded.url("jobs"), embedded.url("owner")
        else:
            assert settings.database_url
            assert settings.jobs_database_url
            assert settings.owner_database_url
            app_url = settings.database_url.get_secret_value()
            jobs_url = settings.jobs_database_url.get_secret_value()
            owner_url = settings.owner_database_url.get_secret_value()
        mqtt_url = None
        if broker:
            if settings.mqtt_url is None:
                mqtt_url = services.enter_context(embedded_broker(settings.data_dir, say)).url
            else:
                mqtt_url = settings.mqtt_url.get_secret_value()
        if settings.uses_embedded_database:
            upgrade(owner_url)
        new_keys = (new_keys or settings.uses_embedded_database) and not _holds_id_numbers(owner_url)
        keys = load_key_ring(settings.key_file, make=new_keys)
        app, jobs, owner = (_open(services, url, keys) for url in (app_url, jobs_url, owner_url))
        site = Site(settings, app, jobs, owner, owner_url, mqtt_url)
        if not outdated:
            _check_schema(site.app)
        yield site


def _open(services: ExitStack, url: str, keys: KeyRing) -> Database:
    database = connect(url, keys)
    services.callback(database.engine.dispose)
    return database


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
