-- A password somebody else gave is changed by its holder before anything else. Run as guiwei_owner.

ALTER TABLE account_secret ADD COLUMN password_given boolean NOT NULL DEFAULT false;

-- As in 0003_sessions.sql, but a session that owes its own password enrols no second factor: that would settle what it owes.
CREATE OR REPLACE FUNCTION session_known() RETURNS integer LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    SELECT account_id FROM web_session
    WHERE secret_hash = shown_hash() AND expires_at > now() AND last_seen_at + idle > now() AND owes IS DISTINCT FROM 'password'
$$;

-- Whose password this session may change: anybody's own, and that of whoever owes one.
CREATE FUNCTION session_changing() RETURNS integer LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    SELECT coalesce(session_account(), (
        SELECT account_id FROM web_session
        WHERE secret_hash = shown_hash() AND expires_at > now() AND last_seen_at + idle > now() AND owes = 'password'))
$$;

CREATE OR REPLACE FUNCTION password_settings() RETURNS SETOF text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT password_setting FROM account_secret WHERE account_id = session_changing()
    UNION ALL
    (SELECT setting FROM password_before WHERE account_id = session_changing() ORDER BY set_at DESC LIMIT 4)
$$;
CREATE OR REPLACE FUNCTION password_used(the_proofs bytea[]) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT EXISTS (
        SELECT password_verifier FROM account_secret, unnest(the_proofs) AS proof
        WHERE account_id = session_changing() AND password_verifier = sha256(proof)
        UNION ALL
        SELECT verifier FROM password_before, unnest(the_proofs) AS proof
        WHERE account_id = session_changing() AND verifier = sha256(proof))
$$;

-- Whoever owed a password may still owe a second factor, as at any first sign-in.
CREATE OR REPLACE FUNCTION password_change(the_proof bytea, the_setting text, the_verifier bytea, the_hash bytea) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    asks integer := session_changing();
    owed boolean := session_account() IS NULL;
    who  integer;
BEGIN
    IF asks IS NULL THEN RETURN false; END IF;
    who := secret_proven((SELECT login FROM account WHERE id = asks), 'password', the_proof, 'password_refused');
    IF who IS NULL THEN RETURN false; END IF;
    INSERT INTO password_before SELECT account_id, clock_timestamp(), password_setting, password_verifier
        FROM account_secret WHERE account_id = who;
    DELETE FROM password_before WHERE account_id = who AND set_at NOT IN (
        SELECT set_at FROM password_before WHERE account_id = who ORDER BY set_at DESC LIMIT 4);
    UPDATE account_secret SET password_setting = the_setting, password_verifier = the_verifier, password_set_at = now(),
        password_given = false
    WHERE account_id = who;
    DELETE FROM web_session WHERE account_id = who AND secret_hash <> shown_hash();
    PERFORM session_rotated(the_hash), account_log(who, 'password_set');
    UPDATE web_session SET owes = 'factor' WHERE owed AND secret_hash = the_hash AND account_id IN (
        SELECT account.id FROM account JOIN second_factor_role USING (role) JOIN account_secret ON account_secret.account_id = account.id
        WHERE factor_cipher IS NULL);
    RETURN true;
END $$;

CREATE OR REPLACE FUNCTION session_open(
    the_login text, the_proof bytea, the_hash bytea, the_idle interval, the_address text, the_browser text)
RETURNS TABLE (
    account_id integer, login text, name text, role text, agency_id integer, agency_name text, owes text
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    who integer := secret_proven(the_login, 'password', the_proof, 'sign_in_failed');
BEGIN
    IF who IS NULL THEN RETURN; END IF;
    -- Those that ended go, so the table never outgrows a day's people.
    DELETE FROM web_session WHERE expires_at <= now() OR last_seen_at + idle <= now();
    INSERT INTO web_session (secret_hash, account_id, created_at, expires_at, idle, address, browser, owes)
    SELECT the_hash, who, now(), now() + interval '8 hours', least(the_idle, interval '8 hours'), left(the_address, 100),
           left(the_browser, 300),
           CASE WHEN factor_cipher IS NOT NULL THEN 'code'
                WHEN password_given THEN 'password'
                WHEN account.role IN (SELECT second_factor_role.role FROM second_factor_role) THEN 'factor' END
    FROM account JOIN account_secret ON account_secret.account_id = account.id WHERE account.id = who;
    PERFORM account_log(who, 'sign_in');
    RETURN QUERY SELECT * FROM session_viewer(the_hash);
END $$;

CREATE OR REPLACE FUNCTION account_made(the_login text, the_name text, the_setting text, the_verifier bytea) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    made integer;
BEGIN
    IF NOT administers() THEN PERFORM refuse_act('account_made_by_system_admin', NULL); END IF;
    INSERT INTO account (login, name, role) VALUES (the_login, the_name, 'unassigned') RETURNING id INTO made;
    INSERT INTO account_secret (account_id, password_setting, password_verifier, password_given)
    VALUES (made, the_setting, the_verifier, true);
    PERFORM account_log(made, 'account_made');
END $$;

REVOKE ALL ON FUNCTION session_changing() FROM PUBLIC;
