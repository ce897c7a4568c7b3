"""The headers Deprecation and Sunset of responses have the days of the contract."""

from collections.abc import Mapping
from typing import Any

import flask
import pytest
from flask import Response

from handlers.contract.document.bundle import ContractError
from handlers.contract.operations.deprecations import Deprecations, announcing, compile_deprecations
from tests.support.small_contracts import (
    THING,
    compile_operations,
    has_json,
    make_contract,
    make_spec,
)

# 2026-11-29 and 2027-11-30, at midnight in UTC
SINCE, UNTIL = "@1795910400", "Tue, 30 Nov 2027 00:00:00 GMT"
DAYS: dict[str, Any] = {
    "deprecated": True,
    "x-deprecated-since": "2026-11-29",
    "x-sunset": "2027-11-30",
}
HEADERS = {"headers": {"Deprecation": {"schema": {"type": "string"}}}}
ANSWERS = {"200": has_json(THING) | HEADERS}


def parameter(name: str, place: str = "query", **more: Any) -> dict[str, Any]:
    return {"name": name, "in": place, "schema": {"type": "string"}, **more}


def compiled(path: str = "/things/", shared: Any = (), **spec: Any) -> Deprecations | None:
    values = {"responses": ANSWERS, **spec}
    contract = make_contract(
        {path: {"get": make_spec(**values)}}, parameters={"Color": parameter("color", **DAYS)}
    )
    contract.document["paths"][path]["parameters"] = list(shared)
    [operation] = compile_operations(contract)
    return compile_deprecations(contract, operation)


def days_sent(
    deprecations: Deprecations | None,
    query: str = "",
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> Any:
    """The headers of a response to such a request."""
    app = flask.Flask(__name__)
    with app.test_request_context(f"/things/?{query}", headers=headers):
        view = announcing(lambda **_path: Response(status=status), deprecations)
        found = view().headers
    return found.get("Deprecation"), found.get("Sunset")


def test_responses_of_a_deprecated_operation_have_the_headers() -> None:
    assert days_sent(compiled(**DAYS)) == (SINCE, UNTIL)


def test_there_is_no_sunset_without_a_last_day() -> None:
    since = {key: value for key, value in DAYS.items() if key != "x-sunset"}

    assert days_sent(compiled(**since)) == (SINCE, None)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("size=1", (SINCE, UNTIL)),
        ("a=1&size=", (SINCE, UNTIL)),
        ("%73ize=1", (SINCE, UNTIL)),
        ("", (None, None)),
        ("sizes=1", (None, None)),
        ("a=size", (None, None)),
    ],
)
def test_a_deprecated_parameter_adds_the_headers_when_used(query: str, expected: Any) -> None:
    assert days_sent(compiled(parameters=[parameter("size", **DAYS)]), query) == expected


def test_a_deprecated_header_adds_the_headers_when_used() -> None:
    found = compiled(parameters=[parameter("X-Size", "header", **DAYS)])

    assert days_sent(found, headers={"x-size": "1"}) == (SINCE, UNTIL)
    assert days_sent(found) == (None, None)


def test_shared_parameters_and_components_add_the_headers_too() -> None:
    reference = {"$ref": "#/components/parameters/Color"}

    assert days_sent(compiled(shared=[reference]), "color=red") == (SINCE, UNTIL)


def test_the_earliest_of_several_days_are_sent() -> None:
    later = DAYS | {"x-deprecated-since": "2026-12-01", "x-sunset": "2027-12-01"}
    found = compiled(parameters=[parameter("a", **later), parameter("b", **DAYS)])

    assert days_sent(found, "a=1&b=1") == (SINCE, UNTIL)
    assert days_sent(found, "a=1") == ("@1796083200", "Wed, 01 Dec 2027 00:00:00 GMT")


def test_responses_without_the_header_in_the_contract_lack_it() -> None:
    assert days_sent(compiled(**DAYS), status=400) == (None, None)


def test_operations_without_days_are_not_wrapped() -> None:
    assert compiled(deprecated=True) is None
    view = Response
    assert announcing(view, None) is view


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        (
            {"x-deprecated-since": "soon"},
            "things.yaml#/paths/~1things~1/get/x-deprecated-since: soon is no day",
        ),
        ({"x-sunset": "2027-02-30"}, "get/x-sunset: 2027-02-30 is no day"),
        ({"x-deprecated-since": 2026}, "get/x-deprecated-since: 2026 is no day"),
        ({"x-sunset": "2026-11-28"}, "get/x-sunset: is before x-deprecated-since"),
        ({"deprecated": False}, "get: has a day and is not deprecated"),
        ({"responses": {"200": has_json(THING)}}, "get/responses: no success has the header"),
    ],
)
def test_an_invalid_day_stops_the_start(spec: dict[str, Any], reason: str) -> None:
    with pytest.raises(ContractError, match=reason):
        compiled(**DAYS | spec)


def test_a_last_day_needs_a_first() -> None:
    with pytest.raises(ContractError, match="get: x-deprecated-since is missing"):
        compiled(deprecated=True, **{"x-sunset": "2027-11-30"})


def test_path_parameters_can_not_be_deprecated() -> None:
    with pytest.raises(ContractError, match="only of the query and headers"):
        compiled("/things/{pk}/", parameters=[parameter("pk", "path", required=True, **DAYS)])
