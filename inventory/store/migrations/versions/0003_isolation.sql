-- Row-level security: whose rows a session sees and writes. Run as guiwei_owner.
--
-- The application forgets no WHERE; where it ever did, these policies hold. They ask one function whose agency's rows the
-- presented session reaches; it asks `session_account`, which only a secret that was given out can answer. Functions of the
-- owner (`ledger_append` and its like) stand above the policies, so each checks for itself what it does for whom.

-- ── Whose rows ───────────────────────────────────────────────────────────────────────────────────────────────────────

-- 0: every agency's; an agency's id: that agency's; NULL: nobody's (no session, or a role that sees no dossiers).
CREATE FUNCTION seen_agency() RETURNS integer LANGUAGE sql STABLE SECURITY DEFINER PARALLEL SAFE
RETURN (
    SELECT CASE role_reach.reach WHEN 'all' THEN 0 WHEN 'own_agency' THEN account.agency_id END
    FROM account JOIN role_reach USING (role) WHERE account.id = session_account());

-- A volume belongs to the agency that holds its dossier; policies of everything about volumes ask this column. The foreign
-- key keeps the two alike, also when agencies merge.
ALTER TABLE dossier ADD UNIQUE (id, holding_agency_id);
ALTER TABLE volume ADD COLUMN agency_id integer;
UPDATE volume SET agency_id = holding_agency_id FROM dossier WHERE dossier.id = dossier_id;
ALTER TABLE volume ALTER COLUMN agency_id SET NOT NULL;
ALTER TABLE volume DROP CONSTRAINT volume_dossier_id_fkey;
ALTER TABLE volume ADD FOREIGN KEY (dossier_id, agency_id) REFERENCES dossier (id, holding_agency_id) ON UPDATE CASCADE;

CREATE FUNCTION volume_of_agency() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    SELECT holding_agency_id INTO NEW.agency_id FROM dossier WHERE id = NEW.dossier_id;
    RETURN NEW;
END $$;
REVOKE ALL ON FUNCTION volume_of_agency() FROM PUBLIC;
CREATE TRIGGER volume_of_agency BEFORE INSERT ON volume FOR EACH ROW WHEN (NEW.agency_id IS NULL)
    EXECUTE FUNCTION volume_of_agency();

-- Whether the presented session's window accepted this request: it may add papers to it, and take it back, even where it may
-- not see what became of it.
CREATE FUNCTION request_accepted_here(the_request bigint) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER
RETURN EXISTS (SELECT FROM request WHERE id = the_request AND accepting_agency_id = seen_agency());

-- ── The policies ─────────────────────────────────────────────────────────────────────────────────────────────────────

