"""A schema in the form that is compared: without references and variants of null."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from handlers.contract.diff.operands import ASSERTIONS, BY_NAME, LISTS, SINGLE, Schema
from handlers.contract.diff.references import Document, resolve

_COMPONENTS = "#/components/schemas/"
_UNIONS = ("oneOf", "anyOf")
_NULL = {"type": "null"}
ANNOTATIONS = ("default", "format", "discriminator", "readOnly", "writeOnly", "deprecated")
KEYWORDS = (*BY_NAME, *LISTS, *SINGLE, *ASSERTIONS)
_MOST_STEPS = 50


@dataclass
class Node:
    """The keywords of one schema for a value itself.

    ``keywords``: those of the schema, and of schemas that it refers to or joins by `allOf`, where
    they can be joined; else ``is_joined`` is false.
    ``names``: its component, then the components that this one only refers to, in order.
    """

    document: Document
    schema: Schema
    keywords: dict[str, Any] = field(default_factory=dict)
    nullable: bool = False
    names: list[str] = field(default_factory=list)
    is_joined: bool = True

    @property
    def component(self) -> str:
        """The name of the component that the schema is; empty where it is written in its place."""
        return self.names[0] if self.names else ""

    def value(self, keyword: str) -> Any:
        return self.keywords.get(keyword)


def node_of(document: Document, schema: Schema) -> Node:
    """Read a schema. Raises ReferenceMissing."""
    node = Node(document, schema)
    if schema is True:
        return node
    if schema is False:
        node.keywords = {"not": {}}
        return node
    _read(node, schema, 0)
    if node.keywords.get("type") == "null":
        node.nullable = True
    types = node.keywords.get("type")
    if isinstance(types, list):
        node.nullable = node.nullable or "null" in types
        rest = sorted(name for name in types if name != "null")
        node.keywords["type"] = rest[0] if len(rest) == 1 else rest
    return node


def _read(node: Node, schema: Any, steps: int) -> None:
    if not isinstance(schema, Mapping) or steps > _MOST_STEPS:
        node.is_joined = node.is_joined and schema is True
        return
    reference = schema.get("$ref")
    own = {key: value for key, value in schema.items() if key in (*KEYWORDS, *ANNOTATIONS)}
    asserted = own.keys() & {*KEYWORDS}
    if isinstance(reference, str):
        is_all = not asserted and steps == len(node.names)
        if is_all and reference.startswith(_COMPONENTS):
            node.names.append(reference.removeprefix(_COMPONENTS))
        _read(node, resolve(node.document, reference), steps + 1)
    if len(asserted) == 1 and not isinstance(reference, str):
        union: list[Schema] = next((own[key] for key in _UNIONS if key in own), [])
        rest = [branch for branch in union if branch != _NULL]
        if len(rest) == 1:
            node.nullable = node.nullable or len(union) > 1
            own = {key: value for key, value in own.items() if key in ANNOTATIONS}
            _join(node, own)
            _read(node, rest[0], steps + 1)
            return
    for branch in own.pop("allOf", ()):
        _read(node, branch, steps + 1)
    _join(node, own)


def _join(node: Node, own: Mapping[str, Any]) -> None:
    for key, value in own.items():
        known: Any = node.keywords.get(key)
        if key not in node.keywords or known == value:
            node.keywords[key] = value
        elif key == "properties" and all(
            known.get(name, part) == part for name, part in value.items()
        ):
            node.keywords[key] = {**known, **value}
        elif key == "required":
            node.keywords[key] = [*known, *(name for name in value if name not in known)]
        elif key not in ANNOTATIONS:
            node.is_joined = False
