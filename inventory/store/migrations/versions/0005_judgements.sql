-- What the nightly close has learned of volumes, how it judged them, and where was listened at all. Run as guiwei_owner.

-- How a volume sounds where it stands (inventory/locating/profiling.py), learned while its place was verified. Sums over
-- nights; the arrays go together, one entry for each place the volume was heard at.
CREATE TABLE read_profile (
    volume_id     integer PRIMARY KEY REFERENCES volume,
    place_id      integer NOT NULL REFERENCES place,   -- where the ledger had it while this was learned
    nights        smallint NOT NULL,
    seen          smallint NOT NULL,
    reads         bigint NOT NULL,
    unseen        smallint NOT NULL,
    heard_at      integer[] NOT NULL,                  -- places, ascending
    heard         double precision[] NOT NULL,
    told          double precision[] NOT NULL,
    strength      double precision[] NOT NULL,
    log_reads     double precision[] NOT NULL,
    phased        double precision[] NOT NULL,
    phase         double precision[] NOT NULL,
    model_version integer NOT NULL REFERENCES model,   -- of the close that wrote it
    CONSTRAINT read_profile_columns_are_alike CHECK (
        cardinality(heard_at) = ALL (ARRAY[cardinality(heard), cardinality(told), cardinality(strength),
                                           cardinality(log_reads), cardinality(phased), cardinality(phase)]))
);

-- The newest judgement of a volume whose shelf was listened at, or that was heard anywhere: it says until when.
CREATE TABLE judgement (
    volume_id             integer PRIMARY KEY REFERENCES volume,
    judged_from           timestamptz NOT NULL,
    judged_until          timestamptz NOT NULL,
    model_version         integer NOT NULL REFERENCES model,
    outcome               text NOT NULL CONSTRAINT judgement_outcome_known
                              CHECK (outcome IN ('at_home', 'elsewhere', 'undecided', 'missing', 'weak_tag')),
    ledger_place_id       integer REFERENCES place,    -- where the ledger had it then
    place_id              integer REFERENCES place,    -- where the radio had it; NULL: it wasn't heard
    probability           double precision,
    section_only          boolean NOT NULL,            -- the section is sure, the level isn't
    missing_probability   double precision NOT NULL,
    nights_unseen         smallint NOT NULL,           -- covered and not heard, one after another
    CONSTRAINT judgement_probability_is_one CHECK (
        missing_probability BETWEEN 0 AND 1 AND coalesce(probability, 1) BETWEEN 0 AND 1
        AND (place_id IS NULL) = (probability IS NULL))
);
CREATE INDEX judgement_by_outcome ON judgement (outcome) WHERE outcome <> 'at_home';
CREATE INDEX judgement_by_place ON judgement (place_id) WHERE outcome <> 'at_home';

-- When a reader was last at a shelf, by what it heard; a shelf without a row was never listened at.
CREATE TABLE shelf_coverage (
    place_id    integer PRIMARY KEY REFERENCES place,
    listened_at timestamptz NOT NULL,
    visits      integer NOT NULL                       -- on the last day that had any
);

ALTER TABLE judgement ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen ON judgement TO guiwei_app
    USING ((SELECT seen_agency()) = 0 OR EXISTS (SELECT FROM volume WHERE volume.id = volume_id));
CREATE POLICY at_night ON judgement TO guiwei_jobs USING (true);

ALTER TABLE read_profile ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen ON read_profile TO guiwei_app
    USING ((SELECT seen_agency()) = 0 OR EXISTS (SELECT FROM volume WHERE volume.id = volume_id));
CREATE POLICY at_night ON read_profile TO guiwei_jobs USING (true);

GRANT SELECT ON judgement, read_profile, shelf_coverage TO guiwei_app, guiwei_jobs;
GRANT INSERT, UPDATE ON judgement, shelf_coverage TO guiwei_jobs;
GRANT INSERT, UPDATE, DELETE ON read_profile TO guiwei_jobs;
