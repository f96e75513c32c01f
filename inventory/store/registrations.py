"""A reader's registration changed by hand; whatever waits in quarantine for it is then tried again by ingest."""

from datetime import datetime
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from inventory.domain.registers import Dialect


def change(
    connection: psycopg.Connection[Any],
    code: str,
    dialect: Dialect,
    timezone: str,
    mapping: dict[str, Any] | None,
    by: tuple[int, datetime],
) -> bool:
    """Change how a reader's messages are read, by an account (id) at a moment; False where there is no such reader."""
    account_id, now = by
    changed = connection.execute(
        "UPDATE reader SET dialect = %s, timezone = %s, mapping = %s, changed_by = %s, changed_at = %s WHERE code = %s",
        (dialect.value, timezone, None if mapping is None else Jsonb(mapping), account_id, now, code),
    )
    if changed.rowcount == 0:
        return False
    connection.execute("UPDATE registry_version SET version = version + 1")
    return True
