-- The three roles and the database of Guiwei, for a PostgreSQL (15 or newer) of the site's own. Run it once as superuser:
--
--   psql -v owner_password=... -v app_password=... -v jobs_password=... -f deploy/postgres/roles.sql
--
-- A second run sets the passwords anew and changes nothing else. Guiwei's embedded server gets the same from
-- inventory/store/provision.py; a test holds the two together.
\set ON_ERROR_STOP on
SET password_encryption = 'scram-sha-256';

SELECT format('CREATE ROLE %I', name) FROM unnest(ARRAY['guiwei_owner', 'guiwei_app', 'guiwei_jobs']) AS name
WHERE NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = name) \gexec

-- The passwords below must not reach the server's log.
SET log_statement = 'none';
SET log_min_error_statement = 'panic';
ALTER ROLE guiwei_owner LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOREPLICATION PASSWORD :'owner_password';
ALTER ROLE guiwei_app LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOREPLICATION PASSWORD :'app_password';
ALTER ROLE guiwei_jobs LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOREPLICATION PASSWORD :'jobs_password';
ALTER ROLE guiwei_owner SET jit = off;  -- see provision.py for why
ALTER ROLE guiwei_app SET jit = off;
ALTER ROLE guiwei_jobs SET jit = off;
RESET log_statement;
RESET log_min_error_statement;

-- Order by code point, Unicode's character classes: see provision.py for why.
SELECT 'CREATE DATABASE guiwei OWNER guiwei_owner TEMPLATE template0 ENCODING ''UTF8'' LC_COLLATE ''C'' LC_CTYPE ''C.UTF-8'' '
    || CASE WHEN current_setting('server_version_num')::int >= 170000
            THEN 'LOCALE_PROVIDER builtin BUILTIN_LOCALE ''C.UTF-8''' ELSE 'LOCALE_PROVIDER libc' END
WHERE NOT EXISTS (SELECT 1 FROM pg_database WHERE datname = 'guiwei') \gexec

REVOKE ALL ON DATABASE guiwei FROM PUBLIC;
GRANT CONNECT, TEMPORARY ON DATABASE guiwei TO guiwei_app, guiwei_jobs;

\connect guiwei
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
