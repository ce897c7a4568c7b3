"""Units and states of a line that follow from its state and its requests."""

from typing import Any

import pytest

from domain.imports.orders import ImportedItem
from domain.imports.parts import Rejected
from domain.orders.states import OrderState
from tests.support.documents import imported_order, line_document, request_document

SHIPPED = {"state": "delivered", "shipped_date": "2026-02-15T00:00:00Z"}
WAITS = {"state": "cancellation_waiting"}


def read(*requests: dict[str, Any], **line: Any) -> ImportedItem:
    """Return the line of an imported order, of 5 units unless ``line`` has another quantity."""
    document = line_document(**{"quantity": 5, "cancellation_requests": [*requests]} | line)
    return imported_order(state="approved", items=[document]).items[0]


def cancel(status: str, quantity: int | None = None) -> dict[str, Any]:
    return _request("cancel", status, quantity)


def returned(status: str, quantity: int | None = None) -> dict[str, Any]:
    return _request("refund", status, quantity)


def _request(kind: str, status: str, quantity: int | None) -> dict[str, Any]:
    units = {} if quantity is None else {"quantity": quantity}
    return request_document(cancellation_type=kind, status=status, **units)


def removed(item: ImportedItem) -> tuple[int, int]:
    return item.values["cancelled_quantity"], item.values["refunded_quantity"]


def quantities(item: ImportedItem) -> list[int | None]:
    return [request.values["quantity"] for request in item.requests]


def states(item: ImportedItem) -> tuple[OrderState, OrderState | None]:
    return item.values["state"], item.values["state_before_cancellation"]


class TestRemovedUnits:
    def test_are_those_of_the_requests(self) -> None:
        assert removed(read(cancel("completed", 1), cancel("approved", 2))) == (3, 0)
        assert removed(read(returned("completed", 2), **SHIPPED)) == (0, 2)

    def test_are_all_if_a_request_names_none(self) -> None:
        assert removed(read(cancel("approved"))) == (5, 0)
        assert removed(read(returned("completed"), **SHIPPED)) == (0, 5)

    def test_do_not_include_those_of_open_requests(self) -> None:
        assert removed(read(cancel("open"))) == (0, 0)

    def test_of_a_cancelled_line_are_those_that_were_not_refunded(self) -> None:
        assert removed(read(state="cancelled", refunded_quantity=2)) == (3, 2)


class TestQuantities:
    def test_of_an_open_request_stay_absent(self) -> None:
        assert quantities(read(cancel("open"))) == [None]

    def test_of_a_cancel_are_the_units_that_no_other_cancel_has(self) -> None:
        assert quantities(read(cancel("completed", 1), cancel("approved"))) == [1, 4]

    def test_of_a_completed_return_are_the_refunded_units_that_no_other_return_has(self) -> None:
        item = read(
            cancel("completed", 1), returned("completed", 1), returned("completed"), **SHIPPED
        )

        assert quantities(item) == [1, 1, 3]

    def test_of_an_approved_return_are_the_units_that_are_left(self) -> None:
        item = read(
            cancel("completed", 1),
            returned("completed", 1),
            returned("approved", 1),
            returned("approved"),
            **SHIPPED,
        )

        assert quantities(item) == [1, 1, 1, 2]

    def test_may_be_a_single_unit(self) -> None:
        assert quantities(read(returned("approved"), quantity=1, **SHIPPED)) == [1]

    @pytest.mark.parametrize(
        "requests",
        [
            (returned("approved", 1), returned("approved")),
            (returned("approved"), returned("approved")),
        ],
    )
    def test_need_a_unit(self, requests: tuple[dict[str, Any], ...]) -> None:
        with pytest.raises(Rejected) as caught:
            read(*requests, quantity=1, **SHIPPED)

        assert caught.value.pointer == "/items/0/cancellation_requests/1/quantity"

    @pytest.mark.parametrize("status", ["open", "approved"])
    def test_of_a_return_need_a_line_that_was_sent(self, status: str) -> None:
        with pytest.raises(Rejected) as caught:
            read(cancel("rejected"), returned(status, 1))

        assert caught.value.pointer == "/items/0/cancellation_requests/1/cancellation_type"


class TestStates:
    def test_of_a_line_without_units_are_closed(self) -> None:
        assert states(read(cancel("completed"))) == (OrderState.CANCELLED, None)
        assert states(read(returned("completed"), **SHIPPED)) == (OrderState.REFUNDED, None)

    def test_that_are_closed_stay(self) -> None:
        assert states(read(state="rejected")) == (OrderState.REJECTED, None)

    def test_wait_for_an_open_cancel(self) -> None:
        waiting = OrderState.CANCELLATION_WAITING
        packaged = {"state_before_cancellation": "packaged"}

        assert states(read(cancel("open", 1), state="packaged")) == (waiting, OrderState.PACKAGED)
        assert states(read(cancel("open", 1), **WAITS, **packaged)) == (
            waiting,
            OrderState.PACKAGED,
        )
        assert states(read(cancel("open", 1), **WAITS)) == (waiting, None)

    def test_do_not_wait_for_an_open_return(self) -> None:
        assert states(read(returned("open", 1), **SHIPPED)) == (OrderState.DELIVERED, None)

    @pytest.mark.parametrize("status", ["approved", "rejected"])
    def test_do_not_wait_for_a_decided_cancel(self, status: str) -> None:
        request = cancel(status, 1)
        packaged = {"state_before_cancellation": "packaged"}

        assert states(read(request, **WAITS, **packaged)) == (OrderState.PACKAGED, None)
        assert states(read(request, **WAITS)) == (OrderState.WAITING, None)
        assert states(read(request)) == (OrderState.APPROVED, None)

    def test_that_wait_without_a_request_stay(self) -> None:
        assert states(read(**WAITS)) == (OrderState.CANCELLATION_WAITING, None)
