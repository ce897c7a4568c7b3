"""How long tests of open-ended duration run: docs/testing.md."""

import os

# How long concurrent callers go on writing.
RACE_SECONDS = float(os.environ.get("WAYBILL_TEST_RACE_SECONDS", "2"))
