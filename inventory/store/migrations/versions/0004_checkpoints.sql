-- Signed roots of the ledger, and the commands' own chain, so that they too stand under the signature. Run as guiwei_owner.

-- ── The chain of commands ────────────────────────────────────────────────────────────────────────────────────────────

-- hash(n) = SHA-256( hash(n-1) || canonical bytes of command n ), hash(0) = SHA-256("guiwei commands"); one chain for the site.
CREATE TABLE command_chain (
    sequence   bigint PRIMARY KEY,
    command_id uuid NOT NULL UNIQUE,
    hash       bytea NOT NULL
);

-- The bytes of docs/ledger.md; `guiwei ledger verify` and `guiwei-verify` compute them too, each by itself.
CREATE FUNCTION command_bytes(sequence bigint, command_id uuid, content_hash bytea) RETURNS bytea
LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN convert_to(netstring(sequence::text) || netstring(command_id::text) || netstring(encode(content_hash, 'hex')), 'UTF8');

INSERT INTO command_chain
SELECT sequence, id, ledger_hash(command_bytes(sequence, id, content_hash), sha256('guiwei commands')) OVER (ORDER BY sequence)
FROM (SELECT row_number() OVER (ORDER BY id) AS sequence, id, content_hash FROM command) AS numbered;

-- At commit, not before: the chain's lock is then held only for the commit itself, and is always the last one taken. The
-- statement after the lock sees every command chained before ours.
CREATE FUNCTION command_chained() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    last command_chain;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('command_chain'));
    SELECT * INTO last FROM command_chain ORDER BY sequence DESC LIMIT 1;
    last.sequence := coalesce(last.sequence, 0) + 1;
    INSERT INTO command_chain VALUES (last.sequence, NEW.id, sha256(
        coalesce(last.hash, sha256('guiwei commands')) || command_bytes(last.sequence, NEW.id, NEW.content_hash)));
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER command_chained AFTER INSERT ON command DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION command_chained();
CREATE TRIGGER command_chain_is_forever BEFORE UPDATE OR DELETE OR TRUNCATE ON command_chain
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting();

-- ── Checkpoints ──────────────────────────────────────────────────────────────────────────────────────────────────────

-- What inventory.domain.checkpoints.Checkpoint says, with its signature. The keys are not here, on purpose: whoever rewrites
-- this database could put in one of his own.
CREATE TABLE checkpoint (
    warehouse_id  integer NOT NULL REFERENCES place,
    number        integer NOT NULL,             -- 1, 2, 3 ... in each warehouse
    acts          bigint NOT NULL,              -- the last act's sequence: how many there are, since none is left out
    act_hash      bytea NOT NULL,
    commands      bigint NOT NULL,              -- of the site's one chain of commands, likewise
    command_hash  bytea NOT NULL,
    made_at       timestamptz NOT NULL,
    previous_hash bytea NOT NULL,
    key_id        text NOT NULL,
    hash          bytea NOT NULL,               -- the signed root: SHA-256 of the canonical bytes
    signature     bytea NOT NULL,               -- Ed25519, of the canonical bytes
    PRIMARY KEY (warehouse_id, number),
    FOREIGN KEY (warehouse_id, acts) REFERENCES act (warehouse_id, sequence)
);
CREATE TRIGGER checkpoint_is_forever BEFORE UPDATE OR DELETE OR TRUNCATE ON checkpoint
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting();

-- One signer at a time reads the heads, signs, and adds; until it commits.
CREATE FUNCTION checkpoint_heads() RETURNS TABLE (
    warehouse_id integer, warehouse text, number integer, acts bigint, act_hash bytea, commands bigint, command_hash bytea,
    made_at timestamptz, previous_hash bytea)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('checkpoint'));
    RETURN QUERY
    SELECT chain.warehouse_id, place.code, coalesce(last.number, 0) + 1, chain.sequence, chain.hash,
           coalesce(command.sequence, 0), coalesce(command.hash, sha256('guiwei commands')), last.made_at,
           coalesce(last.hash, sha256(convert_to('guiwei checkpoints ' || place.code, 'UTF8')))
    FROM ledger_chain AS chain JOIN place ON place.id = chain.warehouse_id
    LEFT JOIN LATERAL (SELECT number, made_at, hash FROM checkpoint WHERE checkpoint.warehouse_id = chain.warehouse_id
                       ORDER BY number DESC LIMIT 1) AS last ON true
    LEFT JOIN LATERAL (SELECT sequence, hash FROM command_chain ORDER BY sequence DESC LIMIT 1) AS command ON true
    WHERE chain.sequence > 0 ORDER BY place.code;
END $$;

-- A checkpoint says what the ledger says, after the one before it; who signed, `guiwei ledger verify` finds out.
CREATE FUNCTION checkpoint_append(
    the_warehouse integer, the_number integer, the_acts bigint, the_act_hash bytea, the_commands bigint, the_command_hash bytea,
    the_moment timestamptz, the_previous_hash bytea, the_key text, the_hash bytea, the_signature bytea)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    last checkpoint;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('checkpoint'));
    SELECT * INTO last FROM checkpoint WHERE warehouse_id = the_warehouse ORDER BY number DESC LIMIT 1;
    IF the_number IS DISTINCT FROM coalesce(last.number, 0) + 1
       OR the_previous_hash IS DISTINCT FROM coalesce(last.hash, (
            SELECT sha256(convert_to('guiwei checkpoints ' || code, 'UTF8')) FROM place WHERE id = the_warehouse))
       OR the_acts < last.acts OR the_commands < last.commands OR the_moment < last.made_at
       OR NOT EXISTS (SELECT FROM act WHERE warehouse_id = the_warehouse AND sequence = the_acts AND hash = the_act_hash)
       OR NOT EXISTS (SELECT FROM command_chain WHERE sequence = the_commands AND hash = the_command_hash) THEN
        PERFORM refuse_act('checkpoint_fits_ledger', NULL);
    END IF;
    INSERT INTO checkpoint VALUES (the_warehouse, the_number, the_acts, the_act_hash, the_commands, the_command_hash,
                                   the_moment, the_previous_hash, the_key, the_hash, the_signature);
END $$;

-- ── Where volumes stand doesn't move to another warehouse ────────────────────────────────────────────────────────────

-- Whose chain takes a volume's next act (`holding.warehouse_id`) follows from the ledger and from where places are.
CREATE FUNCTION place_stays_in_its_warehouse() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM holding WHERE place_id = NEW.id) THEN
        PERFORM refuse_act('place_stays_in_its_warehouse', NEW.code);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER place_stays_in_its_warehouse AFTER UPDATE OF warehouse_id ON place
    FOR EACH ROW WHEN (OLD.warehouse_id IS DISTINCT FROM NEW.warehouse_id) EXECUTE FUNCTION place_stays_in_its_warehouse();

-- ── Who may ──────────────────────────────────────────────────────────────────────────────────────────────────────────

REVOKE ALL ON FUNCTION command_bytes(bigint, uuid, bytea), command_chained(), checkpoint_heads(), place_stays_in_its_warehouse(),
    checkpoint_append(integer, integer, bigint, bytea, bigint, bytea, timestamptz, bytea, text, bytea, bytea) FROM PUBLIC;
GRANT SELECT ON checkpoint TO guiwei_app, guiwei_jobs;
GRANT SELECT ON command_chain TO guiwei_jobs;
GRANT EXECUTE ON FUNCTION checkpoint_heads(),
    checkpoint_append(integer, integer, bigint, bytea, bigint, bytea, timestamptz, bytea, text, bytea, bytea) TO guiwei_jobs;
