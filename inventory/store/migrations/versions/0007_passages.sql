-- Passages through gates, the alarms among them, and who answered. Run as guiwei_owner.
--
-- A gate's own process decides, spools on its own disk, and stores here when it can: every row has a name it gave, so that what is
-- stored twice is there once. A passage is told again until nothing can take it back (settled); then it stays as it is, and an
-- alarm once raised stays in any case.

CREATE TABLE passage (
    id             uuid PRIMARY KEY,                           -- the gate's
    gate_place_id  integer NOT NULL REFERENCES place,
    telling        integer NOT NULL,                           -- rises with each time the gate tells of it
    direction      text NOT NULL CONSTRAINT passage_direction_known CHECK
                   (direction IN ('in', 'out', 'turned_back', 'unclear')),
    probability    double precision NOT NULL CONSTRAINT passage_probability_is_one CHECK (probability BETWEEN 0 AND 1),
    doubts         text[] NOT NULL DEFAULT '{}' CONSTRAINT passage_doubts_known CHECK
                   (doubts <@ ARRAY['one_antenna', 'standing', 'contradictory', 'few_reads']),
    colour         text NOT NULL CONSTRAINT passage_colour_known CHECK (colour IN ('green', 'amber', 'red')),
    settled        boolean NOT NULL,
    crossed_at     timestamptz NOT NULL,
    since_at       timestamptz NOT NULL,                       -- heard first and last
    until_at       timestamptz NOT NULL,
    strange        integer NOT NULL DEFAULT 0,                 -- tags of nothing of ours
    listed_at      timestamptz NOT NULL,                       -- as of when the gate knew ledger and manifests
    heard_at       timestamptz NOT NULL,                       -- when the message came by which the gate decided it first
    decided_at     timestamptz NOT NULL,
    alarmed_at     timestamptz,                                -- when it was red first
    siren_at       timestamptz,                                -- when the siren was told to sound; NULL: it wasn't
    stored_at      timestamptz NOT NULL,                       -- when it came here first
    CONSTRAINT passage_in_order CHECK (since_at <= until_at),
    CONSTRAINT passage_red_is_an_alarm CHECK (colour <> 'red' OR alarmed_at IS NOT NULL),
    CONSTRAINT passage_sirens_are_alarms CHECK (siren_at IS NULL OR alarmed_at IS NOT NULL)
);
CREATE INDEX passage_by_time ON passage (crossed_at DESC);
CREATE INDEX passage_alarms ON passage (alarmed_at DESC) WHERE alarmed_at IS NOT NULL;

-- What somebody carried, with what the ledger said of it then; reads 0: on the manifest, and not read.
CREATE TABLE passage_volume (
    passage_id      uuid NOT NULL REFERENCES passage,
    volume_id       integer NOT NULL REFERENCES volume,
    telling         integer NOT NULL,                          -- the last one that named it: an older one is not true any more
    reads           integer NOT NULL CONSTRAINT passage_volume_reads_counted CHECK (reads >= 0),
    ledger_place_id integer REFERENCES place,                  -- NULL: before its arrival
    ledger_since    timestamptz,
    paper           text,                                      -- the manifest it may pass on
    unexpected      boolean NOT NULL,
    PRIMARY KEY (passage_id, volume_id),
    CONSTRAINT passage_volume_unexpected_was_read CHECK (NOT unexpected OR (reads > 0 AND paper IS NULL))
);
CREATE INDEX passage_volume_by_volume ON passage_volume (volume_id);

-- Who looked after an alarm, and what it was. One answer an alarm, for ever: false sirens are counted.
CREATE TABLE alarm_acknowledgement (
    passage_id uuid PRIMARY KEY REFERENCES passage,
    account_id integer NOT NULL REFERENCES account,
    at         timestamptz NOT NULL,
    is_false   boolean NOT NULL,
    reason     text NOT NULL CONSTRAINT alarm_acknowledged_with_reason CHECK (trim(reason) <> '')
);

-- Who silenced a gate's siren and armed it again, without saying yet what it was.
CREATE TABLE gate_rearming (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    gate_place_id integer NOT NULL REFERENCES place,
    account_id    integer NOT NULL REFERENCES account,
    at            timestamptz NOT NULL
);
CREATE INDEX gate_rearming_by_gate ON gate_rearming (gate_place_id, id);

-- Whether anybody watches a gate: its process says so every few seconds.
CREATE TABLE gate_pulse (
    gate_place_id integer PRIMARY KEY REFERENCES place,
    at            timestamptz NOT NULL,
    heard_at      timestamptz,                                 -- the last message of its readers
    silent        text[] NOT NULL DEFAULT '{}' CONSTRAINT gate_pulse_silent_known CHECK (silent <@ ARRAY['inner', 'outer'])
);

CREATE TRIGGER passage_is_forever BEFORE DELETE OR TRUNCATE ON passage FOR EACH STATEMENT EXECUTE FUNCTION refuse_deleting();
CREATE TRIGGER passage_volume_is_forever BEFORE DELETE OR TRUNCATE ON passage_volume
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_deleting();
CREATE TRIGGER alarm_acknowledgement_is_forever BEFORE UPDATE OR DELETE OR TRUNCATE ON alarm_acknowledgement
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting();
CREATE TRIGGER gate_rearming_is_forever BEFORE UPDATE OR DELETE OR TRUNCATE ON gate_rearming
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting();

