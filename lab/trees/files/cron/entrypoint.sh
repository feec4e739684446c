#!/bin/bash
# Runs the jobs given as crontab lines until it is stopped.
exec standin cron "$@"
