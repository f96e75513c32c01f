-- Badges (工作卡) and what is laid on a desk reader. Run as guiwei_owner.
--
-- A badge says who stands at a desk; its holder's PIN says that it is he. Whoever wants to know asks the desk (a tap is asked for,
-- with a challenge no card can know before), and the desk's word comes in as every reader's does, through the broker. A badge with
-- a key of its own signs the challenge; the application checks the signature, as it checks the codes of a second factor, and the
-- database lets each tap prove somebody once. One known by its number alone can be copied by whoever held it: it is worth
-- no more than its PIN, and docs/security.md says so.

CREATE TABLE badge (
    id         integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id integer NOT NULL REFERENCES account,
    uid        bytea NOT NULL CONSTRAINT badge_uid_length CHECK (octet_length(uid) IN (4, 7, 8, 10)),
    public_key bytea CONSTRAINT badge_key_length CHECK (octet_length(public_key) = 65), -- a point of P-256; NULL: it signs nothing
    issued_by  integer NOT NULL REFERENCES account,
    issued_at  timestamptz NOT NULL DEFAULT now(),
    ended_by   integer REFERENCES account,                 -- NULL: at the command line, by the owner's role
    ended_at   timestamptz,
    end_reason text,
    CONSTRAINT badge_ended_whole CHECK (
        num_nulls(ended_at, end_reason) IN (0, 2) AND (ended_by IS NULL OR ended_at IS NOT NULL))
);
CREATE UNIQUE INDEX badge_of_one_person ON badge (uid) WHERE ended_at IS NULL;
CREATE UNIQUE INDEX badge_one_each ON badge (account_id) WHERE ended_at IS NULL;

CREATE FUNCTION badge_stays() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP <> 'UPDATE' OR OLD.ended_at IS NOT NULL
       OR (to_jsonb(OLD) - '{ended_by,ended_at,end_reason}'::text[]) <> (to_jsonb(NEW) - '{ended_by,ended_at,end_reason}'::text[]) THEN
        PERFORM refuse_act('badge_stays', NULL);
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER badge_stays BEFORE UPDATE OR DELETE ON badge FOR EACH ROW EXECUTE FUNCTION badge_stays();
CREATE TRIGGER badge_is_forever BEFORE TRUNCATE ON badge FOR EACH STATEMENT EXECUTE FUNCTION refuse_deleting();

-- A browser waits at a desk for whatever is laid on its reader. It says so again every few seconds; one that stopped waits no more.
CREATE TABLE tap_wish (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    reader_id    integer NOT NULL REFERENCES reader,
    session_hash bytea NOT NULL,
    challenge    bytea NOT NULL CONSTRAINT tap_wish_challenge_length CHECK (octet_length(challenge) = 32),
    asked_at     timestamptz NOT NULL DEFAULT now(),
    waits_until  timestamptz NOT NULL,
    command_id   bigint REFERENCES reader_command,
    used_at      timestamptz,                              -- a tap proves somebody once
    CONSTRAINT tap_wish_asked_once UNIQUE (challenge)
);
CREATE INDEX tap_wish_of_reader ON tap_wish (reader_id, waits_until);

-- What a desk said was laid on its reader: a badge, or the HF tag of a dossier. Kept for a day.
CREATE TABLE tap (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    reader_id   integer NOT NULL REFERENCES reader,
    uid         bytea NOT NULL,
    challenge   bytea,                                     -- of the wish it answers; NULL: nobody had asked
    signature   bytea,
    public_key  bytea,
    received_at timestamptz NOT NULL,
    -- By the database's own clock. What was received at another time is a recording, or waited for us: it proves nothing any more.
    heard_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    is_live     boolean NOT NULL GENERATED ALWAYS AS (
                    heard_at - received_at BETWEEN interval '-5 minutes' AND interval '5 minutes') STORED
);
CREATE INDEX tap_of_reader ON tap (reader_id, id);
CREATE INDEX tap_by_challenge ON tap (challenge) WHERE challenge IS NOT NULL;

-- ── Waiting for a tap ────────────────────────────────────────────────────────────────────────────────────────────────

