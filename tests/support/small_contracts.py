"""Small contracts, as if they had been read from things.yaml."""

from collections.abc import Mapping
from typing import Any

from handlers.contract.document.bundle import Contract
from handlers.contract.document.validators import SchemaValidators
from handlers.contract.operations.marshmallow_schemas import Schemas
from handlers.contract.operations.operations import Compiler, Operation, Rules
from handlers.contract.operations.parameters import Parameters, compile_parameter
from handlers.contract.operations.violations import ResponseValidation, Violations

THING = {"$ref": "#/components/schemas/Thing"}
ERROR = {"$ref": "#/components/schemas/Error"}
SCHEMAS: dict[str, Any] = {
    "Thing": {
        "type": "object",
        "required": ["name"],
        "properties": {"name": {"type": "string"}, "size": {"type": "integer"}},
    },
    "Error": {"type": "object", "required": ["error_code"]},
}
ORIGINS = {"/paths": "things.yaml#/paths", "/components": "things.yaml#/components"}


def has_json(schema: Mapping[str, Any]) -> dict[str, Any]:
    """A response, or a request body, in JSON."""
    return {"description": "As it says.", "content": {"application/json": {"schema": schema}}}


def make_contract(paths: Mapping[str, Any], **components: Any) -> Contract:
    """A contract of these paths and components; the default schemas are SCHEMAS."""
    operations = [operation for item in paths.values() for operation in item.values()]
    resources = {
        operation["operationId"]: "things" for operation in operations if "operationId" in operation
    }
    document = {"paths": dict(paths), "components": {"schemas": SCHEMAS} | components}
    return Contract(document, resources, ORIGINS)


def make_spec(**overrides: Any) -> dict[str, Any]:
    """An Operation Object with things as its 200, and errors as its 400 and 500."""
    values: dict[str, Any] = {
        "operationId": "getThing",
        "responses": {"200": has_json(THING), "400": has_json(ERROR), "500": has_json(ERROR)},
    }
    values["responses"] |= overrides.pop("responses", {})
    return values | overrides


def compile_operations(
    contract: Contract,
    validation: ResponseValidation = ResponseValidation.ENFORCE,
    **rules: Any,
) -> list[Operation]:
    """The operations of a contract that describes 500 everywhere; components load its bodies."""
    given: dict[str, Any] = {"schema_for": Schemas(contract).for_loading, "statuses": [500]} | rules
    return list(Compiler(contract, Violations(validation), Rules(**given)).operations())


def make_operation(
    path: str = "/things/",
    method: str = "get",
    components: Mapping[str, Any] | None = None,
    validation: ResponseValidation = ResponseValidation.ENFORCE,
    **overrides: Any,
) -> Operation:
    """One operation, compiled; ``overrides`` are those of `make_spec`."""
    contract = make_contract({path: {method: make_spec(**overrides)}}, **components or {})
    [operation] = compile_operations(contract, validation)
    return operation


def make_parameters(
    *, is_strict: bool = False, trims_queries: bool = False, **schemas: Mapping[str, Any]
) -> Parameters:
    """Parameters by name, by default in the query.

    A mapping with `in` is a Parameter Object, all others are schemas.
    """
    compiled = []
    for name, given in schemas.items():
        shown: dict[str, Any] = {"in": "query", "schema": given}
        parameter = {"name": name, **(given if "in" in given else shown)}
        validator = SchemaValidators(parameter).compile("/schema")
        compiled.append(
            compile_parameter(
                parameter, parameter["schema"], validator, trims_queries=trims_queries
            )
        )
    return Parameters(compiled, is_strict=is_strict)
