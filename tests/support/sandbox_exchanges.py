"""The examples of a document as requests, with their documented responses.

A response example belongs to the request example of the same name. `x-parameters` of an example has
the optional parameters of its request.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from handlers.contract.document.validators import pointer_to

JSON = "application/json"
_METHODS = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """One request of an operation by one kind of caller.

    ``schemes`` are the security schemes that authenticate it. ``statuses`` are those of success.
    ``pointer`` is the JSON pointer of the example ``response``, None if there is none.
    """

    operation_id: str
    method: str
    path: str
    schemes: tuple[str, ...]
    parameters: list[tuple[str, str, Any]]
    media_type: str | None
    body: Any
    name: str
    statuses: frozenset[int]
    pointer: str | None = None
    response: Any = field(default=None, repr=False)

    def __str__(self) -> str:
        caller = "+".join(self.schemes) or "anyone"
        form = "-form" if self.media_type and self.media_type != JSON else ""
        return f"{self.operation_id}-{self.name}{form}-{caller}"

    def values(self, place: str) -> dict[str, str]:
        """The parameters in the path, the query or the headers."""
        return {name: _text(value) for name, where, value in self.parameters if where == place}


@dataclass(frozen=True)
class _Example:
    name: str
    value: Any
    parameters: Mapping[str, Any]
    pointer: str


class Examples:
    """The examples of one document."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document

    def exchanges(self) -> Iterator[Exchange]:
        """One per example and alternative of security; one per operation without examples."""
        for path, item in self._document["paths"].items():
            for method in [name for name in _METHODS if name in item]:
                operation, place = item[method], pointer_to("paths", path, method)
                for schemes in self._callers(operation):
                    yield from self._of(operation, place, method, path, schemes)

    def with_parameters(self) -> Iterator[list[Exchange]]:
        """For each operation, one exchange per example of a parameter, with that parameter."""
        first = {exchange.operation_id: exchange for exchange in reversed(list(self.exchanges()))}
        for exchange in first.values():
            operation = self._document["paths"][exchange.path][exchange.method]
            parameters = [
                self._resolved(reference, "")[0] for reference in operation.get("parameters", ())
            ]
            with_example = [
                replace(
                    exchange,
                    parameters=[
                        *exchange.parameters,
                        (parameter["name"], parameter["in"], value),
                    ],
                )
                for parameter in parameters
                for value in self._values_of(parameter)
            ]
            if with_example:
                yield with_example

    def _callers(self, operation: Mapping[str, Any]) -> list[tuple[str, ...]]:
        requirements = operation.get("security", self._document.get("security", []))
        named = [tuple(requirement) for requirement in requirements if requirement]
        return named or [()]

    def _of(
        self,
        operation: Mapping[str, Any],
        place: str,
        method: str,
        path: str,
        schemes: tuple[str, ...],
    ) -> Iterator[Exchange]:
        responses = list(self._responses(operation, place))
        statuses = {int(status) for status in operation["responses"] if int(status) < 400}
        for media_type, request in self._requests(operation, place):
            named = request or _NONE
            for response in [
                example for example in responses if request is None or example.name == named.name
            ] or [_NONE]:
                is_compared = response is not _NONE and media_type in (None, JSON)
                yield Exchange(
                    operation_id=operation["operationId"],
                    method=method,
                    path=path,
                    schemes=schemes,
                    parameters=list(
                        self._parameters(operation, {**response.parameters, **named.parameters})
                    ),
                    media_type=media_type,
                    body=named.value,
                    name=named.name if request else response.name,
                    statuses=frozenset(statuses),
                    pointer=response.pointer if is_compared else None,
                    response=response.value,
                )

    def _requests(
        self, operation: Mapping[str, Any], place: str
    ) -> Iterator[tuple[str | None, _Example | None]]:
        if "requestBody" not in operation:
            yield None, None
            return
        body, place = self._resolved(operation["requestBody"], f"{place}/requestBody")
        for media_type, content in body["content"].items():
            inside = place + pointer_to("content", media_type)
            for example in self._examples(content, inside):
                yield media_type, example

    def _responses(self, operation: Mapping[str, Any], place: str) -> Iterator[_Example]:
        for status, node in operation["responses"].items():
            if int(status) < 300:
                response, inside = self._resolved(node, place + pointer_to("responses", status))
                content = response.get("content", {}).get(JSON, {})
                yield from self._examples(content, inside + pointer_to("content", JSON))

    def _examples(self, content: Mapping[str, Any], place: str) -> Iterator[_Example]:
        if "example" in content:
            yield _Example("example", content["example"], {}, f"{place}/example")
        for name, node in content.get("examples", {}).items():
            example, inside = self._resolved(node, place + pointer_to("examples", name))
            parameters = node.get("x-parameters", example.get("x-parameters", {}))
            yield _Example(name, example["value"], parameters, f"{inside}/value")

    def _parameters(
        self, operation: Mapping[str, Any], named: Mapping[str, Any]
    ) -> Iterator[tuple[str, str, Any]]:
        for node in operation.get("parameters", ()):
            parameter, _ = self._resolved(node, "")
            name = parameter["name"]
            if name in named:
                yield name, parameter["in"], named[name]
            elif parameter.get("required"):
                yield name, parameter["in"], self._values_of(parameter)[0]

    def _values_of(self, parameter: Mapping[str, Any]) -> list[Any]:
        """The examples of a parameter, else those of its schema."""
        if "example" in parameter:
            return [parameter["example"]]
        if "examples" in parameter:
            return [self._resolved(node, "")[0]["value"] for node in parameter["examples"].values()]
        schema, _ = self._resolved(parameter["schema"], "")
        return list(schema.get("examples", ()))

    def _resolved(self, node: Mapping[str, Any], place: str) -> tuple[Any, str]:
        while "$ref" in node:
            place = node["$ref"].removeprefix("#")
            node = self._at(place)
        return node, place

    def _at(self, pointer: str) -> Any:
        node: Any = self._document
        for part in pointer.split("/")[1:]:
            node = node[part.replace("~1", "/").replace("~0", "~")]
        return node


_NONE = _Example("none", None, {}, "")


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def differences(expected: Any, actual: Any, place: str = "") -> Iterator[str]:
    """The JSON pointers at which two values differ, including missing and additional keys."""
    if isinstance(expected, dict) and isinstance(actual, dict):
        for key in sorted(expected.keys() | actual.keys()):
            inside = place + pointer_to(key)
            if key in expected and key in actual:
                yield from differences(expected[key], actual[key], inside)
            else:
                yield inside
    elif isinstance(expected, list) and isinstance(actual, list) and len(expected) == len(actual):
        for at, (one, other) in enumerate(zip(expected, actual, strict=True)):
            yield from differences(one, other, f"{place}/{at}")
    elif expected != actual:
        yield place
