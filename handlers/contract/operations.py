"""Every operation of the contract, compiled at start; nothing is built per request."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from handlers.contract.bodies import Body, ContentType, compile_form
from handlers.contract.bundle import Contract, ContractError
from handlers.contract.judges import Judges, pointer_to
from handlers.contract.media_types import JSON
from handlers.contract.parameters import Parameter, Parameters, compile_parameter
from handlers.contract.requirements import Requirements
from handlers.contract.responses import Responses, Shape
from handlers.contract.schemas import Schemas
from handlers.contract.violations import Violations

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_SCHEMAS = "#/components/schemas/"
_ACTS_ON_GET = "x-acts-on-get"
_STRICT_QUERY = "x-strict-query"
_REQUIRES_JSON = "x-requires-json"
_TRIMS_QUERIES = "x-trims-queries"


@dataclass(frozen=True)
class Operation:
    """One operation: where it is, who may call it, what it takes and what it answers.

    ``acts_on_get``: it changes something although it is a GET, since its links are followed from
    e-mails. The contract says so by `x-acts-on-get`, as OpenAPI has no word for it.
    ``scopes``: what a caller's token must be good for, besides being one.
    ``content_type``: what it asks of the header, by `x-requires-json`; OpenAPI passes over a
    parameter of that name.
    """

    operation_id: str
    method: str
    path: str
    resource: str
    pointer: str
    security: Requirements
    scopes: frozenset[str]
    content_type: ContentType
    acts_on_get: bool
    parameters: Parameters
    body: Body | None
    responses: Responses

    @property
    def function_name(self) -> str:
        """`listUserOrders` is handled by `list_user_orders`."""
        return re.sub(r"(?<!^)(?=[A-Z])", "_", self.operation_id).lower()

    @property
    def path_names(self) -> list[str]:
        """The names of the parameters in the path, from left to right."""
        return re.findall(r"{([^}]*)}", self.path)


class Compiler:
    """Compiles the operations of one contract.

    Whatever it can't use is a ContractError that names file and pointer. ``content_type`` is what
    operations ask for that require JSON.
    """

    def __init__(
        self,
        contract: Contract,
        violations: Violations,
        content_type: ContentType = ContentType.JSON,
    ) -> None:
        self._contract = contract
        self._violations = violations
        self._document = contract.document
        self._content_type = content_type
        self._judges = Judges(contract.document)
        self._schemas = Schemas(contract)

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
            (each, pointer_to("paths", path, "parameters", at))
            for at, each in enumerate(item.get("parameters", ()))
        ]
        own = [
            (each, pointer + pointer_to("parameters", at))
            for at, each in enumerate(spec.get("parameters", ()))
        ]
        return Operation(
            operation_id=spec["operationId"],
            method=method,
            path=path,
            resource=self._contract.resources[spec["operationId"]],
            pointer=pointer,
            security=self._security(spec),
            scopes=self._scopes(spec, pointer),
            content_type=self._content_type if spec.get(_REQUIRES_JSON) else ContentType.ANY,
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

    def _security(self, spec: Mapping[str, Any]) -> Requirements:
        requirements = spec.get("security", self._document.get("security", []))
        return tuple(tuple(requirement) for requirement in requirements)

    def _scopes(self, spec: Mapping[str, Any], pointer: str) -> frozenset[str]:
        """Which of its alternatives lets a caller in makes no difference to what they may do."""
        named = {
            frozenset(scopes)
            for requirement in spec.get("security", ())
            for scopes in requirement.values()
        }
        if len(named) > 1:
            place = self._contract.origin(pointer)
            raise ContractError(f"{place}/security: each scheme needs the same scopes")
        return next(iter(named), frozenset())

    def _acts_on_get(self, spec: Mapping[str, Any], method: str, pointer: str) -> bool:
        marked: bool = spec.get(_ACTS_ON_GET, False)
        if marked and method != "get":
            place = self._contract.origin(pointer)
            raise ContractError(f"{place}/{_ACTS_ON_GET}: only a GET can be marked so")
        return marked

    def _parameters(
        self, found: list[tuple[Mapping[str, Any], str]], spec: Mapping[str, Any], pointer: str
    ) -> Parameters:
        compiled = [self._parameter(*each) for each in found]
        try:
            return Parameters(compiled, is_strict=spec.get(_STRICT_QUERY, False))
        except ValueError as error:
            place = self._contract.origin(pointer)
            raise ContractError(f"{place}/parameters: {error}") from error

    def _parameter(self, found: Mapping[str, Any], pointer: str) -> Parameter:
        parameter, pointer = self._resolved(found, pointer)
        schema, schema_pointer = self._resolved(parameter.get("schema", {}), pointer + "/schema")
        trims = self._document.get(_TRIMS_QUERIES, False)
        try:
            validator = self._judges.compile(schema_pointer)
            return compile_parameter(parameter, schema, validator, trims_queries=trims)
        except ValueError as error:
            raise ContractError(f"{self._contract.origin(pointer)}: {error}") from error

    def _body(self, spec: Mapping[str, Any], pointer: str) -> Body | None:
        if "requestBody" not in spec:
            return None
        found, pointer = self._resolved(spec["requestBody"], pointer + "/requestBody")
        forms = {}
        for media_type, content in found["content"].items():
            place = pointer + pointer_to("content", media_type, "schema")
            try:
                loader = self._schemas.for_loading(content["schema"]["$ref"].removeprefix(_SCHEMAS))
                forms[media_type] = compile_form(media_type, self._judges.compile(place), loader)
            except KeyError as error:
                reason = "a body needs a component as its schema"
                raise ContractError(f"{self._contract.origin(place)}: {reason}") from error
            except ValueError as error:
                raise ContractError(f"{self._contract.origin(place)}: {error}") from error
        return Body(forms, required=found.get("required", False))

    def _responses(self, spec: Mapping[str, Any], pointer: str) -> Responses:
        shapes = {}
        for status in spec.get("responses", {}):
            place = pointer + pointer_to("responses", status)
            if not status.isdigit():
                reason = "each status is named; ranges and `default` are not supported"
                raise ContractError(f"{self._contract.origin(place)}: {reason}")
            shapes[int(status)] = self._shape(*self._resolved(spec["responses"][status], place))
        if HTTPStatus.INTERNAL_SERVER_ERROR not in shapes:
            reason = "500 is missing, the answer to whatever breaks"
            raise ContractError(f"{self._contract.origin(pointer)}/responses: {reason}")
        return Responses(spec["operationId"], shapes, self._violations)

    def _shape(self, response: Mapping[str, Any], pointer: str) -> Shape:
        content = response.get("content", {})
        schema = content.get(JSON, {}).get("schema", {})
        results = schema.get("properties", {}).get("results", {}).get("items", {})
        return Shape(
            media_types={
                kind: self._judges.compile(pointer + pointer_to("content", kind, "schema"))
                if kind == JSON and "schema" in content[kind]
                else None
                for kind in content
            },
            component=_component(schema),
            item_component=_component(results),
        )

    def _resolved(self, found: Mapping[str, Any], pointer: str) -> tuple[Mapping[str, Any], str]:
        """What a Reference Object leads to, with its own pointer."""
        while "$ref" in found:
            pointer = found["$ref"].removeprefix("#")
            found = self._at(pointer)
        return found, pointer

    def _at(self, pointer: str) -> Any:
        place: Any = self._document
        for part in pointer.split("/")[1:]:
            place = place[part.replace("~1", "/").replace("~0", "~")]
        return place


def _component(schema: Mapping[str, Any]) -> str | None:
    reference: str = schema.get("$ref", "")
    return reference.removeprefix(_SCHEMAS) if reference.startswith(_SCHEMAS) else None
