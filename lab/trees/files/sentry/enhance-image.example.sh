#!/bin/bash
set -euo pipefail
# Copy this file to enhance-image.sh and add what the sentry image is to have,
# for instance:
#   apt-get update && apt-get install -y some-package
