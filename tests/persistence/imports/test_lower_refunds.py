"""Later documents change a refund that an earlier one gave, and that is not the computed one."""

import pytest

from domain.cancellations.decisions import approve_request, complete_request
from domain.imports.documents import ImportResult
from tests.support.documents import request_document
from tests.support.imported_case import DELIVERED, OTHER_UUID, Case, imported_request

DISCOUNTS = [{"name": "A", "amount": "17.00"}]
CANCELLED = {"state": "cancelled"}


def refunds(case: Case) -> tuple[int, int, int]:
    order = case.order
    return order.refund_amount, order.discount_refund_amount, order.shipping_refund_amount


def test_more_units_are_added_to_a_lower_refund(case: Case) -> None:
    first = imported_request(status="completed")
    case.place(first, refund_amount="10.00", discount_refund_amount="1.00", discounts=DISCOUNTS)
    case.document.pop("refund_amount")
    case.document.pop("discount_refund_amount")
    second = request_document(
        cancellation_type="cancel", status="completed", quantity=1, uuid=OTHER_UUID
    )

    case.send({"cancellation_requests": [*first["cancellation_requests"], second]})

    assert refunds(case) == (1000 + 4500, 100 + 500, 0)


def test_a_completed_return_is_added_to_refunds_made_here(checked: Case) -> None:
    returned = {"cancellation_type": "refund", "status": "approved"}
    line = {**DELIVERED, **imported_request(**returned)}
    checked.place(line, state="delivered", discounts=DISCOUNTS)
    checked.request(approve_request, complete_request, quantity=1)
    assert refunds(checked) == (4500, 500, 0)

    checked.send(imported_request(**returned | {"status": "completed"}))

    assert refunds(checked) == (9000, 1000, 0)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, (17900, 0, 900)),
        ({"shipping_refund_amount": "0.00"}, (17000, 0, 0)),
        ({"shipping_refund_amount": "4.00"}, (17400, 0, 400)),
    ],
)
def test_shipping_that_was_decided_once_stays(
    case: Case, given: dict[str, str], expected: tuple[int, int, int]
) -> None:
    case.place(CANCELLED, state="cancelled", **given)
    for name in given:
        case.document.pop(name)
    assert refunds(case) == expected

    result = case.send(CANCELLED, state="cancelled", notes="new")

    assert isinstance(result, ImportResult)
    assert refunds(case) == expected
