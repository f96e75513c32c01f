"""Discrepancies set-wise: what a night or a belief tells becomes cases, and facts close them, each in one statement.

The rules are those of `inventory.domain.discrepancies`, for all volumes at once; a test holds the two against each other. What
was judged at home is never touched (`judgement_by_outcome`), so a city costs what is wrong in it.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import psycopg
from numpy.typing import NDArray

from inventory.domain import discrepancies as rules
from inventory.domain.custody_rules import STORED
from inventory.domain.discrepancies import DiscrepancyKind
from inventory.store.columns import columns


def _listed(words: frozenset[Any] | tuple[Any, ...]) -> str:
    return ", ".join(f"'{word.value}'" for word in sorted(words))


_STORED, _AT_HAND, _AWAY = _listed(STORED), _listed(rules.AT_HAND), _listed(rules.AWAY)
_OF_JUDGEMENT = _listed(rules.OF_JUDGEMENT)
_OF_PASSAGE = _listed(frozenset(rules.OF_PASSAGE.values()))
_MOVING = "('gate_inner', 'gate_outer')"  # what passes there lies nowhere
_FIXED = "('shelf', 'zone', 'gate_inner', 'gate_outer', 'tunnel')"  # a pad or a handheld is put away, and says nothing by that

# Picked, re-shelved or packed just now: somebody has it in hand, whatever the ledger or the radio says.
IN_WORK = """
    SELECT volume_id FROM pick WHERE state = 'open' UNION ALL SELECT volume_id FROM reshelving_line WHERE done_at IS NULL
    UNION ALL SELECT volume_id FROM consignment_volume WHERE state IN ('packed', 'missing')
"""
IN_SEALED_BAG = """
    SELECT volume_id FROM consignment_volume JOIN consignment ON consignment.id = consignment_id
    WHERE consignment_volume.state = 'packed' AND consignment.state IN ('sealed', 'underway')
"""
# Where somebody had a volume in hand last, in a count since then; NULL: nobody has.
_COUNTED = """(
    SELECT place_id FROM counted_volume WHERE counted_volume.volume_id = {} AND scanned_at > {} ORDER BY scanned_at DESC
    LIMIT 1)"""
# One of the two is the other, or holds it.
_TOUCHES = "(starts_with({0}.path, {1}.path) OR starts_with({1}.path, {0}.path))"

# Every arm gives the same columns; the first one names them.
_COLUMNS = (
    "kind, volume_id, tag_id, reader_id, place_id, ledger_place_id, ledger_since, radio_place_id, probability, numbers"
)

# Whatever the night judged otherwise than at home.
JUDGED = f"""
    SELECT CASE
            WHEN outcome = 'elsewhere' AND {_TOUCHES.format("home", "heard")} THEN NULL
            WHEN outcome = 'elsewhere' AND home.kind IN ({_STORED})
                THEN CASE WHEN NOT in_work AND NOT counted THEN 'misplaced' END
            WHEN outcome = 'elsewhere' AND in_sealed_bag THEN 'moved_while_sealed'
            WHEN outcome = 'elsewhere' AND home.kind IN ({_AT_HAND}) AND moved_at >= judged_from THEN NULL
            WHEN outcome = 'elsewhere' THEN 'present_though_out'
            WHEN home.kind NOT IN ({_STORED}) OR in_work THEN NULL
            WHEN outcome = 'weak_tag' OR outcome = 'missing' AND NOT counted THEN outcome END AS kind,
        volume_id, NULL::integer AS tag_id, NULL::integer AS reader_id, NULL::integer AS place_id,
        found.ledger_place_id, moved_at AS ledger_since, found.place_id AS radio_place_id,
        coalesce(probability, nullif(missing_probability, 0)) AS probability,
        jsonb_build_object('nights', nights_unseen, 'section', section_only) AS numbers
    FROM (
        SELECT judgement.*, moved_at, volume_id IN ({IN_WORK}) AS in_work, volume_id IN ({IN_SEALED_BAG}) AS in_sealed_bag,
               coalesce(ledger_place_id = {_COUNTED.format("judgement.volume_id", "greatest(judged_from, moved_at)")}, false)
                   AS counted
        FROM judgement JOIN holding USING (volume_id)
        WHERE outcome <> 'at_home' AND judged_until = %(until)s AND moved_at < judged_until
            AND holding.place_id = ledger_place_id) AS found
    JOIN place AS home ON home.id = found.ledger_place_id LEFT JOIN place AS heard ON heard.id = found.place_id
