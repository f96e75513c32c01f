-- The whole working day: every act by one table of rules, and how a volume stands beside where it is. Run as guiwei_owner.

-- ── Places that have no shelves ──────────────────────────────────────────────────────────────────────────────────────

ALTER TABLE place DROP CONSTRAINT place_kind_known;
ALTER TABLE place ADD CONSTRAINT place_kind_known CHECK (kind IN
    ('warehouse', 'room', 'block', 'range', 'bay', 'shelf', 'cabinet', 'desk', 'tunnel', 'gate', 'window', 'cart', 'quarantine',
     'arrivals', 'reading_room', 'digitisation', 'bag', 'courier', 'borrower', 'recipient', 'not_found', 'lost'));

-- Whoever carries a volume, and the two places for what nobody has.
INSERT INTO place (code, kind, name) VALUES
    ('COURIER-CONFIDENTIAL', 'courier', '机要通信'),
    ('COURIER-STAFF', 'courier', '专人送取'),
    ('COURIER-EMS', 'courier', 'EMS'),
    ('NOT-FOUND', 'not_found', '查找中'),
    ('LOST', 'lost', '遗失');
UPDATE place SET path = '/' || id || '/' WHERE kind IN ('courier', 'not_found', 'lost');

CREATE INDEX place_warehouses ON place (kind) WHERE kind = 'warehouse';

-- ── The table of acts ────────────────────────────────────────────────────────────────────────────────────────────────

-- The same rows as inventory.domain.custody_rules.RULES; a test compares them. What an act once meant it means for ever:
-- a rule's *_after, adds and removes never change, a new meaning gets a new kind.
CREATE TABLE act_rule (
    kind        text PRIMARY KEY,
    roles       text[] NOT NULL,
    starts      text[] NOT NULL,       -- kinds of place
    leads       text[],                -- kinds of place; NULL: it moves nothing
    begins      boolean NOT NULL,
    legal       text[] NOT NULL,
    legal_after text,
    seal        text[] NOT NULL,
    seal_after  text,
    needs       text[] NOT NULL,       -- marks
    bars        text[] NOT NULL,
    adds        text[] NOT NULL,
    removes     text[] NOT NULL,
    two         boolean NOT NULL,
    authority   text NOT NULL,
    evidence    text[] NOT NULL,
    asked_as    text                   -- the kind of request it needs
);

ALTER TABLE act DROP CONSTRAINT act_kind_known;
ALTER TABLE act ADD COLUMN witness_id integer REFERENCES account, ADD COLUMN details text;
ALTER TABLE act ADD CONSTRAINT act_witness_is_another CHECK (witness_id <> actor_id);

-- ── How a volume stands ──────────────────────────────────────────────────────────────────────────────────────────────

ALTER TABLE holding
    ADD COLUMN acted_at    timestamptz,                        -- when its last act happened, moving or not
    ADD COLUMN legal       text NOT NULL DEFAULT 'held',
    ADD COLUMN seal        text NOT NULL DEFAULT 'sealed',
    ADD COLUMN seal_number text,
    ADD COLUMN pieces      integer,
    ADD COLUMN marks       text[] NOT NULL DEFAULT '{}';
UPDATE holding SET acted_at = act.happened_at FROM act WHERE act.volume_id = holding.volume_id AND act.version = holding.version;
ALTER TABLE holding ALTER COLUMN acted_at SET NOT NULL;
CREATE INDEX holding_off_shelf ON holding (legal) WHERE legal <> 'held';

CREATE FUNCTION marks_after(marks text[], adds text[], removes text[]) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN adds = '{}' AND removes = '{}' THEN marks ELSE
        ARRAY(SELECT DISTINCT mark FROM unnest(marks || adds) AS mark WHERE mark <> ALL (removes) ORDER BY mark) END;

