-- What readers are told to do, and what came of it. Run as guiwei_owner.
--
-- Whoever asks writes a row; the process that owns the reader's slot sends it when it is due and notes the answer. A command that is
-- marked as sent is never sent again: a process that dies in between leaves one that times out.

CREATE TABLE reader_command (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    reader_id  integer NOT NULL REFERENCES reader,
    kind       text NOT NULL CONSTRAINT reader_command_kind_known CHECK (kind IN ('start', 'stop', 'mode', 'power', 'output')),
    arguments  jsonb NOT NULL DEFAULT '{}',
    asked_by   integer REFERENCES account,               -- NULL: an audit's plan, a gate
    asked_at   timestamptz NOT NULL,
    audit_id   integer REFERENCES audit,                 -- the audit it reads for
    command_id uuid CONSTRAINT reader_command_of_command UNIQUE,
    due_at     timestamptz NOT NULL,                     -- not sent before
    answer_by  timestamptz NOT NULL,                     -- timed out after
    state      text NOT NULL DEFAULT 'asked'
                   CONSTRAINT reader_command_state_known CHECK (state IN ('asked', 'sent', 'done', 'failed', 'timed_out')),
    sent_at    timestamptz,
    ended_at   timestamptz,
    problem_zh text,
    problem_en text,
    CONSTRAINT reader_command_answered_after_due CHECK (answer_by > due_at),
    CONSTRAINT reader_command_is_whole CHECK (
        (state IN ('asked', 'sent')) = (ended_at IS NULL)
        AND (state NOT IN ('sent', 'done') OR sent_at IS NOT NULL) AND (state <> 'asked' OR sent_at IS NULL)
        AND num_nulls(problem_zh, problem_en) = CASE WHEN state IN ('failed', 'timed_out') THEN 0 ELSE 2 END)
);
CREATE INDEX reader_command_open ON reader_command (due_at) WHERE state IN ('asked', 'sent');
CREATE INDEX reader_command_of_audit ON reader_command (audit_id) WHERE audit_id IS NOT NULL;

-- It only goes on, and what it says stays.
CREATE FUNCTION reader_command_goes_on() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF OLD.state NOT IN ('asked', 'sent') OR (OLD.state, NEW.state) = ('sent', 'asked')
       OR (to_jsonb(OLD) - '{state,sent_at,ended_at,problem_zh,problem_en}'::text[])
           <> (to_jsonb(NEW) - '{state,sent_at,ended_at,problem_zh,problem_en}'::text[]) THEN
        PERFORM refuse_act('reader_command_goes_on', NEW.id::text);
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER reader_command_goes_on BEFORE UPDATE ON reader_command FOR EACH ROW EXECUTE FUNCTION reader_command_goes_on();
CREATE TRIGGER reader_command_is_forever BEFORE DELETE OR TRUNCATE ON reader_command
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_deleting();

-- People tell readers in their own name; whoever asks for an audit tells them to read for it.
CREATE FUNCTION reader_command_by_its_roles() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF session_user = 'guiwei_app' AND NOT EXISTS (
        SELECT FROM account WHERE id = session_account() AND id = NEW.asked_by AND (
            role IN ('keeper', 'city_manager')
            OR role = 'auditor' AND EXISTS (SELECT FROM audit WHERE audit.id = NEW.audit_id AND audit.asked_by = NEW.asked_by))) THEN
        PERFORM refuse_act('reader_command_by_its_roles', NULL);
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER reader_command_by_its_roles BEFORE INSERT ON reader_command
    FOR EACH ROW EXECUTE FUNCTION reader_command_by_its_roles();

-- Whoever sends it hears of it at once, and pages look again, also those of the audit it reads for.
CREATE FUNCTION reader_command_told() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('reader_command', json_build_array(NEW.id)::text);
    IF NEW.audit_id IS NOT NULL THEN
        PERFORM pg_notify('audit', json_build_array(NEW.audit_id)::text);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER reader_command_told AFTER INSERT OR UPDATE ON reader_command FOR EACH ROW EXECUTE FUNCTION reader_command_told();

REVOKE ALL ON FUNCTION reader_command_goes_on(), reader_command_by_its_roles(), reader_command_told() FROM PUBLIC;
GRANT SELECT ON reader_command TO guiwei_app, guiwei_jobs;
GRANT INSERT (reader_id, kind, arguments, asked_by, asked_at, audit_id, command_id, due_at, answer_by) ON reader_command
    TO guiwei_app, guiwei_jobs;
GRANT UPDATE (state, sent_at, ended_at, problem_zh, problem_en) ON reader_command TO guiwei_jobs;
