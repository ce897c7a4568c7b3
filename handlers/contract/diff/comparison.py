"""The changes from one OpenAPI document to another, and what they mean for clients of the first."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from handlers.contract.diff.access import compare_security, compare_servers
from handlers.contract.diff.changes import CODE, REQUESTS, RESPONSES, Change, Changes, Site
from handlers.contract.diff.components import compare_component_names
from handlers.contract.diff.contents import compare_contents
from handlers.contract.diff.deprecations import compare_deprecations
from handlers.contract.diff.operands import Direction
from handlers.contract.diff.operations import (
    Described,
    Key,
    described_callbacks,
    described_operations,
    described_webhooks,
)
from handlers.contract.diff.parameters import compare_parameters, compare_path_names
from handlers.contract.diff.references import Document
from handlers.contract.diff.responses import ResponseComparison
from handlers.contract.diff.schemas import SchemaComparison
from handlers.contract.diff.words import from_to

# The search for a payload, per keyword of a schema.
SECONDS = 5.0
_REMOVED = "a client that calls it is answered 404 or 405"
_NOT_SENT = "a client waits for it"
_CALLED_BY_NAME = "generated functions, and links, have this name"
_GROUPED_BY_TAG = "generators make a class of each first tag"
_BODY_PASSED_OVER = "the server passes over the body that the client sends"
_BODY_LEFT_OUT = "a client may send no body"
# What Waybill's engine refuses by keywords of its own.
_DEMANDS = {
    "x-strict-query": "a query with a parameter that is not described is refused",
    "x-requires-json": "a request without Content-Type is refused",
}


def compare_documents(old: Document, new: Document, *, seconds: float = SECONDS) -> list[Change]:
    """All changes, the breaking ones first; both documents were checked before.

    ``seconds`` bounds the search for one payload.
    """
    return _Comparison(old, new, seconds).changes()


@dataclass
class _Comparison:
    old: Document
    new: Document
    seconds: float

    def __post_init__(self) -> None:
        self._changes = Changes()
        self._schemas = SchemaComparison(self.old, self.new, self.seconds)
        self._old_operations = {
            operation.key: operation for operation in described_operations(self.old)
        }
        self._new_operations = {
            operation.key: operation for operation in described_operations(self.new)
        }

    def changes(self) -> list[Change]:
        for key in [
            *self._old_operations,
            *(added for added in self._new_operations if added not in self._old_operations),
        ]:
            self._operation(self._old_operations.get(key), self._new_operations.get(key))
        self._sent_by_server(described_webhooks(self.old), described_webhooks(self.new), "webhook")
        self._schemas.record(self._changes.add)
        compare_component_names(self.old, self.new, self._schemas.renamed, self._changes)
        return self._changes.all()

    def _operation(self, old: Described | None, new: Described | None) -> None:
        if old is None:
            if new is not None:
                self._site(REQUESTS, new).allows("operation-added", _address(new))
        elif new is None:
            self._site(REQUESTS, old).breaks("operation-removed", _REMOVED, _address(old))
        else:
            self._pair(old, new)

    def _pair(self, old: Described, new: Described) -> None:
        requests = self._site(REQUESTS, old)
        self._names(old, new)
        compare_security(old, new, requests)
        compare_servers(old, new, requests)
        compare_deprecations(old.spec, new.spec, requests)
        self._demands(old, new, requests)
        compare_parameters(old, new, self._schemas, requests)
        self._body(old, new, Direction.REQUEST, requests)
        self._responses(old, new, Direction.RESPONSE, self._site(RESPONSES, old))
        self._sent_by_server(
            described_callbacks(old), described_callbacks(new), f"{old.name} callback"
        )

    def _names(self, old: Described, new: Described) -> None:
        site = self._site(CODE, old)
        was, now = (side.spec.get("operationId") for side in (old, new))
        if was is None and now is not None:
            site.allows("operation-id", f"now {now}")
        elif was != now:
            site.breaks("operation-id", _CALLED_BY_NAME, f"{was} → {now or 'none'}")
        was, now = ((side.spec.get("tags") or [None])[0] for side in (old, new))
        if was != now:
            site.breaks("tag", _GROUPED_BY_TAG, from_to(was, now))
        compare_path_names(old, new, site)

    def _demands(self, old: Described, new: Described, site: Site) -> None:
        for key, reason in _DEMANDS.items():
            was, now = (bool(side.spec.get(key)) for side in (old, new))
            if now and not was:
                site.breaks(key, reason, from_to(was, now))
            elif was and not now:
                site.allows(key, from_to(was, now))

    def _body(self, old: Described, new: Described, direction: Direction, site: Site) -> None:
        was, now = (_body_of(side) for side in (old, new))
        body = site.below("body")
        if now is None:
            if was is not None:
                body.breaks("body-removed", _BODY_PASSED_OVER)
            return
        required = now.get("required", False)
        if required and not (was or {}).get("required", False):
            body.breaks("body-required" if was else "body-added", _BODY_LEFT_OUT, "now required")
        elif was is None:
            body.allows("body-added", "optional")
        elif was.get("required", False) and not required:
            body.allows("body-required", "no longer required")
        if was is not None:
            compare_contents(was["content"], now["content"], direction, self._schemas, body)

    def _responses(self, old: Described, new: Described, direction: Direction, site: Site) -> None:
        targets = _targets(self._old_operations), _targets(self._new_operations)
        ResponseComparison(self._schemas, targets, direction).compare(old, new, site)

    def _sent_by_server(self, old: list[Described], new: list[Described], place: str) -> None:
        """Webhooks and callbacks: the server sends the requests, and the client responds."""
        old_operations, new_operations = (
            {(operation.path, operation.method): operation for operation in operations}
            for operations in (old, new)
        )
        for key, operation in old_operations.items():
            site = Site(self._changes, RESPONSES, f"{place} {operation.name}", operation.name)
            if key not in new_operations:
                site.breaks("webhook-removed", _NOT_SENT)
                continue
            was, now = (
                _body_of(side) or {"content": {}} for side in (operation, new_operations[key])
            )
            compare_contents(
                was["content"],
                now["content"],
                Direction.RESPONSE,
                self._schemas,
                site.below("body"),
            )
            answers = Site(self._changes, REQUESTS, site.place, operation.name)
            self._responses(operation, new_operations[key], Direction.REQUEST, answers)
        for key, operation in new_operations.items():
            if key not in old_operations:
                Site(self._changes, RESPONSES, f"{place} {operation.name}", operation.name).allows(
                    "webhook-added"
                )

    def _site(self, direction: str, operation: Described) -> Site:
        return Site(self._changes, direction, operation.name, operation.name)


def _body_of(operation: Described) -> Mapping[str, Any] | None:
    body: Mapping[str, Any] | None = operation.at(operation.spec.get("requestBody"))
    return body


def _targets(operations: Mapping[Key, Described]) -> dict[str, Key]:
    return {operation.name: key for key, operation in operations.items()}


def _address(operation: Described) -> str:
    return f"{operation.method.upper()} {operation.path}"
