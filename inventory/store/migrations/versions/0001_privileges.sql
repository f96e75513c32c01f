-- What the two working roles may do. `app` (web, ingest, imports) and `jobs` own nothing and bypass nothing.

-- Evidence has one partition a UTC day. The working roles can't create tables, so this narrow door does.
CREATE FUNCTION evidence_day_ensure(the_day date) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    partition text := 'evidence_' || to_char(the_day, 'YYYYMMDD');
BEGIN
    IF to_regclass(partition) IS NOT NULL THEN RETURN; END IF;
    PERFORM pg_advisory_xact_lock(hashtext('evidence_day_ensure'));
    -- Room to update a row in place: a slice that is still open is added to many times.
    EXECUTE format('CREATE TABLE IF NOT EXISTS %I PARTITION OF evidence FOR VALUES FROM (%L) TO (%L) WITH (fillfactor = 70)',
                   partition, the_day::timestamp AT TIME ZONE 'UTC', (the_day + 1)::timestamp AT TIME ZONE 'UTC');
END $$;

-- After a large import the planner must not wait for autovacuum: until then it would scan where it should look up. Only
-- an owner may analyse.
CREATE FUNCTION registry_analyze() RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    ANALYZE place, subject, dossier, dossier_alias, volume, tag, search_token, act, holding;
END $$;

REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA public FROM PUBLIC;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO guiwei_app, guiwei_jobs;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO guiwei_app, guiwei_jobs;
GRANT EXECUTE ON FUNCTION volume_name(text, smallint) TO guiwei_app, guiwei_jobs;
GRANT EXECUTE ON FUNCTION registry_analyze() TO guiwei_app;
GRANT EXECUTE ON FUNCTION evidence_day_ensure(date) TO guiwei_app, guiwei_jobs;
GRANT EXECUTE ON FUNCTION ledger_append(uuid, bytea, text, integer, integer[], integer[], integer[], text, text, timestamptz)
    TO guiwei_app;

-- Registry. What an act's hash speaks of (place code, dossier number, login) can be added, never changed; nothing is deleted.
GRANT INSERT ON agency, place, reader, antenna, subject, dossier, dossier_alias, volume, tag, search_token, account TO guiwei_app;
GRANT USAGE ON SEQUENCE subject_id_seq, dossier_id_seq TO guiwei_app;
GRANT UPDATE ON agency, reader, antenna, subject, tag, search_token, registry_version TO guiwei_app;
GRANT UPDATE (name, parent_id, path, warehouse_id, room_id, block, face, aisle, x, y, z, width, height, depth, capacity)
    ON place TO guiwei_app;
GRANT UPDATE (holding_agency_id, subject_id, deposit_type, deposited_on) ON dossier TO guiwei_app;
GRANT UPDATE (name, role, agency_id, password_hash, failed_sign_ins, locked_until) ON account TO guiwei_app;
GRANT INSERT, DELETE ON web_session, api_token TO guiwei_app;
GRANT INSERT ON access_log TO guiwei_app;

-- Radio: evidence comes from ingest (app) or a replay (jobs), belief from the jobs alone.
GRANT INSERT, UPDATE ON evidence, coverage_gap, reader_health, lease TO guiwei_app, guiwei_jobs;
GRANT INSERT ON anchor, quarantine, tag, belief_due TO guiwei_app, guiwei_jobs;
GRANT INSERT, DELETE ON ingest_commit TO guiwei_app, guiwei_jobs;
GRANT DELETE ON belief_due TO guiwei_jobs;
GRANT INSERT, UPDATE ON belief TO guiwei_jobs;
GRANT INSERT ON model TO guiwei_jobs;
