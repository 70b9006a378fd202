"""These tests want Home Assistant, 400 MB of packages: only `make test-ha` runs them."""

import os

if not os.environ.get("HOMEASSISTANT"):
    collect_ignore_glob = ["test_*"]
