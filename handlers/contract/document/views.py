"""The two published documents of one contract.

The complete one has all that is routed and validated. Keys in the files of `openapi/` turn it into
the one for clients:

- `x-internal: true` removes an operation, parameter, media type, response, header, property or
  security scheme, and everything that refers to a component with it.
- `x-client: {…}` replaces the keywords of a schema; texts and examples stay, unless it has its own.

In it, a reference beside `examples` is replaced by the schema: generators for OpenAPI 3.0 ignore
either the reference or what is beside it.
"""

from collections.abc import Iterator
from typing import Any

from handlers.contract.document.code_samples import add_code_samples
from handlers.contract.document.contract import Contract, ContractError

Document = dict[str, Any]

_INTERNAL = "x-internal"
_CLIENT = "x-client"
_EXAMPLES = "examples"
# The body of a link's request, for tests: generators treat a Link's own `requestBody` as text.
_LINK_BODY = "x-link-body"
_WORDS = ("title", "description", "deprecated", "default", "examples")
_REFERENCE = "#/components/"
_SCHEMES = f"{_REFERENCE}securitySchemes/"


def full_document(contract: Contract) -> Document:
    """All that is routed and validated, as in `/openapi.full.json`."""
    document: Document = _without_keys(contract.document, {_CLIENT})
    return _with_used_components(document)


def client_document(contract: Contract) -> Document:
    """The document for people and generators, as in `/openapi.json`.

    Raises ContractError where an operation would become public.
    """
    document: Document = _ClientView(contract.document).of(contract.document)
    document["paths"] = {path: item for path, item in document["paths"].items() if item}
    tags = {tag for item in document["paths"].values() for tag in _tags(item)}
    if "tags" in document:
        document["tags"] = [tag for tag in document["tags"] if tag["name"] in tags]
    document = _with_used_components(document)
    add_code_samples(document)
    return document


class _ClientView:
    """Copies parts of one document without their internal parts."""

    def __init__(self, document: Document) -> None:
        self._components = document.get("components", {})

    def of(self, node: Any) -> Any:
        if isinstance(node, list):
            return [self.of(item) for item in node if not self._is_internal(item)]
        if not isinstance(node, dict):
            return node
        if _EXAMPLES in node and "$ref" in node:
            node = self._dereferenced(node)
        if _CLIENT in node:
            node = {word: node[word] for word in _WORDS if word in node} | node[_CLIENT]
        copied = {
            key: self.of(value)
            for key, value in node.items()
            if key not in (_INTERNAL, _LINK_BODY) and not self._is_internal(value)
        }
        self._tidy(node, copied)
        return copied

    def _dereferenced(self, node: Document) -> Document:
        """The schema that is referred to, with the keywords beside the reference."""
        kind, _, name = node["$ref"].removeprefix(_REFERENCE).partition("/")
        schema: Document = self._components[kind][name]
        return schema | {key: node[key] for key in node if key != "$ref"}

    def _tidy(self, node: Document, copied: Document) -> None:
        """Remove the names of removed parts."""
        properties = node.get("properties")
        if isinstance(properties, dict) and isinstance(node.get("required"), list):
            removed = properties.keys() - copied["properties"].keys()
            copied["required"] = [name for name in node["required"] if name not in removed]
        if node.get("content") and not copied["content"]:
            del copied["content"]
        if isinstance(security := node.get("security"), list) and security:
            copied["security"] = [
                requirement for requirement in security if not self._is_internal_way(requirement)
            ]
            if not copied["security"]:
                name = node.get("operationId", "the document")
                raise ContractError(f"{name}: each of its security schemes is internal")

    def _is_internal_way(self, requirement: Document) -> bool:
        schemes = self._components.get("securitySchemes", {})
        return any(self._is_internal(schemes.get(name)) for name in requirement)

    def _is_internal(self, node: Any) -> bool:
        while isinstance(node, dict):
            if node.get(_INTERNAL) is True:
                return True
            reference = node.get("$ref")
            if not isinstance(reference, str) or not reference.startswith(_REFERENCE):
                return False
            kind, _, name = reference.removeprefix(_REFERENCE).partition("/")
            node = self._components.get(kind, {}).get(name)
        return False


def _without_keys(node: Any, keys: set[str]) -> Any:
    if isinstance(node, list):
        return [_without_keys(item, keys) for item in node]
    if not isinstance(node, dict):
        return node
    return {key: _without_keys(value, keys) for key, value in node.items() if key not in keys}


def _with_used_components(document: Document) -> Document:
    """The document, with only the components that it uses."""
    components = document.get("components", {})
    used: set[str] = set()
    waiting = list(_references({key: document[key] for key in document if key != "components"}))
    while waiting:
        reference = waiting.pop()
        if reference not in used:
            used.add(reference)
            kind, _, name = reference.removeprefix(_REFERENCE).partition("/")
            waiting += _references(components[kind][name])
    used_components = {
        kind: {
            name: component
            for name, component in members.items()
            if f"{_REFERENCE}{kind}/{name}" in used
        }
        for kind, members in components.items()
    }
    return document | {
        "components": {kind: members for kind, members in used_components.items() if members}
    }


def _references(node: Any) -> Iterator[str]:
    """The components that a part of a document refers to."""
    if isinstance(node, list):
        for item in node:
            yield from _references(item)
    if not isinstance(node, dict):
        return
    if isinstance(reference := node.get("$ref"), str):
        yield reference
    if isinstance(security := node.get("security"), list):
        yield from (_SCHEMES + name for requirement in security for name in requirement)
    for value in node.values():
        yield from _references(value)


def _tags(item: Document) -> Iterator[str]:
    for operation in item.values():
        if isinstance(operation, dict):
            yield from operation.get("tags", ())