"""

# Where a tag was read most in the interval, by antennas that something can lie at.
_READ = f"""
    CROSS JOIN LATERAL (
        SELECT antenna.place_id AS radio_place_id, (sum(sum(reads)) OVER ())::bigint AS reads
        FROM evidence JOIN antenna ON antenna.id = evidence.antenna_id
        WHERE evidence.tag_id = tag.id AND slice_start >= %(since)s AND slice_start < %(until)s AND role NOT IN {_MOVING}
            AND (tag.retired_at IS NULL OR slice_start >= tag.retired_at)
        GROUP BY 1 ORDER BY sum(reads) DESC, 1 LIMIT 1) AS read
"""
STRANGE = f"""
    SELECT 'unknown_tag', NULL::integer, tag.id, NULL::integer, NULL::integer, NULL::integer, NULL::timestamptz,
           radio_place_id, NULL::float8, jsonb_build_object('reads', reads)
    FROM tag {_READ} WHERE tag.volume_id IS NULL AND tag.place_id IS NULL AND reads >= %(unknown_reads)s
    UNION ALL
    SELECT * FROM (
        SELECT DISTINCT ON (tag.volume_id) 'two_tags', tag.volume_id, NULL::integer, NULL::integer, NULL::integer,
               holding.place_id, moved_at, radio_place_id, NULL::float8, jsonb_build_object('reads', reads)
        FROM tag {_READ} LEFT JOIN holding ON holding.volume_id = tag.volume_id
        WHERE tag.volume_id IS NOT NULL AND tag.retired_at IS NOT NULL ORDER BY tag.volume_id, reads DESC, tag.id) AS two
"""

# One code heard in two rooms at once, about as loud in both: of the candidates that the night heard in two rooms at all.
COPIED = """
    SELECT 'two_dossiers', volume_id, NULL::integer, NULL::integer, NULL::integer, holding.place_id, moved_at, other_place_id,
           NULL::float8, jsonb_build_object('times', times)
    FROM (
        SELECT volume_id, count(*) AS times, min(other_place.id) AS other_place_id
        FROM tag JOIN evidence AS one ON one.tag_id = tag.id JOIN antenna AS here ON here.id = one.antenna_id
        JOIN place AS here_place ON here_place.id = here.place_id
        JOIN evidence AS other ON other.tag_id = tag.id AND other.first_at <= one.last_at AND other.last_at >= one.first_at
        JOIN antenna AS there ON there.id = other.antenna_id JOIN place AS other_place ON other_place.id = there.place_id
        WHERE tag.volume_id = ANY(%(in_two_rooms)s::integer[])
            AND here.role IN ('shelf', 'desk') AND there.role IN ('shelf', 'desk') AND here_place.room_id < other_place.room_id
            AND one.slice_start >= %(since)s AND one.slice_start < %(until)s
            AND other.slice_start >= %(since)s AND other.slice_start < %(until)s
            AND abs(one.rssi_sum_cdbm / nullif(one.rssi_reads, 0) - other.rssi_sum_cdbm / nullif(other.rssi_reads, 0))
                <= %(two_rooms_cdbm)s
        GROUP BY volume_id HAVING count(*) >= %(two_rooms_times)s) AS twice
    LEFT JOIN holding USING (volume_id)
"""

READERS = f"""
    SELECT CASE WHEN last_message_at < %(until)s - %(silent_after)s THEN 'reader_silent' ELSE 'clock_off' END, NULL::integer,
           NULL::integer, reader.id, NULL::integer, NULL::integer, NULL::timestamptz,
           (SELECT min(antenna.place_id) FROM antenna WHERE antenna.reader_id = reader.id), NULL::float8,
           jsonb_build_object('clock_offset_ms', clock_offset_ms, 'last_message_at', last_message_at)
    FROM reader_health JOIN reader ON reader.id = reader_id
    WHERE CASE WHEN last_message_at < %(until)s - %(silent_after)s
        THEN EXISTS (SELECT FROM antenna WHERE antenna.reader_id = reader.id AND role IN {_FIXED})
        ELSE abs(clock_offset_ms) > %(clock_offset_ms)s END
