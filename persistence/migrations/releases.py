"""The revisions of the releases. A release adds its line."""

from collections.abc import Mapping

HEADS: Mapping[str, str] = {"0.1.0": "0008"}
"""The revision that the code of each release needs, by version, the oldest first."""


def release_of(revision: str) -> str | None:
    """Return the oldest release whose code needs this revision or a later one; None without one."""
    return next((version for version, head in HEADS.items() if head >= revision), None)
