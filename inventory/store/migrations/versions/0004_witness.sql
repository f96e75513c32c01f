-- Whoever is said to have signed beside an act has proven it. Run as guiwei_owner.
--
-- `countersigned` (0003_sessions.sql) notes a PIN that fitted, beside the session that asked for it. Here the ledger asks for
-- that note, and so does everything else that two people sign. Where no session is presented (an import by the owner, the jobs)
-- nobody stands before the program who could prove anything, and nothing is asked.

-- As before, but two transactions that need a signature of the same person each find one of their own.
CREATE OR REPLACE FUNCTION witness_proven(the_account integer) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    UPDATE countersignature SET used_in = pg_current_xact_id()::text::bigint WHERE id = (
        SELECT id FROM countersignature
        WHERE account_id = the_account AND session_hash = shown_hash() AND expires_at > now()
          AND (used_in IS NULL OR used_in = pg_current_xact_id()::text::bigint)
        ORDER BY used_in NULLS LAST, id LIMIT 1 FOR UPDATE SKIP LOCKED);
    RETURN FOUND;
END $$;

-- Once for a command, however many volumes it is on.
CREATE FUNCTION act_witness_proven() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF session_user = 'guiwei_app' AND EXISTS (
        SELECT FROM (SELECT DISTINCT witness_id FROM written WHERE witness_id IS NOT NULL) AS beside
        WHERE NOT witness_proven(witness_id)) THEN
        PERFORM refuse_act('second_person_proven', NULL);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER act_witness_proven AFTER INSERT ON act REFERENCING NEW TABLE AS written
    FOR EACH STATEMENT EXECUTE FUNCTION act_witness_proven();

-- Seals of bags, what is settled of a discrepancy, mergers of dossiers: the column named by the trigger is who signed beside.
CREATE FUNCTION second_person_proven() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF session_user = 'guiwei_app' AND NOT witness_proven((to_jsonb(NEW) ->> TG_ARGV[0])::integer) THEN
        PERFORM refuse_act('second_person_proven', NULL);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER second_person_proven AFTER UPDATE OF sealed_with ON consignment FOR EACH ROW
    WHEN (NEW.sealed_with IS DISTINCT FROM OLD.sealed_with AND NEW.sealed_with IS NOT NULL)
    EXECUTE FUNCTION second_person_proven('sealed_with');
CREATE TRIGGER second_person_proven AFTER UPDATE OF settled_with ON consignment_discrepancy FOR EACH ROW
    WHEN (NEW.settled_with IS DISTINCT FROM OLD.settled_with AND NEW.settled_with IS NOT NULL)
    EXECUTE FUNCTION second_person_proven('settled_with');
CREATE TRIGGER second_person_proven AFTER INSERT ON dossier_merge FOR EACH ROW
    EXECUTE FUNCTION second_person_proven('second_reviewer_id');

REVOKE ALL ON FUNCTION act_witness_proven(), second_person_proven() FROM PUBLIC;
