"""Work that has one owner: a lease row, and a fencing number checked inside every write of that work."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import psycopg

from inventory.domain.refusals import LeaseLost


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to do a piece of work, until somebody else's fencing number is higher."""

    name: str
    owner: str
    fencing: int


def take(connection: psycopg.Connection[Any], name: str, owner: str, now: datetime, lasts: timedelta) -> Lease | None:
    """Take a lease that is free, expired, or our own from before; None while another owner's still runs."""
    row = connection.execute(
        """
        INSERT INTO lease AS held (name, owner, fencing, expires_at) VALUES (%(name)s, %(owner)s, 1, %(until)s)
        ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, fencing = held.fencing + 1, expires_at = excluded.expires_at
        WHERE held.owner = excluded.owner OR held.expires_at <= %(now)s
        RETURNING fencing
        """,
        {"name": name, "owner": owner, "now": now, "until": now + lasts},
    ).fetchone()
    return Lease(name, owner, row[0]) if row else None


def hold(connection: psycopg.Connection[Any], lease: Lease, now: datetime, lasts: timedelta) -> None:
    """Prolong a lease inside the transaction that does its work; raises `LeaseLost` where another has taken over.

    The row stays locked until that transaction ends, so nobody can take over between this check and the commit.
    """
    updated = connection.execute(
        "UPDATE lease SET expires_at = greatest(expires_at, %s) WHERE name = %s AND owner = %s AND fencing = %s",
        (now + lasts, lease.name, lease.owner, lease.fencing),
    )
    if updated.rowcount != 1:
        raise LeaseLost(lease=lease.name)


def give_back(connection: psycopg.Connection[Any], lease: Lease, now: datetime) -> None:
    """End a lease early, so that the next owner needn't wait."""
    connection.execute(
        "UPDATE lease SET expires_at = %s WHERE name = %s AND owner = %s AND fencing = %s",
        (now, lease.name, lease.owner, lease.fencing),
    )
