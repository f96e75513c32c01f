-- How volumes sound from their aisle, for antennas that look into aisles (role zone). Run as guiwei_owner.

-- As read_profile, with aisles for places: an aisle is known by the place at which the first antenna is registered that looks into it.
CREATE TABLE zone_profile (LIKE read_profile INCLUDING ALL);
ALTER TABLE zone_profile
    ADD FOREIGN KEY (volume_id) REFERENCES volume, ADD FOREIGN KEY (place_id) REFERENCES place,
    ADD FOREIGN KEY (model_version) REFERENCES model,
    DROP CONSTRAINT read_profile_columns_are_alike,
    ADD CONSTRAINT zone_profile_columns_are_alike CHECK (
        cardinality(heard_at) = ALL (ARRAY[cardinality(heard), cardinality(told), cardinality(strength),
                                           cardinality(log_reads), cardinality(phased), cardinality(phase)]));
ALTER TABLE zone_profile ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen ON zone_profile TO guiwei_app
    USING ((SELECT seen_agency()) = 0 OR EXISTS (SELECT FROM volume WHERE volume.id = volume_id));
CREATE POLICY at_night ON zone_profile TO guiwei_jobs USING (true);
GRANT SELECT ON zone_profile TO guiwei_app, guiwei_jobs;
GRANT INSERT, UPDATE, DELETE ON zone_profile TO guiwei_jobs;
