-- The roles' reach as data, delegations, relatives. Run as guiwei_owner.

-- ── Whose dossiers a role sees ───────────────────────────────────────────────────────────────────────────────────────

-- The same rows as inventory.domain.people; a test compares them. Only definer functions and policies read it.
CREATE TABLE role_reach (
    role  text PRIMARY KEY,
    reach text NOT NULL CHECK (reach IN ('none', 'own_agency', 'all'))
);
INSERT INTO role_reach VALUES
    ('keeper', 'all'),
    ('window_clerk', 'own_agency'),
    ('agency_head', 'own_agency'),
    ('city_manager', 'all'),
    ('auditor', 'all'),
    ('supervisor', 'all'),
    ('contractor', 'none'),
    ('system_admin', 'none'),
    ('security_admin', 'none'),
    ('audit_admin', 'none'),
    ('borrower', 'none'),
    ('service', 'none');

