"""The contract has the parameters, objects and responses of the seller center document."""

from collections.abc import Mapping
from typing import Any

import pytest

from domain.orders.cancellation_plans import PlanStatus
from domain.orders.cancellations import CancellationType, CancelStatus
from domain.orders.states import OrderState
from domain.sellers.callers import Scope
from handlers.contract.document.bundle import Contract
from handlers.contract.document.validators import SchemaValidators, pointer_to
from handlers.contract.operations.operations import Operation
from handlers.http.media_types import JSON
from tests.contract.comparison import resolve
from tests.contract.compiled import compiled_contract, compiled_operations
from tests.contract.seller_parameters import DAMAGED, EXAMPLES, PARAMETERS

LISTS = list(PARAMETERS)
PAGING = {"page", "limit", "ordering", "cursor"}
SCOPES = {
    "listSellerOrders": "orders:read",
    "listSellerOrderItems": "orders:read",
    "rejectSellerOrderItem": "items:reject",
    "listSellerCancellationPlans": "plans:read",
    "listSellerCustomerAddresses": "addresses:read",
}
# The types in the document's tables by those of the schema.
TYPES = {
    ("integer", None): "integer",
    ("boolean", None): "boolean",
    ("string", None): "string",
    ("string", "date"): "date",
    ("string", "moment"): "datetime",
    ("string", "uuid"): "uuid",
    ("string", "decimal"): "decimal",
    ("string", "currency"): "currency",
    ("string", "json"): "json",
}


# The properties that we add to the objects of the document.
ADDED = {
    "datasource": "7371e321-9ae4-418d-8472-f4d13ce3da8d",
    "quantity": 1,
    "created_at": "2019-01-01T00:00:00Z",
    "updated_at": "2019-01-01T00:00:00Z",
}


@pytest.fixture
def contract() -> Contract:
    return compiled_contract()


@pytest.fixture
def operations() -> Mapping[str, Operation]:
    return compiled_operations()


def query_of(contract: Contract, operation: Operation) -> dict[str, dict[str, Any]]:
    """The parameters of the operation's query, with their schemas resolved."""
    document = contract.document
    spec = document["paths"][operation.path][operation.method]
    found = (
        resolve(document, parameter["$ref"]) if "$ref" in parameter else parameter
        for parameter in spec["parameters"]
    )
    return {
        parameter["name"]: parameter | {"schema": resolved(contract, parameter["schema"])}
        for parameter in found
        if parameter["in"] == "query"
    }


def resolved(contract: Contract, schema: dict[str, Any]) -> Any:
    return resolve(contract.document, schema["$ref"]) if "$ref" in schema else schema


def type_of(schema: Mapping[str, Any]) -> str:
    if "enum" in schema:
        return "enum"
    return TYPES[schema["type"], schema.get("format")]


@pytest.mark.parametrize("operation_id", LISTS)
class TestParameters:
    def test_are_those_of_the_document(
        self, contract: Contract, operations: Mapping[str, Operation], operation_id: str
    ) -> None:
        query = query_of(contract, operations[operation_id])

        listed = {name: type_of(parameter["schema"]) for name, parameter in query.items()}
        aliases = DAMAGED if operation_id == "listSellerOrderItems" else {}
        assert listed.keys() - PARAMETERS[operation_id].keys() == PAGING | aliases.keys()
        assert PARAMETERS[operation_id].items() <= listed.items()

    def test_with_damaged_names_are_aliases(
        self, contract: Contract, operations: Mapping[str, Operation], operation_id: str
    ) -> None:
        query = query_of(contract, operations[operation_id])

        aliases = {
            name: parameter for name, parameter in query.items() if parameter.get("deprecated")
        }
        expected = DAMAGED if operation_id == "listSellerOrderItems" else {}
        assert {name: alias["x-alias-of"] for name, alias in aliases.items()} == expected
        for alias in aliases.values():
            assert alias["schema"] == query[alias["x-alias-of"]]["schema"]

    def test_sort_by_fields_of_the_object_in_both_directions(
        self, contract: Contract, operations: Mapping[str, Operation], operation_id: str
    ) -> None:
        query = query_of(contract, operations[operation_id])

        component = contract.document["components"]["schemas"][component_of(operation_id)]
        fields = query["ordering"]["schema"]["enum"]
        upwards = {field for field in fields if not field.startswith("-")}
        assert set(fields) == upwards | {f"-{field}" for field in upwards}
        assert upwards <= component["properties"].keys()


