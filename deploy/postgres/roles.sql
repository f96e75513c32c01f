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
-- The server's log tells nothing of what these roles say and see: see provision.py for why.
SELECT format('ALTER ROLE %I SET %s = %L', role, name, value)
FROM unnest(ARRAY['guiwei_owner', 'guiwei_app', 'guiwei_jobs']) AS role, (VALUES
    ('log_min_messages', 'log'), ('log_min_error_statement', 'panic'), ('log_error_verbosity', 'terse'),
    ('log_statement', 'none'), ('log_min_duration_statement', '-1'), ('log_min_duration_sample', '-1'),
    ('log_transaction_sample_rate', '0'), ('log_parameter_max_length', '0'), ('log_parameter_max_length_on_error', '0')
) AS silent (name, value) ORDER BY role \gexec
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
