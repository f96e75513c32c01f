-- Who asks: sessions and tokens, and the one question every policy puts. Run as guiwei_owner.

-- Each transaction of the application presents the opaque secret of a session or a token as the setting `guiwei.session`. The
-- setting itself protects nothing (anybody can set it); what it must fit are hashes that only this function reads.
CREATE FUNCTION session_account() RETURNS integer LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT account_id FROM web_session
    WHERE secret_hash = sha256(convert_to(current_setting('guiwei.session', true), 'UTF8')) AND expires_at > now()
    UNION ALL
    SELECT account_id FROM api_token
    WHERE secret_hash = sha256(convert_to(current_setting('guiwei.session', true), 'UTF8')) AND expires_at > now()
    LIMIT 1
$$;
REVOKE ALL ON FUNCTION session_account() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION session_account() TO guiwei_app, guiwei_jobs;
