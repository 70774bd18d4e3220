#!/bin/bash
# A database and its owner for each service, who sees no other's.
set -euo pipefail
for service in users admin templates; do
  psql -X -q -v ON_ERROR_STOP=1 -U "$POSTGRES_USER" -d postgres \
    -v name="$service" -v password="$(cat "/run/secrets/${service}_password")" <<'SQL'
CREATE ROLE :"name" LOGIN PASSWORD :'password';
CREATE DATABASE :"name" OWNER :"name";
REVOKE CONNECT ON DATABASE :"name" FROM PUBLIC;
SQL
done