-- One row a table: which of its rows a session of the application sees and writes. The question to `seen_agency` stands in a
-- sub-select, so that it is put once a statement and not once a row.
CREATE TABLE isolated (
    table_name text PRIMARY KEY,
    visible    text NOT NULL       -- SQL over the table's columns; {agency} is the agency seen, {all} whether it is all
);
INSERT INTO isolated VALUES
    ('dossier',             '{agency} IN (0, holding_agency_id)'),
    ('volume',              '{agency} IN (0, agency_id)'),
    ('subject',             '{all} OR EXISTS (SELECT FROM dossier WHERE dossier.subject_id = subject.id)'),
    ('subject_career',      '{all} OR EXISTS (SELECT FROM dossier WHERE dossier.subject_id = subject_career.subject_id)'),
    ('dossier_alias',       '{all} OR EXISTS (SELECT FROM dossier WHERE dossier.id = dossier_id)'),
    ('dossier_merge',       '{all} OR EXISTS (SELECT FROM dossier WHERE dossier.id = duplicate_id)'),
    ('dossier_agency_past', '{agency} IN (0, agency_id)'),
    ('search_token',        '{agency} IN (0, agency_id)'),
    ('tag',                 '{all} OR ({agency} IS NOT NULL AND volume_id IS NULL) '
                            'OR EXISTS (SELECT FROM volume WHERE volume.id = volume_id)'),
    ('holding',             '{all} OR EXISTS (SELECT FROM volume WHERE volume.id = volume_id)'),
    ('act',                 '{all} OR EXISTS (SELECT FROM volume WHERE volume.id = volume_id)'),
    ('belief',              '{all} OR EXISTS (SELECT FROM volume WHERE volume.id = volume_id)'),
    ('material',            '{all} OR EXISTS (SELECT FROM volume WHERE volume.id = volume_id)'),
    ('evidence',            '{all} OR EXISTS (SELECT FROM tag WHERE tag.id = tag_id AND tag.volume_id IS NOT NULL)'),
    ('refusal',             '{agency} IN (0, agency_id)'),
    ('arrival',             '{agency} IN (0, holding_agency_id)'),
    ('arrival_line',        '{all} OR EXISTS (SELECT FROM arrival WHERE arrival.id = arrival_id)'),
    ('arrival_double',      '{all} OR EXISTS (SELECT FROM dossier WHERE dossier.id = dossier_id)'),
    ('arrival_box',         '{all} OR EXISTS (SELECT FROM arrival WHERE arrival.id = arrival_id)'),
    ('arrival_signature',   '{all} OR EXISTS (SELECT FROM arrival WHERE arrival.id = arrival_id)'),
    ('loose_batch',         '{all}'),
    ('loose_material',      '{all}'),
    ('scan_batch',          '{all} OR contractor_id = (SELECT session_account())'),
    ('scan',                '{all} OR EXISTS (SELECT FROM scan_batch WHERE scan_batch.id = batch_id) '
                            'OR EXISTS (SELECT FROM volume WHERE volume.id = volume_id)'),
    ('reshelving',          '{all}'),
    ('reshelving_line',     '{all}'),
    ('letter',              '{agency} IN (0, agency_id) OR EXISTS (SELECT FROM request_evidence WHERE letter_id = letter.id) '
                            'OR EXISTS (SELECT FROM request WHERE letter_id = letter.id)'),
    ('letter_scan',         '{all} OR EXISTS (SELECT FROM letter WHERE letter.id = letter_id)'),
    -- A window that accepted what another agency answers for sees nothing of it here: `requests_accepted` tells it enough.
    ('request',             '{agency} IN (0, holding_agency_id) OR ({agency} = accepting_agency_id AND NOT routed)'),
    ('request_event',       '{all} OR EXISTS (SELECT FROM request WHERE request.id = request_id)'),
    ('request_evidence',    '{all} OR EXISTS (SELECT FROM request WHERE request.id = request_id)'),
    ('request_visitor',     '{all} OR EXISTS (SELECT FROM request WHERE request.id = request_id)'),
    ('transfer_notice',     '{agency} IN (0, agency_id)'),
    ('transfer_notice_counter', '{agency} IN (0, agency_id)'),
    ('wave',                '{all}'),
    ('wave_stop',           '{all}'),
    ('pick',                '{all}'),
    ('aisle_state',         '{all}'),
    ('consignment',         '{agency} IN (0, agency_id)'),
    ('consignment_volume',  '{all} OR EXISTS (SELECT FROM consignment WHERE consignment.id = consignment_id)'),
    ('consignment_discrepancy', '{all} OR EXISTS (SELECT FROM consignment WHERE consignment.id = consignment_id)'),
    ('consignment_event',   '{all} OR EXISTS (SELECT FROM consignment WHERE consignment.id = consignment_id)'),
    ('search_case',         '{all} OR EXISTS (SELECT FROM volume WHERE volume.id = volume_id)'),
    ('search_step',         '{all} OR EXISTS (SELECT FROM search_case WHERE search_case.id = case_id)'),
    ('agency_merger',       '{agency} IN (0, from_agency_id, to_agency_id)'),
    ('count_certificate',   '{agency} IN (0, agency_id)'),
    -- Whose relative somebody is, concerns whoever declared it; whether it forbids something, `is_own_or_relative` answers.
    ('account_subject_tie', '(SELECT session_account()) IN (account_id, declared_by)');

DO $$
DECLARE
    rule isolated;
    visible text;
