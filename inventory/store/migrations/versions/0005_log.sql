-- The access log once more: what the door turns away, and who took which paper or list home. Run as guiwei_owner.

-- ── Turned away at the door ──────────────────────────────────────────────────────────────────────────────────────────

-- How many alike came in a minute; everything else is an entry of its own.
ALTER TABLE access_log ADD COLUMN times integer NOT NULL DEFAULT 1 CHECK (times > 0);

-- What never became a request of anybody's: its session or token is told by its hash, which nobody can make up, and counts as
-- somebody's also where it ended.
CREATE FUNCTION turned_away_logged(
    the_act text, the_refusal text, the_times integer, the_hash bytea, the_address text, the_browser text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    INSERT INTO access_log (at, account_id, agency_id, act, refusal, times, address, browser)
    SELECT clock_timestamp(), account.id, account.agency_id, left(the_act, 120), left(the_refusal, 60), the_times,
           nullif(left(the_address, 60), ''), nullif(left(the_browser, 200), '')
    FROM (SELECT) AS asked LEFT JOIN account ON account.id = coalesce(
        (SELECT account_id FROM web_session WHERE secret_hash = the_hash),
        (SELECT account_id FROM api_token WHERE secret_hash = the_hash))
$$;

-- ── Copies ───────────────────────────────────────────────────────────────────────────────────────────────────────────

-- A paper or a list leaves the house: its copy number is its entry's id and the first four digits of the entry's request, so
-- that nobody makes up a number that is another's. What else was looked at for it has the same request.
CREATE FUNCTION copy_logged(the_act text, the_object text) RETURNS TABLE (entry bigint, request uuid)
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    INSERT INTO access_log (at, account_id, agency_id, act, object, request_id)
    SELECT clock_timestamp(), account.id, account.agency_id, left('copy_' || the_act, 120), left(the_object, 60),
           coalesce(nullif(current_setting('guiwei.request', true), '')::uuid, gen_random_uuid())
    FROM (SELECT) AS asked LEFT JOIN account ON account.id = session_account()
    RETURNING id, request_id
$$;

-- ── Reading ──────────────────────────────────────────────────────────────────────────────────────────────────────────

-- Newest first, before an entry's id; NULL filters nothing. By a copy's number: its entry and whatever was done for it.
DROP FUNCTION access_log_read(timestamptz, timestamptz, text, text, text, boolean, bigint, integer);
CREATE FUNCTION access_log_read(
    since timestamptz, until timestamptz, the_login text, the_act text, the_dossier text, only_refused boolean,
    the_copy bigint, copy_digits text, before bigint, the_limit integer)
RETURNS TABLE (
    id bigint, at timestamptz, login text, name text, role text, agency text, act text, dossier text, object text,
    reason text, refusal text, times integer, address text, browser text, request_id uuid)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE
    copy access_log;
BEGIN
    IF NOT EXISTS (SELECT FROM account WHERE account.id = session_account() AND account.role = 'audit_admin') THEN
        PERFORM refuse_act('access_log_read_by_audit_admin', NULL);
    END IF;
    IF the_copy IS NOT NULL THEN
        SELECT * INTO copy FROM access_log AS entry
        WHERE entry.id = the_copy AND starts_with(entry.request_id::text, lower(copy_digits)) AND starts_with(entry.act, 'copy_');
        IF NOT FOUND THEN RETURN; END IF;
        -- There is an index by time and none by request, which nobody else asks for.
        since := greatest(since, copy.at - interval '1 hour');
        until := least(until, copy.at + interval '1 hour');
    END IF;
    RETURN QUERY
    SELECT entry.id, entry.at, account.login, account.name, account.role, agency.name, entry.act, dossier.number,
           entry.object, entry.reason, entry.refusal, entry.times, entry.address, entry.browser, entry.request_id
    FROM access_log AS entry
    LEFT JOIN account ON account.id = entry.account_id
    LEFT JOIN agency ON agency.id = entry.agency_id
    LEFT JOIN dossier ON dossier.id = entry.dossier_id
    WHERE (since IS NULL OR entry.at >= since) AND (until IS NULL OR entry.at < until)
      AND (the_login IS NULL OR entry.account_id = (SELECT account.id FROM account WHERE account.login = the_login))
      AND (the_act IS NULL OR starts_with(entry.act, the_act))
      AND (the_dossier IS NULL OR entry.dossier_id = (SELECT dossier.id FROM dossier WHERE dossier.number = the_dossier))
      AND (NOT only_refused OR entry.refusal IS NOT NULL)
      AND (the_copy IS NULL OR entry.request_id = copy.request_id)
      AND (before IS NULL OR entry.id < before)
    ORDER BY entry.id DESC LIMIT the_limit;
END $$;

-- ── Sealing ──────────────────────────────────────────────────────────────────────────────────────────────────────────

-- `times` stands in the bytes where it says something, so that days sealed before there was one stay as they are.
CREATE OR REPLACE FUNCTION access_day_hash(the_day date, seed bytea) RETURNS bytea
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    SELECT sha256(convert_to(the_day::text, 'UTF8') || coalesce(ledger_hash(convert_to(
            netstring(entry.id::text) || netstring(microseconds(entry.at)) || netstring(entry.account_id::text)
            || netstring(entry.agency_id::text) || netstring(entry.act) || netstring(entry.dossier_id::text)
            || netstring(entry.object) || netstring(entry.reason) || netstring(entry.refusal) || netstring(entry.request_id::text)
            || netstring(entry.address) || netstring(entry.browser)
            || CASE WHEN entry.times = 1 THEN '' ELSE netstring(entry.times::text) END, 'UTF8'), seed ORDER BY entry.id), seed))
    FROM access_log AS entry
    WHERE entry.at >= the_day::timestamp AT TIME ZONE 'UTC' AND entry.at < (the_day + 1)::timestamp AT TIME ZONE 'UTC'
$$;

-- ── Who may ──────────────────────────────────────────────────────────────────────────────────────────────────────────

REVOKE ALL ON FUNCTION turned_away_logged(text, text, integer, bytea, text, text), copy_logged(text, text),
    access_log_read(timestamptz, timestamptz, text, text, text, boolean, bigint, text, bigint, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION turned_away_logged(text, text, integer, bytea, text, text), copy_logged(text, text),
    access_log_read(timestamptz, timestamptz, text, text, text, boolean, bigint, text, bigint, integer) TO guiwei_app;
-- The ledger is exported by a command at the server.
GRANT EXECUTE ON FUNCTION copy_logged(text, text) TO guiwei_jobs;