"""

# At once, by the reader's own habit: nights without power, and days on which nobody works, are no silence.
SILENT = f"""
    SELECT 'reader_silent', NULL::integer, NULL::integer, reader.id, NULL::integer, NULL::integer, NULL::timestamptz,
           (SELECT min(antenna.place_id) FROM antenna WHERE antenna.reader_id = reader.id), NULL::float8,
           jsonb_build_object('clock_offset_ms', clock_offset_ms, 'last_message_at', last_message_at)
    FROM reader_health JOIN reader ON reader.id = reader_id
    CROSS JOIN LATERAL (
        SELECT count(DISTINCT days) FILTER (WHERE hours = 0) AS this_hour,
               count(DISTINCT days) FILTER (WHERE hours = 1) AS hour_before,
               bool_or(days = 7 AND hours = 0) AS a_week_ago
        FROM generate_series(1, 7) AS days CROSS JOIN generate_series(0, 1) AS hours
        JOIN reader_hour ON reader_hour.reader_id = reader.id
            AND hour = date_trunc('hour', %(until)s::timestamptz, 'UTC') - make_interval(hours => 24 * days + hours)) AS usual
    WHERE last_message_at < %(until)s - %(silent_live_after)s AND last_message_at >= %(until)s - %(silent_after)s
        AND this_hour >= %(usual_days)s AND hour_before >= %(usual_days)s
        AND (a_week_ago OR NOT EXISTS (SELECT FROM reader_hour WHERE reader_hour.reader_id = reader.id
            AND hour <= date_trunc('hour', %(until)s::timestamptz, 'UTC') - interval '7 days'))
        AND EXISTS (SELECT FROM antenna WHERE antenna.reader_id = reader.id AND role IN {_FIXED})
"""

# Whole bays: nobody sweeps one level. What was never listened at is a gap of coverage, and no belief that grew old.
STALE = """
    SELECT 'stale_belief', NULL::integer, NULL::integer, NULL::integer, coalesce(bay.id, shelf.id), NULL::integer,
           NULL::timestamptz, NULL::integer, NULL::float8,
           jsonb_build_object('shelves', count(*), 'listened_at', min(listened_at))
    FROM shelf_coverage JOIN place AS shelf ON shelf.id = place_id
    LEFT JOIN place AS bay ON bay.id = shelf.parent_id AND bay.kind = 'bay'
    WHERE listened_at < %(until)s - %(stale_after)s AND EXISTS (SELECT FROM holding WHERE holding.place_id = shelf.id)
    GROUP BY coalesce(bay.id, shelf.id)
"""

# Away by the ledger, surely on a shelf by the belief: of the volumes whose belief has just changed.
LIVE = f"""
    SELECT CASE WHEN in_sealed_bag THEN 'moved_while_sealed' WHEN home.kind IN ({_AWAY}) THEN 'present_though_out' END AS kind,
           volume_id, NULL::integer AS tag_id, NULL::integer AS reader_id, NULL::integer AS place_id,
           home.id AS ledger_place_id, moved_at AS ledger_since, believed.place_id AS radio_place_id, probability,
           jsonb_build_object('reads', reads) AS numbers, last_seen_at AS seen_at
    FROM (
        SELECT belief.*, holding.place_id AS home_id, moved_at, volume_id IN ({IN_SEALED_BAG}) AS in_sealed_bag
        FROM belief JOIN holding USING (volume_id)
        WHERE volume_id = ANY(%(volumes)s::integer[]) AND probability >= %(probability_min)s
            AND last_seen_at >= moved_at + %(live_after)s) AS believed
    JOIN place AS home ON home.id = home_id JOIN place AS heard ON heard.id = believed.place_id
    WHERE heard.kind IN ({_STORED}) AND home.kind NOT IN ({_STORED})
