#!/bin/bash
# Lays the plug-in for change capture beside PostgreSQL's own, lets replication
# connect, and goes on as the image would.
set -e

if [ "$1" = postgres ]; then
  for lib in /usr/lib/postgresql/*/lib; do
    install -m 755 /opt/sentry/wal2json/wal2json.so "$lib/"
  done
  if [ -s "$PGDATA/PG_VERSION" ]; then
    /opt/sentry/init_hba.sh
  else
    install -D /opt/sentry/init_hba.sh /docker-entrypoint-initdb.d/init_hba.sh
  fi
fi
exec /usr/local/bin/docker-entrypoint.sh "$@"
