"""Changes of links, by which a client finds the next request."""

from collections.abc import Mapping
from typing import Any

from handlers.contract.diff.changes import Site
from handlers.contract.diff.operations import Described, Key
from handlers.contract.diff.words import ABSENT, from_to

_NOT_FOLLOWED = "a client that follows the link finds none"
_LEADS_ELSEWHERE = "a client that follows the link gets to another operation"
_SENDS_OTHER = "a client that follows the link sends other values"

_Side = tuple[Described, Mapping[str, Any]]


def compare_links(
    old: _Side, new: _Side, targets: tuple[Mapping[str, Key], Mapping[str, Key]], site: Site
) -> None:
    """Record the changes of the links of a response.

    ``targets``: the operations of both documents by their operationIds. A link to an operation by
    its new operationId is no change.
    """
    old_links, new_links = (
        {name: side.at(link) for name, link in response.get("links", {}).items()}
        for side, response in (old, new)
    )
    for name, link in old_links.items():
        below = site.below(f"link {name}")
        if name not in new_links:
            below.breaks("link-removed", _NOT_FOLLOWED)
        else:
            _compare(link, new_links[name], targets, below)
    for name in new_links.keys() - old_links.keys():
        site.below(f"link {name}").allows("link-added")


def _compare(
    old: Mapping[str, Any],
    new: Mapping[str, Any],
    targets: tuple[Mapping[str, Key], Mapping[str, Key]],
    site: Site,
) -> None:
    if _target(old, targets[0]) != _target(new, targets[1]):
        names = (link.get("operationId", link.get("operationRef")) for link in (old, new))
        site.breaks("link-target", _LEADS_ELSEWHERE, from_to(*names))
    for key in ("parameters", "requestBody", "server"):
        was, now = old.get(key, ABSENT), new.get(key, ABSENT)
        if was != now:
            site.breaks("link-values", _SENDS_OTHER, f"{key}: {from_to(was, now)}")


def _target(link: Mapping[str, Any], targets: Mapping[str, Key]) -> Key | str:
    name = link.get("operationId", "")
    return targets.get(name, name) or str(link.get("operationRef"))