BEGIN
    FOR rule IN SELECT * FROM isolated LOOP
        visible := replace(replace(rule.visible, '{all}', '(SELECT seen_agency()) = 0'), '{agency}', '(SELECT seen_agency())');
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', rule.table_name);
        EXECUTE format('CREATE POLICY seen ON %I TO guiwei_app USING (%s)', rule.table_name, visible);
        -- What runs at night sees everything; it has no people before it.
        EXECUTE format('CREATE POLICY at_night ON %I TO guiwei_jobs USING (true)', rule.table_name);
    END LOOP;
END $$;
DROP TABLE isolated;

-- Persons are registered before their dossiers, and papers added to a request that its window doesn't see any more.
CREATE POLICY registered ON subject FOR INSERT TO guiwei_app WITH CHECK ((SELECT seen_agency()) IS NOT NULL);
CREATE POLICY accepted_here ON request FOR INSERT TO guiwei_app WITH CHECK (accepting_agency_id = (SELECT seen_agency()));
CREATE POLICY accepted_here ON request_evidence FOR INSERT TO guiwei_app WITH CHECK (request_accepted_here(request_id));
CREATE POLICY accepted_here ON request_event FOR INSERT TO guiwei_app WITH CHECK (request_accepted_here(request_id));

-- A view asks in the name of whoever reads it, not of whoever made it.
ALTER VIEW arrival_line_now SET (security_invoker = true);
ALTER VIEW request_volume SET (security_invoker = true);

-- ── Narrow doors through the policies ────────────────────────────────────────────────────────────────────────────────

