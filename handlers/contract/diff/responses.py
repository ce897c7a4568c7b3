"""Changes of responses: statuses, headers, links and bodies."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from handlers.contract.diff.changes import Site
from handlers.contract.diff.contents import compare_contents
from handlers.contract.diff.links import compare_links
from handlers.contract.diff.operands import Direction
from handlers.contract.diff.operations import Described, Key
from handlers.contract.diff.schemas import SchemaComparison
from handlers.contract.diff.written_values import written_alike

Responses = Mapping[str, Any]
Targets = tuple[Mapping[str, Key], Mapping[str, Key]]

_DEFAULT = "default"
_NO_LONGER_SENT = "a client waits for a success that comes no more"
_NOT_DESCRIBED = "a client gets a success that its document does not describe"
_COUNTED_ON = "a client counts on the header"


@dataclass(frozen=True)
class ResponseComparison:
    """Compares the responses of operations.

    ``targets``: the operations of the old and of the new document, by their operationIds.
    ``direction``: responses of webhooks are the client's, and go the other way.
    """

    schemas: SchemaComparison
    targets: Targets
    direction: Direction

    def compare(self, old: Described, new: Described, site: Site) -> None:
        """Record the changes of all responses of an operation."""
        old_responses, new_responses = (side.spec.get("responses", {}) for side in (old, new))
        for status in [
            *old_responses,
            *(status for status in new_responses if status not in old_responses),
        ]:
            was, now = _for_status(status, old_responses), _for_status(status, new_responses)
            below = site.below(status)
            if status not in old_responses:
                self._added(status, is_described=was is not None, site=below)
            elif now is None:
                self._removed(status, below)
            if was is not None and now is not None:
                self._compare((old, old.at(was)), (new, new.at(now)), below)

    def _added(self, status: str, *, is_described: bool, site: Site) -> None:
        """RFC 9110, 15: a client treats an unknown error as x00 of its class."""
        if _is_success(status) and not is_described:
            site.breaks("status-added", _NOT_DESCRIBED)
        else:
            site.allows("status-added")

    def _removed(self, status: str, site: Site) -> None:
        if _is_success(status):
            site.breaks("status-removed", _NO_LONGER_SENT)
        else:
            site.allows("status-removed")

    def _compare(
        self, old: tuple[Described, Responses], new: tuple[Described, Responses], site: Site
    ) -> None:
        was, now = old[1], new[1]
        compare_contents(
            was.get("content", {}), now.get("content", {}), self.direction, self.schemas, site
        )
        self._headers(old, new, site)
        compare_links(old, new, self.targets, site)

    def _headers(
        self, old: tuple[Described, Responses], new: tuple[Described, Responses], site: Site
    ) -> None:
        old_headers, new_headers = (
            {name.lower(): side.at(header) for name, header in response.get("headers", {}).items()}
            for side, response in (old, new)
        )
        for name, header in old_headers.items():
            below = site.below(f"header {name}")
            if name in new_headers:
                self._header((old[0], header), (new[0], new_headers[name]), below)
            elif header.get("required"):
                below.breaks("header-removed", _COUNTED_ON, "required")
            else:
                below.allows("header-removed", "optional")
        for name in new_headers.keys() - old_headers.keys():
            site.below(f"header {name}").allows("header-added")

    def _header(
        self,
        old: tuple[Described, Mapping[str, Any]],
        new: tuple[Described, Mapping[str, Any]],
        site: Site,
    ) -> None:
        was, now = (header.get("required", False) for header in (old[1], new[1]))
        if was and not now:
            site.breaks("header-required", _COUNTED_ON, "no longer required")
        elif now and not was:
            site.allows("header-required", "now required")
        schemas = old[1].get("schema", True), new[1].get("schema", True)
        one, other = written_alike(*schemas, old[0].document, new[0].document)
        self.schemas.compare(one, other, self.direction, site.place, site.operation)


def _for_status(status: str, responses: Responses) -> Any:
    """The response for a status: by number, class, or default; else None."""
    for name in (status, f"{status[0]}XX", _DEFAULT):
        if name in responses:
            return responses[name]
    return None


def _is_success(status: str) -> bool:
    """Redirects are successes, too: they lead to what the client requested."""
    return status[0] in "23"
