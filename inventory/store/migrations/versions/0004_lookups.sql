-- Look-up tokens of ID numbers change their key all at once. Run as guiwei_owner.

-- Of which generation all tokens are: those of the first are 16 bytes, later ones have their number before them.
CREATE TABLE lookup_generation (single boolean PRIMARY KEY DEFAULT true CHECK (single), generation smallint NOT NULL);
INSERT INTO lookup_generation (generation) VALUES (0);
REVOKE ALL ON lookup_generation FROM PUBLIC, guiwei_app, guiwei_jobs;

CREATE FUNCTION token_generation(the_token bytea) RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN length(the_token) > 16 THEN get_byte(the_token, 0) ELSE 0 END;

-- A token made with yesterday's key would never be found, nor tell that two persons are one: it is refused. Whoever changes the
-- key holds the tables against writers (lookups.py), so each sees either all tokens of before or all of after.
CREATE FUNCTION refuse_other_generation() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM written, lookup_generation
               WHERE id_number_hash IS NOT NULL AND token_generation(id_number_hash) <> generation) THEN
        PERFORM refuse_act('lookup_of_todays_key', NULL);
    END IF;
    RETURN NULL;
END $$;

DO $$
DECLARE
    the_table text;
BEGIN
    FOREACH the_table IN ARRAY ARRAY['subject', 'loose_material', 'request_visitor', 'account_subject_tie'] LOOP
        EXECUTE format('CREATE TRIGGER lookup_of_todays_key AFTER INSERT ON %I REFERENCING NEW TABLE AS written '
                       'FOR EACH STATEMENT EXECUTE FUNCTION refuse_other_generation()', the_table);
    END LOOP;
END $$;
CREATE TRIGGER lookup_of_todays_key_still AFTER UPDATE ON subject REFERENCING NEW TABLE AS written
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_other_generation();

REVOKE ALL ON FUNCTION refuse_other_generation(), token_generation(bytea) FROM PUBLIC;
