-- Every access and change, append-only. Run as guiwei_owner.
--
-- Nobody writes in another's name: the account is the session's, the time the database's. Nobody but the audit administrator
-- reads. What was typed is never here: a dossier is told by its row, a refused look by the code of the refusal.

ALTER TABLE access_log
    ALTER COLUMN account_id DROP NOT NULL,      -- NULL: nobody was signed in (a sign-in that failed), or a command of the site
    ADD COLUMN agency_id  integer,              -- whose the account was then
    ADD COLUMN object     text,                 -- what else it was about: a request, a bag, a search by its number
    ADD COLUMN reason     text,                 -- of an ID number told whole: what for, naming nobody
    ADD COLUMN refusal    text,                 -- the refusal's code; NULL: it was done
    ADD COLUMN request_id uuid DEFAULT nullif(current_setting('guiwei.request', true), '')::uuid,
    ADD COLUMN address    text DEFAULT left(nullif(current_setting('guiwei.address', true), ''), 60),
    ADD COLUMN browser    text DEFAULT left(nullif(current_setting('guiwei.browser', true), ''), 200);
CREATE INDEX access_log_by_time ON access_log (at);
CREATE INDEX access_log_by_account ON access_log (account_id, id);
CREATE INDEX access_log_unmaskings ON access_log (account_id, at) WHERE act = 'unmask';
CREATE INDEX access_log_by_dossier ON access_log (dossier_id, id) WHERE dossier_id IS NOT NULL;

-- One digest a day (UTC), chained: a row changed, taken out or put in after its day was sealed shows, and so does a day.
CREATE TABLE access_digest (
    day           date PRIMARY KEY,
    entries       bigint NOT NULL,
    previous_hash bytea NOT NULL,
    hash          bytea NOT NULL,
    expired_at    timestamptz                   -- when its entries were removed, long after
);

-- ── Nobody rewrites ──────────────────────────────────────────────────────────────────────────────────────────────────

CREATE FUNCTION refuse_rewriting_log() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the access log is append-only' USING ERRCODE = 'check_violation', CONSTRAINT = 'access_log_is_forever';
END $$;
CREATE FUNCTION refuse_forgetting() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.at > now() - interval '190 days' THEN
        RAISE EXCEPTION 'too young to go' USING ERRCODE = 'check_violation', CONSTRAINT = 'access_log_kept';
    END IF;
    RETURN OLD;
END $$;
CREATE TRIGGER access_log_is_forever BEFORE UPDATE OR TRUNCATE ON access_log
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting_log();
CREATE TRIGGER access_log_kept BEFORE DELETE ON access_log FOR EACH ROW EXECUTE FUNCTION refuse_forgetting();
CREATE TRIGGER access_digest_is_forever
    BEFORE UPDATE OF day, entries, previous_hash, hash OR DELETE OR TRUNCATE ON access_digest
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting_log();

-- ── Writing ──────────────────────────────────────────────────────────────────────────────────────────────────────────

-- One entry for each dossier, or one about none.
CREATE FUNCTION access_logged(the_act text, the_dossiers integer[]) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    INSERT INTO access_log (at, account_id, agency_id, act, dossier_id)
    SELECT clock_timestamp(), account.id, account.agency_id, left(the_act, 120), dossier_id
    FROM unnest(coalesce(nullif(the_dossiers, '{}'), ARRAY[NULL::integer])) AS dossier_id
    LEFT JOIN account ON account.id = session_account()
$$;

