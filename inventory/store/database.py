"""One role's way into PostgreSQL: transactions, and constraint names turned into refusals."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import UUID

import psycopg
import sqlalchemy
from psycopg import sql
from sqlalchemy.pool import PoolProxiedConnection

from inventory.domain import refusals
from inventory.domain.people import Viewer
from inventory.domain.refusals import Refusal
from inventory.store.constraints import CONSTRAINTS
from inventory.store.keys import KeyRing

Answer = TypeVar("Answer")

POOL_CONNECTIONS_MAX = 20  # per process; 60 clerks never click in the same millisecond
POOL_WAIT_SECONDS_MAX = 10
CONNECT_SECONDS_MAX = 10

_BEGIN = sql.SQL("BEGIN")
_SHOWING = sql.SQL("SELECT set_config('guiwei.session', {}, true)")
_ANSWERING = sql.SQL(
    "SELECT set_config('guiwei.session', {}, true), set_config('guiwei.request', {}, true), "
    "set_config('guiwei.address', {}, true), set_config('guiwei.browser', {}, true)"
)


@dataclass(frozen=True, slots=True)
class Asking:
    """The request that is being answered, as the access log tells it: its id, and the address and browser it came from."""

    request_id: UUID
    address: str
    browser: str


# Whatever of a request reaches the database is entered under it, without every operation handing it on.
ASKING: ContextVar[Asking | None] = ContextVar("asking", default=None)

_ROLLED_BACK = "40"  # the class of errors by which the server ends a deadlock


def refusal_for(error: psycopg.Error) -> Refusal | None:
    """The refusal a database error stands for; None where it is a defect of ours and must be seen as one."""
    name = error.diag.constraint_name
    if name in CONSTRAINTS:
        about = error.diag.message_hint or "?"
        return CONSTRAINTS[name](volume=about, command=about, place=about)
    if (error.sqlstate or "").startswith(_ROLLED_BACK):
        return refusals.Conflict()
    if isinstance(error, psycopg.OperationalError):  # away, shutting down, full, or out of connections
        return refusals.Unavailable(service="PostgreSQL", problem=str(error).strip().split("\n")[0])
    return None


@dataclass(frozen=True, slots=True)
class Transaction:
    """An open transaction; `raw` gives its connection to the functions that hold the SQL."""

    connection: psycopg.Connection[Any]


@dataclass(frozen=True)
class Database:
    """A role's engine and the keys that open personal data. Make it with `connect`."""

    engine: sqlalchemy.Engine
    keys: KeyRing = field(repr=False)

    @contextmanager
    def transaction(self, viewer: Viewer | None = None) -> Iterator[Transaction]:
        """One act: commits when the block ends, rolls back when it raises; database refusals come out as `Refusal`.

        It shows the viewer's secret to the row-level policies; without one, the application's role sees no dossier at all.
        """
        # BEGIN is also what finds out whether the server still knows the connection; asking first would be a turn more for
        # every transaction. Whose it is goes along with it: several statements in one message, which can't be prepared.
        begin = _BEGIN if viewer is None and ASKING.get() is None else sql.SQL("BEGIN; {}").format(shown(viewer))
        with _refusing():
            pooled, _ = self._sent(lambda connection: connection.execute(begin, prepare=False))
            connection = _driver(pooled)
            try:
                yield Transaction(connection)
                connection.commit()
            finally:
                if connection.closed:  # The server ended it, and there is nothing to roll back.
                    pooled.invalidate()
                pooled.close()

    def at_once(self, work: Callable[[psycopg.Connection[Any]], Answer]) -> Answer:
        """A transaction that is one message and its answer: `work` executes once, and nothing is sent to begin or end it.

        Where the server had ended the connection, it is sent again on another: it must bear being done twice.
        """
        with _refusing():
            pooled, answer = self._sent(work)
            pooled.close()
            return answer

    def _sent(self, first: Callable[[psycopg.Connection[Any]], Answer]) -> tuple[PoolProxiedConnection, Answer]:
        """A pooled connection and what came of the first thing done on it; whatever ended one connection ended all."""
        pooled = self.engine.raw_connection()
        try:
            return pooled, first(_driver(pooled))
        except psycopg.OperationalError:
            pooled.invalidate()
            self.engine.dispose()
        except BaseException:
            pooled.close()
            raise
        pooled = self.engine.raw_connection()
        try:
            return pooled, first(_driver(pooled))
        except BaseException:
            pooled.invalidate()
            raise

    def unpooled(self) -> psycopg.Connection[Any]:
        """A connection of its own, for leases, LISTEN and the ingest's hot path; the caller closes it."""
        url = self.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
        try:
            return psycopg.connect(url, connect_timeout=CONNECT_SECONDS_MAX)
        except psycopg.OperationalError as error:
            raise refusals.Unavailable(service="PostgreSQL", problem=str(error).strip().split("\n")[0]) from error


def connect(url: str, keys: KeyRing) -> Database:
    """A database for one role, from `postgresql://role:password@host:port/name`. Nothing is opened yet."""
    engine = sqlalchemy.create_engine(
        sqlalchemy.make_url(url).set(drivername="postgresql+psycopg"),
        pool_size=POOL_CONNECTIONS_MAX,
        max_overflow=0,
        pool_use_lifo=True,  # The connection used last has its plans at hand and its memory in the caches.
        pool_timeout=POOL_WAIT_SECONDS_MAX,
        # Without it psycopg sends a BEGIN of its own before ours.
        connect_args={"connect_timeout": CONNECT_SECONDS_MAX, "autocommit": True},
    )
    return Database(engine, keys)


def shown(viewer: Viewer | None) -> sql.Composed:
    """The statement that tells the database whose a transaction is and which request it answers."""
    secret, asking = "" if viewer is None else viewer.secret, ASKING.get()
    if asking is None:
        return _SHOWING.format(secret)
    return _ANSWERING.format(secret, str(asking.request_id), asking.address, asking.browser)


@contextmanager
def _refusing() -> Iterator[None]:
    """What the database refuses comes out as the `Refusal` it stands for."""
    try:
        yield
    except (psycopg.Error, sqlalchemy.exc.DBAPIError) as error:
        cause = error.orig if isinstance(error, sqlalchemy.exc.DBAPIError) else error
        if isinstance(cause, psycopg.Error) and (refusal := refusal_for(cause)) is not None:
            raise refusal from error
        raise
    except sqlalchemy.exc.TimeoutError as error:
        raise refusals.Unavailable(service="PostgreSQL", problem="all connections are busy") from error


def raw(transaction: Transaction) -> psycopg.Connection[Any]:
    """The psycopg connection of a transaction."""
    return transaction.connection


def _driver(pooled: PoolProxiedConnection) -> psycopg.Connection[Any]:
    connection = pooled.driver_connection
    assert isinstance(connection, psycopg.Connection)
    return connection


def copy_in(
    connection: psycopg.Connection[Any],
    table: str,
    columns: tuple[str, ...],
    types: tuple[str, ...],
    rows: Iterator[Any],
) -> None:
    """COPY rows (tuples in column order) into a table in binary form, the fastest way in."""
    statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT BINARY)").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        copy.set_types(list(types))
        for row in rows:
            copy.write_row(row)
