-- Every access and change, append-only. Run as guiwei_owner.
SELECT 1;
