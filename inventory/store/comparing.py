"""The ledger compared with what stands beside it: the commands' chain with the commands, the projection with the acts.

Only functions that PostgreSQL brings along are used, and the table of acts comes from the program: whoever replaced a
function or a rule in the database doesn't change what is found here.
"""

from typing import Any

import psycopg
from psycopg.rows import scalar_row
from psycopg.types.json import Jsonb

from inventory.domain.custody_rules import RULES
from inventory.domain.faults import Fault

_COMMANDS = """
    SELECT coalesce(sequence::text, ''), coalesce(command.id, chain.command_id)::text, CASE
        WHEN chain.sequence IS NULL THEN 'unchained'
        WHEN chain.sequence <> chain.before + 1 THEN 'gap'
        WHEN command.id IS NULL THEN 'missing'
        ELSE 'content' END
    FROM (SELECT sequence, command_id, hash, lag(sequence, 1, 0::bigint) OVER (ORDER BY sequence) AS before,
                 lag(hash, 1, sha256('guiwei commands')) OVER (ORDER BY sequence) AS previous FROM command_chain) AS chain
    FULL JOIN command ON command.id = chain.command_id
    WHERE chain.sequence IS NULL OR chain.sequence <> chain.before + 1 OR command.id IS NULL
       OR chain.hash IS DISTINCT FROM sha256(chain.previous || convert_to(
            octet_length(sequence::text) || ':' || sequence || ',' || octet_length(command.id::text) || ':' || command.id || ','
            || octet_length(encode(content_hash, 'hex')) || ':' || encode(content_hash, 'hex') || ',', 'UTF8'))
    ORDER BY sequence NULLS LAST, 2 LIMIT 1
"""
_COMMAND_PROBLEMS = {
    "unchained": ("不在命令链中", "it isn't in the chain of commands"),
    "gap": ("其前缺少一条", "an entry before it is missing"),
    "missing": ("已不存在", "it is gone"),
    "content": ("内容与其哈希不符", "its content doesn't fit its hash"),
}


def command_break(connection: psycopg.Connection[Any]) -> Fault | None:
    """The first entry at which the commands' chain doesn't hold, or a command that isn't in it."""
    row = connection.execute(_COMMANDS).fetchone()
    if row is None:
        return None
    sequence, command_id, problem = row
    return Fault.command(f"#{sequence} {command_id}" if sequence else command_id, *_COMMAND_PROBLEMS[problem])


# What each volume's acts, in order of their versions, make of it; an infinite time is none of theirs. The greatest of arrays
# that begin with a version is the last one's, so that one pass over the acts finds everything.
_HOLDINGS = """
    WITH rule AS MATERIALIZED (
        SELECT * FROM jsonb_to_recordset(%(rules)s)
            AS rule (kind text, number integer, legal_after text, seal_after text, adds text[], removes text[])),
    folded AS MATERIALIZED (
        SELECT volume_id, max(version) AS version,
               max(ARRAY[version, to_place_id]) FILTER (WHERE to_place_id IS NOT NULL) AS placed,
               max(ARRAY[version, warehouse_id]) AS chained,
               max(ARRAY[version, (extract(epoch FROM happened_at) * 1000000)::bigint]) AS acted,
               max(ARRAY[version, (extract(epoch FROM happened_at) * 1000000)::bigint])
                   FILTER (WHERE to_place_id IS NOT NULL) AS moved,
               max(ARRAY[version, number]) FILTER (WHERE legal_after IS NOT NULL) AS legal,
               max(ARRAY[version, number]) FILTER (WHERE seal_after IS NOT NULL) AS sealed,
               max(ARRAY[version, (details::jsonb ->> 'pieces')::integer])
                   FILTER (WHERE details::jsonb ->> 'pieces' IS NOT NULL) AS pieces
        FROM act LEFT JOIN rule USING (kind) GROUP BY volume_id),
    marked AS (
        SELECT volume_id, array_agg(mark ORDER BY mark) AS marks
        FROM (SELECT DISTINCT ON (volume_id, mark) volume_id, mark, added
              FROM act JOIN rule USING (kind), LATERAL (
                  SELECT mark, true AS added FROM unnest(adds) AS mark WHERE mark <> ALL (removes)
                  UNION ALL SELECT mark, false FROM unnest(removes) AS mark) AS change
              ORDER BY volume_id, mark, version DESC) AS last
        WHERE added GROUP BY volume_id),
    expected AS (
        SELECT folded.volume_id, folded.version, placed[2] AS place_id, acted[2] AS acted_at, moved[2] AS moved_at,
               coalesce(place.warehouse_id, chained[2]) AS warehouse_id,
               coalesce(by_legal.legal_after, 'held') AS legal, coalesce(by_seal.seal_after, 'sealed') AS seal,
               CASE WHEN by_seal.seal_after = 'sealed' THEN sealing.details::jsonb ->> 'seal_number' END AS seal_number,
               pieces[2] AS pieces, coalesce(marks, '{}') AS marks
        FROM folded LEFT JOIN place ON place.id = placed[2]
        LEFT JOIN rule AS by_legal ON by_legal.number = legal[2]
        LEFT JOIN rule AS by_seal ON by_seal.number = sealed[2]
        LEFT JOIN act AS sealing ON by_seal.seal_after = 'sealed' AND sealing.volume_id = folded.volume_id
            AND sealing.version = sealed[1]
        LEFT JOIN marked ON marked.volume_id = folded.volume_id)
    SELECT coalesce(number || CASE WHEN ordinal > 1 THEN '/' || ordinal ELSE '' END, '? ' || volume_id)
    FROM expected FULL JOIN holding USING (volume_id)
    LEFT JOIN volume ON volume.id = volume_id LEFT JOIN dossier ON dossier.id = dossier_id
    WHERE (expected.place_id, expected.version, expected.moved_at, expected.acted_at, expected.warehouse_id, expected.legal,
           expected.seal, expected.seal_number, expected.pieces, expected.marks)
        IS DISTINCT FROM (holding.place_id, holding.version,
           CASE WHEN isfinite(holding.moved_at) THEN (extract(epoch FROM holding.moved_at) * 1000000)::bigint END,
           CASE WHEN isfinite(holding.acted_at) THEN (extract(epoch FROM holding.acted_at) * 1000000)::bigint END,
           holding.warehouse_id, holding.legal,
           holding.seal, holding.seal_number, holding.pieces, holding.marks)
    ORDER BY 1 LIMIT %(volumes_max)s
"""


def misprojected(connection: psycopg.Connection[Any], volumes_max: int) -> list[str]:
    """Volumes (by name) whose holding isn't what the ledger says, in any column; at most `volumes_max` are named.

    The chain of acts must hold, or their content may be anything.
    """
    rules = [
        {
            "kind": kind.value,
            "number": number,
            "legal_after": rule.legal_after,
            "seal_after": rule.seal_after,
            "adds": sorted(rule.adds),
            "removes": sorted(rule.removes),
        }
        for number, (kind, rule) in enumerate(RULES.items())
    ]
    with connection.cursor(row_factory=scalar_row) as cursor:
        cursor.execute("SELECT set_config('work_mem', '256MB', true)")
        return cursor.execute(_HOLDINGS, {"rules": Jsonb(rules), "volumes_max": volumes_max}).fetchall()
