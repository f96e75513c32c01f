-- Counting shelves by code (清点): what somebody scanned on a shelf, by telephone or scanner, also out of reach of the network. Run as
-- guiwei_owner.
--
-- A count and its scans are named by whoever counts, before the network is there: sent twice, they are there once. Only a count that
-- was finished, all of whose scans have come, says that something was not on the shelf.

CREATE TABLE shelf_count (
    id          uuid PRIMARY KEY,                        -- made on the telephone
    audit_id    integer REFERENCES audit,                -- NULL: of no audit in particular
    place_id    integer NOT NULL REFERENCES place,
    counter_id  integer NOT NULL REFERENCES account,
    begun_at    timestamptz NOT NULL,
    finished_at timestamptz,                             -- NULL: not the whole shelf so far
    scans       integer,                                 -- so many the counter made, when it was finished
    received_at timestamptz NOT NULL,
    CONSTRAINT shelf_count_is_whole CHECK (
        num_nulls(finished_at, scans) IN (0, 2) AND coalesce(finished_at, begun_at) >= begun_at AND coalesce(scans, 0) >= 0)
);
CREATE INDEX shelf_count_by_place ON shelf_count (place_id, begun_at);
CREATE INDEX shelf_count_by_audit ON shelf_count (audit_id) WHERE audit_id IS NOT NULL;

CREATE TABLE shelf_count_scan (
    id          uuid PRIMARY KEY,                        -- made on the telephone
    count_id    uuid NOT NULL REFERENCES shelf_count,
    code        text NOT NULL CONSTRAINT shelf_count_scan_has_code CHECK (trim(code) <> ''),
    volume_id   integer REFERENCES volume,               -- NULL: nobody's code
    scanned_at  timestamptz NOT NULL,
    received_at timestamptz NOT NULL
);
CREATE INDEX shelf_count_scan_by_count ON shelf_count_scan (count_id);
CREATE INDEX shelf_count_scan_by_volume ON shelf_count_scan (volume_id) WHERE volume_id IS NOT NULL;

-- A count goes into an audit only before that is judged; of a blind count, no keeper is the counter.
CREATE FUNCTION shelf_count_fits() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF NEW.audit_id IS NOT NULL AND (SELECT state FROM audit WHERE id = NEW.audit_id FOR SHARE) <> 'waiting' THEN
        PERFORM refuse_act('shelf_count_in_time', NULL);
    END IF;
    IF TG_OP = 'INSERT' AND NEW.audit_id IS NOT NULL
       AND (SELECT role FROM account WHERE id = NEW.counter_id) = 'keeper' THEN
        PERFORM refuse_act('shelf_count_by_no_keeper', NULL);
    END IF;
    IF TG_OP = 'UPDATE' AND (OLD.finished_at IS NOT NULL OR NEW.finished_at IS NULL
       OR (to_jsonb(OLD) - '{finished_at,scans}'::text[]) <> (to_jsonb(NEW) - '{finished_at,scans}'::text[])) THEN
        PERFORM refuse_act('shelf_count_stays', NULL);
    END IF;
    IF NEW.scans <> (SELECT count(*) FROM shelf_count_scan WHERE count_id = NEW.id) THEN
        PERFORM refuse_act('shelf_count_has_its_scans', NULL);
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER shelf_count_fits BEFORE INSERT OR UPDATE ON shelf_count FOR EACH ROW EXECUTE FUNCTION shelf_count_fits();

CREATE FUNCTION shelf_count_scan_fits() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    of_count record;
BEGIN
    SELECT finished_at, audit.state INTO of_count
    FROM shelf_count LEFT JOIN audit ON audit.id = audit_id WHERE shelf_count.id = NEW.count_id FOR SHARE OF shelf_count;
    IF of_count.finished_at IS NOT NULL THEN
        PERFORM refuse_act('shelf_count_stays', NULL);
    ELSIF of_count.state <> 'waiting' THEN
        PERFORM refuse_act('shelf_count_in_time', NULL);
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER shelf_count_scan_fits BEFORE INSERT ON shelf_count_scan FOR EACH ROW EXECUTE FUNCTION shelf_count_scan_fits();

CREATE FUNCTION shelf_count_stays() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM refuse_act('shelf_count_stays', NULL);
    RETURN NULL;
END $$;
CREATE TRIGGER shelf_count_is_forever BEFORE DELETE OR TRUNCATE ON shelf_count
    FOR EACH STATEMENT EXECUTE FUNCTION shelf_count_stays();
CREATE TRIGGER shelf_count_scan_is_forever BEFORE UPDATE OR DELETE OR TRUNCATE ON shelf_count_scan
    FOR EACH STATEMENT EXECUTE FUNCTION shelf_count_stays();
REVOKE ALL ON FUNCTION shelf_count_fits(), shelf_count_scan_fits(), shelf_count_stays() FROM PUBLIC;

ALTER TABLE shelf_count ENABLE ROW LEVEL SECURITY;
ALTER TABLE shelf_count_scan ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen ON shelf_count FOR SELECT TO guiwei_app USING ((SELECT seen_agency()) = 0);
CREATE POLICY seen ON shelf_count_scan FOR SELECT TO guiwei_app USING ((SELECT seen_agency()) = 0);
-- In one's own name, by those who count.
CREATE POLICY counted ON shelf_count FOR INSERT TO guiwei_app WITH CHECK (
    counter_id = (SELECT session_account())
    AND EXISTS (SELECT FROM account WHERE id = counter_id AND role IN ('keeper', 'city_manager', 'auditor')));
CREATE POLICY finished ON shelf_count FOR UPDATE TO guiwei_app USING (counter_id = (SELECT session_account()));
CREATE POLICY counted ON shelf_count_scan FOR INSERT TO guiwei_app WITH CHECK (
    EXISTS (SELECT FROM shelf_count WHERE shelf_count.id = count_id AND counter_id = (SELECT session_account())));
CREATE POLICY at_night ON shelf_count TO guiwei_jobs USING (true);
CREATE POLICY at_night ON shelf_count_scan TO guiwei_jobs USING (true);

GRANT SELECT ON shelf_count, shelf_count_scan TO guiwei_app, guiwei_jobs;
GRANT INSERT ON shelf_count, shelf_count_scan TO guiwei_app;
GRANT UPDATE (finished_at, scans) ON shelf_count TO guiwei_app;
