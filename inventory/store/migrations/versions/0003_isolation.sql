-- Row-level security: whose rows a session sees and writes. Run as guiwei_owner.
SELECT 1;
