"""The units that the requests of a line name."""

from collections.abc import Sequence

import pytest

from domain.imports.parts import Rejected
from domain.imports.requested_units import (
    RequestedUnits,
    is_on_its_way,
    removed_units,
    require_units,
)
from domain.orders.cancellations import CancellationStatus, CancellationType

CANCEL, REFUND = CancellationType.CANCEL, CancellationType.REFUND
REQUESTS = "/items/0/cancellation_requests"


def cancel(status: str, quantity: int | None = 1) -> RequestedUnits:
    return RequestedUnits(CANCEL, CancellationStatus(status), quantity)


def returned(status: str, quantity: int | None = 1) -> RequestedUnits:
    return RequestedUnits(REFUND, CancellationStatus(status), quantity)


def refusal(
    quantity: int, cancelled: int, refunded: int, requests: Sequence[RequestedUnits]
) -> str | None:
    """Return the pointer of the error; None if the line has the units."""
    try:
        require_units("/items/0", quantity, cancelled, refunded, requests)
    except Rejected as rejected:
        return rejected.pointer
    return None


@pytest.mark.parametrize(
    ("request_", "is_removed", "is_promised", "is_returning"),
    [
        (cancel("open"), False, False, False),
        (cancel("approved"), True, True, False),
        (cancel("completed"), True, False, False),
        (cancel("rejected"), False, False, False),
        (returned("open"), False, False, False),
        (returned("approved"), False, False, True),
        (returned("completed"), True, False, False),
        (returned("rejected"), False, False, False),
    ],
)
def test_units_are_removed_promised_or_returning(
    request_: RequestedUnits, is_removed: bool, is_promised: bool, is_returning: bool
) -> None:
    assert (request_.is_removed, request_.is_promised) == (is_removed, is_promised)
    assert is_on_its_way(request_) is is_returning


def test_removed_units_are_those_of_one_type() -> None:
    requests = [
        *(cancel("approved", 2), cancel("completed", 3), cancel("open", 5)),
        *(cancel("approved", None), returned("completed", 7), returned("approved", 11)),
    ]

    assert removed_units(requests, CANCEL) == 5
    assert removed_units(requests, REFUND) == 7


class TestRequire:
    def test_at_most_one_open_request(self) -> None:
        assert refusal(9, 0, 0, [cancel("open")]) is None
        assert refusal(9, 0, 0, [cancel("open"), returned("open")]) == REQUESTS

    def test_counters_of_at_least_the_removed_units(self) -> None:
        requests = [cancel("approved", 2), returned("completed", 3)]

        assert refusal(9, 2, 3, requests) is None
        assert refusal(9, 3, 4, requests) is None
        assert refusal(9, 1, 3, requests) == "/items/0/cancelled_quantity"
        assert refusal(9, 2, 2, requests) == "/items/0/refunded_quantity"

    def test_units_for_all_requests_together(self) -> None:
        requests = [cancel("open", 2), returned("approved", 3)]

        assert refusal(9, 3, 1, requests) is None
        assert refusal(9, 1, 3, requests) is None
        assert refusal(8, 3, 1, requests) == REQUESTS
        assert refusal(8, 1, 3, requests) == REQUESTS

    def test_no_units_that_are_pending_more_than_once(self) -> None:
        requests = [cancel("approved", 2), returned("completed", 3), cancel("rejected", 4)]

        assert refusal(5, 2, 3, requests) is None

    def test_one_unit_for_an_open_request_without_a_quantity(self) -> None:
        assert refusal(1, 0, 0, [cancel("open", None)]) is None
        assert refusal(1, 1, 0, [cancel("open", None)]) == REQUESTS