-- The desks somebody may choose from, also while a session owes its second factor.
CREATE FUNCTION desk_list() RETURNS TABLE (reader text, place text, name text, last_message_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT DISTINCT ON (reader.code) reader.code, place.code, place.name, reader_health.last_message_at
    FROM reader JOIN antenna ON antenna.reader_id = reader.id JOIN place ON place.id = antenna.place_id
    LEFT JOIN reader_health ON reader_health.reader_id = reader.id
    WHERE session_known() IS NOT NULL AND role = 'desk' AND dialect = 'native'
    ORDER BY reader.code, antenna.number
$$;

-- Ask a desk for a tap, in the place of what this session asked before. One session at a time: what is laid there is meant for it.
CREATE FUNCTION tap_wished(the_reader text, the_challenge bytea) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    the_desk integer;
    wish     bigint;
    told     bigint;
BEGIN
    IF session_known() IS NULL THEN PERFORM refuse_act('tap_by_session', NULL); END IF;
    SELECT reader.id INTO the_desk FROM reader
    WHERE code = the_reader AND dialect = 'native'
      AND EXISTS (SELECT FROM antenna WHERE antenna.reader_id = reader.id AND role = 'desk') FOR NO KEY UPDATE;
    IF the_desk IS NULL THEN RETURN NULL; END IF;
    DELETE FROM tap_wish WHERE waits_until < now() - interval '1 day' OR (session_hash = shown_hash() AND used_at IS NULL);
    IF EXISTS (SELECT FROM tap_wish WHERE reader_id = the_desk AND waits_until > now() AND used_at IS NULL) THEN
        PERFORM refuse_act('tap_one_waits', the_reader);
    END IF;
    INSERT INTO tap_wish (reader_id, session_hash, challenge, waits_until)
    VALUES (the_desk, shown_hash(), the_challenge, now() + interval '15 seconds') RETURNING id INTO wish;
    INSERT INTO reader_command (reader_id, kind, arguments, asked_at, due_at, answer_by)
    VALUES (the_desk, 'challenge', jsonb_build_object('challenge', encode(the_challenge, 'hex'), 'seconds', 120), now(), now(),
            now() + interval '10 seconds') RETURNING id INTO told;
    UPDATE tap_wish SET command_id = told WHERE id = wish;
    RETURN wish;
END $$;

-- How a wish of this session stands. Looking is waiting on, for two minutes and not after one stopped: another may wait there.
CREATE FUNCTION tap_seen(the_wish bigint) RETURNS TABLE (
    reader text, is_over boolean, command_state text, tap_id bigint, uid bytea, challenge bytea, signature bytea, shown_key bytea,
    login text, name text, public_key bytea
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    UPDATE tap_wish SET waits_until = least(now() + interval '15 seconds', asked_at + interval '2 minutes')
    WHERE id = the_wish AND session_hash = shown_hash() AND used_at IS NULL AND waits_until > now() AND session_known() IS NOT NULL;
    RETURN QUERY
        SELECT reader.code,
               wish.used_at IS NOT NULL OR CASE WHEN badge.id IS NULL
                   THEN wish.waits_until <= now() OR wish.asked_at <= now() - interval '2 minutes'
                   ELSE wish.asked_at <= now() - interval '5 minutes' END,
               state, laid.id, laid.uid, wish.challenge,
               laid.signature, laid.public_key, account.login, account.name, badge.public_key
        FROM tap_wish AS wish JOIN reader ON reader.id = wish.reader_id LEFT JOIN reader_command ON reader_command.id = wish.command_id
        LEFT JOIN LATERAL (
            SELECT tap.* FROM tap
            WHERE tap.challenge = wish.challenge AND tap.reader_id = wish.reader_id AND is_live AND tap.heard_at >= wish.asked_at
              AND session_known() IS NOT NULL
            ORDER BY tap.id DESC LIMIT 1) AS laid ON true
        LEFT JOIN badge ON badge.uid = laid.uid AND badge.ended_at IS NULL LEFT JOIN account ON account.id = badge.account_id
        WHERE wish.id = the_wish AND session_hash = shown_hash();
END $$;

-- What was laid down for a wish of this session that is not used up; the wish is held until the transaction ends. A tap is named,
-- and the newest isn't taken: what the application found of one card says nothing of the next.
CREATE FUNCTION tap_laid(the_wish bigint, the_tap bigint) RETURNS bytea LANGUAGE sql SET search_path = public, pg_temp AS $$
    SELECT tap.uid FROM tap_wish AS wish
    JOIN tap ON tap.challenge = wish.challenge AND tap.reader_id = wish.reader_id AND is_live AND tap.heard_at >= wish.asked_at
    WHERE wish.id = the_wish AND tap.id = the_tap AND session_hash = shown_hash() AND used_at IS NULL
      AND asked_at > now() - interval '5 minutes'
    FOR UPDATE OF wish
$$;

-- Whose badge that was. the_verified: the application found this tap's signature right.
CREATE FUNCTION tap_whose(the_wish bigint, the_tap bigint, the_verified boolean) RETURNS integer
LANGUAGE sql SET search_path = public, pg_temp AS $$
    SELECT account_id FROM badge
    WHERE uid = tap_laid(the_wish, the_tap) AND ended_at IS NULL AND (public_key IS NULL OR the_verified)
$$;

-- ── What a tap and a PIN open ────────────────────────────────────────────────────────────────────────────────────────

-- A wrong PIN leaves the tap: the badge still lies there. Tries count with those of signing in; without the badge they count
-- too, and no PIN is looked at.
CREATE FUNCTION badge_told(the_wish bigint, the_tap bigint, the_verified boolean, the_proof bytea, the_hash bytea) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    who       integer := session_known();
    the_login text := (SELECT login FROM account WHERE id = who);
BEGIN
    IF who IS NULL OR NOT EXISTS (SELECT FROM account_secret WHERE account_id = who AND pin_verifier IS NOT NULL) THEN
        RETURN false;
    END IF;
    IF tap_whose(the_wish, the_tap, the_verified) IS DISTINCT FROM who THEN
        PERFORM attempt_counted(the_login), account_log(who, 'badge_failed');
        RETURN false;
    END IF;
    IF secret_proven(the_login, 'pin', the_proof, 'badge_failed') IS NULL THEN RETURN false; END IF;
    UPDATE tap_wish SET used_at = now() WHERE id = the_wish;
    UPDATE sign_in_attempt SET failures = 0, locked_until = NULL WHERE slot = attempt_slot(the_login);
    PERFORM session_rotated(the_hash), account_log(who, 'badge_proven');
    RETURN true;
END $$;

-- The second person of an act by badge and PIN, noted as one who typed his login is.
CREATE FUNCTION badge_countersigned(the_wish bigint, the_tap bigint, the_verified boolean, the_proof bytea) RETURNS TABLE (
    account_id integer, login text, name text, role text, agency_id integer, agency_name text
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    who integer := tap_whose(the_wish, the_tap, the_verified);
BEGIN
    IF session_account() IS NULL OR who IS NULL
       OR secret_proven((SELECT account.login FROM account WHERE id = who), 'pin', the_proof, 'countersign_failed') IS NULL THEN
        RETURN;
    END IF;
    UPDATE tap_wish SET used_at = now() WHERE id = the_wish;
    DELETE FROM countersignature WHERE expires_at <= now();
    INSERT INTO countersignature (account_id, session_hash, expires_at) VALUES (who, shown_hash(), now() + interval '5 minutes');
    PERFORM account_log(who, 'countersign_badge');
    RETURN QUERY SELECT account.id, account.login, account.name, account.role, account.agency_id, agency.name
        FROM account LEFT JOIN agency ON agency.id = account.agency_id WHERE account.id = who;
END $$;

-- A form that is sent twice names its second person twice: whoever signed by this wish before is told again, and nothing is noted.
CREATE FUNCTION badge_signed(the_wish bigint, the_tap bigint, the_verified boolean, the_proof bytea) RETURNS TABLE (
    account_id integer, login text, name text, role text, agency_id integer, agency_name text
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    who integer := (
        SELECT badge.account_id FROM tap_wish AS wish
        JOIN tap ON tap.challenge = wish.challenge AND tap.reader_id = wish.reader_id AND is_live AND tap.heard_at >= wish.asked_at
        JOIN badge ON badge.uid = tap.uid AND ended_at IS NULL AND (badge.public_key IS NULL OR the_verified)
        WHERE wish.id = the_wish AND tap.id = the_tap AND session_hash = shown_hash() AND used_at > now() - interval '5 minutes');
BEGIN
    IF session_account() IS NULL OR who IS NULL
       OR secret_proven((SELECT account.login FROM account WHERE id = who), 'pin', the_proof, 'countersign_failed') IS NULL THEN
        RETURN;
    END IF;
    RETURN QUERY SELECT account.id, account.login, account.name, account.role, account.agency_id, agency.name
        FROM account LEFT JOIN agency ON agency.id = account.agency_id WHERE account.id = who;
END $$;

-- ── Giving badges out ────────────────────────────────────────────────────────────────────────────────────────────────

-- Every session of an account but the one that asks for it.
CREATE FUNCTION sessions_ended(the_account integer) RETURNS void LANGUAGE sql SET search_path = public, pg_temp AS $$
    DELETE FROM web_session WHERE account_id = the_account AND secret_hash IS DISTINCT FROM shown_hash()
$$;

-- The badge that was laid down for this wish becomes somebody's; his old one ends, and with it what it may have opened. the_key:
-- one whose signature was right.
CREATE FUNCTION badge_issued(the_wish bigint, the_tap bigint, the_login text, the_key bytea) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    who  integer := (SELECT id FROM account WHERE login = the_login AND administers());
    laid bytea;
BEGIN
    IF who IS NULL THEN RETURN false; END IF;
    laid := tap_laid(the_wish, the_tap);
    IF laid IS NULL THEN RETURN false; END IF;
    UPDATE tap_wish SET used_at = now() WHERE id = the_wish;
    UPDATE badge SET ended_by = session_account(), ended_at = now(), end_reason = 'replaced'
    WHERE account_id = who AND ended_at IS NULL;
    IF FOUND THEN PERFORM sessions_ended(who); END IF;
    INSERT INTO badge (account_id, uid, public_key, issued_by) VALUES (who, laid, the_key, session_account());
    PERFORM account_log(who, 'badge_issued');
    RETURN true;
END $$;

-- Its holder or a system administrator ends it (lost, given back), also at the command line. Other sessions end as with a lost
-- telephone.
CREATE FUNCTION badge_ended(the_login text, the_reason text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    who integer := (SELECT id FROM account WHERE login = the_login AND (administers() OR id = session_account()));
BEGIN
    UPDATE badge SET ended_by = session_account(), ended_at = now(), end_reason = the_reason
    WHERE account_id = who AND ended_at IS NULL;
    IF NOT FOUND THEN RETURN false; END IF;
    PERFORM sessions_ended(who), account_log(who, 'badge_ended');
    RETURN true;
END $$;

-- One's own badge, also while the session owes its second factor; everybody's for a system administrator.
CREATE FUNCTION badge_list(everybody boolean) RETURNS TABLE (login text, uid bytea, signs boolean, issued_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT account.login, badge.uid, public_key IS NOT NULL, badge.issued_at
    FROM badge JOIN account ON account.id = account_id
    WHERE ended_at IS NULL AND (CASE WHEN everybody THEN administers() ELSE account_id = session_known() END)
    ORDER BY account.login LIMIT 2000
$$;

-- ── Signing in ───────────────────────────────────────────────────────────────────────────────────────────────────────

-- A badge with a PIN is a second factor where the role needs one; whoever has a telephone's is asked for either.
CREATE FUNCTION has_badge_factor(the_account integer) RETURNS boolean LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    SELECT EXISTS (
        SELECT FROM badge JOIN account_secret USING (account_id) JOIN account ON account.id = account_id
        WHERE account_id = the_account AND ended_at IS NULL AND pin_verifier IS NOT NULL
          AND account.role IN (SELECT second_factor_role.role FROM second_factor_role))
$$;
-- As in 0003_sessions.sql; a password forgives nothing where a badge is still to come either.
CREATE OR REPLACE FUNCTION secret_proven(the_login text, the_kind text, the_proof bytea, the_failure text) RETURNS integer
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    who   integer;
    wants bytea;
    shut  boolean;
    factored boolean;
BEGIN
    IF NOT attempt_counted(the_login) THEN RETURN NULL; END IF;
    SELECT account.id, locked_at IS NOT NULL, factor_cipher IS NOT NULL OR has_badge_factor(account.id),
           CASE WHEN the_kind = 'pin' THEN coalesce(pin_verifier, password_verifier) ELSE password_verifier END
    INTO who, shut, factored, wants
    FROM account LEFT JOIN account_secret ON account_id = account.id WHERE login = the_login;
    IF sha256(the_proof) IS DISTINCT FROM wants OR wants IS NULL OR shut THEN
        IF who IS NOT NULL THEN PERFORM account_log(who, the_failure); END IF;
        RETURN NULL;
    END IF;
    UPDATE sign_in_attempt SET failures = CASE WHEN factored THEN greatest(failures - 1, 0) ELSE 0 END, locked_until = NULL
    WHERE slot = attempt_slot(the_login);
    RETURN who;
END $$;

-- As in 0005_first_passwords.sql; who has a badge for a second factor owes that next.
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
    PERFORM sessions_ended(who), session_rotated(the_hash), account_log(who, 'password_set');
    UPDATE web_session SET owes = CASE WHEN has_badge_factor(who) THEN 'code' ELSE 'factor' END
    WHERE owed AND secret_hash = the_hash AND account_id IN (
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
                WHEN password_given THEN 'password' -- and the badge after that (password_change)
                WHEN has_badge_factor(who) THEN 'code'
                WHEN account.role IN (SELECT second_factor_role.role FROM second_factor_role) THEN 'factor' END
    FROM account JOIN account_secret ON account_secret.account_id = account.id WHERE account.id = who;
    PERFORM account_log(who, 'sign_in');
    RETURN QUERY SELECT * FROM session_viewer(the_hash);
END $$;

-- A session that owes the code of a factor that is there, telephone or badge, may put no other in its place.
CREATE FUNCTION may_set_factor() RETURNS boolean LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    SELECT session_account() IS NOT NULL OR EXISTS (
        SELECT FROM web_session WHERE secret_hash = shown_hash() AND expires_at > now() AND last_seen_at + idle > now() AND owes = 'factor')
$$;
CREATE OR REPLACE FUNCTION factor_offer(the_cipher bytea) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    UPDATE account_secret SET factor_pending = the_cipher WHERE account_id = session_known() AND may_set_factor();
    RETURN FOUND;
END $$;
CREATE OR REPLACE FUNCTION factor_enrol(the_step bigint, the_recovery bytea[], the_hash bytea) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    who integer := session_known();
BEGIN
    UPDATE account_secret SET factor_cipher = factor_pending, factor_pending = NULL, factor_step = the_step, recovery = the_recovery
    WHERE account_id = who AND factor_pending IS NOT NULL AND may_set_factor();
    IF NOT FOUND THEN RETURN false; END IF;
    PERFORM session_rotated(the_hash), account_log(who, 'factor_set');
    RETURN true;
END $$;

-- ── A desk is told a challenge ───────────────────────────────────────────────────────────────────────────────────────

ALTER TABLE reader_command DROP CONSTRAINT reader_command_kind_known;
ALTER TABLE reader_command ADD CONSTRAINT reader_command_kind_known
    CHECK (kind IN ('start', 'stop', 'mode', 'power', 'output', 'challenge'));

-- As before; and whoever waits for a tap tells its desk the wish's own challenge.
CREATE OR REPLACE FUNCTION reader_command_by_its_roles() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF session_user = 'guiwei_app' AND NOT EXISTS (
        SELECT FROM account WHERE id = session_account() AND id = NEW.asked_by AND NEW.kind <> 'challenge' AND (
            role IN ('keeper', 'city_manager')
            OR role = 'auditor' AND EXISTS (SELECT FROM audit WHERE audit.id = NEW.audit_id AND audit.asked_by = NEW.asked_by)))
       AND NOT EXISTS (
        SELECT FROM tap_wish WHERE NEW.kind = 'challenge' AND reader_id = NEW.reader_id AND session_hash = shown_hash()
            AND command_id IS NULL AND encode(challenge, 'hex') = NEW.arguments ->> 'challenge') THEN
        PERFORM refuse_act('reader_command_by_its_roles', NULL);
    END IF;
    RETURN NEW;
END $$;

-- ── Privileges ───────────────────────────────────────────────────────────────────────────────────────────────────────

REVOKE ALL ON FUNCTION badge_stays(), desk_list(), tap_wished(text, bytea), tap_seen(bigint), tap_laid(bigint, bigint),
    tap_whose(bigint, bigint, boolean), badge_told(bigint, bigint, boolean, bytea, bytea),
    badge_countersigned(bigint, bigint, boolean, bytea), badge_signed(bigint, bigint, boolean, bytea),
    badge_issued(bigint, bigint, text, bytea), sessions_ended(integer),
    badge_ended(text, text), badge_list(boolean), has_badge_factor(integer), may_set_factor() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION desk_list(), tap_wished(text, bytea), tap_seen(bigint),
    badge_told(bigint, bigint, boolean, bytea, bytea), badge_countersigned(bigint, bigint, boolean, bytea),
    badge_signed(bigint, bigint, boolean, bytea), badge_issued(bigint, bigint, text, bytea), badge_ended(text, text),
    badge_list(boolean) TO guiwei_app;
-- Taps come as evidence comes.
GRANT SELECT (id, received_at), DELETE ON tap TO guiwei_jobs;
GRANT INSERT (reader_id, uid, challenge, signature, public_key, received_at) ON tap TO guiwei_jobs;
