-- The custody ledger: append-only, chained per warehouse, written through one door. Run as guiwei_owner.

CREATE TABLE command (
    id           uuid PRIMARY KEY,               -- made by the caller: sent twice, done once
    content_hash bytea NOT NULL
);

CREATE TABLE ledger_chain (
    warehouse_id integer PRIMARY KEY REFERENCES place,
    sequence     bigint NOT NULL,                -- of the last act
    hash         bytea NOT NULL                  -- of the last act; before the first: the genesis hash
);

-- Warehouse, origin and command are taken by `ledger_append` from rows it has just joined, and nobody
-- can delete those: a foreign key on each would only make a city's import half a minute longer.
CREATE TABLE act (
    warehouse_id  integer NOT NULL,
    sequence      bigint NOT NULL,
    volume_id     integer NOT NULL REFERENCES volume,
    version       integer NOT NULL,
    kind          text NOT NULL CONSTRAINT act_kind_known CHECK (kind IN ('received', 'shelved', 'moved', 'corrected')),
    from_place_id integer,
    to_place_id   integer REFERENCES place,
    actor_id      integer NOT NULL REFERENCES account,
    command_id    uuid NOT NULL,
    authority     text,
    reason        text,
    happened_at   timestamptz NOT NULL,
    recorded_at   timestamptz NOT NULL,
    previous_hash bytea NOT NULL,
    hash          bytea NOT NULL,
    PRIMARY KEY (warehouse_id, sequence),
    CONSTRAINT act_version_taken UNIQUE (volume_id, version),
    CONSTRAINT act_moves_or_not CHECK (version = 1 OR (from_place_id IS NULL) = (to_place_id IS NULL)),
    CONSTRAINT act_leads_elsewhere CHECK (from_place_id <> to_place_id),
    CONSTRAINT act_first_comes_from_nowhere CHECK (version > 1 OR (from_place_id IS NULL AND to_place_id IS NOT NULL)),
    CONSTRAINT act_not_in_the_future CHECK (happened_at <= recorded_at + interval '1 minute'),
    CONSTRAINT act_backdated_with_reason CHECK (happened_at >= recorded_at - interval '10 minutes' OR reason IS NOT NULL),
    CONSTRAINT act_correction_with_reason CHECK (kind <> 'corrected' OR coalesce(reason, '') <> '')
);
CREATE INDEX act_by_command ON act (command_id);

