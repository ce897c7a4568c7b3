"""Integers in documents to import: JSON Schema also accepts 1.0 and 1e3 as integers."""

from collections.abc import Callable, Mapping
from operator import is_
from typing import Any

from domain.imports.parts import Rejected
from handlers.contract.document.validators import pointer_to

Read = Callable[[Any, tuple[str | int, ...]], Any]

# Above it, a float may differ from the number in the text.
_EXACT = 2**53


def integer_reader(shapes: Mapping[str, Any], component: str) -> Callable[[Any], Any]:
    """Return a reader for documents that are valid for ``component`` of the bundled ``shapes``.

    It returns the document with an int wherever the schema says integer, or the document itself if
    nothing changes. Other values, and JSON without a schema, stay unchanged. It raises Rejected,
    with a JSON pointer, for a float above 2⁵³.
    """
    components: Mapping[str, Any] = shapes["components"]["schemas"]
    read = _reader(components[component], components)
    return lambda document: document if read is None else read(document, ())


def _reader(schema: Mapping[str, Any], components: Mapping[str, Any]) -> Read | None:
    """Return a reader for values of ``schema``; None if they cannot contain an integer."""
    if reference := schema.get("$ref"):
        return _reader(components[reference.rpartition("/")[2]], components)
    if "integer" in schema.get("type", ()):
        return _integer
    members = {
        name: read
        for name, part in schema.get("properties", {}).items()
        if (read := _reader(part, components))
    }
    if members:
        return lambda value, path: _object(value, path, members)
    item = _reader(schema["items"], components) if "items" in schema else None
    return item and (lambda value, path: _array(value, path, item))


def _integer(value: Any, path: tuple[str | int, ...]) -> Any:
    if type(value) is not float:
        return value
    if abs(value) > _EXACT:
        raise Rejected(
            pointer_to(*path), "Write a number this large without a fraction or an exponent."
        )
    return int(value)


def _object(value: Any, path: tuple[str | int, ...], members: Mapping[str, Read]) -> Any:
    if value is None:
        return value
    changed = {
        name: new
        for name, read in members.items()
        if name in value and (new := read(value[name], (*path, name))) is not value[name]
    }
    return {**value, **changed} if changed else value


def _array(value: Any, path: tuple[str | int, ...], item: Read) -> Any:
    if value is None:
        return value
    read = [item(element, (*path, index)) for index, element in enumerate(value)]
    return value if all(map(is_, read, value)) else read
