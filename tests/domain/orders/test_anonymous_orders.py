from typing import Any

import pytest

from domain.accounts.callers import Caller
from domain.orders.anonymous_orders import GuestLookup, GuestOrder, look_up_anonymous_order
from domain.orders.orders import OrderOwner
from domain.shared.errors import NotFound, TooManyAttempts
from tests.support.account_fakes import FakeAttempts
from tests.support.order_fakes import FakeOrders, FakeUnitOfWork

GUEST = OrderOwner(order_pk=7, user_pk=3, is_guest=True, email="Ayse@Example.com")
REGISTERED = OrderOwner(order_pk=8, user_pk=4, is_guest=False, email="ayse@example.com")


class FakeOwners(FakeOrders):
    """A guest's order with the number 111, and a registered user's with 222."""

    def __init__(self) -> None:
        super().__init__(documents={(3, 7): b"the order"})
        self.numbers: list[str] = []

    def owner(self, number: str) -> OrderOwner | None:
        self.numbers.append(number)
        return {"111": GUEST, "222": REGISTERED}.get(number)


def look_up(email: str, number: str, look_ups: FakeAttempts, orders: Any = None) -> GuestOrder:
    lookup = GuestLookup(email, number, "203.0.113.7")
    uow = FakeUnitOfWork(orders or FakeOwners())
    return look_up_anonymous_order(lookup, look_ups, "tr-tr", uow)


class TestLookUp:
    @pytest.mark.parametrize("email", ["ayse@example.com", "AYSE@EXAMPLE.COM"])
    def test_finds_a_guests_order_whatever_the_case_of_the_email(self, email: str) -> None:
        look_ups = FakeAttempts()

        order = look_up(email, "111", look_ups)

        assert order.caller == Caller(3, is_guest=True, order_pk=7)
        assert order.document == b"the order"
        assert [lookup.address for lookup in look_ups.begun] == ["203.0.113.7"]
        assert look_ups.misses == []

    @pytest.mark.parametrize(
        ("email", "number"),
        [
            ("ayse@example.com", "333"),
            ("unknown@example.com", "333"),
            ("other@example.com", "111"),
            ("ayse@example.com", "222"),
            ("", ""),
            ("ayse@example.com", "1\x0011"),
            ("\ud800", "111"),
        ],
        ids=["number", "unknown e-mail", "e-mail", "registered", "nothing", "NUL", "surrogate"],
    )
    def test_all_misses_raise_the_same_error_and_are_counted(self, email: str, number: str) -> None:
        look_ups = FakeAttempts()

        with pytest.raises(NotFound) as caught:
            look_up(email, number, look_ups)

        assert type(caught.value) is NotFound
        assert len(look_ups.misses) == 1

    def test_a_reached_limit_refuses_even_the_right_number(self) -> None:
        orders = FakeOwners()

        with pytest.raises(TooManyAttempts) as caught:
            look_up("ayse@example.com", "111", FakeAttempts(wait=60), orders)

        assert (caught.value.retry_after, orders.numbers) == (60, [])

    def test_an_order_that_is_deleted_meanwhile_is_not_found(self) -> None:
        orders = FakeOwners()
        orders.documents.clear()

        with pytest.raises(NotFound):
            look_up("ayse@example.com", "111", FakeAttempts(), orders)


def test_repr_does_not_contain_the_email() -> None:
    assert "ayse" not in repr(GuestLookup("ayse@example.com", "111", "203.0.113.7")).casefold()
