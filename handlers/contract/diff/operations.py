"""The operations of a document, with the parts that their paths and the document add."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from handlers.contract.diff.references import Document, followed

Key = tuple[str, str]
METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_TEMPLATE = re.compile(r"{[^}]*}")
_HERE: tuple[Mapping[str, Any], ...] = ({"url": "/"},)
# OpenAPI passes over parameters of these names.
_NO_PARAMETERS = frozenset({"accept", "content-type", "authorization"})


@dataclass(frozen=True)
class Described:
    """An operation of a document.

    ``parameters``: by place and name, references followed; names of headers are in lower case,
    and those of the path are replaced by their position.
    """

    document: Document
    path: str
    method: str
    spec: Mapping[str, Any]
    parameters: Mapping[tuple[str, str], Mapping[str, Any]]
    security: Sequence[Mapping[str, Sequence[str]]]
    servers: Sequence[Mapping[str, Any]]

    @property
    def name(self) -> str:
        """The operationId, or method and path."""
        operation_id: str = self.spec.get("operationId", "")
        return operation_id or f"{self.method.upper()} {self.path}"

    @property
    def key(self) -> Key:
        """Method and path, without the names of its parameters."""
        return self.method, _TEMPLATE.sub("{}", self.path)

    @property
    def path_names(self) -> list[str]:
        """The names of the parameters in the path, from left to right."""
        return [template[1:-1] for template in _TEMPLATE.findall(self.path)]

    def at(self, spec: Any) -> Any:
        """``spec``, or what it refers to."""
        return followed(self.document, spec)


def described_operations(document: Document) -> list[Described]:
    """Every operation below `paths`. Raises ReferenceMissing."""
    return list(_described_below(document, document.get("paths", {})))


def described_webhooks(document: Document) -> list[Described]:
    """Every operation below `webhooks`, whose name is its path."""
    return list(_described_below(document, document.get("webhooks", {})))


def described_callbacks(operation: Described) -> list[Described]:
    """Every operation of the callbacks; the path is the callback's name and its expression."""
    items = {
        f"{name} {expression}": item
        for name, callback in operation.spec.get("callbacks", {}).items()
        for expression, item in operation.at(callback).items()
        if not expression.startswith("x-")
    }
    return list(_described_below(operation.document, items))


def _described_below(document: Document, items: Mapping[str, Any]) -> Iterator[Described]:
    for path, spec in items.items():
        item = followed(document, spec)
        for method in METHODS:
            if method in item:
                yield _described(document, path, method, item)


def _described(document: Document, path: str, method: str, item: Mapping[str, Any]) -> Described:
    spec = item[method]
    parameters = (*item.get("parameters", ()), *spec.get("parameters", ()))
    return Described(
        document=document,
        path=path,
        method=method,
        spec=spec,
        parameters=dict(_parameters(document, path, parameters)),
        security=spec.get("security", document.get("security", [])),
        servers=spec.get("servers") or item.get("servers") or document.get("servers") or _HERE,
    )


def _parameters(
    document: Document, path: str, parameters: Sequence[Any]
) -> Iterator[tuple[tuple[str, str], Mapping[str, Any]]]:
    in_path = [template[1:-1] for template in _TEMPLATE.findall(path)]
    for spec in parameters:
        parameter = followed(document, spec)
        place, name = parameter["in"], parameter["name"]
        if place == "header":
            name = name.lower()
            if name in _NO_PARAMETERS:
                continue
        if place == "path" and name in in_path:
            name = f"{{{in_path.index(name) + 1}}}"
        yield (place, name), parameter
