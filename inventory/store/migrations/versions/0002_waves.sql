-- Waves, picks and aisles. Run as guiwei_owner.

-- A wave: the shelves one or several keepers walk to, in an order that opens few aisles. Shown as W-000012.
CREATE TABLE wave (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    warehouse_id integer NOT NULL REFERENCES place,
    room_id      integer REFERENCES place,                  -- NULL: the whole warehouse
    made_by      integer NOT NULL REFERENCES account,
    made_at      timestamptz NOT NULL,
    command_id   uuid NOT NULL UNIQUE REFERENCES command,
    at_hand      integer NOT NULL,                          -- requests whose dossiers stood on a desk or cart already
    aisles       integer NOT NULL,                          -- opened when walked in this order
    metres       double precision NOT NULL,                 -- on foot, as reckoned
    state        text NOT NULL CONSTRAINT wave_state_known CHECK (state IN ('open', 'finished')),
    finished_by  integer REFERENCES account,
    finished_at  timestamptz,
    CONSTRAINT wave_finished_by_somebody CHECK
        ((state = 'finished') = (finished_at IS NOT NULL) AND (finished_at IS NULL) = (finished_by IS NULL))
);
CREATE INDEX wave_open ON wave (warehouse_id) WHERE state = 'open';

-- One shelf of a wave. A keeper takes a stop with all its picks: two at one shelf would scan the same dossiers.
CREATE TABLE wave_stop (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    wave_id   bigint NOT NULL REFERENCES wave,
    ordinal   integer NOT NULL,                             -- in walking order, from 1
    place_id  integer NOT NULL REFERENCES place,
    keeper_id integer REFERENCES account,
    taken_at  timestamptz,
    done_at   timestamptz,
    CONSTRAINT wave_stop_ordinal_taken UNIQUE (wave_id, ordinal),
    CONSTRAINT wave_stop_once UNIQUE (wave_id, place_id),
    CONSTRAINT wave_stop_taken_by_somebody CHECK ((keeper_id IS NULL) = (taken_at IS NULL))
);
CREATE UNIQUE INDEX wave_stop_one_per_keeper ON wave_stop (keeper_id) WHERE keeper_id IS NOT NULL AND done_at IS NULL;

-- dropped: the wave ended before it was picked; its request waits for the next one.
CREATE TABLE pick (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    stop_id    bigint NOT NULL REFERENCES wave_stop,
    request_id bigint NOT NULL REFERENCES request,
    volume_id  integer NOT NULL REFERENCES volume,
    state      text NOT NULL CONSTRAINT pick_state_known CHECK (state IN ('open', 'picked', 'not_found', 'dropped')),
    done_by    integer REFERENCES account,
    done_at    timestamptz,
    CONSTRAINT pick_done_by_somebody CHECK
        ((state = 'open') = (done_at IS NULL) AND (done_at IS NULL) = (done_by IS NULL))
);
CREATE UNIQUE INDEX pick_volume_once ON pick (volume_id) WHERE state = 'open';
CREATE INDEX pick_by_stop ON pick (stop_id);
CREATE INDEX pick_by_request ON pick (request_id);

-- Which aisle of a block of mobile shelving stands open, and who answers for the people in it. Picks and sweeps share it.
CREATE TABLE aisle_state (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    room_id     integer NOT NULL REFERENCES place,
    block       text NOT NULL,
    aisle       text NOT NULL,
    purpose     text NOT NULL CONSTRAINT aisle_purpose_known CHECK (purpose IN ('pick', 'sweep')),
    held_by     integer NOT NULL REFERENCES account,
    since       timestamptz NOT NULL,
    released_at timestamptz,
    released_by integer REFERENCES account,
    CONSTRAINT aisle_released_by_somebody CHECK ((released_at IS NULL) = (released_by IS NULL))
);
CREATE UNIQUE INDEX aisle_one_open ON aisle_state (room_id, block) WHERE released_at IS NULL;
CREATE INDEX aisle_state_by_holder ON aisle_state (held_by) WHERE released_at IS NULL;

CREATE TRIGGER wave_is_forever BEFORE DELETE OR TRUNCATE ON wave FOR EACH STATEMENT EXECUTE FUNCTION refuse_deleting();
CREATE TRIGGER wave_stop_is_forever BEFORE DELETE OR TRUNCATE ON wave_stop
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_deleting();
CREATE TRIGGER pick_is_forever BEFORE DELETE OR TRUNCATE ON pick FOR EACH STATEMENT EXECUTE FUNCTION refuse_deleting();
CREATE TRIGGER aisle_state_is_forever BEFORE DELETE OR TRUNCATE ON aisle_state
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_deleting();

GRANT SELECT ON wave, wave_stop, pick, aisle_state TO guiwei_app, guiwei_jobs;
GRANT INSERT ON wave, wave_stop, pick, aisle_state TO guiwei_app;
GRANT UPDATE (state, finished_by, finished_at) ON wave TO guiwei_app;
GRANT UPDATE (keeper_id, taken_at, done_at) ON wave_stop TO guiwei_app;
GRANT UPDATE (state, done_by, done_at) ON pick TO guiwei_app;
GRANT UPDATE (released_at, released_by) ON aisle_state TO guiwei_app;
