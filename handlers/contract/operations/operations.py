"""Every operation of the contract, compiled at start; nothing is built per request."""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from jsonschema_rs import Draft202012Validator, ReferencingError
from marshmallow import Schema

from handlers.contract.document.bundle import Contract, ContractError
from handlers.contract.document.methods import METHODS
from handlers.contract.document.validators import Direction, SchemaValidators, pointer_to
from handlers.contract.operations.bodies import Bodies, Body, ContentType, component_of
from handlers.contract.operations.parameters import (
    IGNORED_HEADERS,
    Parameter,
    Parameters,
    compile_parameter,
)
from handlers.contract.operations.requirements import Requirements
from handlers.contract.operations.responses import Responses, Shape
from handlers.contract.operations.schema_types import SchemaTypes
from handlers.contract.operations.violations import Violations
from handlers.http.media_types import JSON, is_json, is_text

_ACTS_ON_GET = "x-acts-on-get"
_ANYTHING = Draft202012Validator(True)
_STRICT_QUERY = "x-strict-query"
_REQUIRES_JSON = "x-requires-json"
_IS_CREDENTIAL = "x-credential"
_TRIMS_QUERIES = "x-trims-queries"


@dataclass(frozen=True)
class Operation:
    """One operation: its path, security, parameters, body and responses.

    ``acts_on_get``: a GET that changes something, for links in e-mails, by `x-acts-on-get`.
    ``scopes_by_scheme``: the scopes that a caller's token needs, by security scheme.
    ``content_type``: the header that it needs, by `x-requires-json`; OpenAPI ignores a parameter of
    that name.
    """

    operation_id: str
    method: str
    path: str
    resource: str
    pointer: str
    security: Requirements
    scopes_by_scheme: Mapping[str, frozenset[str]]
    content_type: ContentType
    acts_on_get: bool
    parameters: Parameters
    body: Body | None
    responses: Responses

    @property
    def scopes(self) -> frozenset[str]:
        """The scopes of all its security schemes."""
        return frozenset().union(*self.scopes_by_scheme.values())

    @property
    def function_name(self) -> str:
        """`listUserOrders` is handled by `list_user_orders`."""
        return re.sub(r"(?<!^)(?=[A-Z])", "_", self.operation_id).lower()

    @property
    def path_names(self) -> list[str]:
        """The names of the parameters in the path, from left to right."""
        return re.findall(r"{([^}]*)}", self.path)


@dataclass(frozen=True, kw_only=True)
class Rules:
    """The rules for operations beyond OpenAPI.

    ``content_type``: the header that operations with `x-requires-json` need.
    ``schema_for``: loads the bodies of a component; without it, handlers get the valid value.
    ``statuses``: those that every operation has to describe.
    ``adds_refusals``: refusals whose status an operation does not describe are sent anyway.
    ``outer_headers``: response headers, in lower case, that are added after the handler; they are
    not validated.
    ``bounds_integers``: the formats `int32` and `int64` are enforced.
    ``unread``: media types of responses that are not validated.
    """

    content_type: ContentType = ContentType.JSON
    schema_for: Callable[[str], Schema] | None = None
    statuses: Collection[int] = ()
    adds_refusals: bool = False
    outer_headers: Collection[str] = ()
    bounds_integers: bool = True
    unread: Collection[str] = ()


