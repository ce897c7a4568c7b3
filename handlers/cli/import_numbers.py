"""Whole numbers in documents to import: JSON Schema takes 1.0 and 1e3 for integers, too."""

from collections.abc import Callable, Mapping
from operator import is_
from typing import Any

from domain.imports.parts import Rejected
from handlers.contract.document.validators import pointer_to

Read = Callable[[Any, tuple[str | int, ...]], Any]

# Past it, a float may stand for another whole number than the one that was written.
_EXACT = 2**53


def integer_reader(shapes: Mapping[str, Any], component: str) -> Callable[[Any], Any]:
    """Return what reads a document that fits ``component`` of the bundled ``shapes``.

    The reader returns the document with an int wherever the schema says integer, and the document
    itself where all of them are. Other values, and JSON that the schema leaves free, stay as they
    are. It raises Rejected, naming the place, for a float that is past 2⁵³.
    """
    components: Mapping[str, Any] = shapes["components"]["schemas"]
    read = _reader(components[component], components)
    return lambda document: document if read is None else read(document, ())


def _reader(schema: Mapping[str, Any], components: Mapping[str, Any]) -> Read | None:
    """Return what reads a value of ``schema``; None where no integer can be in it."""
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
    read = [item(each, (*path, index)) for index, each in enumerate(value)]
    return value if all(map(is_, read, value)) else read
