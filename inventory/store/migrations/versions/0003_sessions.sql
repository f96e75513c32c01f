-- Who asks: proofs, sessions and tokens, and the one question every policy puts. Run as guiwei_owner.
--
-- The application's role reads none of these tables. It brings proofs to the functions below, which compare, count and
-- answer; argon2id itself is computed by the application. Times are the database's own: a clock that is told can be set.

-- ── What an account proves itself with ───────────────────────────────────────────────────────────────────────────────

-- A setting is what argon2id needs besides the secret ($argon2id$v=19$m=..,t=..,p=..$salt); a verifier is the SHA-256 of its raw
-- result. Whoever reads a verifier can't make the proof from it.
CREATE TABLE account_secret (
    account_id        integer PRIMARY KEY REFERENCES account,
    password_setting  text,             -- NULL: never signs in
    password_verifier bytea,
    password_set_at   timestamptz NOT NULL DEFAULT now(),
    pin_setting       text,
    pin_verifier      bytea,
    locked_at         timestamptz,      -- by an administrator: nothing opens until unlocked
    factor_cipher     bytea,            -- the secret of the second factor, under the site's key
    factor_pending    bytea,            -- one that was shown and has not been proven yet
    factor_step       bigint NOT NULL DEFAULT 0, -- the last half minute whose code was accepted
    recovery          bytea[] NOT NULL DEFAULT '{}' -- SHA-256 of recovery codes left
);

