-- Where people had a volume in hand when they counted a shelf, beside what the radio says of it. Run as guiwei_owner.

-- Every scan of a volume; of a blind count only once it is judged, since its counter isn't to learn before what others have seen. Whoever
-- asks sees no more here than in the tables themselves.
CREATE VIEW counted_volume WITH (security_invoker = true) AS
    SELECT scan.volume_id, shelf_count.place_id, scan.scanned_at
    FROM shelf_count_scan AS scan JOIN shelf_count ON shelf_count.id = scan.count_id
    WHERE scan.volume_id IS NOT NULL AND (shelf_count.audit_id IS NULL OR EXISTS (
        SELECT FROM audit WHERE audit.id = shelf_count.audit_id AND audit.state IN ('judged', 'signed', 'closed')));
GRANT SELECT ON counted_volume TO guiwei_app, guiwei_jobs;

INSERT INTO discrepancy_rule VALUES
    ('missing', 'counted_at_home', false, false),
    ('misplaced', 'counted_at_home', false, false);
