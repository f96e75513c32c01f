-- Discrepancies: one open case for each volume (tag, reader, place) and kind, until a person or the facts close it. Run as guiwei_owner.

-- By which outcomes a kind is closed, by a person or by the facts; the same as inventory/domain/discrepancies.py, a test compares.
-- by_another: whoever moved the volume last doesn't say so.
CREATE TABLE discrepancy_rule (
    kind       text NOT NULL,
    outcome    text NOT NULL,
    by_person  boolean NOT NULL,
    by_another boolean NOT NULL,
    PRIMARY KEY (kind, outcome)
);
INSERT INTO discrepancy_rule VALUES
    ('left_without_order', 'brought_back', true, true),
    ('left_without_order', 'moved_properly', true, true),
    ('left_without_order', 'false_alarm', true, true),
    ('left_without_order', 'ledger_followed', false, false),
    ('left_without_order', 'ledger_moved', false, false),
    ('moved_while_sealed', 'found_at', true, true),
    ('moved_while_sealed', 'moved_properly', true, true),
    ('moved_while_sealed', 'false_alarm', true, true),
    ('moved_while_sealed', 'ledger_followed', false, false),
    ('moved_while_sealed', 'ledger_moved', false, false),
    ('moved_while_sealed', 'heard_at_home', false, false),
    ('moved_while_sealed', 'another_kind', false, false),
    ('missing', 'found_at', true, true),
    ('missing', 'moved_properly', true, true),
    ('missing', 'tag_replaced', true, true),
    ('missing', 'false_alarm', true, true),
    ('missing', 'ledger_followed', false, false),
    ('missing', 'ledger_moved', false, false),
    ('missing', 'search_begun', false, false),
    ('missing', 'heard_at_home', false, false),
    ('missing', 'heard_again', false, false),
    ('missing', 'another_kind', false, false),
    ('missing', 'tag_changed', false, false),
    ('two_dossiers', 'tag_replaced', true, true),
    ('two_dossiers', 'tag_removed', true, true),
    ('two_dossiers', 'false_alarm', true, true),
    ('two_dossiers', 'tag_changed', false, false),
    ('two_dossiers', 'silent_since', false, false),
    ('misplaced', 'put_back', true, false),
    ('misplaced', 'found_at', true, false),
    ('misplaced', 'moved_properly', true, false),
    ('misplaced', 'false_alarm', true, false),
    ('misplaced', 'ledger_followed', false, false),
    ('misplaced', 'ledger_moved', false, false),
    ('misplaced', 'heard_at_home', false, false),
    ('misplaced', 'another_kind', false, false),
    ('present_though_out', 'found_at', true, false),
    ('present_though_out', 'moved_properly', true, false),
    ('present_though_out', 'false_alarm', true, false),
    ('present_though_out', 'ledger_followed', false, false),
    ('present_though_out', 'ledger_moved', false, false),
    ('present_though_out', 'heard_at_home', false, false),
    ('present_though_out', 'another_kind', false, false),
    ('entered_without_order', 'registered', true, false),
    ('entered_without_order', 'moved_properly', true, false),
    ('entered_without_order', 'false_alarm', true, false),
    ('entered_without_order', 'ledger_followed', false, false),
    ('entered_without_order', 'ledger_moved', false, false),
    ('unknown_tag', 'tag_removed', true, false),
    ('unknown_tag', 'not_ours', true, false),
    ('unknown_tag', 'false_alarm', true, false),
    ('unknown_tag', 'tag_changed', false, false),
    ('unknown_tag', 'silent_since', false, false),
    ('two_tags', 'tag_removed', true, false),
    ('two_tags', 'false_alarm', true, false),
    ('two_tags', 'silent_since', false, false),
    ('weak_tag', 'tag_replaced', true, false),
    ('weak_tag', 'false_alarm', true, false),
    ('weak_tag', 'ledger_followed', false, false),
    ('weak_tag', 'ledger_moved', false, false),
    ('weak_tag', 'heard_at_home', false, false),
    ('weak_tag', 'heard_again', false, false),
    ('weak_tag', 'another_kind', false, false),
    ('weak_tag', 'tag_changed', false, false),
    ('stale_belief', 'looked_through', true, false),
    ('stale_belief', 'listened_again', false, false),
    ('reader_silent', 'repaired', true, false),
    ('reader_silent', 'out_of_use', true, false),
    ('reader_silent', 'speaks_again', false, false),
    ('clock_off', 'repaired', true, false),
    ('clock_off', 'out_of_use', true, false),
    ('clock_off', 'clock_right', false, false);