"""

# What is told becomes cases. What a person answered within the interval is newer than its evidence; what was called a false
# alarm isn't told again for a while about a volume that stayed, nor that a tag is nobody's, a reader unused, a bay looked
# through. A day closed again later refreshes nothing newer. Passages are each told once: a false alarm or one brought back
# excuses nobody who carries it out again.
KEEP = """
    WITH told AS ({told}), fresh AS (
        SELECT * FROM told WHERE kind IS NOT NULL AND NOT EXISTS (
            SELECT FROM discrepancy AS said WHERE said.volume_id = told.volume_id AND said.kind = told.kind
                AND said.kind NOT IN ({of_passage}) AND said.state = 'resolved'
                AND (said.closed_at >= told.seen_at - interval '1 day' OR (
                    said.outcome = 'false_alarm' AND said.closed_at >= told.seen_at - %(false_alarm_holds)s
                    AND said.ledger_since = told.ledger_since
                    AND said.radio_place_id IS NOT DISTINCT FROM told.radio_place_id)))
            AND NOT EXISTS (
            SELECT FROM discrepancy AS said WHERE said.tag_id = told.tag_id AND said.state = 'resolved'
                AND (said.outcome = 'not_ours' OR said.closed_at >= told.seen_at - %(false_alarm_holds)s))
            AND NOT EXISTS (
            SELECT FROM discrepancy AS said WHERE said.reader_id = told.reader_id AND said.kind = told.kind
                AND said.state = 'resolved' AND (said.closed_at >= told.seen_at - interval '1 day' OR (
                    said.outcome = 'out_of_use' AND (told.numbers ->> 'last_message_at')::timestamptz <= said.closed_at)))
            AND NOT EXISTS (
            SELECT FROM discrepancy AS said WHERE said.place_id = told.place_id AND said.state = 'resolved'
                AND said.closed_at >= told.seen_at - %(stale_after)s)
    ), went AS (
        INSERT INTO discrepancy_note (discrepancy_id, at, event, place_id)
        SELECT one.id, fresh.seen_at, 'moved', one.radio_place_id FROM fresh JOIN discrepancy AS one
            ON one.volume_id = fresh.volume_id AND one.kind = fresh.kind AND one.state = 'open'
        WHERE one.radio_place_id <> fresh.radio_place_id AND one.seen_at < fresh.seen_at
    )
    INSERT INTO discrepancy AS kept (
        kind, volume_id, tag_id, reader_id, place_id, opened_at, opened_ledger_place_id, opened_ledger_since,
        opened_radio_place_id, opened_probability, opened_numbers, seen_at, ledger_place_id, ledger_since, radio_place_id,
        probability, numbers)
    SELECT kind, volume_id, tag_id, reader_id, place_id, seen_at, ledger_place_id, ledger_since, radio_place_id, probability,
           numbers, seen_at, ledger_place_id, ledger_since, radio_place_id, probability, numbers
    FROM fresh ORDER BY kind, volume_id, tag_id, reader_id, place_id
    ON CONFLICT (kind, volume_id, tag_id, reader_id, place_id) WHERE state = 'open' DO UPDATE SET
        seen_at = excluded.seen_at, times_seen = kept.times_seen + 1, ledger_place_id = excluded.ledger_place_id,
        ledger_since = excluded.ledger_since, radio_place_id = excluded.radio_place_id, probability = excluded.probability,
        numbers = excluded.numbers
    WHERE excluded.seen_at >= kept.seen_at + %(again_after)s OR (excluded.seen_at > kept.seen_at AND
        (excluded.radio_place_id, excluded.ledger_since) IS DISTINCT FROM (kept.radio_place_id, kept.ledger_since))
    RETURNING volume_id, xmax = 0
"""
OF_READERS = f"SELECT *, %(until)s::timestamptz AS seen_at FROM ({READERS} UNION ALL {SILENT}) AS arms ({_COLUMNS})"
AT_NIGHT = f"""
    SELECT *, %(until)s::timestamptz AS seen_at
    FROM ({JUDGED} UNION ALL {STRANGE} UNION ALL {COPIED} UNION ALL {READERS} UNION ALL {STALE}) AS arms
"""

# What settled passages open, as told.
PASSED = """
    SELECT kind, volume_id, NULL::integer AS tag_id, NULL::integer AS reader_id, NULL::integer AS place_id, ledger_place_id,
           ledger_since, gate_place_id AS radio_place_id, probability, numbers, seen_at
    FROM jsonb_to_recordset(%(passed)s) AS passed (
        kind text, volume_id integer, gate_place_id integer, ledger_place_id integer, ledger_since timestamptz,
        probability float8, numbers jsonb, seen_at timestamptz)
    WHERE EXISTS (SELECT FROM volume WHERE volume.id = volume_id)
