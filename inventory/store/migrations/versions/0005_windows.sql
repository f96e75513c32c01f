-- Whoever was given a window works there and at no other. Run as guiwei_owner.

-- The window of the session's account; NULL: none was given, and any of the agency's will do.
CREATE FUNCTION session_window() RETURNS integer LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT given.window_id
    FROM account JOIN LATERAL (SELECT window_id FROM role_grant WHERE account_id = account.id ORDER BY id DESC LIMIT 1) AS given ON true
    WHERE account.id = session_account() AND account.role = 'window_clerk'
$$;

-- As in 0003_isolation.sql, and at one's own window.
CREATE OR REPLACE FUNCTION act_by_its_session() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    me integer;
    mine integer;
    here integer;
    elsewhere text;
BEGIN
    IF session_user <> 'guiwei_app' THEN RETURN NULL; END IF;
    me := session_account();
    mine := seen_agency();
    IF EXISTS (SELECT FROM written WHERE actor_id IS DISTINCT FROM me) THEN
        PERFORM refuse_act('act_in_own_name', NULL);
    END IF;
    IF mine IS NOT DISTINCT FROM 0 THEN RETURN NULL; END IF;
    IF EXISTS (SELECT FROM written JOIN volume ON volume.id = volume_id WHERE agency_id IS DISTINCT FROM mine) THEN
        PERFORM refuse_act('act_on_own_volumes', NULL);
    END IF;
    here := session_window();
    IF here IS NOT NULL THEN
        SELECT place.code INTO elsewhere FROM written JOIN place ON place.id IN (from_place_id, to_place_id)
        WHERE place.kind = 'window' AND place.id <> here LIMIT 1;
        IF FOUND THEN PERFORM refuse_act('act_at_own_window', elsewhere); END IF;
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION at_own_window() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    here integer;
    elsewhere text;
BEGIN
    IF session_user <> 'guiwei_app' THEN RETURN NEW; END IF;
    here := session_window();
    IF here IS NULL THEN RETURN NEW; END IF;
    IF TG_TABLE_NAME = 'request' THEN
        SELECT code INTO elsewhere FROM place WHERE id = NEW.window_place_id AND id <> here;
        IF FOUND THEN PERFORM refuse_act('request_at_own_window', elsewhere); END IF;
    ELSE
        SELECT code INTO elsewhere FROM place WHERE id IN (NEW.from_place_id, NEW.to_place_id) AND kind = 'window' AND id <> here;
        IF FOUND THEN PERFORM refuse_act('consignment_at_own_window', elsewhere); END IF;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER at_own_window BEFORE INSERT ON request FOR EACH ROW WHEN (NEW.window_place_id IS NOT NULL)
    EXECUTE FUNCTION at_own_window();
CREATE TRIGGER at_own_window BEFORE INSERT OR UPDATE ON consignment FOR EACH ROW EXECUTE FUNCTION at_own_window();

REVOKE ALL ON FUNCTION session_window(), at_own_window() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION session_window() TO guiwei_app;
