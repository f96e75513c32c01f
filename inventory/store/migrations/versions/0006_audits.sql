-- Audits (盘点): what was judged when, as of which instant, what it found, who signed it. Run as guiwei_owner.
--
-- An audit is a row before it is a result: whoever is killed in the middle of it leaves a row that says `running`, and whoever comes
-- next judges the same interval by the same model and the same ledger again. Its results come in one transaction with the state
-- `judged`, and nobody changes them after that.

CREATE TABLE audit_plan (
    id             integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind           text NOT NULL CONSTRAINT audit_plan_kind_known CHECK (kind IN
                   ('rolling', 'yearly', 'before_holidays', 'after_reshelving', 'sample', 'blind_count')),
    place_id       integer NOT NULL REFERENCES place,    -- the scope
    every_days     smallint NOT NULL,                    -- rolling: every volume is read within so many days; else: how often
    busy_days      smallint,                             -- rolling: the same for busy aisles
    sample_shelves smallint,                             -- how many shelves are drawn
    next_due       date NOT NULL,                        -- local
    made_by        integer NOT NULL REFERENCES account,
    made_at        timestamptz NOT NULL,
    ended_at       timestamptz,
    command_id     uuid NOT NULL CONSTRAINT audit_plan_of_command UNIQUE,
    CONSTRAINT audit_plan_within_days CHECK (every_days BETWEEN 1 AND 366 AND coalesce(busy_days, 1) BETWEEN 1 AND every_days),
    CONSTRAINT audit_plan_is_whole CHECK (
        (busy_days IS NOT NULL) = (kind = 'rolling')
        AND (sample_shelves IS NOT NULL) = (kind IN ('sample', 'blind_count')) AND coalesce(sample_shelves, 1) > 0)
);
CREATE INDEX audit_plan_due ON audit_plan (next_due) WHERE ended_at IS NULL;

CREATE TABLE audit (
    id                integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    place_id          integer NOT NULL REFERENCES place,   -- the scope, and everything in it
    plan_id           integer REFERENCES audit_plan,
    judged_from       timestamptz NOT NULL,
    judged_until      timestamptz NOT NULL,                -- the as-of instant
    state             text NOT NULL CONSTRAINT audit_state_known
                          CHECK (state IN ('waiting', 'running', 'judged', 'signed', 'closed', 'failed')),
    asked_by          integer REFERENCES account,          -- NULL: a plan, or the command line
    asked_at          timestamptz NOT NULL,
    command_id        uuid CONSTRAINT audit_of_command UNIQUE,
    -- Of the scope's shelves so many are drawn: those whose SHA-256 of "seed:code" is least. Anybody can draw them again.
    sample_shelves    smallint,
    seed              text,
    -- Fixed at the start, so that a second run is the first one again. model_version NULL: before the first model.
    started_at        timestamptz,
    model_version     integer REFERENCES model,
    ledger_roots      jsonb,                               -- [[warehouse, sequence, hexadecimal hash], ...]
    -- How far it is, for whoever waits.
    step              text,
    progress          smallint NOT NULL DEFAULT 0,         -- per cent
    attempts          smallint NOT NULL DEFAULT 0,
    problem           text,                                -- why it failed
    -- What came of it.
    judged_at         timestamptz,
    expected          integer,
    covered           integer,
    passes            smallint,                            -- how often a shelf was listened at, in the middle
    findings          integer,
    undecided         integer,
    wrong_max         double precision,                    -- stated: share of findings expected to be wrong, at most
    missing_wrong_max double precision,
    closed_at         timestamptz,
    closed_by         integer REFERENCES account,
    CONSTRAINT audit_begins_before_it_ends CHECK (judged_from < judged_until),
    CONSTRAINT audit_sample_has_seed CHECK ((sample_shelves IS NULL) = (seed IS NULL) AND coalesce(sample_shelves, 1) > 0),
    CONSTRAINT audit_is_whole CHECK (
        (state IN ('judged', 'signed', 'closed')) =
            (num_nulls(judged_at, expected, covered, passes, findings, undecided, wrong_max, missing_wrong_max) = 0)
        AND (state = 'waiting' OR num_nulls(started_at, ledger_roots) = 0)
        AND (state = 'failed') = (problem IS NOT NULL)),
    CONSTRAINT audit_counts_fit CHECK (
        covered BETWEEN 0 AND expected AND findings >= 0 AND undecided >= 0 AND progress BETWEEN 0 AND 100),
    CONSTRAINT audit_closed_by_somebody CHECK ((state = 'closed') = (num_nulls(closed_at, closed_by) = 0))
);
CREATE INDEX audit_by_place ON audit (place_id, judged_until);
CREATE INDEX audit_unfinished ON audit (id) WHERE state IN ('waiting', 'running');

