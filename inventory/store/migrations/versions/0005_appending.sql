-- An act costs less, and holds its chain for less. Run as guiwei_owner.
--
-- What it writes is what it wrote before: the same rows, the same bytes under the same hashes. Measured with 20 clients, most of
-- an act's time went into planning statements anew, into functions the planner could not unfold, and into waiting.

-- `integer || text` may depend on settings, a cast may not: only so the planner writes these functions out where they are used.
CREATE OR REPLACE FUNCTION netstring(value text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN coalesce(octet_length(value)::text || ':' || value || ',', '-,');
CREATE OR REPLACE FUNCTION volume_name(number text, ordinal smallint) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN number || CASE WHEN ordinal > 1 THEN '/' || ordinal::text ELSE '' END;

-- Where arrays stand in a sub-select, the planner doesn't look how many they hold, and so has no reason to plan anew each time.

-- As in 0002_custody.sql, but: a chain is begun only where it is missing; its lock is one that is waited for in a queue; what all
-- volumes of a command share is put into bytes once; and `holding` is told what the act is, not asked to read it again.
CREATE OR REPLACE FUNCTION ledger_append(
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
    joined integer[];
    entered integer[];
    chain_id integer;
    witness_login text;
    told_first text;
    told_then text;
    first_marks text[];
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
    SELECT array_agg(DISTINCT coalesce(holding.warehouse_id, place.warehouse_id, home)),
           array_agg(DISTINCT coalesce(place.warehouse_id, home)) FILTER (WHERE coalesce(place.warehouse_id, home) IS NOT NULL)
    INTO joined, entered
    FROM unnest((SELECT the_volumes), (SELECT the_places)) AS asked (volume_id, place_id)
    LEFT JOIN holding USING (volume_id) LEFT JOIN place ON place.id = asked.place_id;
    IF NOT entered <@ ARRAY(SELECT warehouse_id FROM ledger_chain) THEN
        INSERT INTO ledger_chain (warehouse_id, sequence, hash)
        SELECT id, 0, sha256(convert_to('guiwei ledger ' || code, 'UTF8')) FROM place WHERE id = ANY (entered)
        ON CONFLICT DO NOTHING;
    END IF;

    -- Whoever asks up to which instant the ledger is complete (`ledger_known_now`) waits for us from before we read the clock.
    LOCK TABLE ledger_chain IN ROW EXCLUSIVE MODE;
    -- The chains' locks: the next statement's snapshot then sees every act before ours. Always in the same order, so that two
    -- bulk acts never wait for each other. Not the rows' own locks, of which every commit wakes all who wait.
    FOREACH chain_id IN ARRAY coalesce(joined, '{}') LOOP
        CONTINUE WHEN chain_id IS NULL;
        PERFORM pg_advisory_xact_lock(hashtext('ledger_chain'), chain_id);
    END LOOP;
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

    -- What is the same for every volume is said once.
    SELECT login INTO witness_login FROM account WHERE id = the_witness;
    told_first := netstring(the_kind);
    told_then := netstring((SELECT login FROM account WHERE id = the_actor)) || netstring(the_command::text)
        || netstring(the_authority) || netstring(the_reason) || netstring(microseconds(the_happened_at))
        || netstring(microseconds(now_recorded));
    INSERT INTO act (warehouse_id, sequence, volume_id, version, kind, from_place_id, to_place_id, actor_id, command_id,
                     authority, reason, happened_at, recorded_at, previous_hash, hash, witness_id, details)
    SELECT warehouse_id, sequence, volume_id, version, the_kind, from_place_id, to_place_id, the_actor, the_command,
           the_authority, the_reason, the_happened_at, now_recorded,
           lag(hash, 1, seed) OVER (PARTITION BY warehouse_id ORDER BY sequence), hash, the_witness, details
    FROM (
        SELECT *, ledger_hash(convert_to(
                netstring(warehouse_code) || netstring(sequence::text) || netstring(volume_name) || netstring(version::text)
                || told_first || netstring(from_code) || netstring(to_code) || told_then
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
                   asked.place_id AS to_place_id, target.code AS to_code
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

    first_marks := marks_after('{}', rule.adds, rule.removes);
    IF rule.begins THEN
        INSERT INTO holding (volume_id, place_id, version, moved_at, warehouse_id, acted_at, legal, seal, seal_number, pieces, marks)
        SELECT asked.volume_id, place.id, 1, the_happened_at, coalesce(place.warehouse_id, home), the_happened_at,
               coalesce(rule.legal_after, 'held'), coalesce(rule.seal_after, 'sealed'),
               CASE WHEN rule.seal_after = 'sealed' THEN asked.details::jsonb ->> 'seal_number' END,
               (asked.details::jsonb ->> 'pieces')::integer, first_marks
        FROM unnest(the_volumes, the_places, the_details) AS asked (volume_id, place_id, details)
        JOIN place ON place.id = asked.place_id;
    ELSE
        UPDATE holding
        SET place_id = coalesce(place.id, holding.place_id), version = holding.version + 1,
            moved_at = CASE WHEN place.id IS NULL THEN holding.moved_at ELSE the_happened_at END,
            warehouse_id = coalesce(place.warehouse_id, holding.warehouse_id), acted_at = the_happened_at,
            legal = coalesce(rule.legal_after, holding.legal), seal = coalesce(rule.seal_after, holding.seal),
            seal_number = CASE WHEN rule.seal_after = 'sealed' THEN asked.details::jsonb ->> 'seal_number'
                               WHEN rule.seal_after IS NULL THEN holding.seal_number END,
            pieces = coalesce((asked.details::jsonb ->> 'pieces')::integer, holding.pieces),
            marks = CASE WHEN rule.adds = '{}' AND rule.removes = '{}' THEN holding.marks
                         ELSE marks_after(holding.marks, rule.adds, rule.removes) END
        FROM unnest((SELECT the_volumes), (SELECT the_places), (SELECT the_details)) AS asked (volume_id, place_id, details)
        LEFT JOIN place ON place.id = asked.place_id
        WHERE holding.volume_id = asked.volume_id;
    END IF;
    RETURN written;
END $$;