-- Aggregates over a volume's acts in order: what was told last, and the marks that stand.
CREATE FUNCTION told_later(before anyelement, now anyelement) RETURNS anyelement LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    AS 'SELECT now';
CREATE AGGREGATE told_last(anyelement) (SFUNC = told_later, STYPE = anyelement);
CREATE AGGREGATE marks_standing(adds text[], removes text[]) (SFUNC = marks_after, STYPE = text[], INITCOND = '{}');

-- The ledger folded: where every volume was and how it stood at a moment, as the ledger was known at another. With both
-- 'infinity' it is what `holding` must be. One plain SELECT, so that the planner narrows it to the volumes asked for.
CREATE FUNCTION holding_as_of(the_moment timestamptz, known_at timestamptz)
RETURNS TABLE (volume_id integer, place_id integer, version integer, moved_at timestamptz, acted_at timestamptz, legal text,
               seal text, seal_number text, pieces integer, marks text[]) LANGUAGE sql STABLE AS $$
    SELECT act.volume_id,
           told_last(to_place_id ORDER BY version),
           max(version),
           told_last(CASE WHEN to_place_id IS NOT NULL THEN happened_at END ORDER BY version),
           told_last(happened_at ORDER BY version),
           coalesce(told_last(legal_after ORDER BY version), 'held'),
           coalesce(told_last(seal_after ORDER BY version), 'sealed'),
           nullif(told_last(CASE WHEN seal_after = 'sealed' THEN coalesce(details::jsonb ->> 'seal_number', '')
                                 WHEN seal_after IS NOT NULL THEN '' END ORDER BY version), ''),
           told_last((details::jsonb ->> 'pieces')::integer ORDER BY version),
           marks_standing(adds, removes ORDER BY version)
    FROM act JOIN act_rule USING (kind)
    WHERE happened_at <= the_moment AND recorded_at <= known_at
    GROUP BY act.volume_id
$$;

-- ── Once ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

-- For work that writes more than acts: true the first time a command comes, false when it was done before.
CREATE FUNCTION command_once(the_command uuid, the_content_hash bytea) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO command (id, content_hash) VALUES (the_command, the_content_hash) ON CONFLICT DO NOTHING;
    IF FOUND THEN RETURN true; END IF;
    IF (SELECT content_hash FROM command WHERE id = the_command) <> the_content_hash THEN
        PERFORM refuse_act('command_content_differs', the_command::text);
    END IF;
    RETURN false;
END $$;

-- ── The one door, holding everybody to the table ─────────────────────────────────────────────────────────────────────

DROP FUNCTION ledger_append(uuid, bytea, text, integer, integer[], integer[], integer[], text, text, timestamptz);

-- Append one act for each volume; all or none. Element i of the four arrays belongs together: the volume, the version the
-- caller saw (0: no holding yet), where it goes (NULL: the act moves nothing) and what is told of it (JSON or NULL). `from`
-- is never told: it is where the volume is. Returns the acts written; 0 where this very command was done before.
CREATE FUNCTION ledger_append(
    the_command uuid, the_content_hash bytea, the_kind text, the_actor integer, the_witness integer,
    the_volumes integer[], the_versions integer[], the_places integer[], the_details text[],
    the_authority text, the_reason text, the_happened_at timestamptz)
RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    rule act_rule;
    about text;
    broken text;
    now_recorded timestamptz;
    home integer;
    written integer;
