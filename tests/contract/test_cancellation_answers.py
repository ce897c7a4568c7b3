"""The security and the responses of cancellations, look-ups and trade-ins.

The responses of the storefront and anonymous documents are allowed unchanged.
"""

import re
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
from flask import Response
from openapi_spec_validator import OpenAPIV31SpecValidator
from starlette.testclient import TestClient
from werkzeug.exceptions import HTTPException

from domain.cancellations.codes import CancellationCode
from handlers.contract.asgi.routing import ContractApp
from handlers.contract.document.bundle import Contract
from handlers.contract.document.validators import SchemaValidators, pointer_to
from handlers.contract.operations.operations import Operation
from handlers.http.media_types import HTML, JSON
from tests.contract.compiled import compiled_contract, compiled_operations

PAGE = Path(__file__).parents[2] / "docs" / "errors.md"

Operations = Mapping[str, Operation]

RECORD = {
    "status": {"value": "open", "label": "Open"},
    "modified_date": "2024-11-19T22:35:54.246633Z",
    "holder_name": "John Doe",
    "uuid": "8187c360-66da-4959-9f0b-9aa2ccac9001",
    "easy_return": {
        "status": {"value": "active", "label": "Active"},
        "code": "14223",
        "end_date": None,
        "tracking_url": "https://wwww.test.com",
        "tracking_number": "12352355",
        "shipping_company": {"value": "extension", "label": "Extension Cargo"},
        "pickup_date": {
            "date": "2024-01-01",
            "hour_range": {"start": "09:00", "end": "12:00"},
        },
        "start_date": "2024-11-19T22:35:54.246615Z",
    },
    "description": "test",
    "fully_refund_as_loyalty_money": True,
    "reason": 2,
    "iban": "test-iban",
    "cancellation_type": "refund",
    "created_date": "2024-11-19T22:35:54.246615Z",
    "order_item": 126,
    "id": 1,
    "pk": 1,
    "quantity": 2,
}


def codes_in(text: str) -> list[str]:
    """The codes of a table of errors, in order."""
    return re.findall(r"^\| `(cancellation_request_\w+)` \| 4", text, re.MULTILINE)


@pytest.fixture
def contract() -> Contract:
    return compiled_contract()


@pytest.fixture
def operations() -> Operations:
    return compiled_operations()


def is_allowed(contract: Contract, operation: Operation, status: int, body: Any) -> bool:
    """Whether the contract allows this JSON response of the operation."""
    validators = SchemaValidators(contract.document)
    place: Any = contract.document
    pointer = operation.pointer + pointer_to("responses", status)
    for part in pointer.split("/")[1:]:
        place = place[part.replace("~1", "/")]
    pointer = place["$ref"].removeprefix("#") if "$ref" in place else pointer
    return validators.compile(pointer + pointer_to("content", JSON, "schema")).is_valid(body)


class TestContract:
    def test_is_valid_openapi(self, contract: Contract) -> None:
        assert list(OpenAPIV31SpecValidator(contract.document).iter_errors()) == []

    def test_names_every_code_of_the_domain(self, contract: Contract) -> None:
        error = contract.document["components"]["schemas"]["CancellationError"]

        assert codes_in(error["description"]) == [code.value for code in CancellationCode]

    def test_has_the_codes_of_the_error_page(self, contract: Contract) -> None:
        error = contract.document["components"]["schemas"]["CancellationError"]

        assert codes_in(PAGE.read_text("utf-8")) == codes_in(error["description"])

    @pytest.mark.parametrize(
        ("operation_id", "security"),
        [
            ("listCancellationReasons", (("SessionCookie",), ("OrderGrant",), ("SessionKey",))),
            ("listCancellationRequests", (("SessionCookie",), ("SessionKey",))),
            ("createCancellationRequest", (("SessionCookie",), ("SessionKey",))),
            ("createBulkCancellationRequests", (("SessionCookie",), ("SessionKey",))),
            ("cancelOrder", (("SessionCookie",), ("SessionKey",))),
            ("lookUpAnonymousOrder", ()),
            ("createAnonymousCancellationRequest", (("OrderGrant",), ("SessionKey",), ())),
            ("createAnonymousBulkCancellationRequests", (("OrderGrant",), ("SessionKey",), ())),
            ("approveTradeIn", (("TradeInToken",), ("SessionCookie",), ("SessionKey",))),
            ("rejectTradeIn", (("TradeInToken",), ("SessionCookie",), ("SessionKey",))),
            ("showTradeInOffer", (("TradeInToken",), ("SessionCookie",), ("SessionKey",))),
            ("answerTradeInOffer", (("TradeInToken",), ("SessionCookie",), ("SessionKey",))),
        ],
    )
    def test_has_the_security_of_each_operation(
        self, operations: Operations, operation_id: str, security: object
    ) -> None:
        assert operations[operation_id].security == security

    def test_defines_every_required_security_scheme(self, contract: Contract) -> None:
        document = contract.document
        required_schemes = {
            name
            for item in document["paths"].values()
            for operation in item.values()
            for requirement in operation.get("security", document["security"])
            for name in requirement
        }

        assert required_schemes == contract.document["components"]["securitySchemes"].keys()

    def test_links_only_existing_operations(self, contract: Contract) -> None:
        for item in contract.document["paths"].values():
            for operation in item.values():
                for response in operation["responses"].values():
                    for link in response.get("links", {}).values():
                        assert link["operationId"] in contract.resources