-- Where every volume is: a projection of the ledger, rebuilt and compared at any time by `guiwei ledger verify`.
CREATE TABLE holding (
    volume_id    integer PRIMARY KEY REFERENCES volume,
    place_id     integer NOT NULL,
    version      integer NOT NULL,
    moved_at     timestamptz NOT NULL,           -- when it came to this place (the moving act's happened_at)
    warehouse_id integer NOT NULL                -- whose chain takes its next act
);
CREATE INDEX holding_by_place ON holding (place_id);

-- ── Nobody rewrites ──────────────────────────────────────────────────────────────────────────────────────────────────

CREATE FUNCTION refuse_rewriting() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the ledger is append-only' USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_is_forever';
END $$;

CREATE FUNCTION refuse_deleting() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the registry forgets nothing' USING ERRCODE = 'check_violation', CONSTRAINT = 'registry_is_forever';
END $$;

CREATE TRIGGER act_is_forever BEFORE UPDATE OR DELETE OR TRUNCATE ON act
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting();
CREATE TRIGGER command_is_forever BEFORE UPDATE OR DELETE OR TRUNCATE ON command
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting();

CREATE TRIGGER dossier_is_forever BEFORE DELETE OR TRUNCATE ON dossier
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_deleting();
CREATE TRIGGER volume_is_forever BEFORE DELETE OR TRUNCATE ON volume
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_deleting();
CREATE TRIGGER subject_is_forever BEFORE DELETE OR TRUNCATE ON subject
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_deleting();
CREATE TRIGGER place_is_forever BEFORE DELETE OR TRUNCATE ON place
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_deleting();
CREATE TRIGGER tag_is_forever BEFORE DELETE OR TRUNCATE ON tag
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_deleting();
CREATE TRIGGER account_is_forever BEFORE DELETE OR TRUNCATE ON account
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_deleting();

-- ── Canonical bytes and the chain ────────────────────────────────────────────────────────────────────────────────────

-- The same bytes as inventory.domain.acts.canonical_bytes; a test compares them.
CREATE FUNCTION netstring(value text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN coalesce(octet_length(value) || ':' || value || ',', '-,');

CREATE FUNCTION microseconds(moment timestamptz) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (extract(epoch FROM moment) * 1000000)::bigint::text;

CREATE FUNCTION ledger_fold(state bytea, entry bytea, seed bytea) RETURNS bytea LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN sha256(coalesce(state, seed) || entry);

-- As a window aggregate ordered by sequence it yields the running hash of a chain that continues from `seed`.
CREATE AGGREGATE ledger_hash(entry bytea, seed bytea) (SFUNC = ledger_fold, STYPE = bytea);

CREATE FUNCTION volume_name(number text, ordinal smallint) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN number || CASE WHEN ordinal > 1 THEN '/' || ordinal ELSE '' END;

-- The hint carries what the refusal is about (a volume's name, a command's id) to the sentence people read.
CREATE FUNCTION refuse_act(refused_constraint text, about text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'refused: %', refused_constraint
        USING ERRCODE = 'check_violation', CONSTRAINT = refused_constraint, HINT = coalesce(about, '');
END $$;

-- ── The one door ─────────────────────────────────────────────────────────────────────────────────────────────────────

-- Append one act for each volume; all or none. Element i of the three arrays belongs together: the volume, the version the
-- caller saw (0: no holding yet), and where it goes (NULL: the act moves nothing). `from` is never told: it is where the
-- volume is. Returns the acts written; 0 where this very command was done before.
CREATE FUNCTION ledger_append(
    the_command uuid, the_content_hash bytea, the_kind text, the_actor integer,
    the_volumes integer[], the_versions integer[], the_places integer[],
    the_authority text, the_reason text, the_happened_at timestamptz)
RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    about text;
    broken text;
    now_recorded timestamptz;
    written integer;
BEGIN
    INSERT INTO command (id, content_hash) VALUES (the_command, the_content_hash) ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
        IF (SELECT content_hash FROM command WHERE id = the_command) <> the_content_hash THEN
            PERFORM refuse_act('command_content_differs', the_command::text);
        END IF;
        RETURN 0;
    END IF;

    -- A volume's acts join the chain of the warehouse that has it; a first act, the chain it enters.
    INSERT INTO ledger_chain (warehouse_id, sequence, hash)
    SELECT DISTINCT warehouse.id, 0, sha256(convert_to('guiwei ledger ' || warehouse.code, 'UTF8'))
    FROM unnest(the_places) AS asked (place_id) JOIN place ON place.id = asked.place_id
    JOIN place AS warehouse ON warehouse.id = place.warehouse_id
    ON CONFLICT DO NOTHING;

    -- The chains' lock, in a statement of its own: the next statement's snapshot then sees every act before ours.
    -- Always in the same order, so that two bulk acts never wait for each other.
    PERFORM FROM ledger_chain
    WHERE warehouse_id IN (
        SELECT coalesce(holding.warehouse_id, place.warehouse_id)
        FROM unnest(the_volumes, the_places) AS asked (volume_id, place_id)
        LEFT JOIN holding USING (volume_id) LEFT JOIN place ON place.id = asked.place_id)
    ORDER BY warehouse_id FOR UPDATE;
    now_recorded := clock_timestamp();

    SELECT volume_name(dossier.number, volume.ordinal), CASE
            WHEN asked.mentions > 1 THEN 'act_names_volume_once'
            WHEN holding.version IS NULL AND asked.version > 0 THEN 'act_needs_holding'
            WHEN holding.version IS NOT NULL AND asked.version = 0 THEN 'act_first_once'
            WHEN holding.version IS DISTINCT FROM nullif(asked.version, 0) THEN 'act_version_taken'
            WHEN holding.place_id = asked.place_id THEN 'act_leads_elsewhere' END
    INTO about, broken
    FROM (SELECT *, count(*) OVER (PARTITION BY volume_id) AS mentions
          FROM unnest(the_volumes, the_versions, the_places) AS asked (volume_id, version, place_id)) AS asked
    JOIN volume ON volume.id = asked.volume_id JOIN dossier ON dossier.id = volume.dossier_id
    LEFT JOIN holding ON holding.volume_id = asked.volume_id
    WHERE asked.mentions > 1 OR holding.version IS DISTINCT FROM nullif(asked.version, 0) OR holding.place_id = asked.place_id
    LIMIT 1;
    IF FOUND THEN PERFORM refuse_act(broken, about); END IF;

    INSERT INTO act
    SELECT warehouse_id, sequence, volume_id, version, the_kind, from_place_id, to_place_id, the_actor, the_command,
           the_authority, the_reason, the_happened_at, now_recorded,
           lag(hash, 1, seed) OVER (PARTITION BY warehouse_id ORDER BY sequence), hash
    FROM (
        SELECT *, ledger_hash(convert_to(
                netstring(warehouse_code) || netstring(sequence::text) || netstring(volume_name) || netstring(version::text)
                || netstring(the_kind) || netstring(from_code) || netstring(to_code) || netstring(actor_login)
                || netstring(the_command::text) || netstring(the_authority) || netstring(the_reason)
                || netstring(microseconds(the_happened_at)) || netstring(microseconds(now_recorded)), 'UTF8'),
            seed) OVER (PARTITION BY warehouse_id ORDER BY sequence) AS hash
        FROM (
            SELECT chain.warehouse_id, chain.hash AS seed, warehouse.code AS warehouse_code,
                   chain.sequence + row_number() OVER (PARTITION BY chain.warehouse_id ORDER BY asked.position) AS sequence,
                   asked.volume_id, asked.version + 1 AS version,
                   volume_name(dossier.number, volume.ordinal) AS volume_name,
                   CASE WHEN asked.place_id IS NOT NULL THEN holding.place_id END AS from_place_id,
                   CASE WHEN asked.place_id IS NOT NULL THEN origin.code END AS from_code,
                   asked.place_id AS to_place_id, target.code AS to_code,
                   (SELECT login FROM account WHERE id = the_actor) AS actor_login
            FROM unnest(the_volumes, the_versions, the_places) WITH ORDINALITY AS asked (volume_id, version, place_id, position)
            JOIN volume ON volume.id = asked.volume_id
            JOIN dossier ON dossier.id = volume.dossier_id
            LEFT JOIN holding ON holding.volume_id = asked.volume_id
            LEFT JOIN place AS origin ON origin.id = holding.place_id
            LEFT JOIN place AS target ON target.id = asked.place_id
            JOIN ledger_chain AS chain ON chain.warehouse_id = coalesce(holding.warehouse_id, target.warehouse_id)
            JOIN place AS warehouse ON warehouse.id = chain.warehouse_id
        ) AS numbered
    ) AS hashed;
    GET DIAGNOSTICS written = ROW_COUNT;
    IF written <> cardinality(the_volumes) THEN
        -- A volume nobody knows, or a first act at a place outside every warehouse, joined nothing above.
        PERFORM refuse_act('act_enters_a_warehouse', NULL);
    END IF;

    UPDATE ledger_chain SET sequence = last.sequence, hash = last.hash
    FROM (SELECT DISTINCT ON (warehouse_id) warehouse_id, sequence, hash FROM act WHERE command_id = the_command
          ORDER BY warehouse_id, sequence DESC) AS last
    WHERE last.warehouse_id = ledger_chain.warehouse_id;

    INSERT INTO holding (volume_id, place_id, version, moved_at, warehouse_id)
    SELECT act.volume_id, act.to_place_id, act.version, act.happened_at, coalesce(place.warehouse_id, act.warehouse_id)
    FROM act JOIN place ON place.id = act.to_place_id WHERE act.command_id = the_command
    ON CONFLICT (volume_id) DO UPDATE
    SET place_id = excluded.place_id, version = excluded.version, moved_at = excluded.moved_at, warehouse_id = excluded.warehouse_id;

    UPDATE holding SET version = act.version
    FROM act WHERE act.command_id = the_command AND act.to_place_id IS NULL AND holding.volume_id = act.volume_id;
    RETURN written;
END $$;
