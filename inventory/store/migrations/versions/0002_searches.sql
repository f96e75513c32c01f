-- Searches: what isn't where it should be, looked for by a protocol until it is found, or lost by decision. Run as guiwei_owner.

CREATE TABLE search_case (
    id             integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,     -- shown as S-000007
    volume_id      integer NOT NULL REFERENCES volume,
    state          text NOT NULL CONSTRAINT search_case_state_known CHECK (state IN
                   ('suspected', 'open', 'found', 'lost', 'rebuilt', 'dismissed')),
    from_place_id  integer NOT NULL REFERENCES place,                    -- where the ledger had it
    steps          text[] NOT NULL,                                      -- what the protocol asks for here
    request_id     bigint REFERENCES request,                            -- for whom it was looked for
    reason         text NOT NULL,
    opened_by      integer NOT NULL REFERENCES account,
    opened_at      timestamptz NOT NULL,
    closed_by      integer REFERENCES account,
    closed_at      timestamptz,
    found_place_id integer REFERENCES place,
    report         text,                                                 -- number of the report to the archives authority
    outcome        text,                                                 -- how it ended, in words
    command_id     uuid NOT NULL CONSTRAINT search_case_of_command UNIQUE,
    CONSTRAINT search_case_has_steps CHECK (cardinality(steps) > 0),
    CONSTRAINT search_lost_with_report CHECK (state <> 'lost' OR coalesce(trim(report), '') <> ''),
    CONSTRAINT search_case_closed_by_somebody CHECK
        ((state IN ('suspected', 'open')) = (closed_at IS NULL) AND (closed_at IS NULL) = (closed_by IS NULL))
);
-- A lost volume may still turn up: until then nobody opens a second case on it.
CREATE UNIQUE INDEX search_case_one_open ON search_case (volume_id) WHERE state IN ('suspected', 'open', 'lost');
CREATE INDEX search_case_by_state ON search_case (state, opened_at) WHERE state IN ('suspected', 'open');
CREATE INDEX search_case_by_request ON search_case (request_id) WHERE request_id IS NOT NULL;

-- Who looked where, and what came of it. Nobody takes back having looked.
CREATE TABLE search_step (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    case_id     integer NOT NULL REFERENCES search_case,
    step        text NOT NULL,
    searcher_id integer NOT NULL REFERENCES account,
    result      text NOT NULL CONSTRAINT search_step_result_known CHECK (result IN ('nothing', 'found', 'not_applicable')),
    note        text,
    done_at     timestamptz NOT NULL,
    CONSTRAINT search_step_says_why_not CHECK (result <> 'not_applicable' OR coalesce(trim(note), '') <> '')
);
CREATE INDEX search_step_by_case ON search_step (case_id);
CREATE TRIGGER search_step_is_forever BEFORE UPDATE OR DELETE OR TRUNCATE ON search_step
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting();
CREATE TRIGGER search_case_is_forever BEFORE DELETE OR TRUNCATE ON search_case
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_deleting();

-- What left a shelf lately: one of those may have been taken for the one that is missing. First acts come from nowhere.
CREATE INDEX act_leaving ON act (from_place_id, happened_at) WHERE from_place_id IS NOT NULL;

-- A case only goes on, and nothing is lost before the whole protocol was walked through, by two different people at least.
CREATE FUNCTION search_case_goes_on() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    about text := (SELECT volume_name(number, ordinal) FROM volume JOIN dossier ON dossier.id = dossier_id
                   WHERE volume.id = NEW.volume_id);
BEGIN
    IF (OLD.state, NEW.state) NOT IN (('suspected', 'open'), ('suspected', 'dismissed'), ('open', 'found'), ('open', 'lost'),
                                      ('lost', 'found'), ('lost', 'rebuilt')) THEN
        PERFORM refuse_act('search_case_goes_on', about);
    END IF;
    IF NEW.state = 'lost' THEN
        IF NOT coalesce((SELECT array_agg(step) FROM search_step WHERE case_id = NEW.id) @> NEW.steps, false) THEN
            PERFORM refuse_act('search_protocol_done', about);
        END IF;
        IF (SELECT count(DISTINCT searcher_id) FROM search_step WHERE case_id = NEW.id) < 2 THEN
            PERFORM refuse_act('search_by_two', about);
        END IF;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER search_case_goes_on BEFORE UPDATE ON search_case FOR EACH ROW WHEN (OLD.state IS DISTINCT FROM NEW.state)
    EXECUTE FUNCTION search_case_goes_on();