"""

# A statement about what is told tonight would not see it yet, so closing follows opening.
CLOSE = f"""
    UPDATE discrepancy SET state = 'over', outcome = fact.outcome, closed_at = %(now)s FROM (
        SELECT one.id, CASE
            WHEN one.kind IN ('missing', 'two_dossiers', 'weak_tag') AND EXISTS (
                SELECT FROM act WHERE act.volume_id = one.volume_id AND act.kind IN ('bound', 'retagged')
                    AND act.happened_at > one.opened_at) THEN 'tag_changed'
            WHEN one.kind NOT IN ('two_tags', 'two_dossiers') AND holding.moved_at > coalesce(one.ledger_since,
                CASE WHEN one.kind = 'entered_without_order' THEN '-infinity'::timestamptz END) THEN CASE
                WHEN one.kind = 'missing' AND home.kind = 'not_found' THEN 'search_begun'
                WHEN {_TOUCHES.format("home", "heard")} THEN 'ledger_followed' ELSE 'ledger_moved' END
            WHEN one.kind IN ('missing', 'misplaced')
                AND holding.place_id = {_COUNTED.format("one.volume_id", "one.seen_at")} THEN 'counted_at_home'
            WHEN one.kind IN ({_OF_JUDGEMENT}) AND judgement.outcome = 'at_home' AND one.seen_at < %(until)s
                THEN 'heard_at_home'
            WHEN one.kind IN ({_OF_JUDGEMENT}) AND one.seen_at < %(until)s AND EXISTS (
                SELECT FROM discrepancy AS other WHERE other.volume_id = one.volume_id AND other.state = 'open'
                    AND other.kind <> one.kind AND other.kind IN ({_OF_JUDGEMENT}) AND other.seen_at >= %(until)s)
                THEN 'another_kind'
            WHEN one.kind IN ('missing', 'weak_tag') AND belief.last_seen_at > one.seen_at THEN 'heard_again'
            WHEN one.kind = 'two_tags' AND judgement.outcome = 'at_home' AND one.seen_at < %(until)s THEN 'silent_since'
            WHEN one.kind = 'unknown_tag' AND (tag.volume_id IS NOT NULL OR tag.place_id IS NOT NULL) THEN 'tag_changed'
            WHEN one.kind IN ('unknown_tag', 'two_tags', 'two_dossiers') AND one.seen_at < %(now)s - %(forgotten_after)s
                THEN 'silent_since'
            WHEN one.kind = 'reader_silent' AND last_message_at > one.seen_at THEN 'speaks_again'
            WHEN one.kind = 'clock_off' AND last_message_at > one.seen_at AND abs(clock_offset_ms) <= %(clock_offset_ms)s
                THEN 'clock_right'
            WHEN one.kind = 'stale_belief' AND NOT EXISTS (
                SELECT FROM place AS shelf JOIN shelf_coverage ON shelf_coverage.place_id = shelf.id
                WHERE one.place_id IN (shelf.id, shelf.parent_id) AND listened_at < one.seen_at - %(stale_after)s
                    AND EXISTS (SELECT FROM holding WHERE holding.place_id = shelf.id)) THEN 'listened_again'
            END AS outcome
        FROM discrepancy AS one LEFT JOIN holding ON holding.volume_id = one.volume_id
        LEFT JOIN place AS home ON home.id = holding.place_id LEFT JOIN place AS heard ON heard.id = one.radio_place_id
        LEFT JOIN judgement ON judgement.volume_id = one.volume_id AND judged_until = %(until)s
        LEFT JOIN belief ON belief.volume_id = one.volume_id LEFT JOIN tag ON tag.id = one.tag_id
        LEFT JOIN reader_health ON reader_health.reader_id = one.reader_id
        WHERE one.state = 'open') AS fact
    WHERE discrepancy.id = fact.id AND fact.outcome IS NOT NULL RETURNING discrepancy.volume_id
"""

_LIMITS: dict[str, object] = {
    "unknown_reads": rules.UNKNOWN_READS_MIN,
    "two_rooms_times": rules.TWO_ROOMS_TIMES_MIN,
    "two_rooms_cdbm": rules.TWO_ROOMS_CDBM_MAX,
    "silent_after": rules.SILENT_AFTER,
    "silent_live_after": rules.SILENT_LIVE_AFTER,
    "usual_days": rules.USUAL_DAYS_MIN,
    "stale_after": rules.STALE_AFTER,
    "clock_offset_ms": rules.CLOCK_OFFSET_MAX // timedelta(milliseconds=1),
    "false_alarm_holds": rules.FALSE_ALARM_HOLDS,
    "forgotten_after": rules.FORGOTTEN_AFTER,
    "live_after": rules.LIVE_AFTER,
    "probability_min": rules.LIVE_PROBABILITY_MIN,
}
_LIVE_AGAIN_AFTER = timedelta(hours=1)  # a case that is heard on and on isn't rewritten every two seconds


class Kept(NamedTuple):
    """What came of telling: how many cases were opened, how many told again, and the volumes concerned."""

    opened: int
    refreshed: int
    volumes: frozenset[int]


def tell_night(
    connection: psycopg.Connection[Any], since: datetime, until: datetime, in_two_rooms: Sequence[int]
) -> Kept:
    """Open and refresh what the night that ends at `until` says; in_two_rooms: volumes (ids) it heard in two rooms."""
    facts = {
        "since": since,
        "until": until,
        "in_two_rooms": list(in_two_rooms),
        "again_after": timedelta(microseconds=1),
    }
    return _kept(connection, AT_NIGHT, facts)


def tell_live(connection: psycopg.Connection[Any], volume_ids: Sequence[int]) -> Kept:
    """Open and refresh what the beliefs of these volumes say by themselves."""
    return _kept(connection, LIVE, {"volumes": list(volume_ids), "again_after": _LIVE_AGAIN_AFTER})


def tell_readers(connection: psycopg.Connection[Any], now: datetime) -> Kept:
    """Open and refresh what the readers' own health says at this instant."""
    return _kept(connection, OF_READERS, {"until": now, "again_after": _LIVE_AGAIN_AFTER})