def component_of(operation_id: str) -> str:
    """`listSellerOrders` lists `SellerOrder`."""
    name = operation_id.removeprefix("list")
    return name.removesuffix("es") if name.endswith("sses") else name.removesuffix("s")


def completed(schema: dict[str, Any], operation_id: str) -> dict[str, Any]:
    """The example of the document, with our additional properties."""
    added = schema["properties"].keys() - EXAMPLES[operation_id].keys()
    return EXAMPLES[operation_id] | {name: ADDED[name] for name in added}


class TestObjects:
    @pytest.mark.parametrize("operation_id", LISTS)
    def test_allow_the_examples_of_the_document(
        self, contract: Contract, operation_id: str
    ) -> None:
        pointer = pointer_to("components", "schemas", component_of(operation_id))
        validator = SchemaValidators(contract.document).compile(pointer)
        schema = contract.document["components"]["schemas"][component_of(operation_id)]

        assert schema["properties"].keys() - EXAMPLES[operation_id].keys() <= ADDED.keys()
        assert set(schema["required"]) == schema["properties"].keys()
        assert validator.is_valid(completed(schema, operation_id))

    @pytest.mark.parametrize(
        ("operation_id", "change"),
        [
            ("listSellerOrders", {"status": "100"}),
            ("listSellerOrders", {"status": 150}),
            ("listSellerOrders", {"currency": "USD"}),
            ("listSellerOrders", {"amount": 629}),
            ("listSellerOrders", {"id": 5}),
            ("listSellerOrders", {"date_placed": "2019-01-01"}),
            ("listSellerOrderItems", {"cancel_status": "unknown"}),
            ("listSellerCancellationPlans", {"order_items": ["5"]}),
            ("listSellerCancellationPlans", {"status": "open"}),
            ("listSellerCustomerAddresses", {"country": None}),
        ],
        ids=str,
    )
    def test_do_not_allow_other_values(
        self, contract: Contract, operation_id: str, change: dict[str, Any]
    ) -> None:
        pointer = pointer_to("components", "schemas", component_of(operation_id))

        validator = SchemaValidators(contract.document).compile(pointer)

        schema = contract.document["components"]["schemas"][component_of(operation_id)]
        assert not validator.is_valid(completed(schema, operation_id) | change)

    @pytest.mark.parametrize(
        ("component", "values"),
        [
            ("SellerStatus", {state.seller_code for state in OrderState}),
            ("SellerCancelStatus", {status.value for status in CancelStatus}),
            ("SellerPlanStatus", {status.value for status in PlanStatus}),
            ("SellerPlanType", {kind.value for kind in CancellationType}),
        ],
    )
    def test_have_the_codes_of_the_domain(
        self, contract: Contract, component: str, values: set[Any]
    ) -> None:
        assert set(contract.document["components"]["schemas"][component]["enum"]) == values


@pytest.mark.parametrize("operation_id", SCOPES)
class TestOperations:
    def test_require_a_token_in_either_header(
        self, operations: Mapping[str, Operation], operation_id: str
    ) -> None:
        operation = operations[operation_id]

        assert operation.security == (("SellerToken",), ("SellerAuthentication",))
        assert operation.scopes == {Scope(SCOPES[operation_id])}

    def test_require_a_content_type(
        self, contract: Contract, operations: Mapping[str, Operation], operation_id: str
    ) -> None:
        operation = operations[operation_id]
        spec = contract.document["paths"][operation.path][operation.method]

        assert all("JsonContentType" in requirement for requirement in spec["security"])

    def test_have_the_responses_of_the_document(
        self, operations: Mapping[str, Operation], operation_id: str
    ) -> None:
        responses = operations[operation_id].responses

        documented = (400, 401, 403, 404, 406, 415, 431, 500)
        assert [status for status in documented if not responses.allows(status, JSON)] == []

    def test_have_a_challenge_for_401_and_403(
        self, contract: Contract, operations: Mapping[str, Operation], operation_id: str
    ) -> None:
        operation = operations[operation_id]
        spec = contract.document["paths"][operation.path][operation.method]

        for status in ("401", "403"):
            response = resolve(contract.document, spec["responses"][status]["$ref"])
            assert "WWW-Authenticate" in response["headers"]

    def test_are_strict_and_require_json(
        self, contract: Contract, operations: Mapping[str, Operation], operation_id: str
    ) -> None:
        operation = operations[operation_id]
        spec = contract.document["paths"][operation.path][operation.method]

        assert spec["x-strict-query"]
        assert spec["x-requires-json"]