-- A suspicion is about a place: the moment the volume is somewhere else (its receipt came, it was given back) it is answered.
-- Once for each act, however many volumes it has.
CREATE FUNCTION search_suspicion_answered() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM search_case WHERE state = 'suspected') THEN RETURN NULL; END IF;  -- nearly always
    UPDATE search_case
    SET state = 'dismissed', closed_by = act.actor_id, closed_at = act.recorded_at, outcome = '台账已记新的所在 ' || place.code
    FROM moved JOIN place ON place.id = moved.place_id
    JOIN act ON act.volume_id = moved.volume_id AND act.version = moved.version
    WHERE search_case.volume_id = moved.volume_id AND search_case.state = 'suspected'
        AND search_case.from_place_id <> moved.place_id
        AND place.kind <> 'not_found';
    RETURN NULL;
END $$;
CREATE TRIGGER search_suspicion_answered AFTER UPDATE ON holding REFERENCING NEW TABLE AS moved
    FOR EACH STATEMENT EXECUTE FUNCTION search_suspicion_answered();

-- ── Duplicates ───────────────────────────────────────────────────────────────────────────────────────────────────────

-- Two envelopes, one person. Both keep their numbers, volumes and places; they count as one, and the survivor is found by both.
CREATE TABLE dossier_merge (
    id                 integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    duplicate_id       integer NOT NULL REFERENCES dossier CONSTRAINT merge_once UNIQUE,
    survivor_id        integer NOT NULL REFERENCES dossier,
    proof_kind         text NOT NULL CONSTRAINT merge_proof_known CHECK (proof_kind IN
                       ('same_id_number', 'id_card', 'household_register', 'police_letter')),   -- never a name
    proof              text NOT NULL CONSTRAINT merge_with_proof CHECK (trim(proof) <> ''),
    authority          text NOT NULL,
    reviewer_id        integer NOT NULL REFERENCES account,
    second_reviewer_id integer NOT NULL REFERENCES account,
    merged_at          timestamptz NOT NULL,
    CONSTRAINT merge_of_two_dossiers CHECK (duplicate_id <> survivor_id),
    CONSTRAINT merge_by_two_reviewers CHECK (reviewer_id <> second_reviewer_id)
);
CREATE INDEX dossier_merge_by_survivor ON dossier_merge (survivor_id);
CREATE TRIGGER dossier_merge_is_forever BEFORE UPDATE OR DELETE OR TRUNCATE ON dossier_merge
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting();

-- The volumes a request is about: its dossier's own, and a transfer takes along whatever was merged into that dossier.
CREATE VIEW request_volume AS
    SELECT request.id AS request_id, volume.id AS volume_id
    FROM request JOIN volume ON volume.dossier_id = request.dossier_id
    UNION ALL
    SELECT request.id, volume.id
    FROM request JOIN dossier_merge ON survivor_id = request.dossier_id JOIN volume ON volume.dossier_id = duplicate_id
    WHERE request.kind = 'transfer';

CREATE FUNCTION merge_survivor_stands() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    -- Locked, so that two merges at once can't make each other's survivor a duplicate.
    PERFORM FROM dossier WHERE id IN (NEW.duplicate_id, NEW.survivor_id) ORDER BY id FOR UPDATE;
    IF EXISTS (SELECT FROM dossier_merge WHERE duplicate_id = NEW.survivor_id) THEN
        PERFORM refuse_act('merge_survivor_stands', (SELECT number FROM dossier WHERE id = NEW.survivor_id));
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER merge_survivor_stands BEFORE INSERT ON dossier_merge FOR EACH ROW EXECUTE FUNCTION merge_survivor_stands();

-- Who retired and waits for the way to the township.
CREATE INDEX holding_retired ON holding (volume_id) WHERE marks @> '{retired}';

-- How a dossier is deposited changes by an act that cites its proof, never by an edit.
CREATE FUNCTION deposit_type_by_act() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF NEW.deposit_type IS DISTINCT FROM (
        SELECT details::jsonb ->> 'deposit_type' FROM act JOIN volume ON volume.id = volume_id
        WHERE dossier_id = NEW.id AND kind = 'deposit_changed' ORDER BY recorded_at DESC, version DESC LIMIT 1) THEN
        PERFORM refuse_act('deposit_type_by_act', NEW.number);
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER deposit_type_by_act BEFORE UPDATE ON dossier FOR EACH ROW
    WHEN (OLD.deposit_type IS DISTINCT FROM NEW.deposit_type) EXECUTE FUNCTION deposit_type_by_act();

