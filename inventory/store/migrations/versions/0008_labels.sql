-- Labels (标签) from the printer to the envelope. Run as guiwei_owner.
--
-- A label is a volume's number in print and an EPC to be encoded; it waits until it is read back, and then is bound, or spoiled. Its
-- serial comes from one sequence for whatever numbering, so that no EPC is ever made twice, also after a print that failed.

CREATE TABLE label_numbering (
    id             integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    company_prefix text,                                 -- GDTI-96: the site's own GS1 prefix, and its document type
    document_type  text,
    manager        integer,                              -- GID-96: the site's own manager number, and its object class
    object_class   integer,
    set_by         integer REFERENCES account,           -- NULL: at the command line
    set_at         timestamptz NOT NULL,
    CONSTRAINT label_numbering_one_scheme CHECK (
        num_nulls(company_prefix, document_type) IN (0, 2) AND num_nulls(manager, object_class) IN (0, 2)
        AND num_nulls(company_prefix, manager) = 1)
);
CREATE SEQUENCE label_serial AS bigint NO CYCLE;

CREATE TABLE label_batch (
    id         integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    scope      text NOT NULL,                            -- the shelf or arrival its volumes were at, or what was scanned
    place_id   integer REFERENCES place,
    with_names boolean NOT NULL,
    replacing  boolean NOT NULL,                         -- also for volumes that have a tag, to take its place
    made_by    integer REFERENCES account,               -- NULL: at the command line
    made_at    timestamptz NOT NULL,
    command_id uuid NOT NULL CONSTRAINT label_batch_of_command UNIQUE
);

CREATE TABLE label (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    batch_id     integer NOT NULL REFERENCES label_batch,
    position     integer NOT NULL,                       -- as they come from the printer: what stands before says which fault it is
    volume_id    integer NOT NULL REFERENCES volume,
    numbering_id integer NOT NULL REFERENCES label_numbering,
    epc          bytea NOT NULL CONSTRAINT label_epc_taken UNIQUE,
    made_by      integer REFERENCES account,
    made_at      timestamptz NOT NULL,
    sent_at      timestamptz,                            -- when a printer, or a file for one, was last given it
    state        text NOT NULL DEFAULT 'printed' CONSTRAINT label_state_known CHECK (state IN ('printed', 'bound', 'spoiled')),
    tid          bytea,                                  -- read back when it was bound
    ended_by     integer REFERENCES account,
    ended_at     timestamptz,
    reason       text,                                   -- why it was spoiled
    CONSTRAINT label_position_taken UNIQUE (batch_id, position),
    CONSTRAINT label_is_whole CHECK (
        (state = 'printed') = (ended_at IS NULL) AND (state = 'bound') = (tid IS NOT NULL)
        AND (state = 'spoiled') = (reason IS NOT NULL) AND (ended_by IS NULL OR ended_at IS NOT NULL))
);
CREATE UNIQUE INDEX label_one_waits ON label (volume_id) WHERE state = 'printed';
CREATE INDEX label_by_volume ON label (volume_id);

-- What a pad's antenna read of a chip's own number, just now: evidence knows only EPCs. Nothing of it is kept for long.
CREATE TABLE chip_read (
    antenna_id integer NOT NULL REFERENCES antenna,
    epc        bytea NOT NULL,
    tid        bytea NOT NULL,
    last_at    timestamptz NOT NULL,
    PRIMARY KEY (antenna_id, epc, tid)
);
CREATE INDEX chip_read_by_time ON chip_read (last_at);

-- ── What holds whoever writes ────────────────────────────────────────────────────────────────────────────────────────

CREATE FUNCTION label_epc_unused() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM tag WHERE epc = NEW.epc) THEN
        PERFORM refuse_act('label_epc_unused', NULL);
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER label_epc_unused BEFORE INSERT ON label FOR EACH ROW EXECUTE FUNCTION label_epc_unused();

-- It ends once, and what was printed on it stays. Bound it is only where its tag is, as it was read back.
CREATE FUNCTION label_ends_once() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF OLD.state <> 'printed' OR (to_jsonb(OLD) - '{sent_at,state,tid,ended_by,ended_at,reason}'::text[])
        <> (to_jsonb(NEW) - '{sent_at,state,tid,ended_by,ended_at,reason}'::text[]) THEN
        PERFORM refuse_act('label_stays', NULL);
    END IF;
    IF NEW.state = 'bound' AND NOT EXISTS (
        SELECT FROM tag WHERE epc = NEW.epc AND volume_id = NEW.volume_id AND tid = NEW.tid AND retired_at IS NULL) THEN
        PERFORM refuse_act('label_bound_as_read', NULL);
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER label_ends_once BEFORE UPDATE ON label FOR EACH ROW EXECUTE FUNCTION label_ends_once();

