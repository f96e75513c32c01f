-- What is known of readers and antennas beyond their last message: numbers they count, hours, exchanged cables; and what nobody
-- understood, until somebody does. Run as guiwei_owner.

-- last_number: of the messages the reader numbers; dropped: its own count of what it threw away. Both since it started, at `_at`.
ALTER TABLE reader_health
    ADD COLUMN last_number    bigint,
    ADD COLUMN last_number_at timestamptz,
    ADD COLUMN dropped        bigint,
    ADD COLUMN dropped_at     timestamptz,
    ADD COLUMN silent         boolean NOT NULL DEFAULT false,  -- whether the case that it is silent is open
    ADD COLUMN firmware       text,
    ADD COLUMN ntp_offset_ms  double precision,      -- how far the reader says its clock is off by its own time server
    ADD COLUMN told_at        timestamptz;           -- when it told the last two

-- Of a gap known by numbers: which ones are missing. They may still come, late; then the gap is none, or a smaller one.
ALTER TABLE coverage_gap
    ADD COLUMN first_number bigint,
    ADD COLUMN last_number  bigint,
    ADD CHECK (num_nulls(first_number, last_number) IN (0, 2) AND last_number >= first_number);
CREATE INDEX coverage_gap_by_number ON coverage_gap (reader_id, first_number) WHERE first_number IS NOT NULL;
GRANT DELETE ON coverage_gap TO guiwei_jobs;

-- Who changed a registration on its page, and when.
ALTER TABLE reader
    ADD COLUMN changed_at timestamptz,
    ADD COLUMN changed_by integer REFERENCES account;

-- Each reader's hours and each antenna's: their own history, against which today is held.
CREATE TABLE reader_hour (
    reader_id       integer NOT NULL REFERENCES reader,
    hour            timestamptz NOT NULL,
    messages        bigint NOT NULL,
    reads           bigint NOT NULL,
    quarantined     bigint NOT NULL,
    clock_offset_ms integer,               -- the median at the end of the hour
    PRIMARY KEY (reader_id, hour)
);
CREATE TABLE antenna_hour (
    antenna_id integer NOT NULL REFERENCES antenna,
    hour       timestamptz NOT NULL,
    reads      bigint NOT NULL,
    PRIMARY KEY (antenna_id, hour)
);

-- What was told of an antenna: by the reader, whether it is connected; by a night, whose volumes it hears instead of its own.
CREATE TABLE antenna_health (
    antenna_id   integer PRIMARY KEY REFERENCES antenna,
    connected    boolean,
    connected_at timestamptz,
    swapped_with integer REFERENCES antenna,
    swapped_at   timestamptz
);
GRANT SELECT ON reader_hour, antenna_hour, antenna_health TO guiwei_app, guiwei_jobs;
GRANT INSERT, UPDATE, DELETE ON reader_hour, antenna_hour, antenna_health TO guiwei_jobs;

-- ── What nobody understood ───────────────────────────────────────────────────────────────────────────────────────────

-- cause: the reason without what differs from message to message, to group by. tried_version: the registry it was last tried with;
-- below the present one, or -1 where somebody asked, it is tried again. understood_at: when it was understood after all.
ALTER TABLE quarantine
    ADD COLUMN cause text NOT NULL GENERATED ALWAYS AS (left(regexp_replace(regexp_replace(
        reason, '''[^'']*''(\.\.\.)?|"[^"]*"(\.\.\.)?', '…', 'g'), '-?[0-9]+(\.[0-9]+)?', '#', 'g'), 200)) STORED,
    ADD COLUMN tried_version bigint NOT NULL DEFAULT 0,
    ADD COLUMN understood_at timestamptz;
CREATE INDEX quarantine_waiting ON quarantine (reader_id, cause, received_at) WHERE understood_at IS NULL;
CREATE INDEX quarantine_to_try ON quarantine (tried_version, id) WHERE understood_at IS NULL;
GRANT UPDATE (tried_version) ON quarantine TO guiwei_app;
GRANT UPDATE (tried_version, understood_at, reason, reader_id) ON quarantine TO guiwei_jobs;
