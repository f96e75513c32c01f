-- Bags and consignments. Run as guiwei_owner.

-- A transfer bag is a place with a printed number, and a GRAI tag where it has one (its row in `tag`).
CREATE TABLE bag (
    place_id      integer PRIMARY KEY REFERENCES place,
    registered_by integer NOT NULL REFERENCES account,
    registered_at timestamptz NOT NULL
);

-- One journey of a bag between the warehouse and a window. Shown as C-000045.
CREATE TABLE consignment (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    bag_id        integer NOT NULL REFERENCES bag,
    from_place_id integer NOT NULL REFERENCES place,
    to_place_id   integer NOT NULL REFERENCES place,
    direction     text NOT NULL CONSTRAINT consignment_direction_known CHECK (direction IN ('out', 'home')),
    agency_id     integer REFERENCES agency,                -- whose dossiers; NULL: none packed yet
    state         text NOT NULL CONSTRAINT consignment_state_known CHECK
                  (state IN ('open', 'sealed', 'underway', 'received', 'settled', 'cancelled')),
    opened_by     integer NOT NULL REFERENCES account,
    opened_at     timestamptz NOT NULL,
    command_id    uuid NOT NULL UNIQUE REFERENCES command,
    -- The last look at the whole set before sealing; NULL after anything was put in or taken out.
    checked_at    timestamptz,
    strangers     integer,
    sealed_by     integer REFERENCES account,
    sealed_with   integer REFERENCES account,
    sealed_at     timestamptz,
    bag_seal_out  text,
    channel       text CONSTRAINT consignment_channel_known CHECK (channel IN ('confidential', 'staff', 'ems')),
    carriers      text[],
    tracking      text,
    handed_by     integer REFERENCES account,
    handed_at     timestamptz,
    received_by   integer REFERENCES account,
    received_at   timestamptz,
    bag_seal_in   text,
    bag_seal_whole boolean,
    CONSTRAINT consignment_goes_elsewhere CHECK (from_place_id <> to_place_id),
    CONSTRAINT consignment_sealed_by_two CHECK (sealed_by <> sealed_with),
    CONSTRAINT consignment_travels_sealed CHECK (state IN ('open', 'cancelled') OR
        (sealed_by IS NOT NULL AND sealed_with IS NOT NULL AND coalesce(bag_seal_out, '') <> '')),
    CONSTRAINT consignment_has_two_carriers CHECK (state IN ('open', 'sealed', 'cancelled') OR
        (cardinality(carriers) >= 2 AND carriers[1] <> carriers[2] AND channel IS NOT NULL AND handed_at IS NOT NULL)),
    CONSTRAINT consignment_received_by_somebody CHECK
        ((state IN ('received', 'settled')) = (received_by IS NOT NULL AND received_at IS NOT NULL))
);
CREATE UNIQUE INDEX consignment_bag_once ON consignment (bag_id) WHERE state IN ('open', 'sealed', 'underway');
CREATE INDEX consignment_going ON consignment (state) WHERE state NOT IN ('settled', 'cancelled');
CREATE INDEX consignment_by_agency ON consignment (agency_id, id);

-- One volume's journey. missing: dispatched, not in the bag on arrival, still against the carriers' names.
CREATE TABLE consignment_volume (
    consignment_id bigint NOT NULL REFERENCES consignment,
    volume_id      integer NOT NULL REFERENCES volume,
    request_id     bigint REFERENCES request,
    state          text NOT NULL CONSTRAINT consignment_volume_state_known CHECK
                   (state IN ('packed', 'unpacked', 'arrived', 'missing', 'searched')),
    packed_at      timestamptz NOT NULL,
    seal_number    text,                                    -- of the envelope, as it went in
    pieces_out     integer CONSTRAINT consignment_pieces_out_counted CHECK (pieces_out >= 0),
    pieces_in      integer CONSTRAINT consignment_pieces_in_counted CHECK (pieces_in >= 0),
    read_out       boolean NOT NULL DEFAULT false,          -- the last check of the set saw it
    read_in        boolean NOT NULL DEFAULT false,          -- it was in the set on arrival
    PRIMARY KEY (consignment_id, volume_id)
);
CREATE UNIQUE INDEX consignment_volume_once ON consignment_volume (volume_id) WHERE state IN ('packed', 'missing');
CREATE INDEX consignment_volume_by_request ON consignment_volume (request_id);

-- The discrepancy sheet of a consignment, a row per difference, each settled by two with a reason.
CREATE TABLE consignment_discrepancy (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    consignment_id bigint NOT NULL REFERENCES consignment,
    volume_id      integer REFERENCES volume,               -- NULL: it is about the bag, or about a stranger
    kind           text NOT NULL CONSTRAINT consignment_discrepancy_kind_known CHECK
                   (kind IN ('missing', 'unexpected', 'seal_broken', 'pieces_differ', 'bag_seal_broken', 'bag_seal_differs')),
    expected       text,
    found          text,
    raised_by      integer NOT NULL REFERENCES account,
    raised_at      timestamptz NOT NULL,
    settled_by     integer REFERENCES account,
    settled_with   integer REFERENCES account,
    settled_at     timestamptz,
    reason         text,
    CONSTRAINT consignment_discrepancy_settled_by_two CHECK (settled_by <> settled_with),
    CONSTRAINT consignment_discrepancy_settled_with_reason CHECK
        ((settled_at IS NULL AND settled_by IS NULL AND settled_with IS NULL)
         OR (settled_at IS NOT NULL AND settled_by IS NOT NULL AND settled_with IS NOT NULL AND coalesce(trim(reason), '') <> ''))
);
CREATE INDEX consignment_discrepancy_by_consignment ON consignment_discrepancy (consignment_id);

-- What was done with a consignment, by whom, beside whom.
CREATE TABLE consignment_event (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    consignment_id bigint NOT NULL REFERENCES consignment,
    at             timestamptz NOT NULL,
    account_id     integer NOT NULL REFERENCES account,
    witness_id     integer REFERENCES account,
    event          text NOT NULL,
    note           text
);
CREATE INDEX consignment_event_by_consignment ON consignment_event (consignment_id, id);

CREATE TRIGGER consignment_event_is_forever BEFORE UPDATE OR DELETE OR TRUNCATE ON consignment_event
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting();
CREATE TRIGGER bag_is_forever BEFORE UPDATE OR DELETE OR TRUNCATE ON bag
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting();
CREATE TRIGGER consignment_is_forever BEFORE DELETE OR TRUNCATE ON consignment
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_deleting();
CREATE TRIGGER consignment_volume_is_forever BEFORE DELETE OR TRUNCATE ON consignment_volume
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_deleting();
CREATE TRIGGER consignment_discrepancy_is_forever BEFORE DELETE OR TRUNCATE ON consignment_discrepancy
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_deleting();

GRANT SELECT ON bag, consignment, consignment_volume, consignment_discrepancy, consignment_event TO guiwei_app, guiwei_jobs;
GRANT INSERT ON bag, consignment, consignment_volume, consignment_discrepancy, consignment_event TO guiwei_app;
GRANT UPDATE (agency_id, state, checked_at, strangers, sealed_by, sealed_with, sealed_at, bag_seal_out, channel, carriers,
              tracking, handed_by, handed_at, received_by, received_at, bag_seal_in, bag_seal_whole) ON consignment TO guiwei_app;
GRANT UPDATE (request_id, state, packed_at, seal_number, pieces_out, pieces_in, read_out, read_in)
    ON consignment_volume TO guiwei_app;
GRANT UPDATE (settled_by, settled_with, settled_at, reason) ON consignment_discrepancy TO guiwei_app;
