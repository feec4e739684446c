"""Ends well when snuba's API says that it is."""

import sys
import urllib.request

try:
    body = urllib.request.urlopen("http://127.0.0.1:1218/health", timeout=2).read()
except OSError as err:
    sys.exit(f"snuba api: {err}")
sys.exit(0 if b"ok" in body else "snuba api: not ok")
