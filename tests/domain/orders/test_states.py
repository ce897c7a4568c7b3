import pytest

from domain.orders.states import OrderState


@pytest.mark.parametrize(
    ("state", "storefront", "seller"),
    [
        (OrderState.WAITING, "200", 100),
        (OrderState.APPROVED, "400", 200),
        (OrderState.PACKAGE_WAITING, "450", 300),
        (OrderState.PACKAGED, "450", 400),
        (OrderState.SHIPPED, "500", 500),
        (OrderState.DELIVERED, "550", 600),
        (OrderState.CANCELLATION_WAITING, "50", 700),
        (OrderState.CANCELLED, "100", 800),
        (OrderState.REJECTED, "100", 900),
        (OrderState.REFUNDED, "600", 600),
    ],
)
def test_a_state_has_its_codes_in_both_vocabularies(
    state: OrderState, storefront: str, seller: int
) -> None:
    assert (state.storefront_code, state.seller_code) == (storefront, seller)


def test_every_state_has_codes() -> None:
    assert all(state.storefront_code and state.seller_code for state in OrderState)
