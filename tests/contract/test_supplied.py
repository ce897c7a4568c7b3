"""Our contract has the five supplied operations, and only adds to them.

So a request that is valid under the supplied contract is accepted, but for BOUNDS, and a response
that our contract allows is valid under the supplied one.
"""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema_rs import Draft202012Validator

from handlers.contract.document.bundle import load_contract
from handlers.contract.document.views import client_document, full_document
from tests.contract.bounds import BOUNDS
from tests.contract.comparison import Comparison, Document, resolve

REMOVED = object()
ORDERS = "/paths/~1users~1orders~1/get"
OLD_ORDERS = "/paths/~1users~1old-orders~1/get"
SCHEMAS = "/components/schemas"
PARAMETERS = "/components/parameters"
PICKUP_DATE = f"{SCHEMAS}/CancellationEasyReturn/properties/pickup_date"
BREAKING: dict[str, tuple[str, Any]] = {
    "path gone": ("/paths/~1users~1orders~1{pk}~1", REMOVED),
    "other operationId": (f"{ORDERS}/operationId", "listOrders"),
    "other tag": (f"{ORDERS}/tags", ["Shop"]),
    "no session needed": ("/security", []),
    "other security": (f"{ORDERS}/security", [{"Token": []}]),
    "session not enough": ("/security/0", REMOVED),
    "session and more": ("/security/0", {"SessionCookie": [], "SessionKey": []}),
    "session with a scope": ("/security/0", {"SessionCookie": ["orders"]}),
    "everybody let in besides": ("/security/1", {}),
    "body required": (f"{ORDERS}/requestBody", {"required": True}),
    "parameter gone": (f"{PARAMETERS}/Page/name", "page_number"),
    "parameter elsewhere": (f"{PARAMETERS}/Page/in", "header"),
    "parameter required": (f"{PARAMETERS}/Page/required", True),
    "parameter narrowed": (f"{PARAMETERS}/Page/schema/minimum", 1),
    "parameter narrowed beyond its bound": (f"{PARAMETERS}/OrderNumberSearch/schema/minLength", 3),
    "choice gone": (f"{OLD_ORDERS}/parameters/2/schema/enum/0", REMOVED),
    "added parameter required": (f"{PARAMETERS}/Limit/required", True),
    "added parameter refuses": (f"{PARAMETERS}/AcceptLanguage/schema/maxLength", 5),
    "added parameter refuses more": (f"{PARAMETERS}/Limit/schema/multipleOf", 5),
    "added parameter of another type": (f"{PARAMETERS}/AcceptLanguage/schema/type", "integer"),
    "status gone": (f"{ORDERS}/responses/401", REMOVED),
    "JSON gone": (f"{ORDERS}/responses/200/content/application~1json", REMOVED),
    "envelope changed": (f"{SCHEMAS}/UserOrderPage/properties/next/type", "string"),
    "another envelope": (
        f"{ORDERS}/responses/200/content/application~1json/schema/$ref",
        f"#{SCHEMAS}/SellerOrderPage",
    ),
    "property gone": (f"{SCHEMAS}/Address/properties/title", REMOVED),
    "other type": (f"{SCHEMAS}/UserOrder/properties/pk/type", "string"),
    "null gone": (f"{SCHEMAS}/UserOrder/properties/tracking_url/type", "string"),
    "other format": (f"{SCHEMAS}/UserOrder/properties/created_date/format", "date"),
    "other component": (f"{SCHEMAS}/UserOrder/properties/status/$ref", f"#{SCHEMAS}/ApiError"),
    "alternative gone": (f"{SCHEMAS}/UserOrder/properties/bank/oneOf/1", REMOVED),
    "alternative changed": (f"{SCHEMAS}/UserOrder/properties/bank/oneOf/1/type", "string"),
    "other format of a choice": (f"{OLD_ORDERS}/parameters/2/schema/format", "currency"),
    "parameter of one format": (f"{PARAMETERS}/Page/schema/format", "int32"),
    "parameter of few values": (f"{PARAMETERS}/Page/schema/enum", [1, 2]),
    "added parameter of one format": (f"{PARAMETERS}/AcceptLanguage/schema/format", "date"),
    "added parameter of few values": (f"{PARAMETERS}/AcceptLanguage/schema/enum", ["tr"]),
    "members of a parameter required": (f"{PARAMETERS}/Page/schema/required", ["number"]),
    "property of another pattern": (f"{SCHEMAS}/UserOrder/properties/number/pattern", "^[0-9]+$"),
    "nothing else allowed": (f"{SCHEMAS}/LocationSummary/additionalProperties", False),
    "free items narrowed": (
        f"{SCHEMAS}/UserOrderProduct/properties/form_schema/items",
        {"type": "object"},
    ),
    "items gone": (f"{SCHEMAS}/UserOrder/properties/orderitem_set/items", REMOVED),
    "null of a named part gone": (f"{PICKUP_DATE}/oneOf/1", REMOVED),
    "named part of another type": (f"{SCHEMAS}/ReturnPickup/type", "array"),
    "property of a named part gone": (f"{SCHEMAS}/ReturnPickup/properties/date", REMOVED),
    "change deep inside": (f"{SCHEMAS}/ReturnPickupHours/properties/start/type", "integer"),
    "free object narrowed": (f"{SCHEMAS}/JsonObject/additionalProperties", {"type": "string"}),
}
HARMLESS: dict[str, tuple[str, Any]] = {
    "other words": (f"{SCHEMAS}/UserOrder/description", "An order."),
    "more words": (f"{SCHEMAS}/ShippingCompany/properties/value/examples", ["ups"]),
    "more properties": (f"{SCHEMAS}/UserOrder/properties/colour", {"type": "string"}),
    "another way to log in": ("/security/1", {"Token": []}),
    "only the session": ("/security/1", REMOVED),
    "more properties required": (f"{SCHEMAS}/Address/required", ["pk", "title"]),
    "format where there was none": (f"{SCHEMAS}/UserOrder/properties/id/format", "int32"),
    "known values": (f"{SCHEMAS}/UserOrder/properties/number/enum", ["1666226475313999"]),
    "names for programs": (f"{SCHEMAS}/UserOrder/properties/number/x-enum-varnames", ["FIRST"]),
    "more statuses": (f"{ORDERS}/responses/418", {"description": "A teapot."}),
}


