-- The roles' reach as data, delegations, relatives. Run as guiwei_owner.
SELECT 1;
