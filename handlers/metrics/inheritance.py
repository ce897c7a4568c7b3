"""The memory of the metrics, for the next program of the main process.

A reload runs the program again in the same process, with its open descriptors and environment.
"""

import json
import os

# Not a setting, and so without their prefix.
_VARIABLE = "SERVER_METRICS"


def inherited_descriptor() -> int | None:
    """The file that the last program of this process has left open; None after a start."""
    text = os.environ.pop(_VARIABLE, "")
    state = json.loads(text) if text else {}
    return state["descriptor"] if state.get("pid") == os.getpid() else None


def make_inheritable(descriptor: int) -> None:
    """Leave the file open for the next program of this process."""
    os.set_inheritable(descriptor, True)
    os.environ[_VARIABLE] = json.dumps({"pid": os.getpid(), "descriptor": descriptor})
