-- Whose dossier is kept from whom, said once: acts are refused by it, looks too, and searches leave it out. Run as guiwei_owner.

CREATE FUNCTION tied_dossiers(the_account integer) RETURNS SETOF integer
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    WITH tie AS (
        SELECT subject_id, id_number_hash FROM account_subject_tie
        WHERE account_id = the_account AND NOT EXISTS (SELECT FROM tie_withdrawal WHERE tie_id = account_subject_tie.id))
    SELECT dossier.id FROM tie JOIN dossier USING (subject_id)
    UNION
    SELECT dossier.id FROM tie JOIN subject USING (id_number_hash) JOIN dossier ON dossier.subject_id = subject.id
$$;

CREATE OR REPLACE FUNCTION is_own_or_relative(the_account integer, the_dossier integer) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT EXISTS (SELECT FROM tied_dossiers(the_account) AS tied WHERE tied = the_dossier)
$$;

-- Of those the presented session would see; whether a relative has a dossier in another county, it tells nobody.
CREATE FUNCTION dossiers_kept_from_me() RETURNS SETOF integer
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT tied FROM tied_dossiers(session_account()) AS tied JOIN dossier ON dossier.id = tied
    WHERE seen_agency() IN (0, holding_agency_id)
$$;

REVOKE ALL ON FUNCTION tied_dossiers(integer), dossiers_kept_from_me() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION dossiers_kept_from_me() TO guiwei_app;
