from decimal import Decimal
from typing import Any

import pytest

from domain.shared.filters import Condition, Operator
from handlers.contract.document.bundle import ContractError
from handlers.contract.operations.operations import Operation
from handlers.web.seller_filters import Filters
from tests.support.small_contracts import compile_operations, make_contract, make_spec

TOKEN = [{"SellerToken": ["orders:read"]}]
SUPPORTED = {
    ("number", Operator.EXACT),
    ("order__number", Operator.ICONTAINS),
    ("amount", Operator.GTE),
}
ALIAS: dict[str, Any] = {"x-alias-of": "order__number__icontains"}


def parameter(name: str, **extra: Any) -> dict[str, Any]:
    return {"name": name, "in": "query", "schema": {"type": "string"}} | extra


class FakeListing:
    def supports(self, path: str, operator: Operator) -> bool:
        return (path, operator) in SUPPORTED

    def can_sort(self, path: str) -> bool:
        return path == "number"


LIST_DEFINITIONS = {"things": FakeListing()}


def compile_filters(*names: str, **overrides: Any) -> tuple[Filters, Operation]:
    parameters = [parameter(name) for name in names] + overrides.pop("parameters", [])
    spec = make_spec(parameters=parameters, **({"security": TOKEN} | overrides))
    contract = make_contract({"/things/": {"get": spec}})
    [operation] = compile_operations(contract)
    return Filters(contract, [operation], LIST_DEFINITIONS), operation


class TestConditions:
    def test_are_derived_from_the_names_of_parameters(self) -> None:
        filters, operation = compile_filters("number", "order__number__icontains", "amount__gte")

        values = {"amount__gte": Decimal(5), "number": "A", "order__number__icontains": "b"}
        assert filters.conditions(operation, values) == (
            Condition("amount", Operator.GTE, Decimal(5)),
            Condition("number", Operator.EXACT, "A"),
            Condition("order__number", Operator.ICONTAINS, "b"),
        )

    @pytest.mark.parametrize(
        "name", ["page", "limit", "ordering", "cursor", "ordernumbericontains"]
    )
    def test_do_not_exist_for_paging_and_aliases(self, name: str) -> None:
        alias = parameter("ordernumbericontains", **ALIAS)
        paging = ("page", "limit", "ordering", "cursor")
        filters, operation = compile_filters(
            "order__number__icontains", *paging, parameters=[alias]
        )

        with pytest.raises(KeyError):
            filters.conditions(operation, {name: "x"})


class TestFault:
    @pytest.mark.parametrize(
        "name", ["numbr", "number__gte", "amount", "number__icontains", "amount__like"]
    )
    def test_of_a_parameter_stops_the_start_and_names_its_place(self, name: str) -> None:
        with pytest.raises(ContractError) as error:
            compile_filters("number", name)

        place = "things.yaml#/paths/~1things~1/get/parameters/1"
        assert str(error.value) == f"{place}: {name} compares nothing of things"

    def test_of_an_ordering_stops_the_start_and_names_its_place(self) -> None:
        ordering = parameter("ordering", schema={"type": "string", "enum": ["number", "-size"]})

        with pytest.raises(ContractError, match=r"parameters/0: -size sorts nothing of things"):
            compile_filters(parameters=[ordering])

    def test_of_a_component_names_the_operation(self) -> None:
        contract = make_contract(
            {
                "/things/": {
                    "get": make_spec(
                        security=TOKEN, parameters=[{"$ref": "#/components/parameters/Size"}]
                    )
                }
            },
            parameters={"Size": parameter("size")},
        )

        with pytest.raises(ContractError, match="get/parameters/0: size compares"):
            Filters(contract, compile_operations(contract), LIST_DEFINITIONS)

    def test_is_detected_only_in_lists_of_sellers(self) -> None:
        compile_filters("search", security=[{"SessionCookie": []}])