-- What was asked of the site and how it ended. A number that is no dossier's leaves nothing: it may be anything typed.
CREATE FUNCTION request_logged(the_act text, the_number text, the_object text, the_refusal text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    INSERT INTO access_log (at, account_id, agency_id, act, dossier_id, object, refusal)
    SELECT clock_timestamp(), account.id, account.agency_id, left(the_act, 120),
           (SELECT id FROM dossier WHERE number = the_number), left(the_object, 60), left(the_refusal, 60)
    FROM (SELECT) AS asked LEFT JOIN account ON account.id = session_account()
$$;

-- An ID number is told whole to whoever has a session, 20 times in 24 hours at most: counted under a lock, so that a hundred
-- at once are no more than a hundred in a row.
CREATE FUNCTION unmasking_logged(the_dossier integer, the_reason text, why text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    who integer := session_account();
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('unmasking'), coalesce(who, 0));
    IF who IS NULL OR (SELECT count(*) FROM access_log
                       WHERE account_id = who AND act = 'unmask' AND at > now() - interval '24 hours') >= 20 THEN
        PERFORM refuse_act('unmask_limit', NULL);
    END IF;
    INSERT INTO access_log (at, account_id, agency_id, act, dossier_id, object, reason)
    SELECT clock_timestamp(), who, agency_id, 'unmask', the_dossier, left(the_reason, 60), left(why, 100)
    FROM account WHERE id = who;
END $$;

-- ── Reading ──────────────────────────────────────────────────────────────────────────────────────────────────────────

-- Newest first, before an entry's id; NULL filters nothing.
CREATE FUNCTION access_log_read(
    since timestamptz, until timestamptz, the_login text, the_act text, the_dossier text, only_refused boolean,
    before bigint, the_limit integer)
RETURNS TABLE (
    id bigint, at timestamptz, login text, name text, role text, agency text, act text, dossier text, object text,
    reason text, refusal text, address text, browser text, request_id uuid)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
BEGIN
    IF NOT EXISTS (SELECT FROM account WHERE account.id = session_account() AND account.role = 'audit_admin') THEN
        PERFORM refuse_act('access_log_read_by_audit_admin', NULL);
    END IF;
    RETURN QUERY
    SELECT entry.id, entry.at, account.login, account.name, account.role, agency.name, entry.act, dossier.number,
           entry.object, entry.reason, entry.refusal, entry.address, entry.browser, entry.request_id
    FROM access_log AS entry
    LEFT JOIN account ON account.id = entry.account_id
    LEFT JOIN agency ON agency.id = entry.agency_id
    LEFT JOIN dossier ON dossier.id = entry.dossier_id
    WHERE (since IS NULL OR entry.at >= since) AND (until IS NULL OR entry.at < until)
      AND (the_login IS NULL OR entry.account_id = (SELECT account.id FROM account WHERE account.login = the_login))
      AND (the_act IS NULL OR starts_with(entry.act, the_act))
      AND (the_dossier IS NULL OR entry.dossier_id = (SELECT dossier.id FROM dossier WHERE dossier.number = the_dossier))
      AND (NOT only_refused OR entry.refusal IS NOT NULL)
      AND (before IS NULL OR entry.id < before)
    ORDER BY entry.id DESC LIMIT the_limit;
END $$;

-- ── Sealing, verifying, removing ─────────────────────────────────────────────────────────────────────────────────────

CREATE FUNCTION access_day_hash(the_day date, seed bytea) RETURNS bytea
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    SELECT sha256(convert_to(the_day::text, 'UTF8') || coalesce(ledger_hash(convert_to(
            netstring(entry.id::text) || netstring(microseconds(entry.at)) || netstring(entry.account_id::text)
            || netstring(entry.agency_id::text) || netstring(entry.act) || netstring(entry.dossier_id::text)
            || netstring(entry.object) || netstring(entry.reason) || netstring(entry.refusal) || netstring(entry.request_id::text)
            || netstring(entry.address) || netstring(entry.browser), 'UTF8'), seed ORDER BY entry.id), seed))
    FROM access_log AS entry
    WHERE entry.at >= the_day::timestamp AT TIME ZONE 'UTC' AND entry.at < (the_day + 1)::timestamp AT TIME ZONE 'UTC'
$$;

-- Seal every day that ended an hour ago or earlier: by then whatever began in it has committed. Returns how many.
CREATE FUNCTION access_log_seal() RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    last_day date := (now() AT TIME ZONE 'UTC' - interval '1 hour')::date - 1;
    next_day date;
    seed     bytea;
    sealed   integer := 0;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('access_log_seal'));
    SELECT day + 1, hash INTO next_day, seed FROM access_digest ORDER BY day DESC LIMIT 1;
    IF NOT FOUND THEN
        SELECT (min(at) AT TIME ZONE 'UTC')::date INTO next_day FROM access_log;
        seed := sha256(convert_to('guiwei access log', 'UTF8'));
    END IF;
    WHILE next_day <= last_day LOOP
        INSERT INTO access_digest (day, entries, previous_hash, hash)
        SELECT next_day, count(*), seed, access_day_hash(next_day, seed) FROM access_log
        WHERE at >= next_day::timestamp AT TIME ZONE 'UTC' AND at < (next_day + 1)::timestamp AT TIME ZONE 'UTC'
        RETURNING hash INTO seed;
        next_day := next_day + 1;
        sealed := sealed + 1;
    END LOOP;
    RETURN sealed;
