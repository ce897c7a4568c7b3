"""Parameters and headers are text, so an integer that becomes a text is the same on the wire."""

from collections.abc import Mapping
from typing import Any

from handlers.contract.diff.operands import Schema
from handlers.contract.diff.references import Document, followed

_TEXTS: dict[str, dict[str, Any]] = {
    "integer": {"type": "string", "pattern": "^-?(0|[1-9][0-9]*)$"},
    "number": {"type": "string", "pattern": "^-?(0|[1-9][0-9]*)([.][0-9]+)?([eE][+-]?[0-9]+)?$"},
    "boolean": {"enum": ["true", "false"]},
}


def written_alike(
    old: Schema, new: Schema, old_document: Document, new_document: Document
) -> tuple[Schema, Schema]:
    """Both schemas; if one is of text and the other of numbers or booleans, the other as text."""
    one, other = followed(old_document, old), followed(new_document, new)
    types = _type(one), _type(other)
    if types[0] == "string" and types[1] in _TEXTS:
        return old, _as_text(other)
    if types[1] == "string" and types[0] in _TEXTS:
        return _as_text(one), new
    return old, new


def _type(schema: Any) -> str:
    named = schema.get("type") if isinstance(schema, Mapping) else None
    return named if isinstance(named, str) else ""


def _as_text(schema: Mapping[str, Any]) -> Schema:
    """The schema of the values as text; bounds of numbers are ignored."""
    annotations = {key: schema[key] for key in ("default", "deprecated") if key in schema}
    if "default" in annotations:
        annotations["default"] = _text(annotations["default"])
    values = schema.get("enum", [schema["const"]] if "const" in schema else None)
    if values is not None:
        return {**annotations, "type": "string", "enum": [_text(value) for value in values]}
    return {**annotations, **_TEXTS[schema["type"]]}


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