-- What a window accepted for another agency's dossiers: that it did, and whether it was answered. Never whether, or where.
CREATE FUNCTION requests_accepted() RETURNS TABLE (request_id bigint, command_id uuid, asked_at timestamptz, is_answered boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT id, command_id, asked_at, decided_at IS NOT NULL OR state = 'withdrawn' FROM request
    WHERE accepting_agency_id = seen_agency() AND routed AND holding_agency_id IS DISTINCT FROM seen_agency()
$$;

-- Route a request just accepted to the agency that holds what it seeks, where exactly one dossier is meant: by number, former
-- number or keyed hash of the ID number, never by name. Whoever asks isn't told what came of it. The dossier is locked, so
-- that two forms at once know of each other.
CREATE FUNCTION request_route(the_request bigint, the_sought text, the_token text, the_id_hashes bytea[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    meant integer[];
BEGIN
    IF NOT EXISTS (SELECT FROM request WHERE id = the_request AND routed AND dossier_id IS NULL AND state = 'asked'
                   AND asked_by = session_account()) THEN
        PERFORM refuse_act('request_routed_by_asker', NULL);
    END IF;
    SELECT array_agg(id) INTO meant FROM (
        SELECT id FROM dossier WHERE number = the_sought
        UNION SELECT dossier_id FROM search_token JOIN dossier_alias USING (dossier_id)
              WHERE token = the_token AND alias = the_sought
        UNION SELECT dossier.id FROM subject JOIN dossier ON subject_id = subject.id WHERE id_number_hash = ANY (the_id_hashes)
        LIMIT 2) AS found;
    IF cardinality(meant) = 1 THEN
        PERFORM FROM dossier WHERE id = meant[1] FOR NO KEY UPDATE;
        UPDATE request SET dossier_id = dossier.id, holding_agency_id = dossier.holding_agency_id
        FROM dossier WHERE request.id = the_request AND dossier.id = meant[1];
    END IF;
END $$;

-- The window that accepted a request takes it back before it was answered; false where it was.
CREATE FUNCTION request_taken_back(the_request bigint, the_reason text, the_moment timestamptz) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    UPDATE request SET state = 'withdrawn'
    WHERE id = the_request AND routed AND accepting_agency_id = seen_agency() AND state = 'asked' AND decided_at IS NULL;
    IF NOT FOUND THEN RETURN false; END IF;
    INSERT INTO request_event (request_id, at, account_id, event, from_state, to_state, note)
    VALUES (the_request, the_moment, session_account(), 'state', 'asked', 'withdrawn', the_reason);
    RETURN true;
END $$;

-- Persons with a dossier already, also in another county: kept for those who see that dossier, not told to who announces.
CREATE FUNCTION arrival_mark_doubles(the_arrival integer) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    INSERT INTO arrival_double (line_id, dossier_id)
    SELECT DISTINCT ON (line.id) line.id, other.id
    FROM arrival JOIN arrival_line AS line ON line.arrival_id = arrival.id
    JOIN volume ON volume.id = line.volume_id JOIN dossier ON dossier.id = volume.dossier_id
    JOIN subject ON subject.id = dossier.subject_id JOIN subject AS same ON same.id_number_hash = subject.id_number_hash
    JOIN dossier AS other ON other.subject_id = same.id AND other.id <> dossier.id
    WHERE arrival.id = the_arrival AND seen_agency() IN (0, arrival.holding_agency_id)
    ORDER BY line.id, other.id
    ON CONFLICT DO NOTHING
$$;

-- A contractor sees the numbers of what he has to scan, and nothing else of a dossier.
CREATE FUNCTION scan_volumes(the_batch integer) RETURNS TABLE (volume_id integer, number text, ordinal smallint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT volume.id, dossier.number, volume.ordinal
    FROM scan_batch JOIN scan ON scan.batch_id = scan_batch.id
    JOIN volume ON volume.id = scan.volume_id JOIN dossier ON dossier.id = volume.dossier_id
    WHERE scan_batch.id = the_batch AND (seen_agency() = 0 OR contractor_id = session_account())
$$;

-- ── The owner's functions check for themselves ───────────────────────────────────────────────────────────────────────

-- Whoever presents a session writes acts in his own name, on volumes he sees. Where nobody is before it (an import by the
-- owner, the jobs), no session is presented and none is asked for.
CREATE FUNCTION act_by_its_session() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    me integer;
    mine integer;
BEGIN
    IF session_user <> 'guiwei_app' THEN RETURN NULL; END IF;
    me := session_account();
    mine := seen_agency();
    IF EXISTS (SELECT FROM written WHERE actor_id IS DISTINCT FROM me) THEN
        PERFORM refuse_act('act_in_own_name', NULL);
    END IF;
    IF mine IS DISTINCT FROM 0 AND EXISTS (
        SELECT FROM written JOIN volume ON volume.id = volume_id WHERE agency_id IS DISTINCT FROM mine) THEN
        PERFORM refuse_act('act_on_own_volumes', NULL);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER act_by_its_session AFTER INSERT ON act REFERENCING NEW TABLE AS written
    FOR EACH STATEMENT EXECUTE FUNCTION act_by_its_session();

-- Agencies merge by whoever answers for all of them.
CREATE FUNCTION dossier_moves_by_the_city() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF session_user = 'guiwei_app' AND seen_agency() IS DISTINCT FROM 0 THEN
        PERFORM refuse_act('dossier_moves_by_the_city', NULL);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER dossier_moves_by_the_city AFTER UPDATE OF holding_agency_id ON dossier
    FOR EACH STATEMENT EXECUTE FUNCTION dossier_moves_by_the_city();

-- ── Privileges ───────────────────────────────────────────────────────────────────────────────────────────────────────

REVOKE ALL ON FUNCTION seen_agency(), request_accepted_here(bigint), requests_accepted(), act_by_its_session(),
    request_route(bigint, text, text, bytea[]), request_taken_back(bigint, text, timestamptz), dossier_moves_by_the_city(),
    arrival_mark_doubles(integer), scan_volumes(integer)
    FROM PUBLIC;
GRANT EXECUTE ON FUNCTION seen_agency(), request_accepted_here(bigint), requests_accepted(),
    request_route(bigint, text, text, bytea[]), request_taken_back(bigint, text, timestamptz), arrival_mark_doubles(integer),
    scan_volumes(integer) TO guiwei_app;
GRANT EXECUTE ON FUNCTION seen_agency() TO guiwei_jobs;
GRANT USAGE ON SEQUENCE request_id_seq TO guiwei_app;

-- What readers say comes in by the role that has no people before it (docs/decisions/0010).
REVOKE INSERT, UPDATE ON evidence, coverage_gap, reader_health FROM guiwei_app;
REVOKE INSERT ON anchor, quarantine FROM guiwei_app;
REVOKE INSERT, DELETE ON ingest_commit FROM guiwei_app;
