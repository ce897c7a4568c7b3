"""Documents of orders with all fields that an importer may send."""

from datetime import timedelta
from itertools import count
from typing import Any

from hypothesis import strategies as st

from tests.support.builders import NOW
from tests.support.documents import (
    Document,
    address_document,
    line_document,
    old_order_document,
    order_document,
    request_document,
)

_numbers = count(1)
_texts = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=12
).map(lambda text: f"t{text}t")
_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(-9, 9) | _texts,
    lambda below: st.lists(below, max_size=3) | st.dictionaries(_texts, below, max_size=3),
    max_leaves=6,
)
_objects = st.dictionaries(_texts, _values, max_size=3)
_moments = st.integers(0, 86_400_000_000).map(
    lambda microseconds: (NOW - timedelta(days=3, microseconds=microseconds)).isoformat()
)
_amounts = st.integers(0, 9999).map(lambda minor_units: f"{minor_units / 100:.2f}")
_carriers = st.sampled_from(["kuzey", "guney"]).map(
    lambda value: {"value": value, "label": value.upper()}
)
_requests = st.fixed_dictionaries(
    {"status": st.sampled_from(["open", "approved", "rejected", "completed"])},
    optional={
        "description": _texts,
        "holder_name": _texts,
        "iban": st.just("TR330006100519786457841326"),
        "created_date": _moments,
        "fully_refund_as_loyalty_money": st.booleans(),
        "images": st.lists(
            st.fixed_dictionaries(
                {"image": st.just("https://cdn.example/1.jpg")}, optional={"description": _texts}
            ),
            max_size=2,
        ),
    },
)
_easy_returns = st.fixed_dictionaries(
    {"shipping_company": _carriers, "code": _texts, "status": st.just("active")},
    optional={"tracking_number": _texts, "start_date": _moments},
)
_lines = st.fixed_dictionaries(
    {
        "quantity": st.integers(1, 4),
        "unit_price": st.integers(1, 1999).map(lambda minor_units: f"{minor_units / 100:.2f}"),
    },
    optional={
        "seller": st.sampled_from(["a", "b"]).map(lambda slug: {"slug": slug, "name": slug}),
        "tracking_number": _texts,
        "invoice_date": _moments,
        "extra_field": _objects,
        "shipping_company": _carriers,
        "shipping_option_group": st.just({"amount": "9.90", "shipping_option_name": "S"}),
        "easy_return_companies": st.lists(
            st.fixed_dictionaries({"shipping_company": _carriers, "name": _texts}), max_size=2
        ),
    },
)
_orders = st.fixed_dictionaries(
    {"payment_pending": st.sampled_from([False, False, True])},
    optional={
        "notes": _texts,
        "extra_field": _objects,
        "delivery_range": _moments,
        "basket": st.integers(1, 2**53),
        "shipping_amount": _amounts,
        "shipping_company": _carriers,
        "bank": st.fixed_dictionaries({"slug": st.just("demo"), "name": _texts}),
        "billing_address": _texts.map(lambda text: address_document(line=text, township=None)),
        "discounts": st.lists(
            st.fixed_dictionaries({"name": _texts, "amount": st.just("0.01")}), max_size=1
        ),
        "loyalty_transactions": st.lists(
            st.fixed_dictionaries({"amount": st.just("-0.01")}, optional={"reference": _texts}),
            max_size=2,
        ),
    },
)


@st.composite
def order_documents(draw: st.DrawFn) -> Document:
    """An order of one to three lines; one in two lines has a request."""
    items = [_line(draw, number) for number in range(1, draw(st.integers(1, 3)) + 1)]
    number = f"S{next(_numbers)}"
    return order_document(number=number, state="approved", items=items, **draw(_orders))


def _line(draw: st.DrawFn, number: int) -> dict[str, Any]:
    line = line_document(line=number, state="approved", **draw(_lines))
    is_delivered = draw(st.booleans())
    if is_delivered:
        day = (NOW - timedelta(days=1)).isoformat()
        line |= {"state": "delivered", "shipped_date": day, "delivered_date": day}
    if draw(st.booleans()):
        kind = "refund" if is_delivered else "cancel"
        request = request_document(cancellation_type=kind, quantity=1, **draw(_requests))
        if is_delivered and draw(st.booleans()):
            request["easy_return"] = draw(_easy_returns)
        line["cancellation_requests"] = [request]
    return line


@st.composite
def old_order_documents(draw: st.DrawFn) -> Document:
    items = [
        {"product": draw(_texts), "price": draw(_amounts), "extra_field": draw(_objects)}
        for _ in range(draw(st.integers(1, 3)))
    ]
    number = f"S{next(_numbers)}"
    return old_order_document(number=number, items=items, extra_field=draw(_objects))