def tell_passages(connection: psycopg.Connection[Any], passed: str) -> Kept:
    """Open and refresh what passages say (`PASSED`: a JSON list)."""
    return _kept(connection, PASSED, {"passed": passed, "again_after": timedelta(microseconds=1)})


def _kept(connection: psycopg.Connection[Any], told: str, facts: dict[str, object]) -> Kept:
    rows = connection.execute(KEEP.format(told=told, of_passage=_OF_PASSAGE), _LIMITS | facts).fetchall()
    opened = sum(new for _, new in rows)
    return Kept(opened, len(rows) - opened, frozenset(volume for volume, _ in rows if volume is not None))


def close(connection: psycopg.Connection[Any], now: datetime, until: datetime | None = None) -> list[int | None]:
    """Close what the facts have settled; until: the night just told, None: between nights. Gives each case's volume."""
    rows = connection.execute(CLOSE, _LIMITS | {"now": now, "until": until})
    return [volume for (volume,) in rows]


# Beside the readers' health, so that whoever sees no cases sees it as well.
MARK_SILENT = """
    UPDATE reader_health SET silent = NOT silent WHERE silent <> EXISTS (
        SELECT FROM discrepancy AS one
        WHERE one.reader_id = reader_health.reader_id AND kind = 'reader_silent' AND state = 'open')
"""


def mark_silent(connection: psycopg.Connection[Any]) -> None:
    """Note of each reader whether the case that it is silent is open."""
    connection.execute(MARK_SILENT)


# ── What people's answers teach ──────────────────────────────────────────────────────────────────────────────────────

# People have been there and it stood where the ledger has it, though the radio had it there: until the ledger moves it.
STOOD = """
    SELECT DISTINCT ON (volume_id) volume_id::bigint, radio_place_id::bigint,
           (extract(epoch FROM ledger_since) * 1000000)::bigint
    FROM discrepancy WHERE kind = 'misplaced' AND state = 'resolved' AND outcome = 'false_alarm' AND closed_at < %(until)s
        AND radio_place_id IS NOT NULL AND ledger_since IS NOT NULL
    ORDER BY volume_id, closed_at DESC
"""

ANSWERED = f"""
    SELECT kind, (count(*) FILTER (WHERE outcome IN ({_listed(rules.WRONG)})))::float8, coalesce(sum(1 - probability), 0)
    FROM discrepancy WHERE kind IN ('misplaced', 'missing') AND closed_at >= %(since)s AND closed_at < %(until)s
        AND outcome IN ({_listed(rules.RIGHT | rules.WRONG)}) AND probability IS NOT NULL
    GROUP BY kind
"""


def stood_there(connection: psycopg.Connection[Any], until: datetime) -> list[NDArray[Any]]:
    """(volume, radio's place, ledger's since in microseconds) of false alarms about misplaced volumes before then, by volume."""
    return columns(connection, STOOD, {"until": until}, "iii")


def answered(
    connection: psycopg.Connection[Any], since: datetime, until: datetime
) -> dict[DiscrepancyKind, tuple[float, float]]:
    """Of the cases answered in an interval, by kind: how many were false alarms, and how many should have been."""
    rows = connection.execute(ANSWERED, {"since": since, "until": until})
    return {DiscrepancyKind(kind): (wrong, expected) for kind, wrong, expected in rows}
