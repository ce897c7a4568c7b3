"""One OpenAPI document, and where its parts come from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

ROOT = "openapi.yaml"


class ContractError(Exception):
    """The contract can't be served; the message names file and JSON pointer."""


@dataclass(frozen=True, eq=False)
class Contract:
    """One self-contained OpenAPI document, and where its parts come from.

    Compared by identity (``eq=False``), so that it can be a cache key.

    ``document``: every reference in it is `#/components/<kind>/<name>`.
    ``resources``: operationId to the file that describes it, as a module is named: the file
    `orders/old_orders.yaml` is `orders.old_orders`.
    ``origins``: pointers of the document to their places in the files.
    """

    document: dict[str, Any]
    resources: dict[str, str]
    origins: Mapping[str, str] = field(default_factory=dict, repr=False)

    def origin(self, pointer: str) -> str:
        """The place in the files for a pointer of the document; follows references."""
        parts = self._followed(pointer.split("/")[1:])
        for length in range(len(parts), 0, -1):
            if place := self.origins.get(_joined(parts[:length])):
                return place + _joined(parts[length:])
        return self.origins.get("", f"{ROOT}#") + _joined(parts)

    def _followed(self, parts: list[str]) -> list[str]:
        """The same place without the references on the way."""
        node: Any = self.document
        followed: list[str] = []
        for at, part in enumerate(parts):
            if isinstance(node, dict) and "$ref" in node and child(node, part) is None:
                followed = node["$ref"].split("/")[1:]
                return self._followed([*followed, *parts[at:]])
            followed.append(part)
            node = child(node, part)
        return followed


def child(node: Any, part: str) -> Any:
    """The member of a JSON value that one part of a pointer names; None where there is none."""
    if isinstance(node, list):
        return node[int(part)] if part.isdecimal() and int(part) < len(node) else None
    key = part.replace("~1", "/").replace("~0", "~")
    return node.get(key) if isinstance(node, dict) else None


def _joined(parts: list[str]) -> str:
    return "".join(f"/{part}" for part in parts)
