#!/bin/sh
# Run once by the image of PostgreSQL, when its volume is new. Tables belong to the role that migrates; web, worker and beat
# work as territory_app, which can neither alter tables nor take away the guard of the audit.
set -eu

psql --quiet --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" --set ON_ERROR_STOP=1 --set password="$APP_PASSWORD" <<'SQL'
CREATE ROLE territory_app LOGIN PASSWORD :'password';
GRANT USAGE ON SCHEMA public TO territory_app;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO territory_app;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO territory_app;
SQL
