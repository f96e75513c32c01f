-- A tie declared by mistake is withdrawn, and stays on record. Run as guiwei_owner.

CREATE TABLE tie_withdrawal (
    tie_id       integer PRIMARY KEY REFERENCES account_subject_tie,
    reason       text NOT NULL CONSTRAINT tie_withdrawn_with_reason CHECK (char_length(trim(reason)) BETWEEN 1 AND 300),
    withdrawn_by integer NOT NULL REFERENCES account,
    withdrawn_at timestamptz NOT NULL DEFAULT now()
);
CREATE TRIGGER tie_withdrawal_is_forever BEFORE UPDATE OR DELETE OR TRUNCATE ON tie_withdrawal
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting();

-- What 0003_roles.sql asks of ties, of those that stand.
CREATE OR REPLACE FUNCTION is_own_or_relative(the_account integer, the_dossier integer) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT EXISTS (
        SELECT FROM account_subject_tie AS tie, dossier JOIN subject ON subject.id = dossier.subject_id
        WHERE tie.account_id = the_account AND dossier.id = the_dossier
            AND (tie.subject_id = subject.id OR tie.id_number_hash = subject.id_number_hash)
            AND NOT EXISTS (SELECT FROM tie_withdrawal WHERE tie_id = tie.id))
$$;

CREATE OR REPLACE FUNCTION refuse_acts_on_own() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    about text;
BEGIN
    -- Nearly nobody is tied to anybody: a million acts of one import are asked once.
    IF NOT EXISTS (
        SELECT FROM (SELECT DISTINCT actor_id, witness_id FROM written) AS people
        JOIN account_subject_tie AS tie ON tie.account_id IN (people.actor_id, people.witness_id)) THEN
        RETURN NULL;
    END IF;
    SELECT volume_name(dossier.number, volume.ordinal) INTO about
    FROM written JOIN account_subject_tie AS tie ON tie.account_id IN (written.actor_id, written.witness_id)
    JOIN volume ON volume.id = written.volume_id JOIN dossier ON dossier.id = volume.dossier_id
    JOIN subject ON subject.id = dossier.subject_id
    WHERE (tie.subject_id = subject.id OR tie.id_number_hash = subject.id_number_hash)
        AND NOT EXISTS (SELECT FROM tie_withdrawal WHERE tie_id = tie.id) LIMIT 1;
    IF FOUND THEN PERFORM refuse_act('act_not_on_own', about); END IF;
    RETURN NULL;
END $$;

-- Every tie for the security administrator: whose account, own or a relative's, by whom and when. To whom it ties is told to
-- nobody; a number is kept as its hash alone.
CREATE FUNCTION tie_list(the_limit integer) RETURNS TABLE (
    tie_id integer, login text, name text, tie text, by_number boolean, declared_by text, declared_at timestamptz, reason text,
    withdrawn_by text, withdrawn_at timestamptz
) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT tie.id, account.login, account.name, tie.tie, tie.id_number_hash IS NOT NULL, declarer.name, tie.declared_at,
           withdrawal.reason, withdrawer.name, withdrawal.withdrawn_at
    FROM account_subject_tie AS tie JOIN account ON account.id = tie.account_id JOIN account AS declarer ON declarer.id = declared_by
    LEFT JOIN tie_withdrawal AS withdrawal ON withdrawal.tie_id = tie.id
    LEFT JOIN account AS withdrawer ON withdrawer.id = withdrawal.withdrawn_by
    WHERE grants_roles() ORDER BY withdrawal.tie_id IS NOT NULL, tie.id DESC LIMIT the_limit
$$;

-- By a security administrator in a session of his, and never one of his own; false where there is no such tie.
CREATE FUNCTION tie_withdraw(the_tie integer, the_reason text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    me    account;
    whose integer := (SELECT account_id FROM account_subject_tie WHERE id = the_tie);
BEGIN
    SELECT * INTO me FROM account WHERE id = session_account() AND role = 'security_admin';
    IF me.id IS NULL THEN PERFORM refuse_act('tie_withdrawn_by_security_admin', NULL); END IF;
    IF whose IS NULL THEN RETURN false; END IF;
    IF whose = me.id THEN PERFORM refuse_act('tie_not_withdrawn_by_oneself', NULL); END IF;
    IF EXISTS (SELECT FROM tie_withdrawal WHERE tie_id = the_tie) THEN PERFORM refuse_act('tie_withdrawn_once', NULL); END IF;
    INSERT INTO tie_withdrawal (tie_id, reason, withdrawn_by) VALUES (the_tie, the_reason, me.id);
    INSERT INTO access_log (at, account_id, agency_id, act, object, reason)
    SELECT clock_timestamp(), me.id, me.agency_id, 'tie_withdrawn', left(login, 60), left(the_reason, 100)
    FROM account WHERE id = whose;
    RETURN true;
END $$;

REVOKE ALL ON tie_withdrawal FROM PUBLIC, guiwei_app, guiwei_jobs;
REVOKE ALL ON FUNCTION tie_list(integer), tie_withdraw(integer, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tie_list(integer), tie_withdraw(integer, text) TO guiwei_app;
