"""A valid value of a schema, always the same."""

from collections.abc import Mapping
from typing import Any

_FORMATS = {
    "date": "2026-01-31",
    "date-time": "2026-01-31T12:00:00Z",
    "email": "name@shop.example",
    "uri": "https://shop.example/",
    "uuid": "6f0a7d0e-3a3c-4d6e-9d39-0a8d1f0f7a11",
}
_DEEPEST = 6


class Samples:
    """Makes values for the schemas of one document."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document

    def of(self, schema: Any, depth: int = 0) -> Any:
        """A valid value, for the keywords that the documents of these tests use."""
        schema = self.merged(schema)
        for keyword in ("const", "default"):
            if schema.get(keyword) is not None:
                return schema[keyword]
        if "enum" in schema:
            return schema["enum"][0]
        for keyword in ("oneOf", "anyOf"):
            if keyword in schema:
                rest = {key: value for key, value in schema.items() if key != keyword}
                return self.of({"allOf": [rest, schema[keyword][0]]}, depth)
        return self._of_type(schema, depth)

    def merged(self, schema: Any) -> dict[str, Any]:
        """The schema merged with its reference and the parts of `allOf`."""
        if not isinstance(schema, Mapping):
            return {}
        merged: dict[str, Any] = {}
        parts = [
            schema.get("allOf", ()),
            [self.resolved(schema["$ref"])] if "$ref" in schema else (),
        ]
        for part in (item for listed in parts for item in listed):
            found = self.merged(part)
            properties = merged.get("properties", {}) | found.get("properties", {})
            required = [*merged.get("required", ()), *found.get("required", ())]
            merged |= found | {"properties": properties, "required": required}
        own = {key: value for key, value in schema.items() if key not in {"allOf", "$ref"}}
        for keyword in ("properties", "required"):
            if keyword in own and keyword in merged:
                joined = merged[keyword]
                own[keyword] = (
                    joined | own[keyword] if keyword == "properties" else joined + own[keyword]
                )
        return merged | own

    def resolved(self, reference: str) -> Any:
        """The target of a reference."""
        node: Any = self._document
        for part in reference.removeprefix("#").split("/")[1:]:
            node = node[part.replace("~1", "/").replace("~0", "~")]
        return node

    def _of_type(self, schema: Mapping[str, Any], depth: int) -> Any:
        named = schema.get("type", "object" if "properties" in schema else "string")
        match named if isinstance(named, str) else named[0]:
            case "object":
                return self._object(schema, depth)
            case "array":
                count = max(schema.get("minItems", 0), 1 if depth < _DEEPEST else 0)
                return [self.of(schema.get("items"), depth + 1)] * count
            case "integer" | "number":
                return self._number(schema)
            case "boolean":
                return True
            case "null":
                return None
        text: str = _FORMATS.get(schema.get("format", ""), "a")
        return text.ljust(schema.get("minLength", 0), "a")

    def _object(self, schema: Mapping[str, Any], depth: int) -> dict[str, Any]:
        properties = schema.get("properties", {})
        required = schema.get("required", [])
        names = dict.fromkeys([*properties, *required] if depth < _DEEPEST else required)
        return {name: self.of(properties.get(name, {}), depth + 1) for name in names}

    @staticmethod
    def _number(schema: Mapping[str, Any]) -> int:
        lowest = schema.get("minimum", schema.get("exclusiveMinimum", 0) + 1)
        step = schema.get("multipleOf", 1)
        return int(-(-lowest // step) * step)