class Compiler:
    """Compiles the operations of one contract.

    Raises ContractError, naming file and pointer, for what is not supported.
    """

    def __init__(
        self, contract: Contract, violations: Violations, rules: Rules | None = None
    ) -> None:
        self._contract = contract
        self._violations = violations
        self._document = contract.document
        self._rules = rules or Rules()
        bounds = self._rules.bounds_integers
        self._requests, self._answers = (
            SchemaValidators(contract.document, bounds_integers=bounds, direction=direction)
            for direction in Direction
        )
        self._types = SchemaTypes(contract.document)
        self._bodies = Bodies(self._types, self._rules.schema_for)

    def operations(self) -> Iterator[Operation]:
        """Every operation, in the order of the document."""
        for path, item in self._document["paths"].items():
            for method in METHODS:
                if method in item:
                    operation = self._operation(path, method, item)
                    self._check_path(operation)
                    yield operation

    def _operation(self, path: str, method: str, item: Mapping[str, Any]) -> Operation:
        spec = item[method]
        pointer = pointer_to("paths", path, method)
        shared = [
            (parameter, pointer_to("paths", path, "parameters", at))
            for at, parameter in enumerate(item.get("parameters", ()))
        ]
        own = [
            (parameter, pointer + pointer_to("parameters", at))
            for at, parameter in enumerate(spec.get("parameters", ()))
        ]
        return Operation(
            operation_id=spec["operationId"],
            method=method,
            path=path,
            resource=self._contract.resources[spec["operationId"]],
            pointer=pointer,
            security=self._security(spec, pointer),
            scopes_by_scheme=self._scopes(spec),
            content_type=self._rules.content_type if spec.get(_REQUIRES_JSON) else ContentType.ANY,
            acts_on_get=self._acts_on_get(spec, method, pointer),
            parameters=self._parameters(shared + own, spec, pointer),
            body=self._body(spec, pointer),
            responses=self._responses(spec, pointer),
        )

    def _check_path(self, operation: Operation) -> None:
        described = operation.parameters.path_names
        if described != set(operation.path_names):
            place = self._contract.origin(operation.pointer)
            raise ContractError(f"{place}: describes {sorted(described)} in its path")

    def _security(self, spec: Mapping[str, Any], pointer: str) -> Requirements:
        """The requirements without schemes that identify no caller, such as one for a header."""
        requirements = spec.get("security", self._document.get("security", []))
        credentials = tuple(
            tuple(filter(self._is_credential, requirement)) for requirement in requirements
        )
        if any(
            requirement and not left
            for requirement, left in zip(requirements, credentials, strict=True)
        ):
            place = self._contract.origin(pointer)
            raise ContractError(f"{place}/security: an alternative asks for no credential")
        return credentials

    def _is_credential(self, scheme: str) -> bool:
        schemes = self._document.get("components", {}).get("securitySchemes", {})
        marked: bool = schemes.get(scheme, {}).get(_IS_CREDENTIAL, True)
        return marked

    def _scopes(self, spec: Mapping[str, Any]) -> dict[str, frozenset[str]]:
        scopes: dict[str, frozenset[str]] = {}
        for requirement in spec.get("security", self._document.get("security", ())):
            for scheme, named in requirement.items():
                if self._is_credential(scheme):
                    scopes[scheme] = scopes.get(scheme, frozenset()).union(named)
        return scopes

    def _acts_on_get(self, spec: Mapping[str, Any], method: str, pointer: str) -> bool:
        marked: bool = spec.get(_ACTS_ON_GET, False)
        if marked and method != "get":
            place = self._contract.origin(pointer)
            raise ContractError(f"{place}/{_ACTS_ON_GET}: only a GET can be marked so")
        return marked

    def _parameters(
        self, specs: list[tuple[Mapping[str, Any], str]], spec: Mapping[str, Any], pointer: str
    ) -> Parameters:
        resolved = [self._resolved(*located) for located in specs]
        # A parameter of an operation overrides that of its path.
        last = {
            (parameter["in"], parameter["name"]): (parameter, place)
            for parameter, place in resolved
        }
        compiled = [
            self._parameter(parameter, place)
            for parameter, place in last.values()
            if parameter["in"] != "header" or parameter["name"].lower() not in IGNORED_HEADERS
        ]
        try:
            return Parameters(compiled, is_strict=spec.get(_STRICT_QUERY, False))
        except ValueError as error:
            place = self._contract.origin(pointer)
            raise ContractError(f"{place}/parameters: {error}") from error

    def _parameter(self, parameter: Mapping[str, Any], pointer: str) -> Parameter:
        place = pointer + "/schema"
        if "content" in parameter:
            media_type, content = next(iter(parameter["content"].items()))
            place = pointer + pointer_to("content", media_type, "schema")
            schema = content.get("schema", True)
        else:
            schema = parameter.get("schema", True)
        validator = (
            self._compile_validator(self._requests, place) if schema is not True else _ANYTHING
        )
        resolved = self._types.resolved(schema)
        described = resolved if isinstance(resolved, Mapping) else {}
        try:
            return compile_parameter(
                parameter,
                described,
                validator,
                self._types,
                trims_queries=self._document.get(_TRIMS_QUERIES, False),
            )
        except ValueError as error:
            raise ContractError(f"{self._contract.origin(pointer)}: {error}") from error

    def _compile_validator(
        self, validators: SchemaValidators, pointer: str
    ) -> Draft202012Validator:
        try:
            return validators.compile(pointer)
        except (ValueError, ReferencingError) as error:
            place = self._contract.origin(pointer)
            raise ContractError(f"{place}: {str(error).splitlines()[0]}") from error

    def _body(self, spec: Mapping[str, Any], pointer: str) -> Body | None:
        if "requestBody" not in spec:
            return None
        request_body, pointer = self._resolved(spec["requestBody"], pointer + "/requestBody")
        forms = {}
        for entry, content in request_body["content"].items():
            place = pointer + pointer_to("content", entry)
            schema = pointer_to("schema")
            validator = (
                self._compile_validator(self._requests, place + schema)
                if "schema" in content
                else None
            )
            try:
                forms[entry.lower()] = self._bodies.compile(entry.lower(), content, validator)
            except ValueError as error:
                raise ContractError(f"{self._contract.origin(place + schema)}: {error}") from error
        return Body(forms, required=request_body.get("required", False))

    def _responses(self, spec: Mapping[str, Any], pointer: str) -> Responses:
        shapes = {}
        for status, response in spec.get("responses", {}).items():
            place = pointer + pointer_to("responses", status)
            shapes[status] = self._shape(*self._resolved(response, place))
        for needed in self._rules.statuses:
            if str(needed) not in shapes:
                place = self._contract.origin(pointer)
                raise ContractError(f"{place}/responses: {needed} is missing")
        return Responses(
            spec["operationId"],
            shapes,
            self._violations,
            adds_refusals=self._rules.adds_refusals,
        )

    def _shape(self, response: Mapping[str, Any], pointer: str) -> Shape:
        content = response.get("content", {})
        schema = content.get(JSON, {}).get("schema", {})
        return Shape(
            media_types={
                kind.lower(): self._validator(kind.lower(), media, pointer, kind)
                for kind, media in content.items()
            },
            component=component_of(schema),
            item_component=component_of(
                self._types.items(self._types.properties(schema).get("results"))
            ),
            headers=self._headers(response, pointer),
        )

    def _validator(
        self, media_type: str, content: Mapping[str, Any], pointer: str, key: str
    ) -> Draft202012Validator | None:
        """The validator of one media type of a response; None where any bytes are valid."""
        schema = content.get("schema", True)
        if schema is True or media_type in self._rules.unread:
            return None
        if not is_json(media_type) and self._types.is_free(schema):
            return None
        place = pointer + pointer_to("content", key, "schema")
        if not is_json(media_type) and not is_text(media_type):
            reason = f"a schema for {media_type} is not supported, since it is not decoded"
            raise ContractError(f"{self._contract.origin(place)}: {reason}")
        return self._compile_validator(self._answers, place)

    def _headers(self, response: Mapping[str, Any], pointer: str) -> tuple[Parameter, ...]:
        headers = []
        for name, spec in response.get("headers", {}).items():
            if name.lower() in self._rules.outer_headers or name.lower() == "content-type":
                continue
            header, place = self._resolved(spec, pointer + pointer_to("headers", name))
            headers.append(self._parameter({**header, "in": "header", "name": name}, place))
        return tuple(headers)

    def _resolved(self, spec: Mapping[str, Any], pointer: str) -> tuple[Mapping[str, Any], str]:
        """What a Reference Object leads to, with its pointer."""
        while "$ref" in spec:
            pointer = spec["$ref"].removeprefix("#")
            spec = self._at(pointer)
        return spec, pointer

    def _at(self, pointer: str) -> Any:
        place: Any = self._document
        for part in pointer.split("/")[1:]:
            place = place[part.replace("~1", "/").replace("~0", "~")]
        return place
