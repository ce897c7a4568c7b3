"""How long tests of open-ended duration run: docs/testing.md."""

import os

# The time for which concurrent callers write.
RACE_SECONDS = float(os.environ.get("WAYBILL_TEST_RACE_SECONDS", "2"))

# How many random histories each state machine tries.
HISTORIES = int(os.environ.get("WAYBILL_TEST_HISTORIES", "12"))
