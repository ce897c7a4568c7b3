"""What the engine does with each keyword of OpenAPI 3.1 and JSON Schema 2020-12.

The start checks the document by this list, and README.md shows it. Other keywords are refused.
"""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import replace
from enum import StrEnum
from typing import Any

from handlers.contract.document.bundle import Contract, ContractError
from handlers.contract.document.methods import METHODS
from handlers.contract.document.validators import pointer_to


class Use(StrEnum):
    """How the engine treats a keyword."""

    ENFORCED = "enforced"
    """It affects routing, requests or responses."""
    NOTED = "noted"
    """It has no effect by OpenAPI and JSON Schema: text for readers and tools."""
    REFUSED = "refused"
    """The start fails with its name."""


ENFORCED, NOTED, REFUSED = Use

_TEXTS = {"description": NOTED, "summary": NOTED, "externalDocs": NOTED}
_EXAMPLES = {"example": NOTED, "examples": NOTED}

KEYWORDS: Mapping[str, Mapping[str, Use]] = {
    "OpenAPI": {
        "openapi": ENFORCED,
        "info": NOTED,
        "jsonSchemaDialect": REFUSED,
        "servers": ENFORCED,
        "paths": ENFORCED,
        "webhooks": REFUSED,
        "components": ENFORCED,
        "security": ENFORCED,
        "tags": NOTED,
        "externalDocs": NOTED,
    },
    "Path Item": {
        **_TEXTS,
        **dict.fromkeys(METHODS, ENFORCED),
        "$ref": ENFORCED,
        "head": REFUSED,
        "options": REFUSED,
        "trace": REFUSED,
        "servers": REFUSED,
        "parameters": ENFORCED,
    },
    "Operation": {
        **_TEXTS,
        "tags": NOTED,
        "operationId": ENFORCED,
        "parameters": ENFORCED,
        "requestBody": ENFORCED,
        "responses": ENFORCED,
        "callbacks": REFUSED,
        "deprecated": NOTED,
        "security": ENFORCED,
        "servers": REFUSED,
    },
    "Parameter": {
        **_TEXTS,
        **_EXAMPLES,
        "name": ENFORCED,
        "in": ENFORCED,
        "required": ENFORCED,
        "deprecated": NOTED,
        "allowEmptyValue": ENFORCED,
        "style": ENFORCED,
        "explode": ENFORCED,
        "allowReserved": NOTED,
        "schema": ENFORCED,
        "content": ENFORCED,
    },
    "Request Body": {"description": NOTED, "content": ENFORCED, "required": ENFORCED},
    "Media Type": {**_EXAMPLES, "schema": ENFORCED, "encoding": ENFORCED},
    "Encoding": {
        "contentType": NOTED,
        "headers": REFUSED,
        "style": ENFORCED,
        "explode": ENFORCED,
        "allowReserved": NOTED,
    },
    "Response": {
        "description": NOTED,
        "headers": ENFORCED,
        "content": ENFORCED,
        "links": NOTED,
    },
    "Header": {
        **_TEXTS,
        **_EXAMPLES,
        "required": ENFORCED,
        "deprecated": NOTED,
        "style": ENFORCED,
        "explode": ENFORCED,
        "schema": ENFORCED,
        "content": ENFORCED,
    },
    "Schema": {
        # Applicators
        **dict.fromkeys(("allOf", "anyOf", "oneOf", "not", "if", "then", "else"), ENFORCED),
        **dict.fromkeys(("properties", "patternProperties", "additionalProperties"), ENFORCED),
        **dict.fromkeys(("propertyNames", "dependentSchemas", "prefixItems", "items"), ENFORCED),
        **dict.fromkeys(("contains", "unevaluatedItems", "unevaluatedProperties"), ENFORCED),
        "$ref": ENFORCED,
        # Assertions
        **dict.fromkeys(("type", "enum", "const", "pattern", "format"), ENFORCED),
        **dict.fromkeys(("multipleOf", "maximum", "exclusiveMaximum"), ENFORCED),
        **dict.fromkeys(("minimum", "exclusiveMinimum", "maxLength", "minLength"), ENFORCED),
        **dict.fromkeys(("maxItems", "minItems", "uniqueItems"), ENFORCED),
        **dict.fromkeys(("maxContains", "minContains", "dependentRequired"), ENFORCED),
        **dict.fromkeys(("maxProperties", "minProperties", "required"), ENFORCED),
        # Annotations
        **_EXAMPLES,
        **dict.fromkeys(("title", "description", "deprecated", "$comment"), NOTED),
        **dict.fromkeys(("discriminator", "xml"), NOTED),
        **dict.fromkeys(("contentEncoding", "contentMediaType", "contentSchema"), NOTED),
        "externalDocs": NOTED,
        **dict.fromkeys(("default", "readOnly", "writeOnly"), ENFORCED),
        # Keywords that change the targets of references
        **dict.fromkeys(("$id", "$schema", "$vocabulary", "$anchor", "$defs"), REFUSED),
        **dict.fromkeys(("$dynamicRef", "$dynamicAnchor", "definitions"), REFUSED),
    },
    "Security Scheme": {
        "type": ENFORCED,
        "description": NOTED,
        "name": ENFORCED,
        "in": ENFORCED,
        "scheme": ENFORCED,
        "bearerFormat": NOTED,
        "flows": NOTED,
        "openIdConnectUrl": NOTED,
    },
}
"""By kind of object; other keywords are refused, unless they begin with `x-`."""

