"""Every filter and operator of the Seller Center against plain Python over the same rows."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest

from domain.sellers.sellers import Seller
from domain.shared.filters import Condition, Operator, parse_filter
from domain.shared.money import Currency
from persistence.database import Database
from persistence.seller_center.list_definitions import LIST_DEFINITIONS
from tests.support.builders import (
    NOW,
)
from tests.support.seller_market import HOUR, NUMBERS, PLANS, Market
from tests.support.stored_sellers import listed

COMPARED = ("__gte", "__gt", "__lte", "__lt")
TEXTS = [*NUMBERS, "", "%", "_", "w-", "ss", "I", "ğ", "W-1\0"]
DAYS = [NOW.date(), NOW.date() + timedelta(days=1), date.min, date.max]
MOMENTS = [
    *(NOW, NOW + HOUR, NOW - HOUR, datetime.min.replace(tzinfo=UTC), NOW + timedelta(days=1)),
    *DAYS,
]
DECIMALS = [
    Decimal(text)
    for text in ("0", "9.99", "10", "10.00", "9.995", "10.5", "-1", "1e400", "-1e400", "9" * 40)
]
FLAGS = [True, False]
SOME_UUID = uuid4()


Value = Callable[[Any], Any]


def exactly(units: int, currency: Currency) -> Decimal:
    return Decimal(units).scaleb(-currency.exponent)


def paid(name: str) -> Value:
    def value(view: Any) -> Decimal | None:
        units = getattr(view, name)
        currency = getattr(view, "price_currency", None) or view.currency
        return None if units is None else exactly(units, currency)

    return value


def of_order(attribute: str) -> Value:
    """A value of the view's order, which ``run`` attaches."""
    return lambda view: getattr(view.its_order, attribute)


def canonical(value: Any) -> Any:
    """Return JSON in a form to compare: in JSON, true is not equal to 1."""
    if isinstance(value, dict):
        return {key: canonical(item) for key, item in value.items()}
    if isinstance(value, list):
        return [canonical(item) for item in value]
    return (isinstance(value, bool), value)


def holds(operator: Operator, stored: Any, value: Any) -> bool:
    """The meaning of an operator; None matches nothing, and dates compare to dates."""
    if stored is None:
        return False
    if isinstance(stored, datetime) and not isinstance(value, datetime):
        stored = stored.date()
    if isinstance(stored, tuple):
        return value in stored
    meanings: dict[Operator, Callable[[], bool]] = {
        Operator.EXACT: lambda: bool(canonical(stored) == canonical(value)),
        Operator.CONTAINS: lambda: value in stored,
        Operator.ICONTAINS: lambda: value.casefold() in stored.casefold(),
        Operator.GTE: lambda: bool(stored >= value),
        Operator.GT: lambda: bool(stored > value),
        Operator.LTE: lambda: bool(stored <= value),
        Operator.LT: lambda: bool(stored < value),
        Operator.DATE: lambda: bool(stored == value),
    }
    return meanings[operator]()


def dated(name: str) -> list[tuple[str, list[Any], Value | None]]:
    return [(f"{name}{suffix}", MOMENTS, None) for suffix in COMPARED]


def priced(*names: str, exact: bool = False) -> list[tuple[str, list[Any], Value | None]]:
    suffixes = ("",) if exact else COMPARED
    return [(f"{name}{suffix}", DECIMALS, paid(name)) for name in names for suffix in suffixes]


