"""References inside one OpenAPI document."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

Document = Mapping[str, Any]


class ReferenceMissing(Exception):
    """A reference leads nowhere in its document, or out of it; the message has the reference."""


def resolve(document: Document, reference: str) -> Any:
    """What ``reference``, such as `#/components/schemas/Order`, leads to; not followed further.

    Raises ReferenceMissing.
    """
    fragment, node = reference.removeprefix("#"), document
    if fragment == reference or (fragment and not fragment.startswith("/")):
        raise ReferenceMissing(f"{reference} does not lead to a place in the same document")
    for part in unquote(fragment).split("/")[1:]:
        node = _child(node, part.replace("~1", "/").replace("~0", "~"), reference)
    return node


def followed(document: Document, node: Any) -> Any:
    """``node``, or the end of its chain of `$ref`. Raises ReferenceMissing, also for loops."""
    visited = set()
    while isinstance(node, Mapping) and isinstance(node.get("$ref"), str):
        reference = node["$ref"]
        if reference in visited:
            raise ReferenceMissing(f"{reference} leads back to itself")
        visited.add(reference)
        node = resolve(document, reference)
    return node


def _child(node: Any, key: str, reference: str) -> Any:
    if isinstance(node, Mapping) and key in node:
        return node[key]
    if isinstance(node, list) and key.isdecimal() and int(key) < len(node):
        return node[int(key)]
    raise ReferenceMissing(f"{reference} does not exist")