-- ── Agencies merge ───────────────────────────────────────────────────────────────────────────────────────────────────

CREATE TABLE agency_merger (
    id             integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,      -- shown as M-0003
    document       text NOT NULL CONSTRAINT agency_merger_has_document CHECK (trim(document) <> ''),
    from_agency_id integer NOT NULL REFERENCES agency,
    to_agency_id   integer NOT NULL REFERENCES agency,
    state          text NOT NULL DEFAULT 'announced' CONSTRAINT agency_merger_state_known CHECK (state IN
                   ('announced', 'done', 'withdrawn')),
    announced_by   integer NOT NULL REFERENCES account,
    announced_at   timestamptz NOT NULL,
    -- What each side certifies to hold, hand over and take over: dossiers, not volumes.
    from_count     integer,
    from_by        integer REFERENCES account,
    from_at        timestamptz,
    to_count       integer,
    to_by          integer REFERENCES account,
    to_at          timestamptz,
    dossiers       integer,                                               -- that were moved
    volumes        integer,
    done_by        integer REFERENCES account,
    done_with      integer REFERENCES account,
    done_at        timestamptz,
    CONSTRAINT agency_merger_of_two CHECK (from_agency_id <> to_agency_id),
    CONSTRAINT agency_merger_counts_agree CHECK (state <> 'done'
        OR coalesce(from_count = to_count AND to_count = dossiers AND from_by <> to_by, false))
);
CREATE UNIQUE INDEX agency_merger_once ON agency_merger (from_agency_id) WHERE state IN ('announced', 'done');
CREATE TRIGGER agency_merger_is_forever BEFORE DELETE OR TRUNCATE ON agency_merger
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_deleting();

-- Dossiers that went over without an act (no longer held, or not yet received): whose they were before.
CREATE TABLE dossier_agency_past (
    dossier_id  integer NOT NULL REFERENCES dossier,
    agency_id   integer NOT NULL REFERENCES agency,
    merger_id   integer NOT NULL REFERENCES agency_merger,
    happened_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (dossier_id, merger_id)
);
CREATE TRIGGER dossier_agency_past_is_forever BEFORE UPDATE OR DELETE OR TRUNCATE ON dossier_agency_past
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting();

-- What a count as of a past day has to undo.
CREATE INDEX act_agency_changed ON act (volume_id) WHERE kind = 'agency_changed';

-- Acts wait, and so do we for those under way, until this transaction ends: what is recorded up to the instant returned is
-- all there ever will be, and what comes later is recorded later.
CREATE FUNCTION ledger_known_now() RETURNS timestamptz
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    LOCK TABLE ledger_chain IN SHARE MODE;
    RETURN clock_timestamp();
END $$;

-- The one way by which a dossier gets another holding agency: a whole agency's at once, each that is held by an act. The
-- successor answers for what its predecessor had given away, too. Returns how many dossiers went over.
CREATE FUNCTION agency_merger_move(the_merger integer, the_day date, the_happened_at timestamptz) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    merger agency_merger;
    to_code text;
    now_recorded timestamptz;
    moved integer;
