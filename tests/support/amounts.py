"""How much the tests do of what can be done for any length of time: docs/development.md."""

import os

# How long callers who write at the same time go on with it.
RACE_SECONDS = float(os.environ.get("WAYBILL_TEST_RACE_SECONDS", "2"))
