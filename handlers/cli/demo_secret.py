"""The secret that `waybill serve --demo` generates, so that no setting is needed.

It is stored in var/secret, next to the embedded database. Every command in that folder uses it if
WAYBILL_SECRET is not set.
"""

import os
import secrets
from pathlib import Path

from domain.shared.private_files import make_private_folder, open_private_file
from handlers.setting_files import SUFFIX

_FILE = Path("var/secret")
_VARIABLE = "WAYBILL_SECRET"


def make_secret() -> None:
    """Generate and store a secret, unless one is stored or in the environment."""
    if not _is_set() and not _FILE.exists():
        make_private_folder(_FILE.parent)
        with open_private_file(_FILE) as file:
            file.write(secrets.token_urlsafe(32).encode())


def use_secret() -> None:
    """Put the stored secret into the environment, unless that has one."""
    if not _is_set() and _FILE.exists():
        os.environ[_VARIABLE] = _FILE.read_text()


def _is_set() -> bool:
    return _VARIABLE in os.environ or _VARIABLE + SUFFIX in os.environ