-- What the ledger and the radio said stands side by side twice: as the case was opened, and as it was told last.
CREATE TABLE discrepancy (
    id                     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,      -- shown as X-000007
    kind                   text NOT NULL CONSTRAINT discrepancy_kind_known CHECK (kind IN
                           ('misplaced', 'missing', 'present_though_out', 'left_without_order', 'entered_without_order',
                            'unknown_tag', 'two_dossiers', 'two_tags', 'weak_tag', 'moved_while_sealed', 'stale_belief',
                            'reader_silent', 'clock_off')),
    volume_id              integer REFERENCES volume,
    tag_id                 integer REFERENCES tag,
    reader_id              integer REFERENCES reader,
    place_id               integer REFERENCES place,
    state                  text NOT NULL DEFAULT 'open' CONSTRAINT discrepancy_state_known CHECK
                           (state IN ('open', 'resolved', 'over')),
    opened_at              timestamptz NOT NULL,               -- the instant as of which it was told first
    opened_ledger_place_id integer REFERENCES place,
    opened_ledger_since    timestamptz,
    opened_radio_place_id  integer REFERENCES place,
    opened_probability     double precision,
    opened_numbers         jsonb NOT NULL,
    seen_at                timestamptz NOT NULL,               -- the instant as of which it was told last
    times_seen             integer NOT NULL DEFAULT 1,
    ledger_place_id        integer REFERENCES place,
    ledger_since           timestamptz,
    radio_place_id         integer REFERENCES place,           -- NULL: it wasn't heard
    probability            double precision,                   -- of the radio's place; of being gone, where it wasn't heard
    numbers                jsonb NOT NULL,                     -- what else counts for the kind: reads, nights, seconds
    assigned_to            integer REFERENCES account,
    outcome                text,
    found_place_id         integer REFERENCES place,
    closed_at              timestamptz,
    closed_by              integer REFERENCES account,         -- NULL: the facts
    CONSTRAINT discrepancy_about_its_subject CHECK (num_nonnulls(volume_id, tag_id, reader_id, place_id) = 1 AND
        CASE WHEN kind = 'unknown_tag' THEN tag_id WHEN kind IN ('reader_silent', 'clock_off') THEN reader_id
             WHEN kind = 'stale_belief' THEN place_id ELSE volume_id END IS NOT NULL),
    CONSTRAINT discrepancy_probability_is_one CHECK
        (coalesce(opened_probability, 1) BETWEEN 0 AND 1 AND coalesce(probability, 1) BETWEEN 0 AND 1),
    CONSTRAINT discrepancy_closed_whole CHECK ((state = 'open') = (closed_at IS NULL) AND (state = 'open') = (outcome IS NULL)
        AND (state = 'resolved') = (closed_by IS NOT NULL))
);
CREATE UNIQUE INDEX discrepancy_one_open ON discrepancy (kind, volume_id, tag_id, reader_id, place_id)
    NULLS NOT DISTINCT WHERE state = 'open';
CREATE INDEX discrepancy_by_volume ON discrepancy (volume_id) WHERE volume_id IS NOT NULL;
CREATE INDEX discrepancy_by_closing ON discrepancy (closed_at) WHERE state <> 'open';

-- What people said and did, and where the radio's place changed; nobody takes it back.
CREATE TABLE discrepancy_note (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    discrepancy_id bigint NOT NULL REFERENCES discrepancy,
    at             timestamptz NOT NULL,
    account_id     integer REFERENCES account,                 -- NULL: nobody, the radio
    event          text NOT NULL CONSTRAINT discrepancy_note_known CHECK
                   (event IN ('comment', 'assigned', 'resolved', 'moved')),
    note           text,
    person_id      integer REFERENCES account,                 -- to whom it was assigned; NULL: to nobody any more
    place_id       integer REFERENCES place,                   -- where the radio had it before it moved
    CONSTRAINT discrepancy_note_says_something CHECK (event <> 'comment' OR coalesce(trim(note), '') <> '')
);
CREATE INDEX discrepancy_note_by_case ON discrepancy_note (discrepancy_id, id);

