"""Badges and what is laid on a desk's reader, in SQL (0008_badges.sql): only the database says whom a tap proves."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import psycopg
from psycopg.rows import class_row, dict_row

from inventory.domain.people import Role, Viewer
from inventory.store.batch import Tapped, moment

KEPT = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Desk:
    """A desk whose reader takes badges; last_message_at: when it spoke last, None for never."""

    reader: str
    place: str
    name: str
    last_message_at: datetime | None


@dataclass(frozen=True, slots=True)
class WishSeen:
    """How a wish for a tap stands.

    command_state: how far the desk has been told. tap_id, uid: of the card that was laid down last, None while none was. login,
    name: of the badge's holder, None where it is nobody's. public_key: of the badge; shown_key: what the card showed.
    """

    reader: str
    is_over: bool
    command_state: str | None
    tap_id: int | None
    uid: bytes | None
    challenge: bytes = field(repr=False)
    signature: bytes | None = field(repr=False)
    shown_key: bytes | None = field(repr=False)
    login: str | None
    name: str | None
    public_key: bytes | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class BadgeRow:
    """Somebody's badge; signs: whether it answers challenges."""

    login: str
    uid: bytes
    signs: bool
    issued_at: datetime


# ── For ingest ───────────────────────────────────────────────────────────────────────────────────────────────────────


def add(connection: psycopg.Connection[Any], taps: Sequence[Tapped]) -> None:
    """Keep what desks said was laid on their readers, for a day by the database's clock, whatever time a recording tells."""
    if not taps:
        return
    connection.execute("DELETE FROM tap WHERE received_at NOT BETWEEN now() - %s AND now() + %s", (KEPT, KEPT))
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO tap (reader_id, uid, challenge, signature, public_key, received_at) VALUES (%s, %s, %s, %s, %s, %s)",
            [(*one[:5], moment(one.received_at)) for one in taps],
        )


# ── For whoever waits at a desk ──────────────────────────────────────────────────────────────────────────────────────


def desks(connection: psycopg.Connection[Any]) -> list[Desk]:
    """The desks there are, by their readers' codes."""
    with connection.cursor(row_factory=class_row(Desk)) as cursor:
        return cursor.execute("SELECT * FROM desk_list()").fetchall()


def wish(connection: psycopg.Connection[Any], reader: str, challenge: bytes) -> int | None:
    """Ask a desk for a tap, in the place of what the session asked before; None where there is no such desk."""
    row = connection.execute("SELECT tap_wished(%s, %s)", (reader, challenge)).fetchone()
    return None if row is None else row[0]


def seen(connection: psycopg.Connection[Any], wish_id: int) -> WishSeen | None:
    """How a wish of this session stands; looking is waiting on."""
    with connection.cursor(row_factory=class_row(WishSeen)) as cursor:
        return cursor.execute("SELECT * FROM tap_seen(%s)", (wish_id,)).fetchone()


def tell(
    connection: psycopg.Connection[Any], wish_id: int, seen: WishSeen, *, verified: bool, proof: bytes, new_hash: bytes
) -> bool:
    """Count the try; the session's own badge, as it was seen, and its PIN open the session under a new secret."""
    query = "SELECT badge_told(%s, %s, %s, %s, %s)"
    return connection.execute(query, (wish_id, seen.tap_id, verified, proof, new_hash)).fetchone() == (True,)


def countersign(
    connection: psycopg.Connection[Any], wish_id: int, seen: WishSeen, *, verified: bool, proof: bytes
) -> Viewer | None:
    """Whoever signs beside the session by badge and PIN, noted for the act that follows; None where that proves nothing."""
    return _second(connection, "badge_countersigned", (wish_id, seen.tap_id, verified, proof))


def signed_before(
    connection: psycopg.Connection[Any], wish_id: int, seen: WishSeen, *, verified: bool, proof: bytes
) -> Viewer | None:
    """Whoever signed by a wish that is used up, told again with badge and PIN; nothing is noted."""
    return _second(connection, "badge_signed", (wish_id, seen.tap_id, verified, proof))


def _second(connection: psycopg.Connection[Any], function: str, facts: tuple[object, ...]) -> Viewer | None:
    query = f"SELECT * FROM {function}(%s, %s, %s, %s)"
    with connection.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(query, facts).fetchone()
    return None if row is None else Viewer(**{**row, "role": Role(row["role"])})


def issue(connection: psycopg.Connection[Any], wish_id: int, seen: WishSeen, login: str, key: bytes | None) -> bool:
    """The card that was seen becomes somebody's badge; False where no such account is there, the wish is used, or for others."""
    query = "SELECT badge_issued(%s, %s, %s, %s)"
    return connection.execute(query, (wish_id, seen.tap_id, login, key)).fetchone() == (True,)


def end(connection: psycopg.Connection[Any], login: str, reason: str) -> bool:
    """End somebody's badge; False where there is none, or for others than its holder and system administrators."""
    return connection.execute("SELECT badge_ended(%s, %s)", (login, reason)).fetchone() == (True,)


def badges(connection: psycopg.Connection[Any], *, everybody: bool) -> list[BadgeRow]:
    """One's own badge, or everybody's for a system administrator."""
    with connection.cursor(row_factory=class_row(BadgeRow)) as cursor:
        return cursor.execute("SELECT * FROM badge_list(%s)", (everybody,)).fetchall()
