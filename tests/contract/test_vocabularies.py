"""The enums of the contract and of the domain have the same values."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from domain.orders.addresses import AddressType
from domain.orders.cancellation_plans import PlanStatus
from domain.orders.cancellations import CancellationStatus, CancellationType, CancelStatus
from domain.orders.orders import OrderType
from domain.orders.states import OrderState
from domain.shared.money import Currency
from handlers.contract.document.bundle import load_contract
from handlers.i18n.labels import LABELS

SCHEMAS = load_contract().document["components"]["schemas"]
# By the domain's names: two states may share a code, which has one English label.
ORDER_STATUSES = {
    state.storefront_code: LABELS["order_status"][state.storefront_code] for state in OrderState
}
# The first of the states that share a code.
SELLER_STATUSES = {state.seller_code: state.name for state in reversed(OrderState)}
NAMED: dict[str, dict[Any, str]] = {
    "OrderStatus": ORDER_STATUSES,
    "OrderItemStatus": ORDER_STATUSES,
    "OrderType": {member.value: member.name for member in OrderType},
    "AddressType": {member.value: member.name for member in AddressType},
    "CancellationType": {member.value: member.name for member in CancellationType},
    "CancellationRequestStatus": {status.value: status.name for status in CancellationStatus},
    "Currency": {member.value: member.name for member in Currency},
    "SellerStatus": SELLER_STATUSES,
    "SellerCancelStatus": {status.value: status.name for status in CancelStatus},
    "SellerPlanStatus": {status.value: status.name for status in PlanStatus},
    "SellerPlanType": {member.value: member.name for member in CancellationType},
}
# Imported orders can have other values than the catalogues.
OPEN = {"LabelledClientType": "client_type", "LabelledEasyReturnStatus": "easy_return_status"}


def variant(name: str) -> str:
    """The name of a variant: `Cancellation waiting` is CANCELLATION_WAITING."""
    return re.sub(r"[^A-Z0-9]+", "_", name.upper())


def enums(node: Any) -> Iterator[dict[str, Any]]:
    """The schemas in a document that have names of variants."""
    if isinstance(node, dict):
        if node.keys() & {"x-enum-varnames", "x-enum-descriptions"}:
            yield node
        for value in node.values():
            yield from enums(value)
    elif isinstance(node, list):
        for item in node:
            yield from enums(item)


@pytest.mark.parametrize("component", NAMED)
def test_a_closed_enum_has_the_values_of_the_domain(component: str) -> None:
    schema = SCHEMAS[component]

    assert len(schema["enum"]) == len(set(schema["enum"]))
    assert set(schema["enum"]) == NAMED[component].keys()


@pytest.mark.parametrize("component", NAMED)
def test_variants_have_the_names_of_the_domain(component: str) -> None:
    schema = SCHEMAS[component]
    names = [variant(NAMED[component][value]) for value in schema["enum"]]

    assert schema["x-enum-varnames"] == names


@pytest.mark.parametrize("component", OPEN)
def test_an_open_enum_lists_the_values_that_have_labels(component: str) -> None:
    schema = SCHEMAS[component]["properties"]["value"]

    assert "enum" not in schema
    assert schema["x-extensible-enum"] == list(LABELS[OPEN[component]])


def test_variants_of_an_enum_have_different_names() -> None:
    found = list(enums(SCHEMAS))

    assert len(found) > len(NAMED)
    for schema in found:
        names = schema["x-enum-varnames"]
        assert len(names) == len(set(names)) == len(schema["enum"])
        assert all(re.fullmatch("[A-Z][A-Z0-9_]*", name) for name in names)
        assert len(schema.get("x-enum-descriptions", names)) == len(names)