END $$;

-- The sealed days whose entries or whose digests are no longer what they were.
CREATE FUNCTION access_log_verify() RETURNS SETOF date
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT day FROM (
        SELECT day, expired_at, hash, previous_hash, lag(day) OVER chain AS day_before,
               lag(hash, 1, sha256(convert_to('guiwei access log', 'UTF8'))) OVER chain AS hash_before
        FROM access_digest WINDOW chain AS (ORDER BY day)) AS digest
    WHERE previous_hash <> hash_before OR day_before <> day - 1
       OR (expired_at IS NULL AND hash <> access_day_hash(day, previous_hash))
    ORDER BY day
$$;

-- Remove whole sealed days older than that; never a younger one. Returns how many entries went.
CREATE FUNCTION access_log_expire(keep_days integer) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    last_day date;
    removed  bigint;
BEGIN
    IF keep_days < 190 THEN PERFORM refuse_act('access_log_kept', NULL); END IF;
    SELECT max(day) INTO last_day FROM access_digest WHERE day < (now() AT TIME ZONE 'UTC')::date - keep_days;
    IF last_day IS NULL THEN RETURN 0; END IF;
    DELETE FROM access_log WHERE at < (last_day + 1)::timestamp AT TIME ZONE 'UTC';
    GET DIAGNOSTICS removed = ROW_COUNT;
    UPDATE access_digest SET expired_at = now() WHERE day <= last_day AND expired_at IS NULL;
    RETURN removed;
END $$;

-- ── Who may ──────────────────────────────────────────────────────────────────────────────────────────────────────────

REVOKE ALL ON access_log, access_digest FROM guiwei_app, guiwei_jobs;
REVOKE ALL ON FUNCTION access_logged(text, integer[]), unmasking_logged(integer, text, text), request_logged(text, text, text, text),
    access_log_read(timestamptz, timestamptz, text, text, text, boolean, bigint, integer), access_day_hash(date, bytea),
    access_log_seal(), access_log_verify(), access_log_expire(integer), refuse_rewriting_log(), refuse_forgetting() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION access_logged(text, integer[]), unmasking_logged(integer, text, text), request_logged(text, text, text, text),
    access_log_read(timestamptz, timestamptz, text, text, text, boolean, bigint, integer) TO guiwei_app;
GRANT EXECUTE ON FUNCTION access_log_seal(), access_log_verify(), access_log_expire(integer) TO guiwei_jobs;

-- ── Keys change ──────────────────────────────────────────────────────────────────────────────────────────────────────

-- Who came to read stays as it was written; only the cipher of the ID number is renewed, by the owner, when the key changes.
DROP TRIGGER request_visitor_is_forever ON request_visitor;
CREATE TRIGGER request_visitor_is_forever
    BEFORE UPDATE OF request_id, ordinal, name, id_number_hash OR DELETE OR TRUNCATE ON request_visitor
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting();
