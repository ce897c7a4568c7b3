"""Reads OpenAPI documents for a diff."""

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import IO, Any

import orjson
import yaml
from jsonschema_rs import Draft202012Validator, Registry

from handlers.contract.diff.references import Document, ReferenceMissing, resolve
from handlers.contract.document.validators import pointer_to

# The OpenAPI Initiative's own schema, https://spec.openapis.org/oas/3.1/schema/2022-10-07.
_OPENAPI_SCHEMA = Path(__file__).parents[1] / "document" / "openapi-3.1.schema.json"
_DIALECT = {
    "$dynamicAnchor": "meta",
    "$ref": "https://json-schema.org/draft/2020-12/schema",
}
# Their values are data, not schemas.
_FREE = frozenset({"example", "examples", "default", "enum", "const"})
# The C parser is five times as fast.
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class DocumentError(Exception):
    """The document can't be compared; the message says why, and where."""


def read_document(stream: IO[bytes], name: str) -> Document:
    """The OpenAPI 3.1 document in ``stream``, in JSON or YAML. Raises DocumentError."""
    document: Document = _parsed(stream.read(), name)
    check_document(document, name)
    return document


def check_document(document: Any, name: str) -> None:
    """Raises DocumentError unless it is an OpenAPI 3.1 document whose references all resolve."""
    if not isinstance(document, dict) or not isinstance(document.get("openapi"), str):
        raise DocumentError(f"{name}: is no OpenAPI document")
    if not document["openapi"].startswith("3.1."):
        raise DocumentError(f"{name}: is OpenAPI {document['openapi']}; only 3.1 can be compared")
    for error in _validator().iter_errors(document):
        raise DocumentError(f"{name}#{pointer_to(*error.instance_path)}: {error.message}")
    for pointer, reference in _references(document, ""):
        try:
            resolve(document, reference)
        except ReferenceMissing as error:
            raise DocumentError(f"{name}#{pointer}: {error}") from error


def _parsed(content: bytes, name: str) -> Any:
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError:
        pass  # then it is YAML
    try:
        loader = _Loader(content.decode("utf-8-sig"))
        return _value(loader, loader.get_single_node())
    except UnicodeDecodeError as error:
        raise DocumentError(f"{name}: is not UTF-8") from error
    except yaml.MarkedYAMLError as error:
        line = f"line {error.problem_mark.line + 1}: " if error.problem_mark else ""
        raise DocumentError(f"{name}: {line}{error.problem}") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise DocumentError(f"{name}: is neither JSON nor YAML: {error}") from error


def _value(loader: Any, node: yaml.Node | None) -> Any:
    """The JSON value of a node; keys (`200:`) and dates become text."""
    if isinstance(node, yaml.MappingNode):
        loader.flatten_mapping(node)
        return {key.value: _value(loader, value) for key, value in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [_value(loader, item) for item in node.value]
    if node is None:
        return None
    if node.tag.endswith((":str", ":timestamp")):
        return node.value
    return loader.construct_object(node)


def _references(node: Any, pointer: str) -> Iterator[tuple[str, str]]:
    """Every reference with its place; a `$ref` in an example is none."""
    if isinstance(node, list):
        for at, item in enumerate(node):
            yield from _references(item, f"{pointer}/{at}")
    if not isinstance(node, Mapping):
        return
    if isinstance(node.get("$ref"), str):
        yield pointer, node["$ref"]
    for key, value in node.items():
        if key not in _FREE:
            yield from _references(value, pointer + pointer_to(key))


@cache
def _validator() -> Draft202012Validator:
    openapi = orjson.loads(_OPENAPI_SCHEMA.read_bytes())
    return Draft202012Validator(
        {
            "$id": "urn:waybill:openapi",
            "$ref": openapi["$id"],
            # The OpenAPI schema leaves the dialect of Schema Objects open.
            "$defs": {"schema": _DIALECT},
        },
        registry=Registry([(openapi["$id"], openapi)]),
        mask="it",
    )
