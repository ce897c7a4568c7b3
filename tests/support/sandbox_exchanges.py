"""Every example of the document as a request, and the response that the document has for it.

A response example belongs to the request example of the same name. `x-parameters` of an example has
the parameters of its request, besides the required ones.
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

    ``schemes`` are the security schemes that admit it. ``statuses`` are those of success.
    ``pointer`` leads to the example of the response, ``response``; it is None where there is none.
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
        """One for each example and each way to be admitted; one for operations without examples."""
        for path, item in self._document["paths"].items():
            for method in [each for each in _METHODS if each in item]:
                operation, place = item[method], pointer_to("paths", path, method)
                for schemes in self._callers(operation):
                    yield from self._of(operation, place, method, path, schemes)

    def with_parameters(self) -> Iterator[list[Exchange]]:
        """For each operation: an exchange for each example of a parameter, in which it is given."""
        first = {each.operation_id: each for each in reversed(list(self.exchanges()))}
        for exchange in first.values():
            operation = self._document["paths"][exchange.path][exchange.method]
            parameters = [self._resolved(each, "")[0] for each in operation.get("parameters", ())]
            given = [
                replace(
                    exchange, parameters=[*exchange.parameters, (each["name"], each["in"], value)]
                )
                for each in parameters
                for value in self._values_of(each)
            ]
            if given:
                yield given

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
                each for each in responses if request is None or each.name == named.name
            ] or [_NONE]:
                is_judged = response is not _NONE and media_type in (None, JSON)
                yield Exchange(
                    operation_id=operation["operationId"],
                    method=method,
                    path=path,
                    schemes=schemes,
                    parameters=list(
                        self._given(operation, {**response.parameters, **named.parameters})
                    ),
                    media_type=media_type,
                    body=named.value,
                    name=named.name if request else response.name,
                    statuses=frozenset(statuses),
                    pointer=response.pointer if is_judged else None,
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
        for status, given in operation["responses"].items():
            if int(status) < 300:
                response, inside = self._resolved(given, place + pointer_to("responses", status))
                content = response.get("content", {}).get(JSON, {})
                yield from self._examples(content, inside + pointer_to("content", JSON))

    def _examples(self, content: Mapping[str, Any], place: str) -> Iterator[_Example]:
        if "example" in content:
            yield _Example("example", content["example"], {}, f"{place}/example")
        for name, given in content.get("examples", {}).items():
            example, inside = self._resolved(given, place + pointer_to("examples", name))
            parameters = given.get("x-parameters", example.get("x-parameters", {}))
            yield _Example(name, example["value"], parameters, f"{inside}/value")

    def _given(
        self, operation: Mapping[str, Any], named: Mapping[str, Any]
    ) -> Iterator[tuple[str, str, Any]]:
        for given in operation.get("parameters", ()):
            parameter, _ = self._resolved(given, "")
            name = parameter["name"]
            if name in named:
                yield name, parameter["in"], named[name]
            elif parameter.get("required"):
                yield name, parameter["in"], self._values_of(parameter)[0]

    def _values_of(self, parameter: Mapping[str, Any]) -> list[Any]:
        """Its examples; those of its schema count where it has none of its own."""
        if "example" in parameter:
            return [parameter["example"]]
        if "examples" in parameter:
            return [self._resolved(each, "")[0]["value"] for each in parameter["examples"].values()]
        schema, _ = self._resolved(parameter["schema"], "")
        return list(schema.get("examples", ()))

    def _resolved(self, found: Mapping[str, Any], place: str) -> tuple[Any, str]:
        while "$ref" in found:
            place = found["$ref"].removeprefix("#")
            found = self._at(place)
        return found, place

    def _at(self, pointer: str) -> Any:
        node: Any = self._document
        for part in pointer.split("/")[1:]:
            node = node[part.replace("~1", "/").replace("~0", "~")]
        return node


_NONE = _Example("none", None, {}, "")


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def differences(expected: Any, found: Any, place: str = "") -> Iterator[str]:
    """The JSON pointers at which two values differ; those of a missing or further key, too."""
    if isinstance(expected, dict) and isinstance(found, dict):
        for key in sorted(expected.keys() | found.keys()):
            inside = place + pointer_to(key)
            if key in expected and key in found:
                yield from differences(expected[key], found[key], inside)
            else:
                yield inside
    elif isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        for at, (one, other) in enumerate(zip(expected, found, strict=True)):
            yield from differences(one, other, f"{place}/{at}")
    elif expected != found:
        yield place
