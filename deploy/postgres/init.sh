#!/bin/sh
# Runs once in the postgres container, when its volume is empty.
set -eu
psql --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" \
    -v owner_password="$OWNER_PASSWORD" -v app_password="$APP_PASSWORD" -v jobs_password="$JOBS_PASSWORD" \
    -f /guiwei/roles.sql