-- In the order in which every run of it finds them.
CREATE TABLE audit_finding (
    audit_id        integer NOT NULL REFERENCES audit,
    number          integer NOT NULL,
    kind            text NOT NULL CONSTRAINT audit_finding_kind_known CHECK (kind IN
                    ('misplaced', 'missing', 'present_though_out', 'unknown_tag', 'two_tags', 'two_dossiers', 'weak_tag')),
    volume_id       integer REFERENCES volume,           -- NULL: a tag that is nobody's
    tag_id          integer REFERENCES tag,
    ledger_place_id integer REFERENCES place,
    place_id        integer REFERENCES place,            -- where the radio has it
    probability     double precision NOT NULL,
    reason_zh       text NOT NULL,
    reason_en       text NOT NULL,
    PRIMARY KEY (audit_id, number),
    CONSTRAINT audit_finding_is_of_something CHECK (num_nonnulls(volume_id, tag_id) > 0),
    CONSTRAINT audit_finding_probability_is_one CHECK (probability BETWEEN 0 AND 1)
);
CREATE INDEX audit_finding_by_volume ON audit_finding (volume_id) WHERE volume_id IS NOT NULL;

CREATE TABLE audit_undecided (
    audit_id        integer NOT NULL REFERENCES audit,
    number          integer NOT NULL,
    volume_id       integer NOT NULL REFERENCES volume,
    ledger_place_id integer REFERENCES place,
    reason_zh       text NOT NULL,
    reason_en       text NOT NULL,
    PRIMARY KEY (audit_id, number)
);

-- Where nobody listened, and for how long a reader was blind.
CREATE TABLE audit_gap (
    audit_id  integer NOT NULL REFERENCES audit,
    number    integer NOT NULL,
    place_id  integer NOT NULL REFERENCES place,
    from_at   timestamptz NOT NULL,
    to_at     timestamptz,                               -- NULL: it lasts
    reason_zh text NOT NULL,
    reason_en text NOT NULL,
    PRIMARY KEY (audit_id, number)
);

-- Of each shelf that volumes were expected on: how many, and how many of them it was listened at for.
CREATE TABLE audit_shelf (
    audit_id integer NOT NULL REFERENCES audit,
    place_id integer NOT NULL REFERENCES place,
    expected integer NOT NULL,
    covered  integer NOT NULL,
    visits   integer NOT NULL,
    PRIMARY KEY (audit_id, place_id),
    CONSTRAINT audit_shelf_counts_fit CHECK (covered BETWEEN 0 AND expected AND visits >= 0)
);

CREATE TABLE audit_signature (
    audit_id   integer NOT NULL REFERENCES audit,
    account_id integer NOT NULL REFERENCES account,
    part       text NOT NULL CONSTRAINT audit_signature_part_known CHECK (part IN ('keeper', 'counter')),
    signed_at  timestamptz NOT NULL,
    command_id uuid NOT NULL CONSTRAINT audit_signature_of_command UNIQUE,
    PRIMARY KEY (audit_id, part),
    CONSTRAINT audit_signed_by_two UNIQUE (audit_id, account_id)
);

-- ── What holds ───────────────────────────────────────────────────────────────────────────────────────────────────────

-- An audit only goes on; a closed one never changes, and what was fixed at its start stays as it was.
CREATE FUNCTION audit_goes_on() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF OLD.state = 'closed' THEN
        PERFORM refuse_act('audit_closed_stays', NEW.id::text);
    END IF;
    IF (OLD.place_id, OLD.judged_from, OLD.judged_until, OLD.asked_at) IS DISTINCT FROM
           (NEW.place_id, NEW.judged_from, NEW.judged_until, NEW.asked_at)
       OR (OLD.sample_shelves, OLD.seed) IS DISTINCT FROM (NEW.sample_shelves, NEW.seed)
       OR (OLD.state, NEW.state) NOT IN (
           ('waiting', 'running'), ('running', 'running'), ('running', 'judged'), ('running', 'failed'), ('failed', 'running'),
           ('judged', 'signed'), ('signed', 'closed'))
       OR OLD.state = 'judged' AND (to_jsonb(OLD) - 'state') <> (to_jsonb(NEW) - 'state')
       OR OLD.state = 'signed' AND
           (to_jsonb(OLD) - '{state,closed_at,closed_by}'::text[]) <> (to_jsonb(NEW) - '{state,closed_at,closed_by}'::text[]) THEN
        PERFORM refuse_act('audit_goes_on', NEW.id::text);
    END IF;
    IF NEW.state = 'signed' AND (SELECT count(*) FROM audit_signature WHERE audit_id = NEW.id) < 2 THEN
        PERFORM refuse_act('audit_signed_before_closing', NEW.id::text);
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER audit_goes_on BEFORE UPDATE ON audit FOR EACH ROW EXECUTE FUNCTION audit_goes_on();

