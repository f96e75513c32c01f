"""What a sweep list is made of, in SQL: every bay as it was listened at last, and the aisles in which much was moved."""

from datetime import datetime, timedelta
from typing import Any

import psycopg
from psycopg.rows import class_row

from inventory.domain.hall import AisleName
from inventory.domain.sweep_list import BUSY_MOVES_MIN, BayState

AUDITS_LOOKED_BACK = timedelta(days=3)

# A volume is undecided by the last close, or by an audit since whose end nobody listened at its shelf. Shelves are counted before
# anything is joined to them: a city has forty volumes on each.
_BAYS = """
    WITH plan AS (
        SELECT scope.path, every_days, busy_days FROM audit_plan JOIN place AS scope ON scope.id = place_id
        WHERE audit_plan.kind = 'rolling' AND ended_at IS NULL),
    held AS (SELECT place_id, count(*) AS volumes FROM holding GROUP BY place_id),
    audited AS (
        SELECT volume_id, max(judged_until) AS judged_until FROM audit_undecided JOIN audit ON audit.id = audit_id
        WHERE judged_at > %(since)s GROUP BY volume_id),
    unsure AS (
        SELECT holding.place_id, volume_id FROM judgement JOIN holding USING (volume_id)
        WHERE outcome = 'undecided' AND judged_until > moved_at
        UNION SELECT holding.place_id, volume_id FROM audited JOIN holding USING (volume_id)
        LEFT JOIN shelf_coverage ON shelf_coverage.place_id = holding.place_id
        WHERE judged_until > moved_at AND judged_until > coalesce(listened_at, '-infinity')),
    undecided AS (SELECT place_id, count(*) AS volumes FROM unsure GROUP BY place_id),
    bay AS (
        SELECT place.parent_id, coalesce(place.room_id, place.warehouse_id) AS room, block, aisle, avg(x) AS x, avg(y) AS y,
               sum(held.volumes)::int AS volumes, coalesce(sum(undecided.volumes), 0)::int AS undecided, min(path) AS path,
               CASE WHEN count(listened_at) = count(*) THEN min(listened_at) END AS listened_at
        FROM held JOIN place ON place.id = held.place_id AND place.kind = 'shelf'
        LEFT JOIN undecided ON undecided.place_id = place.id LEFT JOIN shelf_coverage ON shelf_coverage.place_id = place.id
        WHERE place.parent_id IS NOT NULL GROUP BY 1, 2, 3, 4)
    SELECT parent_id AS bay_id, room, block, aisle, coalesce(x, 0) AS x, coalesce(y, 0) AS y, volumes, undecided, listened_at,
           (SELECT min(every_days) FROM plan WHERE bay.path LIKE plan.path || '%%')::int AS every_days,
           (SELECT min(busy_days) FROM plan WHERE bay.path LIKE plan.path || '%%')::int AS busy_days
    FROM bay ORDER BY bay_id, block, aisle
"""


def bays(connection: psycopg.Connection[Any], now: datetime) -> list[BayState]:
    """Every bay in which volumes stand, once for each aisle that leads to it."""
    with connection.cursor(row_factory=class_row(BayState)) as cursor:
        return cursor.execute(_BAYS, {"since": now - AUDITS_LOOKED_BACK}).fetchall()


def busy_aisles(connection: psycopg.Connection[Any], since: datetime) -> set[AisleName]:
    """Aisles that many volumes came to or left since then."""
    query = """
        SELECT room_id, block, aisle FROM act CROSS JOIN unnest(ARRAY[from_place_id, to_place_id]) AS at (place_id)
        JOIN place ON place.id = at.place_id
        WHERE act.happened_at >= %s AND from_place_id IS DISTINCT FROM to_place_id AND act.kind <> 'registered'
            AND block IS NOT NULL AND aisle IS NOT NULL
        GROUP BY 1, 2, 3 HAVING count(*) >= %s
    """
    return {AisleName(*row) for row in connection.execute(query, (since, BUSY_MOVES_MIN))}
