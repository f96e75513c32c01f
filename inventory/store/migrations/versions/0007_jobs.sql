-- What Guiwei does on its own: when each job ran, what came of it, when it is due, who asked for it. Run as guiwei_owner.
--
-- `next_due` is here and not in a process's memory, so that whoever takes over, or comes back after days, knows what was missed,
-- and makes up for it once. The jobs' names are those of inventory/domain/jobs.py, a test compares.

CREATE TABLE job (
    name        text PRIMARY KEY CONSTRAINT job_known CHECK (name IN (
                    'beliefs', 'brought', 'discrepancies', 'audits', 'readers', 'close', 'checkpoint', 'reminders', 'partitions',
                    'statistics', 'access_log')),
    started_at  timestamptz,
    finished_at timestamptz,
    next_due    timestamptz,                             -- NULL: at once, it never ran
    numbers     jsonb,                                   -- of the last turn that had something to do
    result_at   timestamptz,
    problem_zh  text,                                    -- the last one, over when finished_at is later
    problem_en  text,
    problem_at  timestamptz,
    asked_by    integer REFERENCES account,              -- somebody wants it now
    asked_at    timestamptz,
    CONSTRAINT job_is_told CHECK (num_nulls(numbers, result_at) IN (0, 2) AND num_nulls(problem_zh, problem_en, problem_at) IN (0, 3)),
    CONSTRAINT job_asked_by_somebody CHECK (num_nulls(asked_by, asked_at) IN (0, 2))
);
INSERT INTO job (name) SELECT unnest(ARRAY[
    'beliefs', 'brought', 'discrepancies', 'audits', 'readers', 'close', 'checkpoint', 'reminders', 'partitions', 'statistics',
    'access_log']);

-- A short history: real work and problems. What comes round every few seconds has a row an hour.
CREATE TABLE job_run (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    job         text NOT NULL REFERENCES job,
    owner       text NOT NULL,                           -- the process
    fencing     bigint NOT NULL,
    started_at  timestamptz NOT NULL,
    finished_at timestamptz NOT NULL,
    asked_by    integer REFERENCES account,
    numbers     jsonb,                                   -- NULL: it failed
    problem_zh  text,
    problem_en  text,
    CONSTRAINT job_run_ends_after_it_began CHECK (finished_at >= started_at),
    CONSTRAINT job_run_is_told CHECK (num_nulls(problem_zh, problem_en) = CASE WHEN numbers IS NULL THEN 0 ELSE 2 END)
);
CREATE INDEX job_run_by_job ON job_run (job, id);

-- The processes that could do the jobs; which one does, the lease says.
CREATE TABLE job_process (
    owner      text PRIMARY KEY,
    started_at timestamptz NOT NULL,
    seen_at    timestamptz NOT NULL
);

-- Somebody wants a job run now: whoever holds the lease hears of it, or finds it here later.
CREATE FUNCTION job_ask(the_job text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM account WHERE id = session_account() AND role IN ('city_manager', 'system_admin')) THEN
        PERFORM refuse_act('job_asked_by_its_roles', NULL);
    END IF;
    UPDATE job SET asked_by = session_account(), asked_at = now() WHERE name = the_job;
    PERFORM pg_notify('job_asked', the_job);
END $$;

-- Open pages look again.
CREATE FUNCTION job_told() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('job', json_build_array(NEW.name)::text);
    RETURN NULL;
END $$;
CREATE TRIGGER job_told AFTER UPDATE ON job FOR EACH ROW EXECUTE FUNCTION job_told();

-- What has grown by a tenth since it was looked at last, or was never looked at: autovacuum waits for as much, but never looks at
-- what only grew in a bulk at night, nor at a new day's evidence before it is asked about. Only an owner may analyse.
CREATE FUNCTION statistics_renew() RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    grown regclass;
    tables integer := 0;
BEGIN
    FOR grown IN
        SELECT stat.relid FROM pg_stat_user_tables AS stat JOIN pg_class ON pg_class.oid = stat.relid
        WHERE schemaname = 'public' AND relkind = 'r' AND pg_get_userbyid(relowner) = current_user
            AND n_mod_since_analyze > 50 + 0.1 * greatest(reltuples, 0)
        ORDER BY stat.relid
    LOOP
        EXECUTE format('ANALYZE %s', grown);
        tables := tables + 1;
    END LOOP;
    RETURN tables;
END $$;

REVOKE ALL ON FUNCTION job_ask(text), job_told(), statistics_renew() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION job_ask(text) TO guiwei_app;
GRANT EXECUTE ON FUNCTION statistics_renew() TO guiwei_jobs;
GRANT SELECT ON job, job_run, job_process TO guiwei_app, guiwei_jobs;
GRANT UPDATE ON job TO guiwei_jobs;
GRANT INSERT, UPDATE, DELETE ON job_run, job_process TO guiwei_jobs;