CREATE TRIGGER discrepancy_note_is_forever BEFORE UPDATE OR DELETE OR TRUNCATE ON discrepancy_note
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting();
CREATE TRIGGER discrepancy_is_forever BEFORE DELETE OR TRUNCATE ON discrepancy
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_deleting();

-- A closed case stays as it is; it is closed by a reason of its kind, by people in their own name, and a grave one by somebody
-- who didn't move the volume last.
CREATE FUNCTION discrepancy_goes_on() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    about text := (SELECT volume_name(number, ordinal) FROM volume JOIN dossier ON dossier.id = dossier_id
                   WHERE volume.id = NEW.volume_id);
    rule discrepancy_rule;
BEGIN
    IF OLD.state <> 'open' THEN PERFORM refuse_act('discrepancy_is_over', about); END IF;
    IF NEW.state = 'open' THEN RETURN NEW; END IF;
    SELECT * INTO rule FROM discrepancy_rule WHERE kind = NEW.kind AND outcome = NEW.outcome;
    IF rule.by_person IS DISTINCT FROM (NEW.state = 'resolved') THEN
        PERFORM refuse_act('discrepancy_outcome_fits', about);
    END IF;
    IF session_user = 'guiwei_app' AND NEW.closed_by IS DISTINCT FROM session_account() THEN
        PERFORM refuse_act('discrepancy_in_own_name', about);
    END IF;
    IF rule.by_another AND NEW.closed_by = (SELECT actor_id FROM act WHERE volume_id = NEW.volume_id AND to_place_id IS NOT NULL
                                            ORDER BY version DESC LIMIT 1) THEN
        PERFORM refuse_act('discrepancy_not_by_its_mover', about);
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER discrepancy_goes_on BEFORE UPDATE ON discrepancy FOR EACH ROW
    WHEN (OLD.state <> 'open' OR NEW.state <> 'open') EXECUTE FUNCTION discrepancy_goes_on();

-- ── Whose rows ───────────────────────────────────────────────────────────────────────────────────────────────────────

-- The holding agency's people see the cases of their own volumes; those of tags, readers and places are the warehouse's.
ALTER TABLE discrepancy ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen ON discrepancy TO guiwei_app
    USING ((SELECT seen_agency()) = 0 OR EXISTS (SELECT FROM volume WHERE volume.id = volume_id));
CREATE POLICY at_night ON discrepancy TO guiwei_jobs USING (true);

ALTER TABLE discrepancy_note ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen ON discrepancy_note FOR SELECT TO guiwei_app
    USING ((SELECT seen_agency()) = 0 OR EXISTS (SELECT FROM discrepancy WHERE discrepancy.id = discrepancy_id));
CREATE POLICY said ON discrepancy_note FOR INSERT TO guiwei_app WITH CHECK
    (account_id = (SELECT session_account()) AND EXISTS (SELECT FROM discrepancy WHERE discrepancy.id = discrepancy_id));
CREATE POLICY at_night ON discrepancy_note TO guiwei_jobs USING (true);

REVOKE ALL ON FUNCTION discrepancy_goes_on() FROM PUBLIC;
GRANT SELECT ON discrepancy, discrepancy_note, discrepancy_rule TO guiwei_app, guiwei_jobs;
GRANT INSERT ON discrepancy TO guiwei_jobs;
GRANT INSERT ON discrepancy_note TO guiwei_app, guiwei_jobs;
GRANT UPDATE (state, assigned_to, outcome, found_place_id, closed_at, closed_by) ON discrepancy TO guiwei_app;
GRANT UPDATE (state, seen_at, times_seen, ledger_place_id, ledger_since, radio_place_id, probability, numbers, outcome, closed_at)
    ON discrepancy TO guiwei_jobs;