CREATE FUNCTION label_stays() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM refuse_act('label_stays', NULL);
    RETURN NULL;
END $$;
CREATE TRIGGER label_is_forever BEFORE DELETE OR TRUNCATE ON label FOR EACH STATEMENT EXECUTE FUNCTION label_stays();
CREATE TRIGGER label_batch_is_forever BEFORE UPDATE OR DELETE OR TRUNCATE ON label_batch
    FOR EACH STATEMENT EXECUTE FUNCTION label_stays();
CREATE TRIGGER label_numbering_is_forever BEFORE UPDATE OR DELETE OR TRUNCATE ON label_numbering
    FOR EACH STATEMENT EXECUTE FUNCTION label_stays();

-- Whatever binds tags (a page, an import): one that was printed here goes on its own volume, with its chip's number, and never once
-- it was spoiled.
CREATE FUNCTION tag_as_printed() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF EXISTS (
        SELECT FROM written JOIN label USING (epc)
        WHERE (written.volume_id IS NOT NULL OR written.place_id IS NOT NULL)
            AND (written.volume_id IS DISTINCT FROM label.volume_id OR written.tid IS NULL OR label.state = 'spoiled')) THEN
        PERFORM refuse_act('tag_as_printed', NULL);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER tag_as_printed_new AFTER INSERT ON tag REFERENCING NEW TABLE AS written
    FOR EACH STATEMENT EXECUTE FUNCTION tag_as_printed();
CREATE TRIGGER tag_as_printed_changed AFTER UPDATE ON tag REFERENCING NEW TABLE AS written
    FOR EACH STATEMENT EXECUTE FUNCTION tag_as_printed();

-- ── Privileges ───────────────────────────────────────────────────────────────────────────────────────────────────────

REVOKE ALL ON FUNCTION label_epc_unused(), label_ends_once(), label_stays(), tag_as_printed() FROM PUBLIC;

ALTER TABLE label_batch ENABLE ROW LEVEL SECURITY;
ALTER TABLE label ENABLE ROW LEVEL SECURITY;
ALTER TABLE chip_read ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen ON label_batch FOR SELECT TO guiwei_app USING ((SELECT seen_agency()) = 0);
CREATE POLICY seen ON label FOR SELECT TO guiwei_app USING ((SELECT seen_agency()) = 0);
CREATE POLICY seen ON chip_read FOR SELECT TO guiwei_app USING ((SELECT seen_agency()) = 0);
-- In one's own name, by those who tag.
CREATE POLICY made ON label_batch FOR INSERT TO guiwei_app WITH CHECK (
    made_by = (SELECT session_account()) AND EXISTS (SELECT FROM account WHERE id = made_by AND role = 'keeper'));
CREATE POLICY made ON label FOR INSERT TO guiwei_app WITH CHECK (
    made_by = (SELECT session_account()) AND EXISTS (SELECT FROM account WHERE id = made_by AND role = 'keeper'));
CREATE POLICY ended ON label FOR UPDATE TO guiwei_app USING (
    EXISTS (SELECT FROM account WHERE id = (SELECT session_account()) AND role = 'keeper'))
    WITH CHECK (ended_by IS NULL OR ended_by = (SELECT session_account()));
CREATE POLICY at_night ON label_batch TO guiwei_jobs USING (true);
CREATE POLICY at_night ON label TO guiwei_jobs USING (true);
CREATE POLICY at_night ON chip_read TO guiwei_jobs USING (true);

GRANT SELECT ON label_numbering, label_batch, label, chip_read TO guiwei_app, guiwei_jobs;
GRANT INSERT (scope, place_id, with_names, replacing, made_by, made_at, command_id) ON label_batch TO guiwei_app;
GRANT INSERT (batch_id, position, volume_id, numbering_id, epc, made_by, made_at) ON label TO guiwei_app;
GRANT UPDATE (sent_at, state, tid, ended_by, ended_at, reason) ON label TO guiwei_app;
-- The next serial, and no going back to one.
GRANT USAGE ON SEQUENCE label_serial TO guiwei_app;
GRANT INSERT, UPDATE, DELETE ON chip_read TO guiwei_jobs;
