"""Names of schemas: no message has them, but generated code has a class for every schema."""

from collections.abc import Iterator, Mapping
from typing import Any

from handlers.contract.diff.changes import CODE, Changes, Site
from handlers.contract.diff.references import Document, resolve

_CLASS_NAME = "generated classes have this name"
_SCHEMAS = "#/components/schemas/"


def compare_component_names(
    old: Document, new: Document, renamed: Mapping[str, set[str]], changes: Changes
) -> None:
    """Record schemas that clients of ``old`` know by a name that ``new`` does not have.

    ``renamed``: by the name of a schema of ``old``, the names of the schemas in its places.
    """
    old_schemas = old.get("components", {}).get("schemas", {})
    new_schemas = new.get("components", {}).get("schemas", {})
    used = set(_used(old))
    for name in sorted(old_schemas.keys() - new_schemas.keys()):
        site = Site(changes, CODE, name, "")
        names = sorted(renamed.get(name, set()) - {name})
        if names:
            site.breaks("component-renamed", _CLASS_NAME, f"now {', '.join(names)}")
        elif name in used:
            site.breaks("component-removed", _CLASS_NAME)
        else:
            site.allows("component-removed", "no operation used it")
    for name in sorted(new_schemas.keys() - old_schemas.keys()):
        Site(changes, CODE, name, "").allows("component-added")


def _used(document: Document) -> Iterator[str]:
    """The names of the schemas that operations use."""
    waiting: list[Any] = [document.get("paths", {}), document.get("webhooks", {})]
    visited: set[str] = set()
    while waiting:
        node = waiting.pop()
        if isinstance(node, list):
            waiting.extend(node)
        elif isinstance(node, Mapping):
            reference = node.get("$ref")
            if isinstance(reference, str) and reference not in visited:
                visited.add(reference)
                waiting.append(resolve(document, reference))
            waiting.extend(node.values())
    return (
        reference.removeprefix(_SCHEMAS) for reference in visited if reference.startswith(_SCHEMAS)
    )
