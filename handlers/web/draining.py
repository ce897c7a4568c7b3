"""Whether this server drains: it is about to stop, and still serves.

The state is in memory that a server's processes share by fork.
"""

import mmap

_state = mmap.mmap(-1, 1)


def start_draining() -> None:
    """Drain from now on, in all processes of this server."""
    _state[0] = 1


def is_draining() -> bool:
    """Whether the server is about to stop."""
    return _state[0] != 0