CREATE FUNCTION phc_setting(the_hash text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT regexp_replace(the_hash, '\$[^$]*$', '')
$$;
CREATE FUNCTION phc_verifier(the_hash text) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$
    SELECT sha256(decode(rpad(raw, (length(raw) + 3) / 4 * 4, '='), 'base64'))
    FROM (SELECT substring(the_hash FROM '[^$]*$') AS raw) AS last
$$;
INSERT INTO account_secret (account_id, password_setting, password_verifier, pin_setting, pin_verifier)
SELECT id, phc_setting(password_hash), phc_verifier(password_hash), phc_setting(pin_hash), phc_verifier(pin_hash)
FROM account WHERE password_hash IS NOT NULL OR pin_hash IS NOT NULL;
DROP FUNCTION phc_setting(text), phc_verifier(text);
ALTER TABLE account DROP COLUMN password_hash, DROP COLUMN pin_hash, DROP COLUMN failed_sign_ins, DROP COLUMN locked_until;

-- The last passwords, so that a change is one.
CREATE TABLE password_before (
    account_id integer NOT NULL REFERENCES account,
    set_at     timestamptz NOT NULL,
    setting    text NOT NULL,
    verifier   bytea NOT NULL,
    PRIMARY KEY (account_id, set_at)
);

-- Whom the site lets in only with a second factor; whoever has one is always asked.
CREATE TABLE second_factor_role (role text PRIMARY KEY);
INSERT INTO second_factor_role VALUES ('system_admin'), ('security_admin'), ('audit_admin'), ('city_manager'), ('agency_head');

-- ── Attempts: counted alike for names that are there and names that are not ──────────────────────────────────────────

-- Names that are not there share 65,536 slots by a keyed hash, so the table is bounded and nothing is ever forgotten to make
-- room: whoever floods it locks only more names that are not there.
CREATE TABLE sign_in_attempt (
    slot         bytea PRIMARY KEY,
    failures     integer NOT NULL,
    locked_until timestamptz
);
CREATE TABLE sign_in_seed (seed bytea NOT NULL);
INSERT INTO sign_in_seed VALUES (sha256(convert_to(gen_random_uuid()::text || gen_random_uuid()::text, 'UTF8')));

CREATE FUNCTION seeded(the_text text) RETURNS bytea LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    SELECT sha256(seed || convert_to(the_text, 'UTF8')) FROM sign_in_seed
$$;
CREATE FUNCTION attempt_slot(the_login text) RETURNS bytea LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    SELECT CASE WHEN EXISTS (SELECT FROM account WHERE login = the_login) THEN sha256(convert_to(the_login, 'UTF8'))
                ELSE substr(seeded('slot ' || the_login), 1, 2) END
$$;

-- What argon2id needs to make the proof, and for how many minutes more none is looked at. A PIN is asked for where there is
-- one, else the password. A name that is not there gets a salt of its own, always the same.
CREATE FUNCTION secret_asked(the_login text, the_kind text) RETURNS TABLE (setting text, locked_minutes integer)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT coalesce(
               CASE WHEN the_kind = 'pin' THEN coalesce(pin_setting, password_setting) ELSE password_setting END,
               '$argon2id$v=19$m=65536,t=3,p=4$'
                   || rtrim(encode(substr(seeded(the_kind || ' ' || the_login), 1, 16), 'base64'), '=')),
           ceil(extract(epoch FROM locked_until - now()) / 60)::integer
    FROM (SELECT) AS asked
    LEFT JOIN account ON login = the_login
    LEFT JOIN account_secret ON account_id = account.id
    LEFT JOIN sign_in_attempt ON slot = attempt_slot(the_login) AND locked_until > now()
$$;

CREATE FUNCTION account_log(the_account integer, the_act text) RETURNS void
LANGUAGE sql SET search_path = public, pg_temp AS $$
    INSERT INTO access_log (at, account_id, act) VALUES (now(), the_account, the_act)
$$;

-- Counted before it is looked at, under a lock of its row: a hundred proofs at once get as many guesses as a hundred in a
-- row. The fifth is still looked at, and locks for a quarter of an hour.
CREATE FUNCTION attempt_counted(the_login text) RETURNS boolean LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    the_slot bytea := attempt_slot(the_login);
    attempt  sign_in_attempt;
BEGIN
    INSERT INTO sign_in_attempt VALUES (the_slot, 0) ON CONFLICT DO NOTHING;
    SELECT * INTO attempt FROM sign_in_attempt WHERE slot = the_slot FOR UPDATE;
    IF attempt.locked_until > now() THEN RETURN false; END IF;
    IF attempt.locked_until IS NOT NULL THEN attempt.failures := 0; END IF;
    UPDATE sign_in_attempt SET failures = attempt.failures + 1,
        locked_until = CASE WHEN attempt.failures + 1 >= 5 THEN now() + interval '15 minutes' END
    WHERE slot = the_slot;
    RETURN true;
END $$;

-- Whose proof it is; NULL where it proves nothing or the name is locked.
CREATE FUNCTION secret_proven(the_login text, the_kind text, the_proof bytea, the_failure text) RETURNS integer
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    who   integer;
    wants bytea;
    shut  boolean;
    factored boolean;
BEGIN
    IF NOT attempt_counted(the_login) THEN RETURN NULL; END IF;
    SELECT account.id, locked_at IS NOT NULL, factor_cipher IS NOT NULL,
           CASE WHEN the_kind = 'pin' THEN coalesce(pin_verifier, password_verifier) ELSE password_verifier END
    INTO who, shut, factored, wants
    FROM account LEFT JOIN account_secret ON account_id = account.id WHERE login = the_login;
    IF sha256(the_proof) IS DISTINCT FROM wants OR wants IS NULL OR shut THEN
        IF who IS NOT NULL THEN PERFORM account_log(who, the_failure); END IF;
        RETURN NULL;
    END IF;
    -- Where a second factor is still to come, the password alone forgives nothing: it would buy new guesses at the code.
    UPDATE sign_in_attempt SET failures = CASE WHEN factored THEN greatest(failures - 1, 0) ELSE 0 END, locked_until = NULL
    WHERE slot = attempt_slot(the_login);
    RETURN who;
END $$;

-- ── Sessions and tokens ──────────────────────────────────────────────────────────────────────────────────────────────

ALTER TABLE web_session
    ADD COLUMN id           integer GENERATED ALWAYS AS IDENTITY UNIQUE,
    ADD COLUMN last_seen_at timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN idle         interval NOT NULL DEFAULT '8 hours',
    ADD COLUMN address      text NOT NULL DEFAULT '',
    ADD COLUMN browser      text NOT NULL DEFAULT '',
    -- 'code': the second factor is asked for. 'factor': the role must have one and hasn't yet. Until then nobody's.
    ADD COLUMN owes         text;
CREATE INDEX web_session_by_account ON web_session (account_id);
ALTER TABLE api_token
    ADD COLUMN id           integer GENERATED ALWAYS AS IDENTITY UNIQUE,
    ADD COLUMN writes       boolean NOT NULL DEFAULT true, -- tokens from before there were scopes go on as they did
    ADD COLUMN last_used_at timestamptz,
    ADD COLUMN revoked_at   timestamptz;

CREATE FUNCTION shown_hash() RETURNS bytea LANGUAGE sql STABLE AS $$
    SELECT sha256(convert_to(current_setting('guiwei.session', true), 'UTF8'))
$$;

-- Each transaction of the application presents the opaque secret of a session or a token as the setting `guiwei.session`. The
-- setting itself protects nothing (anybody can set it); what it must fit are hashes that only these functions read.
CREATE FUNCTION session_account() RETURNS integer LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT account_id FROM web_session
    WHERE secret_hash = sha256(convert_to(current_setting('guiwei.session', true), 'UTF8'))
      AND expires_at > now() AND last_seen_at + idle > now() AND owes IS NULL
    UNION ALL
    SELECT account_id FROM api_token
    WHERE secret_hash = sha256(convert_to(current_setting('guiwei.session', true), 'UTF8'))
      AND expires_at > now() AND revoked_at IS NULL
    LIMIT 1
$$;

-- A browser that did something shows it at most once a minute: pages must not wait for each other's rows.
CREATE FUNCTION session_viewer(the_hash bytea) RETURNS TABLE (
    account_id integer, login text, name text, role text, agency_id integer, agency_name text, owes text
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    opened web_session;
BEGIN
    SELECT * INTO opened FROM web_session
    WHERE secret_hash = the_hash AND expires_at > now() AND last_seen_at + idle > now();
    IF NOT FOUND THEN RETURN; END IF;
    IF opened.last_seen_at < now() - interval '1 minute' THEN
        UPDATE web_session SET last_seen_at = now() WHERE secret_hash = the_hash;
    END IF;
    RETURN QUERY SELECT account.id, account.login, account.name, account.role, account.agency_id, agency.name, opened.owes
        FROM account LEFT JOIN agency ON agency.id = account.agency_id WHERE account.id = opened.account_id;
END $$;

CREATE FUNCTION token_viewer(the_hash bytea) RETURNS TABLE (
    account_id integer, login text, name text, role text, agency_id integer, agency_name text, writes boolean
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    given api_token;
BEGIN
    SELECT * INTO given FROM api_token WHERE secret_hash = the_hash AND expires_at > now() AND revoked_at IS NULL;
    IF NOT FOUND THEN RETURN; END IF;
    IF given.last_used_at IS NULL OR given.last_used_at < now() - interval '1 minute' THEN
        UPDATE api_token SET last_used_at = now() WHERE secret_hash = the_hash;
    END IF;
    RETURN QUERY SELECT account.id, account.login, account.name, account.role, account.agency_id, agency.name, given.writes
        FROM account LEFT JOIN agency ON agency.id = account.agency_id WHERE account.id = given.account_id;
END $$;

-- The one way to a session: a proof. It ends after eight hours whatever happens, and sooner where nothing does.
CREATE FUNCTION session_open(the_login text, the_proof bytea, the_hash bytea, the_idle interval, the_address text, the_browser text)
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
                WHEN account.role IN (SELECT second_factor_role.role FROM second_factor_role) THEN 'factor' END
    FROM account JOIN account_secret ON account_secret.account_id = account.id WHERE account.id = who;
    PERFORM account_log(who, 'sign_in');
    RETURN QUERY SELECT * FROM session_viewer(the_hash);
END $$;

CREATE FUNCTION session_close(the_hash bytea) RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH closed AS (DELETE FROM web_session WHERE secret_hash = the_hash RETURNING account_id)
    SELECT account_log(account_id, 'sign_out') FROM closed
$$;

-- Today's parameters instead of an older setting's, by whoever proves to know the secret.
CREATE FUNCTION secret_renew(the_login text, the_kind text, the_proof bytea, the_setting text, the_verifier bytea) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    who integer := secret_proven(the_login, the_kind, the_proof, 'renewal_failed');
BEGIN
    UPDATE account_secret SET
        password_setting = CASE WHEN by_pin THEN password_setting ELSE the_setting END,
        password_verifier = CASE WHEN by_pin THEN password_verifier ELSE the_verifier END,
        pin_setting = CASE WHEN by_pin THEN the_setting ELSE pin_setting END,
        pin_verifier = CASE WHEN by_pin THEN the_verifier ELSE pin_verifier END
    FROM (SELECT the_kind = 'pin' AND asked.pin_setting IS NOT NULL AS by_pin FROM account_secret AS asked
          WHERE asked.account_id = who) AS kind
    WHERE account_id = who;
END $$;

-- ── The second person ────────────────────────────────────────────────────────────────────────────────────────────────

-- A proof given beside the session that asked for it: good for one transaction within five minutes.
CREATE TABLE countersignature (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id   integer NOT NULL REFERENCES account,
    session_hash bytea NOT NULL,
    expires_at   timestamptz NOT NULL,
    used_in      bigint               -- the transaction that used it up
);
CREATE INDEX countersignature_by_account ON countersignature (account_id);

CREATE FUNCTION countersigned(the_login text, the_proof bytea) RETURNS TABLE (
    account_id integer, login text, name text, role text, agency_id integer, agency_name text
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    who integer := secret_proven(the_login, 'pin', the_proof, 'countersign_failed');
BEGIN
    IF who IS NULL THEN RETURN; END IF;
    IF session_account() IS NOT NULL THEN
        DELETE FROM countersignature WHERE expires_at <= now();
        INSERT INTO countersignature (account_id, session_hash, expires_at)
        VALUES (who, shown_hash(), now() + interval '5 minutes');
    END IF;
    PERFORM account_log(who, 'countersign');
    RETURN QUERY SELECT account.id, account.login, account.name, account.role, account.agency_id, agency.name
        FROM account LEFT JOIN agency ON agency.id = account.agency_id WHERE account.id = who;
END $$;

-- Whether that account has just signed beside this session. The first transaction that asks uses the signature up; it may ask
-- again, and where it rolls back the signature is as good as before.
CREATE FUNCTION witness_proven(the_account integer) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    UPDATE countersignature SET used_in = pg_current_xact_id()::text::bigint WHERE id = (
        SELECT id FROM countersignature
        WHERE account_id = the_account AND session_hash = shown_hash() AND expires_at > now()
          AND (used_in IS NULL OR used_in = pg_current_xact_id()::text::bigint)
        ORDER BY used_in NULLS LAST, id LIMIT 1 FOR UPDATE);
    RETURN FOUND;
END $$;

-- ── One's own PIN ────────────────────────────────────────────────────────────────────────────────────────────────────

CREATE FUNCTION pin_there() RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT EXISTS (SELECT FROM account_secret WHERE account_id = session_account() AND pin_setting IS NOT NULL)
$$;
CREATE FUNCTION pin_change(the_proof bytea, the_setting text, the_verifier bytea) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    asks integer := session_account();
    who  integer;
BEGIN
    IF asks IS NULL THEN RETURN false; END IF;
    who := secret_proven((SELECT login FROM account WHERE id = asks), 'password', the_proof, 'pin_refused');
    IF who IS NULL THEN RETURN false; END IF;
    UPDATE account_secret SET pin_setting = the_setting, pin_verifier = the_verifier WHERE account_id = who;
    PERFORM account_log(who, 'pin_set');
    RETURN true;
END $$;

-- ── The second factor ────────────────────────────────────────────────────────────────────────────────────────────────

-- The code itself is checked by the application, which alone has the key of the secret; each code is accepted once, tries
-- count with those of the password, and recovery codes are compared here.

-- The account of the session shown, also while it owes its second factor.
CREATE FUNCTION session_known() RETURNS integer LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    SELECT account_id FROM web_session
    WHERE secret_hash = shown_hash() AND expires_at > now() AND last_seen_at + idle > now()
$$;

CREATE FUNCTION session_rotated(the_hash bytea) RETURNS void LANGUAGE sql SET search_path = public, pg_temp AS $$
    UPDATE web_session SET secret_hash = the_hash, owes = NULL WHERE secret_hash = shown_hash()
$$;

CREATE FUNCTION factor_asked() RETURNS TABLE (cipher bytea, pending bytea, step bigint, recovery_left integer)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT factor_cipher, factor_pending, factor_step, cardinality(recovery) FROM account_secret
    WHERE account_id = session_known()
$$;

-- A session that owes the code of a factor that is there may not put another in its place.
CREATE FUNCTION factor_offer(the_cipher bytea) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    UPDATE account_secret SET factor_pending = the_cipher
    WHERE account_id = session_known() AND (factor_cipher IS NULL OR session_account() IS NOT NULL);
    RETURN FOUND;
END $$;

CREATE FUNCTION factor_enrol(the_step bigint, the_recovery bytea[], the_hash bytea) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    who integer := session_known();
BEGIN
    UPDATE account_secret SET factor_cipher = factor_pending, factor_pending = NULL, factor_step = the_step, recovery = the_recovery
    WHERE account_id = who AND factor_pending IS NOT NULL AND (factor_cipher IS NULL OR session_account() IS NOT NULL);
    IF NOT FOUND THEN RETURN false; END IF;
    PERFORM session_rotated(the_hash), account_log(who, 'factor_set');
    RETURN true;
END $$;

-- A code of half minute `the_step` that fitted (NULL: none did), or a recovery code's SHA-256. What is right opens the
-- session under a new secret.
CREATE FUNCTION factor_told(the_step bigint, the_recovery bytea, the_hash bytea) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    who       integer := session_known();
    the_login text := (SELECT login FROM account WHERE id = who);
BEGIN
    IF who IS NULL OR NOT attempt_counted(the_login) THEN RETURN false; END IF;
    UPDATE account_secret SET factor_step = coalesce(the_step, factor_step), recovery = array_remove(recovery, the_recovery)
    WHERE account_id = who AND factor_cipher IS NOT NULL AND (the_step > factor_step OR the_recovery = ANY (recovery));
    IF NOT FOUND THEN
        PERFORM account_log(who, 'factor_failed');
        RETURN false;
    END IF;
    UPDATE sign_in_attempt SET failures = 0, locked_until = NULL WHERE slot = attempt_slot(the_login);
    PERFORM session_rotated(the_hash), account_log(who, 'factor_proven');
    RETURN true;
END $$;

-- ── One's own password, sessions and tokens; everybody's for the system administrator ────────────────────────────────

-- The owner's role by the command line, or a system administrator in a session of his.
CREATE FUNCTION administers() RETURNS boolean LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    SELECT pg_has_role(session_user, 'guiwei_owner', 'MEMBER')
        OR EXISTS (SELECT FROM account WHERE id = session_account() AND role = 'system_admin')
$$;

-- Settings of the last five passwords, so that a new one can be held against them.
CREATE FUNCTION password_settings() RETURNS SETOF text LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT password_setting FROM account_secret WHERE account_id = session_account()
    UNION ALL
    (SELECT setting FROM password_before WHERE account_id = session_account() ORDER BY set_at DESC LIMIT 4)
$$;
CREATE FUNCTION password_used(the_proofs bytea[]) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT EXISTS (
        SELECT password_verifier FROM account_secret, unnest(the_proofs) AS proof
        WHERE account_id = session_account() AND password_verifier = sha256(proof)
        UNION ALL
        SELECT verifier FROM password_before, unnest(the_proofs) AS proof
        WHERE account_id = session_account() AND verifier = sha256(proof))
$$;

-- Ends every other session of the account and goes on under a new secret.
CREATE FUNCTION password_change(the_proof bytea, the_setting text, the_verifier bytea, the_hash bytea) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    asks integer := session_account();
    who  integer;
BEGIN
    IF asks IS NULL THEN RETURN false; END IF;
    who := secret_proven((SELECT login FROM account WHERE id = asks), 'password', the_proof, 'password_refused');
    IF who IS NULL THEN RETURN false; END IF;
    INSERT INTO password_before SELECT account_id, clock_timestamp(), password_setting, password_verifier
        FROM account_secret WHERE account_id = who;
    DELETE FROM password_before WHERE account_id = who AND set_at NOT IN (
        SELECT set_at FROM password_before WHERE account_id = who ORDER BY set_at DESC LIMIT 4);
    UPDATE account_secret SET password_setting = the_setting, password_verifier = the_verifier, password_set_at = now()
    WHERE account_id = who;
    DELETE FROM web_session WHERE account_id = who AND secret_hash <> shown_hash();
    PERFORM session_rotated(the_hash), account_log(who, 'password_set');
    RETURN true;
END $$;

CREATE FUNCTION session_list(everybody boolean) RETURNS TABLE (
    id integer, login text, name text, created_at timestamptz, last_seen_at timestamptz, expires_at timestamptz,
    address text, browser text, here boolean
) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT web_session.id, account.login, account.name, created_at, last_seen_at, least(expires_at, last_seen_at + idle),
           address, browser, secret_hash IS NOT DISTINCT FROM shown_hash()
    FROM web_session JOIN account ON account.id = account_id
    WHERE (account_id = session_account() OR everybody AND administers())
      AND expires_at > now() AND last_seen_at + idle > now()
    ORDER BY last_seen_at DESC, web_session.id LIMIT 500
$$;
CREATE FUNCTION session_end(the_id integer) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    whose integer;
BEGIN
    DELETE FROM web_session WHERE id = the_id AND (account_id = session_account() OR administers()) RETURNING account_id INTO whose;
    IF whose IS NULL THEN RETURN false; END IF;
    PERFORM account_log(whose, 'session_ended');
    RETURN true;
END $$;

CREATE FUNCTION token_list(everybody boolean) RETURNS TABLE (
    id integer, login text, name text, writes boolean, created_at timestamptz, expires_at timestamptz, last_used_at timestamptz
) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT api_token.id, account.login, api_token.name, writes, created_at, expires_at, last_used_at
    FROM api_token JOIN account ON account.id = account_id
    WHERE (account_id = session_account() OR everybody AND administers()) AND expires_at > now() AND revoked_at IS NULL
    ORDER BY created_at DESC, api_token.id LIMIT 500
$$;
CREATE FUNCTION token_revoke(the_id integer) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    whose integer;
BEGIN
    UPDATE api_token SET revoked_at = now()
    WHERE id = the_id AND revoked_at IS NULL AND (account_id = session_account() OR administers()) RETURNING account_id INTO whose;
    IF whose IS NULL THEN RETURN false; END IF;
    PERFORM account_log(whose, 'token_revoked');
    RETURN true;
END $$;

-- ── What a system administrator does to an account ───────────────────────────────────────────────────────────────────

CREATE FUNCTION account_list() RETURNS TABLE (
    login text, name text, role text, agency_name text, signs_in boolean, second_factor boolean, locked boolean, attempts_locked boolean
) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT account.login, account.name, account.role, agency.name, password_setting IS NOT NULL, factor_cipher IS NOT NULL,
           locked_at IS NOT NULL, locked_until IS NOT NULL AND locked_until > now()
    FROM account LEFT JOIN agency ON agency.id = agency_id LEFT JOIN account_secret ON account_id = account.id
    LEFT JOIN sign_in_attempt ON slot = attempt_slot(account.login)
    WHERE administers() ORDER BY account.login LIMIT 2000
$$;

-- What opened before opens no more: sessions end, tokens are revoked, and no proof helps until it is unlocked.
CREATE FUNCTION account_lock(the_login text, shut boolean) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    who integer := (SELECT id FROM account WHERE login = the_login AND administers());
BEGIN
    IF who IS NULL THEN RETURN false; END IF;
    INSERT INTO account_secret (account_id, locked_at) VALUES (who, CASE WHEN shut THEN now() END)
    ON CONFLICT (account_id) DO UPDATE SET locked_at = excluded.locked_at;
    IF shut THEN
        DELETE FROM web_session WHERE account_id = who;
        UPDATE api_token SET revoked_at = now() WHERE account_id = who AND revoked_at IS NULL;
    ELSE
        UPDATE sign_in_attempt SET failures = 0, locked_until = NULL WHERE slot = attempt_slot(the_login);
    END IF;
    PERFORM account_log(who, CASE WHEN shut THEN 'account_locked' ELSE 'account_unlocked' END);
    RETURN true;
END $$;

CREATE FUNCTION factor_reset(the_login text) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    who integer := (SELECT id FROM account WHERE login = the_login AND administers());
BEGIN
    IF who IS NULL THEN RETURN false; END IF;
    UPDATE account_secret SET factor_cipher = NULL, factor_pending = NULL, factor_step = 0, recovery = '{}' WHERE account_id = who;
    DELETE FROM web_session WHERE account_id = who;
    PERFORM account_log(who, 'factor_reset');
    RETURN true;
END $$;

-- ── Privileges ───────────────────────────────────────────────────────────────────────────────────────────────────────

REVOKE ALL ON account_secret, password_before, second_factor_role, sign_in_attempt, sign_in_seed, countersignature, web_session,
    api_token FROM PUBLIC, guiwei_app, guiwei_jobs;
REVOKE INSERT, UPDATE, DELETE ON account FROM guiwei_app, guiwei_jobs;
REVOKE UPDATE (name, role, agency_id) ON account FROM guiwei_app;
REVOKE ALL ON FUNCTION seeded(text), attempt_slot(text), secret_asked(text, text), account_log(integer, text), attempt_counted(text),
    secret_proven(text, text, bytea, text), shown_hash(), session_account(), session_viewer(bytea), token_viewer(bytea),
    session_open(text, bytea, bytea, interval, text, text), session_close(bytea), secret_renew(text, text, bytea, text, bytea),
    countersigned(text, bytea), witness_proven(integer), pin_there(), pin_change(bytea, text, bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION session_account() TO guiwei_app, guiwei_jobs;
GRANT EXECUTE ON FUNCTION secret_asked(text, text), session_viewer(bytea), token_viewer(bytea),
    session_open(text, bytea, bytea, interval, text, text), session_close(bytea), secret_renew(text, text, bytea, text, bytea),
    countersigned(text, bytea), witness_proven(integer), pin_there(), pin_change(bytea, text, bytea) TO guiwei_app;
REVOKE ALL ON FUNCTION session_known(), session_rotated(bytea), factor_asked(), factor_offer(bytea),
    factor_enrol(bigint, bytea[], bytea), factor_told(bigint, bytea, bytea), administers(), password_settings(),
    password_used(bytea[]), password_change(bytea, text, bytea, bytea), session_list(boolean), session_end(integer),
    token_list(boolean), token_revoke(integer), account_list(), account_lock(text, boolean), factor_reset(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION factor_asked(), factor_offer(bytea), factor_enrol(bigint, bytea[], bytea),
    factor_told(bigint, bytea, bytea), password_settings(), password_used(bytea[]),
    password_change(bytea, text, bytea, bytea), session_list(boolean), session_end(integer), token_list(boolean),
    token_revoke(integer), account_list(), account_lock(text, boolean), factor_reset(text) TO guiwei_app;