-- Results are written while their audit runs, in the transaction that ends it.
CREATE FUNCTION audit_result_of_a_run() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM (SELECT DISTINCT audit_id FROM written) AS one JOIN audit ON audit.id = audit_id WHERE state <> 'running') THEN
        PERFORM refuse_act('audit_results_stay', NULL);
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION audit_results_stay() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM refuse_act('audit_results_stay', NULL);
    RETURN NULL;
END $$;

-- Whoever keeps the shelves isn't who counts them.
CREATE FUNCTION audit_signature_fits() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF (SELECT state FROM audit WHERE id = NEW.audit_id) <> 'judged' THEN
        PERFORM refuse_act('audit_goes_on', NEW.audit_id::text);
    END IF;
    IF NEW.part = 'counter' AND (SELECT role FROM account WHERE id = NEW.account_id) = 'keeper' THEN
        PERFORM refuse_act('audit_counter_is_no_keeper', NULL);
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER audit_signature_fits BEFORE INSERT ON audit_signature FOR EACH ROW EXECUTE FUNCTION audit_signature_fits();

DO $$
DECLARE
    result text;
BEGIN
    FOREACH result IN ARRAY ARRAY['audit_finding', 'audit_undecided', 'audit_gap', 'audit_shelf'] LOOP
        EXECUTE format('CREATE TRIGGER audit_result_of_a_run AFTER INSERT ON %I REFERENCING NEW TABLE AS written '
                       'FOR EACH STATEMENT EXECUTE FUNCTION audit_result_of_a_run()', result);
    END LOOP;
    FOREACH result IN ARRAY ARRAY['audit_finding', 'audit_undecided', 'audit_gap', 'audit_shelf', 'audit_signature'] LOOP
        EXECUTE format('CREATE TRIGGER audit_results_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON %I '
                       'FOR EACH STATEMENT EXECUTE FUNCTION audit_results_stay()', result);
    END LOOP;
END $$;
CREATE TRIGGER audit_is_forever BEFORE DELETE OR TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION refuse_deleting();
CREATE TRIGGER audit_plan_is_forever BEFORE DELETE OR TRUNCATE ON audit_plan FOR EACH STATEMENT EXECUTE FUNCTION refuse_deleting();

-- Whoever shows an audit looks again when it has come further.
CREATE FUNCTION audit_told() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('audit', json_build_array(NEW.id)::text);
    RETURN NULL;
END $$;
CREATE TRIGGER audit_told AFTER INSERT OR UPDATE ON audit FOR EACH ROW EXECUTE FUNCTION audit_told();

REVOKE ALL ON FUNCTION audit_goes_on(), audit_result_of_a_run(), audit_results_stay(), audit_signature_fits(), audit_told() FROM PUBLIC;

-- ── Whose rows ───────────────────────────────────────────────────────────────────────────────────────────────────────

DO $$
DECLARE
    rule record;
BEGIN
    FOR rule IN SELECT * FROM (VALUES
        ('audit_plan', '(SELECT seen_agency()) = 0'),
        ('audit', '(SELECT seen_agency()) = 0'),
        ('audit_signature', '(SELECT seen_agency()) = 0'),
        ('audit_gap', '(SELECT seen_agency()) = 0'),
        ('audit_shelf', '(SELECT seen_agency()) = 0'),
        ('audit_finding', '(SELECT seen_agency()) = 0 OR EXISTS (SELECT FROM volume WHERE volume.id = volume_id)'),
        ('audit_undecided', '(SELECT seen_agency()) = 0 OR EXISTS (SELECT FROM volume WHERE volume.id = volume_id)')
    ) AS told (table_name, visible) LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', rule.table_name);
        EXECUTE format('CREATE POLICY seen ON %I TO guiwei_app USING (%s)', rule.table_name, rule.visible);
        EXECUTE format('CREATE POLICY at_night ON %I TO guiwei_jobs USING (true)', rule.table_name);
    END LOOP;
END $$;

GRANT SELECT ON audit_plan, audit, audit_finding, audit_undecided, audit_gap, audit_shelf, audit_signature TO guiwei_app, guiwei_jobs;
GRANT INSERT, UPDATE ON audit TO guiwei_jobs;
GRANT INSERT (place_id, judged_from, judged_until, state, asked_by, asked_at, command_id, sample_shelves, seed),
    UPDATE (state, closed_at, closed_by) ON audit TO guiwei_app;
GRANT INSERT ON audit_finding, audit_undecided, audit_gap, audit_shelf TO guiwei_jobs;
GRANT INSERT ON audit_signature, audit_plan TO guiwei_app;
GRANT UPDATE (next_due, ended_at) ON audit_plan TO guiwei_app, guiwei_jobs;