@pytest.fixture(scope="module")
def supplied() -> Document:
    content: Document = json.loads(Path(__file__).with_name("supplied.json").read_text("utf-8"))
    return content


@pytest.fixture(scope="module", params=[client_document, full_document])
def ours(request: pytest.FixtureRequest) -> Document:
    document: Document = request.param(load_contract())
    return document


@pytest.fixture(scope="module")
def full() -> Document:
    return full_document(load_contract())


def differences(supplied: Document, ours: Document) -> list[str]:
    keywords = {name: bound.keywords for name, bound in BOUNDS.items()}
    return list(Comparison(supplied, ours, keywords).differences())


def changed(document: Document, pointer: str, value: Any) -> Document:
    """A copy with ``value`` at ``pointer``, whose parent must exist."""
    document = copy.deepcopy(document)
    parts = [part.replace("~1", "/") for part in pointer.split("/")[1:]]
    node: Any = document
    for part in parts[:-1]:
        node = node[int(part) if isinstance(node, list) else part]
    last = int(parts[-1]) if isinstance(node, list) else parts[-1]
    if value is REMOVED:
        del node[last]
    else:
        node[last] = value
    return document


class TestSupplied:
    def test_our_contract_contains_the_supplied_one(
        self, supplied: Document, ours: Document
    ) -> None:
        assert differences(supplied, ours) == []

    def test_the_five_operations_are_supplied(self, supplied: Document) -> None:
        operations = [
            operation for item in supplied["paths"].values() for operation in item.values()
        ]

        assert {operation["operationId"] for operation in operations} == {
            "listUserOrders",
            "getUserOrder",
            "getOrderCancellation",
            "listOldOrders",
            "getOldOrder",
        }

    @pytest.mark.parametrize("change", BREAKING)
    def test_a_change_is_detected(self, supplied: Document, ours: Document, change: str) -> None:
        assert differences(supplied, changed(ours, *BREAKING[change])) != []

    @pytest.mark.parametrize("change", HARMLESS)
    def test_an_addition_is_allowed(self, supplied: Document, ours: Document, change: str) -> None:
        assert differences(supplied, changed(ours, *HARMLESS[change])) == []

    def test_properties_that_are_required_there_are_required_here(
        self, supplied: Document, ours: Document
    ) -> None:
        stricter = changed(supplied, f"{SCHEMAS}/LocationSummary/required", ["code"])

        [difference] = differences(stricter, ours)
        assert "code is not required" in difference

    @pytest.mark.parametrize("component", ["UserOrder", "UserOldOrder"])
    def test_our_examples_are_valid_under_the_supplied_contract(
        self, supplied: Document, ours: Document, component: str
    ) -> None:
        schema = {"$ref": f"#/components/schemas/{component}", **supplied}
        validator = Draft202012Validator(schema, validate_formats=True)
        name = {"UserOrder": "ReturningOrder", "UserOldOrder": "OldOrder"}[component]

        validator.validate(resolve(ours, f"#/components/examples/{name}")["value"])


class TestBounds:
    @pytest.mark.parametrize("name", [name for name, bound in BOUNDS.items() if bound.keywords])
    def test_every_listed_bound_is_in_the_contract(self, full: Document, name: str) -> None:
        schemas = [
            resolve(full, parameter["schema"]["$ref"])
            if "$ref" in parameter["schema"]
            else parameter["schema"]
            for parameter in full["components"]["parameters"].values()
            if parameter["name"] == name
        ]

        assert schemas
        assert all(BOUNDS[name].keywords <= schema.keys() for schema in schemas)
