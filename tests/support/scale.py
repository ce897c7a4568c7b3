"""How long tests of open-ended duration run: docs/testing.md."""

import os

# The time for which concurrent callers write.
RACE_SECONDS = float(os.environ.get("WAYBILL_TEST_RACE_SECONDS", "2"))