BEGIN
    IF NOT command_once(the_command, the_content_hash) THEN RETURN 0; END IF;

    SELECT * INTO rule FROM act_rule WHERE kind = the_kind;
    broken := CASE
        WHEN rule.kind IS NULL THEN 'act_kind_known'
        WHEN (SELECT role FROM account WHERE id = the_actor) <> ALL (rule.roles) THEN 'act_by_role'
        WHEN rule.two AND the_witness IS NULL THEN 'act_takes_two'
        WHEN rule.authority = 'document' AND coalesce(trim(the_authority), '') = '' THEN 'act_cites_authority'
        WHEN rule.authority = 'reason' AND coalesce(trim(the_reason), '') = '' THEN 'act_gives_reason' END;
    IF broken IS NOT NULL THEN PERFORM refuse_act(broken, NULL); END IF;

    -- A volume's acts join the chain of the warehouse that has it; a first act, the chain it enters. What comes in at a
    -- county's own window enters the city's warehouse, where there is only one.
    IF rule.begins THEN
        SELECT CASE WHEN count(*) = 1 THEN min(id) END INTO home FROM place WHERE kind = 'warehouse';
    END IF;
    INSERT INTO ledger_chain (warehouse_id, sequence, hash)
    SELECT DISTINCT warehouse.id, 0, sha256(convert_to('guiwei ledger ' || warehouse.code, 'UTF8'))
    FROM unnest(the_places) AS asked (place_id) JOIN place ON place.id = asked.place_id
    JOIN place AS warehouse ON warehouse.id = coalesce(place.warehouse_id, home)
    ON CONFLICT DO NOTHING;

    -- The chains' lock, in a statement of its own: the next statement's snapshot then sees every act before ours.
    -- Always in the same order, so that two bulk acts never wait for each other.
    PERFORM FROM ledger_chain
    WHERE warehouse_id IN (
        SELECT coalesce(holding.warehouse_id, place.warehouse_id, home)
        FROM unnest(the_volumes, the_places) AS asked (volume_id, place_id)
        LEFT JOIN holding USING (volume_id) LEFT JOIN place ON place.id = asked.place_id)
    ORDER BY warehouse_id FOR UPDATE;
    now_recorded := clock_timestamp();

    SELECT volume_name(number, ordinal), refused INTO about, broken
    FROM (
        SELECT dossier.number, volume.ordinal, CASE
            WHEN asked.mentions > 1 THEN 'act_names_volume_once'
            WHEN holding.version IS NULL AND (asked.version > 0 OR NOT rule.begins) THEN 'act_needs_holding'
            WHEN holding.version IS NOT NULL AND (asked.version = 0 OR rule.begins) THEN 'act_first_once'
            WHEN holding.version <> asked.version THEN 'act_version_taken'
            WHEN (asked.place_id IS NULL) <> (rule.leads IS NULL) THEN 'act_moves_or_not'
            WHEN holding.place_id = asked.place_id THEN 'act_leads_elsewhere'
            WHEN target.kind <> ALL (rule.leads) THEN 'act_leads_there'
            WHEN NOT jsonb_strip_nulls(coalesce(asked.details, '{}')::jsonb) ?& rule.evidence THEN 'act_carries_evidence'
            WHEN holding.version IS NULL THEN NULL  -- a first act has nothing before it
            -- Nothing leaves without a request of this very dossier that another person approved; a transfer's approval is
            -- the act that starts it. And nothing is anywhere but with the institution that was asked for.
            WHEN rule.asked_as IS NOT NULL AND (request.kind = rule.asked_as AND (request.dossier_id = dossier.id
                    OR EXISTS (SELECT FROM dossier_merge WHERE duplicate_id = dossier.id AND survivor_id = request.dossier_id))
                AND request.state NOT IN ('refused', 'withdrawn') AND (request.decided_by IS NOT NULL
                    OR (the_kind = 'transfer_started' AND request.asked_by <> the_actor))) IS NOT TRUE THEN 'act_has_its_request'
            WHEN target.kind = 'borrower' AND target.id IS DISTINCT FROM institution.borrower_place_id
                OR target.kind = 'recipient' AND target.id IS DISTINCT FROM institution.recipient_place_id
                THEN 'act_to_its_institution'
            WHEN the_happened_at < holding.acted_at - interval '1 minute' THEN 'act_in_order'  -- the clocks of two stations
            WHEN origin.kind <> ALL (rule.starts) THEN 'act_starts_there'
            WHEN holding.legal <> ALL (rule.legal) THEN 'act_of_legal_state'
            WHEN target.kind IN ('shelf', 'cabinet') AND holding.legal NOT IN ('held', 'deceased_retained', 'transfer_pending')
                THEN 'act_shelves_accepted'
            WHEN holding.seal <> ALL (rule.seal) THEN 'act_of_seal'
            WHEN holding.marks && rule.bars OR NOT holding.marks @> rule.needs THEN 'act_of_marks' END AS refused
        FROM (SELECT *, count(*) OVER (PARTITION BY volume_id) AS mentions
              FROM unnest(the_volumes, the_versions, the_places, the_details) AS asked (volume_id, version, place_id, details)) AS asked
        JOIN volume ON volume.id = asked.volume_id JOIN dossier ON dossier.id = volume.dossier_id
        LEFT JOIN holding ON holding.volume_id = asked.volume_id
        LEFT JOIN place AS origin ON origin.id = holding.place_id
        LEFT JOIN place AS target ON target.id = asked.place_id
        LEFT JOIN request ON rule.asked_as IS NOT NULL
            AND request.id = substring(asked.details::jsonb ->> 'request' FROM '^R-([0-9]{1,18})$')::bigint
        LEFT JOIN institution ON institution.id = request.institution_id) AS looked_at
    WHERE refused IS NOT NULL LIMIT 1;
    IF FOUND THEN PERFORM refuse_act(broken, about); END IF;

    INSERT INTO act (warehouse_id, sequence, volume_id, version, kind, from_place_id, to_place_id, actor_id, command_id,
                     authority, reason, happened_at, recorded_at, previous_hash, hash, witness_id, details)
    SELECT warehouse_id, sequence, volume_id, version, the_kind, from_place_id, to_place_id, the_actor, the_command,
           the_authority, the_reason, the_happened_at, now_recorded,
           lag(hash, 1, seed) OVER (PARTITION BY warehouse_id ORDER BY sequence), hash, the_witness, details
    FROM (
        SELECT *, ledger_hash(convert_to(
                netstring(warehouse_code) || netstring(sequence::text) || netstring(volume_name) || netstring(version::text)
                || netstring(the_kind) || netstring(from_code) || netstring(to_code) || netstring(actor_login)
                || netstring(the_command::text) || netstring(the_authority) || netstring(the_reason)
                || netstring(microseconds(the_happened_at)) || netstring(microseconds(now_recorded))
                || CASE WHEN witness_login IS NULL AND details IS NULL THEN ''
                        ELSE netstring(witness_login) || netstring(details) END, 'UTF8'),
            seed) OVER (PARTITION BY warehouse_id ORDER BY sequence) AS hash
        FROM (
            SELECT chain.warehouse_id, chain.hash AS seed, warehouse.code AS warehouse_code,
                   chain.sequence + row_number() OVER (PARTITION BY chain.warehouse_id ORDER BY asked.position) AS sequence,
                   asked.volume_id, asked.version + 1 AS version, asked.details,
                   volume_name(dossier.number, volume.ordinal) AS volume_name,
                   CASE WHEN asked.place_id IS NOT NULL THEN holding.place_id END AS from_place_id,
                   CASE WHEN asked.place_id IS NOT NULL THEN origin.code END AS from_code,
                   asked.place_id AS to_place_id, target.code AS to_code,
                   (SELECT login FROM account WHERE id = the_actor) AS actor_login,
                   (SELECT login FROM account WHERE id = the_witness) AS witness_login
            FROM unnest(the_volumes, the_versions, the_places, the_details)
                 WITH ORDINALITY AS asked (volume_id, version, place_id, details, position)
            JOIN volume ON volume.id = asked.volume_id
            JOIN dossier ON dossier.id = volume.dossier_id
            LEFT JOIN holding ON holding.volume_id = asked.volume_id
            LEFT JOIN place AS origin ON origin.id = holding.place_id
            LEFT JOIN place AS target ON target.id = asked.place_id
            JOIN ledger_chain AS chain ON chain.warehouse_id = coalesce(holding.warehouse_id, target.warehouse_id, home)
            JOIN place AS warehouse ON warehouse.id = chain.warehouse_id
        ) AS numbered
    ) AS hashed;
    GET DIAGNOSTICS written = ROW_COUNT;
    IF written <> cardinality(the_volumes) THEN
        -- A volume nobody knows, or a first act at a place outside every one of several warehouses, joined nothing above.
        PERFORM refuse_act('act_enters_a_warehouse', NULL);
    END IF;

    UPDATE ledger_chain SET sequence = last.sequence, hash = last.hash
    FROM (SELECT DISTINCT ON (warehouse_id) warehouse_id, sequence, hash FROM act WHERE command_id = the_command
          ORDER BY warehouse_id, sequence DESC) AS last
    WHERE last.warehouse_id = ledger_chain.warehouse_id;

    INSERT INTO holding (volume_id, place_id, version, moved_at, warehouse_id, acted_at, legal, seal, seal_number, pieces, marks)
    SELECT act.volume_id, coalesce(act.to_place_id, before.place_id), act.version,
           CASE WHEN act.to_place_id IS NULL THEN before.moved_at ELSE act.happened_at END,
           coalesce(place.warehouse_id, act.warehouse_id), act.happened_at,
           coalesce(rule.legal_after, before.legal, 'held'), coalesce(rule.seal_after, before.seal, 'sealed'),
           CASE WHEN rule.seal_after = 'sealed' THEN act.details::jsonb ->> 'seal_number'
                WHEN rule.seal_after IS NULL THEN before.seal_number END,
           coalesce((act.details::jsonb ->> 'pieces')::integer, before.pieces),
           marks_after(coalesce(before.marks, '{}'), rule.adds, rule.removes)
    FROM act LEFT JOIN holding AS before ON before.volume_id = act.volume_id
    LEFT JOIN place ON place.id = coalesce(act.to_place_id, before.place_id)
    WHERE act.command_id = the_command
    ON CONFLICT (volume_id) DO UPDATE
    SET place_id = excluded.place_id, version = excluded.version, moved_at = excluded.moved_at,
        warehouse_id = excluded.warehouse_id, acted_at = excluded.acted_at, legal = excluded.legal, seal = excluded.seal,
        seal_number = excluded.seal_number, pieces = excluded.pieces, marks = excluded.marks;
    RETURN written;
