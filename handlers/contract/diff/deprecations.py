"""Changes of deprecations and sunset days."""

from collections.abc import Mapping
from typing import Any

from handlers.contract.diff.changes import Site
from handlers.contract.diff.words import ABSENT, from_to

SUNSET = "x-sunset"
_EARLIER = "it ends before the day that was announced"


def compare_deprecations(old: Mapping[str, Any], new: Mapping[str, Any], site: Site) -> None:
    """Record a new or lifted deprecation of an operation or parameter, and a moved end."""
    was, now = (side.get("deprecated", False) for side in (old, new))
    if was != now:
        site.allows("deprecated", from_to(was, now))
    was, now = (side.get(SUNSET, ABSENT) for side in (old, new))
    if was == now:
        return
    if was is not ABSENT and now is not ABSENT and str(now) < str(was):
        site.breaks("sunset", _EARLIER, from_to(was, now))
    else:
        site.allows("sunset", from_to(was, now))