CODES = [100, 400, 500, 600, 0, 2**70]
WORDS = ["try", "KWD", "Eur", "xyz", ""]
LISTS: dict[str, list[tuple[str, list[Any], Value | None]]] = {
    "seller_orders": [
        ("number", TEXTS, None),
        ("status", CODES, None),
        ("number__contains", TEXTS, None),
        ("number__icontains", TEXTS, None),
        *dated("date_placed"),
        *priced("amount", "discount_amount"),
        ("currency", WORDS, None),
        ("has_gift_box", FLAGS, None),
        *dated("created_at"),
        *dated("updated_at"),
    ],
    "seller_order_items": [
        ("order__number", TEXTS, of_order("number")),
        ("order__status", CODES, of_order("status")),
        ("order__number__contains", TEXTS, of_order("number")),
        ("order__number__icontains", TEXTS, of_order("number")),
        ("status", CODES, None),
        *[(f"order__date_placed{suffix}", MOMENTS, of_order("date_placed")) for suffix in COMPARED],
        *priced("price", "retail_price", "discount_amount"),
        ("price_currency", WORDS, None),
        *dated("created_at"),
        *dated("updated_at"),
    ],
    "seller_cancellation_plans": [
        ("created_at__date", DAYS, None),
        ("order__number", TEXTS, of_order("number")),
        ("order", [SOME_UUID], None),
        ("order_items", [SOME_UUID], None),
        *priced("shipping_refund_amount", "refund_amount", "discount_refund_amount", exact=True),
        ("status", ["waiting", "approved", "failed", ""], None),
        ("plan_type", ["cancel", "refund"], None),
        ("invoice_number", TEXTS, None),
        ("payment_plan", [*PLANS, {"a": True}, None, 1], None),
    ],
    "seller_customer_addresses": [
        ("id", [SOME_UUID], None),
        *[
            (name, TEXTS, None)
            for name in (
                *("email", "phone_number", "first_name", "last_name", "line", "postcode"),
                *("notes", "company_name", "tax_office", "tax_no", "identity_number"),
            )
        ],
        ("is_active", FLAGS, None),
        ("e_bill_taxpayer", FLAGS, None),
        *[(name, [SOME_UUID], None) for name in ("country", "city", "township", "district")],
    ],
}
CASES = [
    pytest.param(resource, name, values, value, id=f"{resource}-{name}")
    for resource, filters in LISTS.items()
    for name, values, value in filters
]


class WithOrder:
    """A view, and the seller's order that it belongs to."""

    def __init__(self, view: Any, order: Any) -> None:
        self.view, self.its_order = view, order

    def __getattr__(self, name: str) -> Any:
        return getattr(self.view, name)


def all_of(database: Database, resource: str, seller: Seller) -> list[WithOrder]:
    orders = {view.id: view for view in listed(database, "seller_orders", seller)}
    views = listed(database, resource, seller)
    return [WithOrder(view, orders.get(getattr(view, "order", None))) for view in views]


@pytest.mark.parametrize(("resource", "name", "values", "value"), CASES)
def test_a_filter_selects_the_rows_that_python_selects(
    database: Database, resource: str, name: str, values: list[Any], value: Value | None
) -> None:
    market = Market(database)
    path, operator = parse_filter(name)
    rows = all_of(database, resource, market.seller)
    take: Value = value or (lambda view: getattr(view, path))
    stored = [taken for row in rows if isinstance(taken := take(row), UUID | Decimal)]
    for operand in [*values, *stored]:
        views = listed(database, resource, market.seller, Condition(path, operator, operand))

        expected = [row.id for row in rows if matches(operator, take(row), operand)]
        assert [view.id for view in views] == expected, operand


def matches(operator: Operator, stored: Any, operand: Any) -> bool:
    if isinstance(stored, Currency):
        return bool(stored == operand.lower())
    return holds(operator, stored, operand)


@pytest.mark.parametrize("resource", LISTS)
def test_rows_of_another_seller_are_never_shown(database: Database, resource: str) -> None:
    market = Market(database)
    own = {str(view) for view in listed(database, resource, market.seller)}
    others = {str(view) for view in listed(database, resource, market.other)}

    assert own
    if resource != "seller_customer_addresses":
        assert not own & others


class TestPlans:
    def test_are_found_by_their_lines(self, database: Database) -> None:
        market = Market(database)
        lines = {order.items[0].uuid for order in market.orders}
        lines |= {order.items[1].uuid for order in market.orders}
        rows = all_of(database, "seller_cancellation_plans", market.seller)
        for uuid in lines:
            condition = Condition("order_items", Operator.EXACT, uuid)
            views = listed(database, "seller_cancellation_plans", market.seller, condition)

            assert [view.id for view in views] == [
                row.id for row in rows if uuid in row.order_items
            ]


@pytest.mark.parametrize(
    ("resource", "path", "operator", "is_known"),
    [
        ("seller_orders", "number", Operator.ICONTAINS, True),
        ("seller_orders", "seller_pk", Operator.EXACT, False),
        ("seller_orders", "pk", Operator.EXACT, False),
        ("seller_orders", "lost", Operator.EXACT, False),
        ("seller_orders", "has_gift_box", Operator.GTE, False),
        ("seller_customer_addresses", "email", Operator.ICONTAINS, False),
        ("seller_customer_addresses", "extra_field", Operator.EXACT, False),
    ],
)
def test_supports_the_documented_operators(
    resource: str, path: str, operator: Operator, *, is_known: bool
) -> None:
    assert LIST_DEFINITIONS[resource].supports(path, operator) is is_known


def test_an_unsupported_filter_raises_an_error(database: Database) -> None:
    market = Market(database)

    with pytest.raises(LookupError):
        listed(database, "seller_orders", market.seller, Condition("pk", Operator.EXACT, 1))
