-- Signed roots of the ledger. Run as guiwei_owner.
SELECT 1;