BEGIN
    -- As an act would: from here on nobody reads an instant up to which the ledger is complete.
    LOCK TABLE ledger_chain IN ROW EXCLUSIVE MODE;
    now_recorded := clock_timestamp();
    SELECT * INTO merger FROM agency_merger WHERE id = the_merger AND state = 'announced';
    SELECT code INTO to_code FROM agency WHERE id = merger.to_agency_id;
    IF merger.id IS NULL OR EXISTS (
        SELECT FROM dossier JOIN volume ON volume.dossier_id = dossier.id JOIN holding ON holding.volume_id = volume.id
        JOIN act ON act.volume_id = holding.volume_id AND act.version = holding.version
        WHERE holding_agency_id = merger.from_agency_id
            AND legal IN ('expected', 'held', 'transfer_pending', 'deceased_retained')
            AND (act.kind <> 'agency_changed' OR act.details::jsonb ->> 'to_agency' <> to_code)) THEN
        PERFORM refuse_act('agency_merger_by_acts', NULL);
    END IF;
    INSERT INTO dossier_agency_past (dossier_id, agency_id, merger_id, happened_at, recorded_at)
    SELECT dossier.id, holding_agency_id, merger.id, the_happened_at, now_recorded FROM dossier
    WHERE holding_agency_id = merger.from_agency_id AND NOT EXISTS (
        SELECT FROM volume JOIN holding ON holding.volume_id = volume.id
        WHERE volume.dossier_id = dossier.id AND legal IN ('expected', 'held', 'transfer_pending', 'deceased_retained'));
    UPDATE dossier SET holding_agency_id = merger.to_agency_id WHERE holding_agency_id = merger.from_agency_id;
    GET DIAGNOSTICS moved = ROW_COUNT;
    UPDATE search_token SET agency_id = merger.to_agency_id WHERE agency_id = merger.from_agency_id;
    UPDATE agency SET successor_id = merger.to_agency_id, valid_to = the_day WHERE id = merger.from_agency_id;
    RETURN moved;
END $$;

-- ── Counts certified ─────────────────────────────────────────────────────────────────────────────────────────────────

CREATE TABLE count_certificate (
    id               integer GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,   -- shown as Z-000012
    agency_id        integer NOT NULL REFERENCES agency,
    day              date NOT NULL,                    -- counted at its 24:00, Asia/Shanghai
    known_at         timestamptz NOT NULL,             -- what was recorded later doesn't count
    held             integer NOT NULL CONSTRAINT count_certificate_not_negative CHECK (held >= 0),
    query_hash       bytea NOT NULL,                   -- SHA-256 of the question and its facts
    ledger_roots     jsonb NOT NULL,                   -- warehouse -> [sequence, hash] at known_at
    exceptions       jsonb NOT NULL,                   -- kind -> dossiers of the number that are under a cloud
    coverage         jsonb,                            -- of the last audit; NULL: none known
    issued_by        integer NOT NULL REFERENCES account,
    issued_at        timestamptz NOT NULL,
    certificate_hash bytea NOT NULL,                   -- SHA-256 of everything above, in the trade's names
    command_id       uuid NOT NULL CONSTRAINT count_certificate_of_command UNIQUE,
    CONSTRAINT count_certificate_day_over CHECK (known_at >= (day + 1)::timestamp AT TIME ZONE 'Asia/Shanghai'),
    CONSTRAINT count_certificate_hashes_whole CHECK (octet_length(query_hash) = 32 AND octet_length(certificate_hash) = 32)
);
CREATE INDEX count_certificate_by_agency ON count_certificate (agency_id, day);
CREATE TRIGGER count_certificate_is_forever BEFORE UPDATE OR DELETE OR TRUNCATE ON count_certificate
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting();

-- ── Privileges ───────────────────────────────────────────────────────────────────────────────────────────────────────

REVOKE ALL ON FUNCTION search_case_goes_on(), search_suspicion_answered(), merge_survivor_stands(), deposit_type_by_act(), ledger_known_now(),
    agency_merger_move(integer, date, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ledger_known_now() TO guiwei_app, guiwei_jobs;
GRANT EXECUTE ON FUNCTION agency_merger_move(integer, date, timestamptz) TO guiwei_app;
GRANT SELECT ON search_case, search_step, dossier_merge, request_volume, agency_merger, dossier_agency_past, count_certificate
    TO guiwei_app, guiwei_jobs;
GRANT INSERT ON search_case, search_step, dossier_merge, agency_merger, count_certificate TO guiwei_app;
GRANT INSERT ON search_case TO guiwei_jobs;
GRANT UPDATE (state, command_id, opened_by, opened_at, reason, closed_by, closed_at, found_place_id, report, outcome)
    ON search_case TO guiwei_app;
GRANT UPDATE (state, closed_by, closed_at, outcome) ON search_case TO guiwei_jobs;
GRANT UPDATE (state, from_count, from_by, from_at, to_count, to_by, to_at, dossiers, volumes, done_by, done_with, done_at)
    ON agency_merger TO guiwei_app;
GRANT USAGE ON SEQUENCE count_certificate_id_seq TO guiwei_app;
-- Nobody changes a dossier's holding agency but by `agency_merger_move`.
REVOKE UPDATE (holding_agency_id) ON dossier FROM guiwei_app;
