"""Changes of parameters."""

from collections.abc import Mapping
from typing import Any

from handlers.contract.diff.changes import Site
from handlers.contract.diff.deprecations import compare_deprecations
from handlers.contract.diff.operands import Direction, Schema
from handlers.contract.diff.operations import Described
from handlers.contract.diff.schemas import SchemaComparison
from handlers.contract.diff.words import from_to
from handlers.contract.diff.written_values import written_alike

Parameter = Mapping[str, Any]

_STYLES = {"query": "form", "cookie": "form", "path": "simple", "header": "simple"}
_PASSED_OVER = "the server passes over what the client sends by this name"
_UNKNOWN = "a client that does not know it does not send it"
_LEFT_OUT = "a client may leave it out"
_WRITTEN_ANOTHER_WAY = "the same value is written in another way"
_RENAMED = "generated functions take it by its name"


def compare_parameters(
    old: Described, new: Described, schemas: SchemaComparison, site: Site
) -> None:
    """Record the changes of all parameters of an operation."""
    for key, parameter in old.parameters.items():
        below = site.below(" ".join(key))
        if key in new.parameters:
            _compare(old, new, key, schemas, below)
        else:
            below.breaks("parameter-removed", _PASSED_OVER, _need(parameter))
    for key, parameter in new.parameters.items():
        below = site.below(" ".join(key))
        if key not in old.parameters:
            if parameter.get("required"):
                below.breaks("parameter-added", _UNKNOWN, _need(parameter))
            else:
                below.allows("parameter-added", _need(parameter))


def compare_path_names(old: Described, new: Described, site: Site) -> None:
    """Record new names of the parameters in the path, which no request shows."""
    for was, now in zip(old.path_names, new.path_names, strict=True):
        if was != now:
            site.below(f"path {was}").breaks("path-parameter-renamed", _RENAMED, f"{was} → {now}")


def _compare(
    old: Described, new: Described, key: tuple[str, str], schemas: SchemaComparison, site: Site
) -> None:
    was, now = old.parameters[key], new.parameters[key]
    if not was.get("required") and now.get("required"):
        site.breaks("parameter-required", _LEFT_OUT, "now required")
    elif was.get("required") and not now.get("required"):
        site.allows("parameter-required", "no longer required")
    before, after = _form(was), _form(now)
    if before != after:
        site.breaks("parameter-style", _WRITTEN_ANOTHER_WAY, from_to(before, after))
    compare_deprecations(was, now, site)
    one, other = written_alike(_schema(was), _schema(now), old.document, new.document)
    schemas.compare(one, other, Direction.REQUEST, site.place, site.operation)


def _form(parameter: Parameter) -> dict[str, Any]:
    """How values are written: in a style, or as a media type."""
    style = parameter.get("style", _STYLES[parameter["in"]])
    form = {
        "style": style,
        "explode": parameter.get("explode", style == "form"),
        "allowReserved": parameter.get("allowReserved", False),
    }
    return {**form, "content": sorted(parameter["content"])} if "content" in parameter else form


def _schema(parameter: Parameter) -> Schema:
    for content in parameter.get("content", {}).values():
        content_schema: Schema = content.get("schema", True)
        return content_schema
    schema: Schema = parameter.get("schema", True)
    return schema


def _need(parameter: Parameter) -> str:
    return "required" if parameter.get("required") else "optional"
