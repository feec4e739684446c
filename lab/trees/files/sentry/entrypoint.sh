#!/bin/bash
set -e

if compgen -G '/usr/local/share/ca-certificates/*.crt' >/dev/null; then
  update-ca-certificates
fi

source /docker-entrypoint.sh