class TestAnswers:
    @pytest.mark.parametrize(
        ("operation_id", "status", "body"),
        [
            ("createCancellationRequest", 200, RECORD),
            ("createCancellationRequest", 200, RECORD | {"easy_return": None, "iban": None}),
            ("createBulkCancellationRequests", 201, [RECORD]),
            ("createBulkCancellationRequests", 201, []),
            (
                "createCancellationRequest",
                406,
                {
                    "non_field_errors": "Pickup address is required.",
                    "error_code": "cancellation_request_100_8",
                },
            ),
            (
                "createCancellationRequest",
                400,
                {"quantity": "Quantity can not be greater than order item quantity."},
            ),
            ("approveTradeIn", 200, "Onaylama isleminiz gönderilmiştir."),
            ("rejectTradeIn", 200, "Reddetme işleminiz gönderilmiştir."),
        ],
    )
    def test_allow_the_examples_of_the_documents(
        self,
        contract: Contract,
        operations: Operations,
        operation_id: str,
        status: int,
        body: Any,
    ) -> None:
        assert is_allowed(contract, operations[operation_id], status, body)

    @pytest.mark.parametrize(
        "change",
        [
            {"cancellation_type": {"value": "refund", "label": "Refund"}},
            {"status": "open"},
            {"created_date": "yesterday"},
            {"order_item": "126"},
        ],
        ids=str,
    )
    def test_do_not_allow_values_of_other_types(
        self, contract: Contract, operations: Operations, change: dict[str, Any]
    ) -> None:
        operation = operations["createCancellationRequest"]

        assert not is_allowed(contract, operation, 200, RECORD | change)

    @pytest.mark.parametrize(
        ("operation_id", "statuses"),
        [
            ("createCancellationRequest", (200, 400, 401, 403, 406, 409, 413, 415, 422)),
            ("createAnonymousBulkCancellationRequests", (201, 400, 403, 406, 409, 413, 415, 422)),
            ("cancelOrder", (201, 400, 401, 403, 404, 406, 409, 413, 415, 422)),
            ("lookUpAnonymousOrder", (200, 400, 403, 404, 406, 415, 429)),
            ("approveTradeIn", (200, 401, 403, 404, 409, 410)),
            ("rejectTradeIn", (200, 401, 403, 404, 409, 410)),
            ("showTradeInOffer", (200, 401, 404)),
            ("answerTradeInOffer", (200, 400, 401, 403, 404, 409, 410, 415)),
            ("listCancellationReasons", (200, 400, 401, 404)),
        ],
    )
    def test_include_the_documented_refusals(
        self, operations: Operations, operation_id: str, statuses: tuple[int, ...]
    ) -> None:
        responses = operations[operation_id].responses

        assert [status for status in statuses if not responses.allows(status, JSON)] == []


class TestTradeIns:
    @pytest.mark.parametrize("operation_id", ["approveTradeIn", "rejectTradeIn"])
    def test_act_on_get_and_have_pages_for_browsers(
        self, operations: Operations, operation_id: str
    ) -> None:
        operation = operations[operation_id]

        assert operation.acts_on_get
        assert operation.responses.offered == (JSON, HTML)
        assert operation.responses.allows(HTTPStatus.FORBIDDEN, HTML)


class TestRoutes:
    @pytest.fixture
    def client(self, operations: Operations) -> TestClient:
        """The client of an application that responds with the id of the operation."""
        app = ContractApp("handlers", lifespan=None, edge=lambda inner: inner, threads=1)
        app.app.register_error_handler(HTTPException, lambda error: error.get_response())
        app.route(
            operations.values(),
            {name: lambda name=name, **_path: Response(name) for name in operations},
        )
        return TestClient(app)

    @pytest.mark.parametrize(
        ("method", "path", "operation_id"),
        [
            ("GET", "/users/orders/cancellation_reasons/", "listCancellationReasons"),
            ("GET", "/users/orders/cancellation_requests/", "listCancellationRequests"),
            ("POST", "/users/orders/cancellation_requests/", "createCancellationRequest"),
            ("POST", "/users/orders/anonymous/", "lookUpAnonymousOrder"),
            ("GET", "/users/order_item/5/tradein_approved/", "approveTradeIn"),
            ("GET", "/users/orders/5/cancellation/", "getOrderCancellation"),
        ],
    )
    def test_reach_the_operations(
        self, client: TestClient, method: str, path: str, operation_id: str
    ) -> None:
        assert client.request(method, path).text == operation_id

    @pytest.mark.parametrize(
        ("method", "path"),
        [
            ("GET", "/users/orders/anonymous/"),
            ("HEAD", "/users/orders/anonymous/"),
            ("GET", "/users/orders/bulk_cancellation_requests/"),
            ("GET", "/users/orders/anonymous/cancellation_requests/"),
            ("POST", "/users/orders/cancellation_reasons/"),
            ("HEAD", "/users/order_item/5/tradein_approved/"),
            ("HEAD", "/users/order_item/5/tradein_rejected/"),
            ("POST", "/users/order_item/5/tradein_approved/"),
        ],
    )
    def test_refuse_other_methods(self, client: TestClient, method: str, path: str) -> None:
        response = client.request(method, path)

        assert (response.status_code, method in response.headers["allow"]) == (405, False)
