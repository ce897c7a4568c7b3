"""The types and members of the values of a Schema Object, without a value."""

from collections.abc import Iterator, Mapping
from typing import Any

ANY_TYPE = frozenset({"null", "boolean", "integer", "number", "string", "array", "object"})
COMPOUND = frozenset({"array", "object"})
# Every integer is a number.
_WIDER = {"number": frozenset({"number", "integer"})}
_OF_VALUES: dict[type, str] = {
    bool: "boolean",
    int: "integer",
    float: "number",
    str: "string",
    list: "array",
    dict: "object",
    type(None): "null",
}
_ANNOTATIONS = frozenset(
    {
        "title",
        "description",
        "default",
        "example",
        "examples",
        "deprecated",
        "readOnly",
        "writeOnly",
        "$comment",
        "contentEncoding",
        "contentMediaType",
        "contentSchema",
        "externalDocs",
        "xml",
    }
)
_FREE_FORMATS = frozenset({"binary", "byte"})


class SchemaTypes:
    """Reads the schemas of one document; references in it are local JSON pointers."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document

    def of(self, schema: Any) -> frozenset[str]:
        """The JSON types that values of ``schema`` can have."""
        return self._of(schema, ())

    def properties(self, schema: Any) -> dict[str, Any]:
        """The named properties, with those of `$ref` and `allOf`."""
        return {
            name: property_schema
            for part in self._parts(schema, ())
            for name, property_schema in part.get("properties", {}).items()
        }

    def items(self, schema: Any) -> Any:
        """The schema of the items of an array; True where any are allowed."""
        return next((part["items"] for part in self._parts(schema, ()) if "items" in part), True)

    def others(self, schema: Any) -> Any:
        """The schema of additional properties; None where there is none."""
        named = (part.get("additionalProperties") for part in self._parts(schema, ()))
        return next((others for others in named if others is not None), None)

    def is_free(self, schema: Any) -> bool:
        """Whether any text or bytes are valid."""
        if isinstance(schema, bool):
            return schema
        left = {key for key in schema.keys() - _ANNOTATIONS if not key.startswith("x-")}
        return (
            left <= {"type", "format"}
            and schema.get("type", "string") == "string"
            and schema.get("format", "binary") in _FREE_FORMATS
        )

    def resolved(self, schema: Any) -> Any:
        """What a Reference Object leads to; an empty schema for circular references."""
        visited = set()
        while isinstance(schema, Mapping) and "$ref" in schema:
            if schema["$ref"] in visited:
                return {}
            visited.add(schema["$ref"])
            place: Any = self._document
            for part in schema["$ref"].removeprefix("#").split("/")[1:]:
                place = place[part.replace("~1", "/").replace("~0", "~")]
            schema = place
        return schema

    def _of(self, schema: Any, above: tuple[str, ...]) -> frozenset[str]:
        if not isinstance(schema, Mapping):
            return ANY_TYPE
        types = _named(schema)
        reference = schema.get("$ref")
        if reference is not None and reference not in above:
            types &= self._of(self.resolved({"$ref": reference}), (*above, reference))
        for part in schema.get("allOf", ()):
            types &= self._of(part, above)
        for keyword in ("anyOf", "oneOf"):
            if keyword in schema:
                types &= frozenset().union(*(self._of(part, above) for part in schema[keyword]))
        return types

    def _parts(self, schema: Any, above: tuple[str, ...]) -> Iterator[Mapping[str, Any]]:
        """The schema, and all schemas that apply with it."""
        if not isinstance(schema, Mapping):
            return
        yield schema
        reference = schema.get("$ref")
        if reference is not None and reference not in above:
            yield from self._parts(self.resolved({"$ref": reference}), (*above, reference))
        for part in schema.get("allOf", ()):
            yield from self._parts(part, above)


def _named(schema: Mapping[str, Any]) -> frozenset[str]:
    values = [schema["const"]] if "const" in schema else schema.get("enum")
    if values is not None:
        return frozenset(_OF_VALUES[type(value)] for value in values)
    named = schema.get("type")
    if named is None:
        return ANY_TYPE
    listed = [named] if isinstance(named, str) else named
    return frozenset().union(*(_WIDER.get(name, frozenset({name})) for name in listed))