END $$;

-- ── People and tags ──────────────────────────────────────────────────────────────────────────────────────────────────

-- What the second person of an act types: six digits of his own, argon2id.
ALTER TABLE account ADD COLUMN pin_hash text;

-- A tag that was replaced stays known for ever: read again, it says that a volume has two.
ALTER TABLE tag ADD COLUMN retired_at timestamptz, ADD COLUMN fault text;
CREATE UNIQUE INDEX tag_one_per_volume ON tag (volume_id) WHERE volume_id IS NOT NULL AND retired_at IS NULL;
ALTER TABLE volume ADD COLUMN barcode_only boolean NOT NULL DEFAULT false;

-- ── Privileges ───────────────────────────────────────────────────────────────────────────────────────────────────────

GRANT SELECT ON act_rule TO guiwei_app, guiwei_jobs;
REVOKE ALL ON FUNCTION marks_after(text[], text[], text[]), told_later(anyelement, anyelement), told_last(anyelement),
    marks_standing(text[], text[]), holding_as_of(timestamptz, timestamptz), command_once(uuid, bytea),
    ledger_append(uuid, bytea, text, integer, integer, integer[], integer[], integer[], text[], text, text, timestamptz)
    FROM PUBLIC;
GRANT EXECUTE ON FUNCTION marks_after(text[], text[], text[]), told_later(anyelement, anyelement), told_last(anyelement),
    marks_standing(text[], text[]), holding_as_of(timestamptz, timestamptz), command_once(uuid, bytea)
    TO guiwei_app, guiwei_jobs;
GRANT EXECUTE ON FUNCTION
    ledger_append(uuid, bytea, text, integer, integer, integer[], integer[], integer[], text[], text, text, timestamptz)
    TO guiwei_app, guiwei_jobs;
GRANT UPDATE (pin_hash) ON account TO guiwei_app;
GRANT UPDATE (barcode_only) ON volume TO guiwei_app;
