"""Validators for any place of the contract, compiled once at start (JSON Schema 2020-12)."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any
from urllib.parse import quote

from jsonschema_rs import Draft202012Validator, Registry, ValidationError

_CONTRACT_URI = "urn:contract"
_BITS = {"int32": 32, "int64": 64}
# Their values are data, not schemas.
_VALUES = frozenset({"const", "default", "enum", "example", "examples"})


class Direction(StrEnum):
    """The direction of a value; named by the keyword of properties that are not expected in it."""

    REQUEST = "readOnly"
    RESPONSE = "writeOnly"


class SchemaValidators:
    """Compiles the schema at a JSON pointer of a bundled document; formats are asserted.

    ``bounds_integers``: so are `int32` and `int64`, which JSON Schema takes for mere names.
    ``direction``: properties that are not expected in it are refused, and not required even if
    `required` names them (OpenAPI 3.0.3, Schema Object; 3.1 leaves both open).
    """

    def __init__(
        self,
        document: Mapping[str, Any],
        *,
        bounds_integers: bool = False,
        direction: Direction | None = None,
    ) -> None:
        adapted = dict(document)
        if bounds_integers or direction:
            adapted = _Adapting(document, direction, bounds_integers).adapted(document)
        self._document = adapted
        self._registry = Registry([(_CONTRACT_URI, adapted)])
        self._compiled: dict[str, Draft202012Validator] = {}

    def compile(self, pointer: str) -> Draft202012Validator:
        """The validator of the schema at ``pointer``; its references resolve in the document.

        Schemas that only refer to the same one share its validator, since a validator copies all
        that it refers to. Most responses refer to the schema of errors.
        """
        pointer = self._referred(pointer)
        if pointer not in self._compiled:
            self._compiled[pointer] = Draft202012Validator(
                {"$ref": f"{_CONTRACT_URI}#{quote(pointer)}"},
                registry=self._registry,
                validate_formats=True,
            )
        return self._compiled[pointer]

    def _referred(self, pointer: str) -> str:
        """The place of the first schema that is more than a reference to another one."""
        schema = _at(self._document, pointer)
        while isinstance(schema, Mapping) and schema.keys() == {"$ref"}:
            reference = schema["$ref"]
            if not reference.startswith("#/"):
                break
            pointer = reference[1:]
            schema = _at(self._document, pointer)
        return pointer


class _Adapting:
    """Copies schemas with the meaning of OpenAPI keywords as plain JSON Schema."""

    def __init__(
        self, document: Mapping[str, Any], direction: Direction | None, bounds_integers: bool
    ) -> None:
        self._document = document
        self._direction = direction
        self._bounds_integers = bounds_integers

    def adapted(self, node: Any) -> Any:
        if isinstance(node, list):
            return [self.adapted(item) for item in node]
        if not isinstance(node, Mapping):
            return node
        copied = {
            key: value if key in _VALUES else self.adapted(value) for key, value in node.items()
        }
        format_name = node.get("format")
        if self._bounds_integers and isinstance(format_name, str) and format_name in _BITS:
            half = 2 ** (_BITS[format_name] - 1)
            copied["allOf"] = [*copied.get("allOf", ()), {"minimum": -half, "maximum": half - 1}]
        properties, required = node.get("properties"), node.get("required")
        if not self._direction or not isinstance(properties, Mapping):
            return copied
        unexpected = {name for name, schema in properties.items() if self._is_unexpected(schema)}
        copied["properties"] |= dict.fromkeys(unexpected, False)
        if isinstance(required, list):
            copied["required"] = [name for name in required if name not in unexpected]
        return copied

    def _is_unexpected(self, schema: Any) -> bool:
        while isinstance(schema, Mapping):
            if schema.get(self._direction) is True:
                return True
            reference = schema.get("$ref", "")
            schema = None
            if reference.startswith("#/"):
                schema = _at(self._document, reference[1:])
        return False


def _at(document: Any, pointer: str) -> Any:
    """The value at a JSON pointer; None where there is none."""
    for part in pointer.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        try:
            document = document[int(name) if isinstance(document, list) else name]
        except (KeyError, IndexError, TypeError, ValueError):
            return None
    return document


def pointer_to(*parts: str | int) -> str:
    """A JSON pointer (RFC 6901) from its unescaped parts."""
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in parts)


def describe(error: ValidationError) -> str:
    """Where and by which keyword a value failed; without the value, which may be personal."""
    return f"{pointer_to(*error.instance_path) or '/'} fails {error.kind.name}"