CREATE FUNCTION passage_goes_on() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF OLD.settled THEN PERFORM refuse_act('passage_is_settled', NULL); END IF;
    IF NEW.telling <= OLD.telling OR NEW.gate_place_id <> OLD.gate_place_id THEN
        PERFORM refuse_act('passage_told_in_order', NULL);
    END IF;
    IF OLD.alarmed_at IS DISTINCT FROM NEW.alarmed_at AND OLD.alarmed_at IS NOT NULL
       OR OLD.siren_at IS DISTINCT FROM NEW.siren_at AND OLD.siren_at IS NOT NULL THEN
        PERFORM refuse_act('passage_alarm_stands', NULL);
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER passage_goes_on BEFORE UPDATE ON passage FOR EACH ROW EXECUTE FUNCTION passage_goes_on();

-- What is said of a settled passage is said: lines come and grow only with a telling.
CREATE FUNCTION passage_volume_goes_on() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF NEW.telling IS DISTINCT FROM (SELECT telling FROM passage WHERE id = NEW.passage_id)
       OR TG_OP = 'UPDATE' AND NEW.telling <= OLD.telling THEN
        PERFORM refuse_act('passage_volume_of_a_telling', NULL);
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER passage_volume_goes_on BEFORE INSERT OR UPDATE ON passage_volume
    FOR EACH ROW EXECUTE FUNCTION passage_volume_goes_on();

CREATE FUNCTION alarm_acknowledgement_fits() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF session_user = 'guiwei_app' AND NEW.account_id IS DISTINCT FROM session_account() THEN
        PERFORM refuse_act('acknowledged_in_own_name', NULL);
    END IF;
    IF NOT EXISTS (SELECT FROM passage WHERE id = NEW.passage_id AND alarmed_at IS NOT NULL) THEN
        PERFORM refuse_act('acknowledged_is_an_alarm', NULL);
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER alarm_acknowledgement_fits BEFORE INSERT ON alarm_acknowledgement
    FOR EACH ROW EXECUTE FUNCTION alarm_acknowledgement_fits();

CREATE FUNCTION gate_rearming_fits() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF session_user = 'guiwei_app' AND NEW.account_id IS DISTINCT FROM session_account() THEN
        PERFORM refuse_act('rearmed_in_own_name', NULL);
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER gate_rearming_fits BEFORE INSERT ON gate_rearming FOR EACH ROW EXECUTE FUNCTION gate_rearming_fits();

-- Pages look again, and the gate's process hears that somebody answered.
CREATE FUNCTION gate_told() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('gate', '[]');
    RETURN NULL;
END $$;
CREATE TRIGGER gate_told AFTER INSERT OR UPDATE ON passage FOR EACH STATEMENT EXECUTE FUNCTION gate_told();
CREATE TRIGGER gate_told AFTER INSERT ON alarm_acknowledgement FOR EACH STATEMENT EXECUTE FUNCTION gate_told();
CREATE TRIGGER gate_told AFTER INSERT ON gate_rearming FOR EACH STATEMENT EXECUTE FUNCTION gate_told();

-- What may pass a gate has changed: the gate's process looks again.
CREATE FUNCTION manifest_told() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('manifest', '[]');
    RETURN NULL;
END $$;
CREATE TRIGGER manifest_told AFTER INSERT OR UPDATE ON consignment FOR EACH STATEMENT EXECUTE FUNCTION manifest_told();
CREATE TRIGGER manifest_told AFTER INSERT OR UPDATE ON consignment_volume FOR EACH STATEMENT EXECUTE FUNCTION manifest_told();

REVOKE ALL ON FUNCTION passage_goes_on(), passage_volume_goes_on(), alarm_acknowledgement_fits(), gate_rearming_fits(), gate_told(),
    manifest_told() FROM PUBLIC;

-- ── Whose rows ───────────────────────────────────────────────────────────────────────────────────────────────────────

-- A passage is the warehouse's; its agency's people see what was said of their own volumes.
DO $$
DECLARE
    rule record;
BEGIN
    FOR rule IN SELECT * FROM (VALUES
        ('passage', '(SELECT seen_agency()) = 0'),
        ('passage_volume', '(SELECT seen_agency()) = 0 OR EXISTS (SELECT FROM volume WHERE volume.id = volume_id)'),
        ('alarm_acknowledgement', '(SELECT seen_agency()) = 0'),
        ('gate_rearming', '(SELECT seen_agency()) = 0')
    ) AS told (table_name, visible) LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', rule.table_name);
        EXECUTE format('CREATE POLICY seen ON %I TO guiwei_app USING (%s)', rule.table_name, rule.visible);
        EXECUTE format('CREATE POLICY at_night ON %I TO guiwei_jobs USING (true)', rule.table_name);
    END LOOP;
END $$;

GRANT SELECT ON passage, passage_volume, alarm_acknowledgement, gate_rearming, gate_pulse TO guiwei_app, guiwei_jobs;
GRANT INSERT, UPDATE ON passage, passage_volume, gate_pulse TO guiwei_jobs;
GRANT INSERT ON alarm_acknowledgement, gate_rearming TO guiwei_app;