_Child = tuple[str, Any, str]
# Of each kind: the keywords whose value is an object of a kind, a list of them, and a map of them.
_ONE = {
    "OpenAPI": {},
    "Path Item": dict.fromkeys(METHODS, "Operation"),
    "Operation": {"requestBody": "Request Body"},
    "Parameter": {"schema": "Schema"},
    "Media Type": {"schema": "Schema"},
    "Header": {"schema": "Schema"},
    "Schema": dict.fromkeys(
        (
            "not",
            "if",
            "then",
            "else",
            "additionalProperties",
            "propertyNames",
            "items",
            "contains",
            "unevaluatedItems",
            "unevaluatedProperties",
        ),
        "Schema",
    ),
}
_LISTS = {
    "Path Item": {"parameters": "Parameter"},
    "Operation": {"parameters": "Parameter"},
    "Schema": dict.fromkeys(("allOf", "anyOf", "oneOf", "prefixItems"), "Schema"),
}
_MAPS = {
    "OpenAPI": {"paths": "Path Item"},
    "Operation": {"responses": "Response"},
    "Parameter": {"content": "Media Type"},
    "Request Body": {"content": "Media Type"},
    "Media Type": {"encoding": "Encoding"},
    "Encoding": {"headers": "Header"},
    "Response": {"headers": "Header", "content": "Media Type"},
    "Header": {"content": "Media Type"},
    "Schema": dict.fromkeys(
        ("properties", "patternProperties", "dependentSchemas"),
        "Schema",
    ),
}
_COMPONENTS = {
    "schemas": "Schema",
    "responses": "Response",
    "parameters": "Parameter",
    "requestBodies": "Request Body",
    "headers": "Header",
    "securitySchemes": "Security Scheme",
    "pathItems": "Path Item",
}
_MEDIA_TYPES = "content"


def check_keywords(contract: Contract) -> None:
    """Raises ContractError, naming file and pointer, for the first keyword that is refused."""
    for kind, node, pointer in _objects(contract.document):
        known = KEYWORDS[kind]
        for keyword in node:
            if known.get(keyword, REFUSED) is REFUSED and not keyword.startswith("x-"):
                place = contract.origin(pointer)
                raise ContractError(
                    f"{place}: the keyword {keyword} of a {kind} Object is not supported"
                )


def leave_out(contract: Contract, names: frozenset[str]) -> Contract:
    """The contract without ``names``: keywords, media types, and JSON pointers of members.

    Raises ContractError for a name that it does not have.
    """
    if not names:
        return contract
    document = deepcopy(contract.document)
    removed = {name for name in names if name.startswith("/") and _remove_at(document, name)}
    for _, node, _ in [*_objects(document)]:
        for holder in (node, node.get(_MEDIA_TYPES, {})):
            for name in names & holder.keys():
                del holder[name]
                removed.add(name)
    if missing := sorted(names - removed):
        raise ContractError(f"{contract.origin('')}: has no {', '.join(missing)} to leave out")
    return replace(contract, document=document, resources=_left(contract.resources, document))


def _left(resources: Mapping[str, str], document: Mapping[str, Any]) -> dict[str, str]:
    """The resources of the operations that are in the document."""
    operations = {
        item[method]["operationId"]
        for item in document.get("paths", {}).values()
        for method in item.keys() & METHODS
    }
    return {name: file for name, file in resources.items() if name in operations}


def _remove_at(document: Any, pointer: str) -> bool:
    *parents, last = (part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:])
    node = document
    for part in parents:
        node = node.get(part, {})
    if last not in node:
        return False
    del node[last]
    return True


def _objects(document: Mapping[str, Any]) -> Iterator[_Child]:
    """Every object of a kind in KEYWORDS, with its kind and pointer."""
    yield from _walk("OpenAPI", document, "")
    for group, members in document.get("components", {}).items():
        for name, member in members.items():
            if group in _COMPONENTS:
                yield from _walk(_COMPONENTS[group], member, pointer_to("components", group, name))


def _walk(kind: str, node: Any, pointer: str) -> Iterator[_Child]:
    if not isinstance(node, Mapping) or (kind != "Schema" and "$ref" in node):
        return
    yield kind, node, pointer
    for keyword, value in [*node.items()]:
        place = pointer + pointer_to(keyword)
        if keyword in _ONE.get(kind, {}):
            yield from _walk(_ONE[kind][keyword], value, place)
        elif keyword in _LISTS.get(kind, {}):
            for at, item in enumerate(value):
                yield from _walk(_LISTS[kind][keyword], item, f"{place}/{at}")
        elif keyword in _MAPS.get(kind, {}):
            for name, member in [*value.items()]:
                yield from _walk(_MAPS[kind][keyword], member, place + pointer_to(name))
