-- Find mode: for which volumes somebody listens to every single read just now. Run as guiwei_owner.

-- A row stands while a page is open, and a little longer; ingest tells on channel `found` whatever it reads of them.
CREATE TABLE find_mode (
    volume_id integer PRIMARY KEY REFERENCES volume,
    until     timestamptz NOT NULL
);

ALTER TABLE find_mode ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen ON find_mode TO guiwei_app
    USING ((SELECT seen_agency()) = 0 OR EXISTS (SELECT FROM volume WHERE volume.id = volume_id));
CREATE POLICY at_night ON find_mode TO guiwei_jobs USING (true);

GRANT SELECT ON find_mode TO guiwei_app, guiwei_jobs;
GRANT INSERT, UPDATE, DELETE ON find_mode TO guiwei_app;
