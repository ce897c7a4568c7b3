"""The secret that `waybill serve --demo` makes, so that a newcomer has to set nothing.

It stands in var/secret, beside the embedded database, and serves every command that runs there
without WAYBILL_SECRET.
"""

import os
import secrets
from pathlib import Path

from domain.shared.private_files import make_private_folder, open_private_file

_FILE = Path("var/secret")
_VARIABLE = "WAYBILL_SECRET"


def make_secret() -> None:
    """Make and keep a secret, unless there is one or the environment has another."""
    if _VARIABLE not in os.environ and not _FILE.exists():
        make_private_folder(_FILE.parent)
        with open_private_file(_FILE) as file:
            file.write(secrets.token_urlsafe(32).encode())


def use_secret() -> None:
    """Put the kept secret into the environment, where it has none."""
    if _VARIABLE not in os.environ and _FILE.exists():
        os.environ[_VARIABLE] = _FILE.read_text()
