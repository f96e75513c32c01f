-- The roles' reach as data, delegations, relatives. Run as guiwei_owner.

-- ── Whose dossiers a role sees ───────────────────────────────────────────────────────────────────────────────────────

-- The same rows as inventory.domain.people; a test compares them. Only definer functions and policies read it.
CREATE TABLE role_reach (
    role  text PRIMARY KEY,
    reach text NOT NULL CHECK (reach IN ('none', 'own_agency', 'all'))
);
INSERT INTO role_reach VALUES
    ('keeper', 'all'),
    ('window_clerk', 'own_agency'),
    ('agency_head', 'own_agency'),
    ('city_manager', 'all'),
    ('auditor', 'all'),
    ('supervisor', 'all'),
    ('contractor', 'none'),
    ('system_admin', 'none'),
    ('security_admin', 'none'),
    ('audit_admin', 'none'),
    ('borrower', 'none'),
    ('service', 'none');

-- ── Nobody acts on their own dossier or a relative's ─────────────────────────────────────────────────────────────────

CREATE INDEX account_subject_tie_by_hash ON account_subject_tie (id_number_hash) WHERE id_number_hash IS NOT NULL;

CREATE FUNCTION is_own_or_relative(the_account integer, the_dossier integer) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT EXISTS (
        SELECT FROM account_subject_tie AS tie, dossier JOIN subject ON subject.id = dossier.subject_id
        WHERE tie.account_id = the_account AND dossier.id = the_dossier
            AND (tie.subject_id = subject.id OR tie.id_number_hash = subject.id_number_hash))
$$;

-- Beside the ledger's one door, not in it: whatever writes acts is held to this, the witness as much as the actor.
CREATE FUNCTION refuse_acts_on_own() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
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
    WHERE tie.subject_id = subject.id OR tie.id_number_hash = subject.id_number_hash LIMIT 1;
    IF FOUND THEN PERFORM refuse_act('act_not_on_own', about); END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER act_not_on_own AFTER INSERT ON act REFERENCING NEW TABLE AS written
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_acts_on_own();

-- ── Privileges ───────────────────────────────────────────────────────────────────────────────────────────────────────

REVOKE ALL ON FUNCTION is_own_or_relative(integer, integer), refuse_acts_on_own() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION is_own_or_relative(integer, integer) TO guiwei_app, guiwei_jobs;
