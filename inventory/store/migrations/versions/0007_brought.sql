-- Evidence that somebody brings (送来的读取): a docked handheld's file, a burst a handheld typed. Run as guiwei_owner.
--
-- The application writes no evidence (docs/decisions/0010): what people bring waits here, with who brought it, and the jobs take it
-- in the one way evidence goes. Each row holds messages in the native dialect and stays for ever: it says what was brought, and a
-- later file of the same reader is held against it, so that what both tell counts once.

CREATE TABLE brought_evidence (
    id             integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    reader_id      integer NOT NULL REFERENCES reader,
    way            text NOT NULL CONSTRAINT brought_way_known CHECK (way IN ('file', 'burst')),
    name           text NOT NULL,                        -- the file's, or the shelf a burst began at
    content_hash   bytea NOT NULL,                       -- of what it says, in whatever order and kind of file
    payload        bytea NOT NULL,                       -- JSON of the native dialect, a message a line
    columns        jsonb,                                -- a file's: which column was taken for what
    timezone       text,                                 -- a file's: the clock it was read by
    reads          integer NOT NULL,
    codes          integer NOT NULL,
    first_at       timestamptz NOT NULL,
    last_at        timestamptz NOT NULL,
    brought_by     integer REFERENCES account,           -- NULL: at the command line
    brought_at     timestamptz NOT NULL,
    taken_at       timestamptz,
    new_reads      integer,                              -- of its reads, those nothing brought before had told
    CONSTRAINT brought_once UNIQUE (reader_id, content_hash),
    CONSTRAINT brought_is_whole CHECK (
        reads >= 0 AND codes >= 0 AND reads + codes > 0 AND first_at <= last_at
        AND num_nulls(taken_at, new_reads) IN (0, 2) AND coalesce(new_reads, 0) BETWEEN 0 AND reads)
);
CREATE INDEX brought_waiting ON brought_evidence (id) WHERE taken_at IS NULL;
CREATE INDEX brought_by_time ON brought_evidence (reader_id, last_at);

CREATE FUNCTION brought_stays() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP <> 'UPDATE' OR OLD.taken_at IS NOT NULL
       OR (to_jsonb(OLD) - '{taken_at,new_reads}'::text[]) <> (to_jsonb(NEW) - '{taken_at,new_reads}'::text[]) THEN
        PERFORM refuse_act('brought_stays', NULL);
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER brought_stays BEFORE UPDATE OR DELETE ON brought_evidence FOR EACH ROW EXECUTE FUNCTION brought_stays();
CREATE TRIGGER brought_is_forever BEFORE TRUNCATE ON brought_evidence FOR EACH STATEMENT EXECUTE FUNCTION refuse_deleting();
REVOKE ALL ON FUNCTION brought_stays() FROM PUBLIC;

ALTER TABLE brought_evidence ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen ON brought_evidence FOR SELECT TO guiwei_app USING ((SELECT seen_agency()) = 0);
-- In one's own name, and only by those who sweep.
CREATE POLICY brought_by_hand ON brought_evidence FOR INSERT TO guiwei_app WITH CHECK (
    brought_by = (SELECT session_account())
    AND EXISTS (SELECT FROM account WHERE id = brought_by AND role IN ('keeper', 'city_manager')));
CREATE POLICY at_night ON brought_evidence TO guiwei_jobs USING (true);

GRANT SELECT ON brought_evidence TO guiwei_app, guiwei_jobs;
GRANT INSERT (reader_id, way, name, content_hash, payload, columns, timezone, reads, codes, first_at, last_at, brought_by, brought_at)
    ON brought_evidence TO guiwei_app, guiwei_jobs;
GRANT UPDATE (taken_at, new_reads) ON brought_evidence TO guiwei_jobs;
