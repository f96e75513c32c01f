-- Who opened a gate by badge: a tap on a card reader that stands at a gate. Run as guiwei_owner.
--
-- It says whose card lay there, which is no proof that he did: an alarm shows it to whoever goes and looks.

CREATE TABLE gate_opening (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    gate_place_id integer NOT NULL REFERENCES place,
    account_id    integer NOT NULL REFERENCES account,
    at            timestamptz NOT NULL
);
CREATE INDEX gate_opening_by_gate ON gate_opening (gate_place_id, at);
CREATE TRIGGER gate_opening_is_forever BEFORE UPDATE OR DELETE OR TRUNCATE ON gate_opening
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting();

CREATE FUNCTION tap_opens_gate() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO gate_opening (gate_place_id, account_id, at)
    SELECT DISTINCT place.id, badge.account_id, NEW.received_at
    FROM antenna JOIN place ON place.id = antenna.place_id JOIN badge ON badge.uid = NEW.uid AND badge.ended_at IS NULL
    WHERE antenna.reader_id = NEW.reader_id AND place.kind = 'gate';
    RETURN NULL;
END $$;
CREATE TRIGGER tap_opens_gate AFTER INSERT ON tap FOR EACH ROW EXECUTE FUNCTION tap_opens_gate();
REVOKE ALL ON FUNCTION tap_opens_gate() FROM PUBLIC;

ALTER TABLE gate_opening ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen ON gate_opening FOR SELECT TO guiwei_app USING ((SELECT seen_agency()) = 0);
GRANT SELECT ON gate_opening TO guiwei_app;
