-- What a borrowing institution sees of its own requests, and what it may say of its loans. Run as guiwei_owner.
--
-- A borrower's session sees no row of any table about dossiers: these two functions are its only doors, and they answer for the
-- institution the session's account was given, not for one that is told.

CREATE FUNCTION session_institution() RETURNS integer LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT given.institution_id
    FROM account JOIN LATERAL (SELECT institution_id FROM role_grant WHERE account_id = account.id ORDER BY id DESC LIMIT 1)
        AS given ON true
    WHERE account.id = session_account() AND account.role = 'borrower'
$$;

-- Its letter, how far the request is in words of its own, and the days. Which dossier it is stands there only once they have
-- had it in hand: until then not even that there is one is told. Where it is in the warehouse is nobody's outside.
CREATE FUNCTION requests_borrowed(open_only boolean, the_limit integer) RETURNS TABLE (
    request_id bigint, kind text, purpose text, letter text, agency text, asked_at timestamptz, state text, promised_on date,
    out_at timestamptz, due_on date, renewals smallint, done_at timestamptz, dossier text, told text[]
) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT request.id, request.kind, request.purpose, letter.number, agency.name, request.asked_at,
           CASE WHEN request.state IN ('asked', 'refused', 'withdrawn') THEN request.state
                WHEN request.state = 'closed' OR request.done_at IS NOT NULL THEN 'done'
                WHEN request.state = 'out' THEN 'out'
                ELSE 'approved' END,
           request.promised_on, request.out_at, CASE WHEN request.out_at IS NOT NULL THEN request.due_on END, request.renewals,
           request.done_at, CASE WHEN request.out_at IS NOT NULL AND request.kind = 'loan' THEN dossier.number END,
           ARRAY(SELECT event FROM request_event
                 WHERE request_event.request_id = request.id AND event IN ('renewal_asked', 'acknowledged', 'return_announced')
                   AND request_event.id > coalesce((SELECT max(renewed.id) FROM request_event AS renewed
                                                    WHERE renewed.request_id = request.id AND renewed.event = 'renewed'), 0)
                 ORDER BY request_event.id)
    FROM request JOIN agency ON agency.id = accepting_agency_id LEFT JOIN letter ON letter.id = letter_id
    LEFT JOIN dossier ON dossier.id = dossier_id
    WHERE institution_id = session_institution() AND request.kind IN ('loan', 'consultation', 'scan')
      AND NOT (open_only AND (request.state IN ('refused', 'withdrawn', 'closed') OR request.done_at IS NOT NULL))
    ORDER BY request.id DESC LIMIT the_limit
$$;

ALTER TABLE request_event DROP CONSTRAINT request_event_known;
ALTER TABLE request_event ADD CONSTRAINT request_event_known CHECK (event IN
    ('asked', 'state', 'renewed', 'routed', 'overdue', 'chased', 'escalated', 'receipt', 'undelivered', 'done', 'noted',
     'renewal_asked', 'acknowledged', 'return_announced'));

-- A borrower asks to renew a loan that is out, says that it got a reminder, or that it is sending the dossier back: words for the
-- window, which renews and takes back. Each is said once until the loan is renewed. False where it isn't a loan of theirs that
-- is out.
CREATE FUNCTION borrower_tells(the_request bigint, the_event text, the_note text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM FROM request WHERE id = the_request AND institution_id = session_institution() AND kind = 'loan' AND state = 'out'
        AND done_at IS NULL FOR NO KEY UPDATE;
    IF NOT FOUND OR the_event NOT IN ('renewal_asked', 'acknowledged', 'return_announced') THEN RETURN false; END IF;
    IF EXISTS (SELECT FROM request_event WHERE request_id = the_request AND event = the_event AND NOT EXISTS (
            SELECT FROM request_event AS renewed WHERE renewed.request_id = the_request AND renewed.event = 'renewed'
                AND renewed.id > request_event.id)) THEN
        PERFORM refuse_act('borrower_tells_once', NULL);
    END IF;
    INSERT INTO request_event (request_id, at, account_id, event, note)
    VALUES (the_request, now(), session_account(), the_event, left(the_note, 300));
    RETURN true;
END $$;

REVOKE ALL ON FUNCTION session_institution(), requests_borrowed(boolean, integer), borrower_tells(bigint, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION session_institution(), requests_borrowed(boolean, integer), borrower_tells(bigint, text, text)
    TO guiwei_app;
