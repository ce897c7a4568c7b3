from domain.orders.cancellations import CancelStatus
from domain.shared.money import Currency
from tests.support.seller_views import OTHER, make_item_view, render


class TestSellerOrderItem:
    def test_shows_amounts_in_the_currency_of_its_price(self) -> None:
        view = make_item_view(price_currency=Currency.KWD, retail_price=70000, tax_rate=850)

        rendered = render("SellerOrderItem", view)

        assert (rendered["price"], rendered["price_currency"]) == ("62.900", "kwd")
        assert (rendered["retail_price"], rendered["tax_rate"]) == ("70.000", "8.50")

    def test_has_null_for_absent_values(self) -> None:
        rendered = render("SellerOrderItem", make_item_view(shipped_date=None))

        assert (rendered["retail_price"], rendered["shipped_date"]) == (None, None)

    def test_has_its_order_and_state(self) -> None:
        rendered = render("SellerOrderItem", make_item_view(cancel_status=CancelStatus.WAITING))

        assert (rendered["order"], rendered["status"], rendered["cancel_status"]) == (
            str(OTHER),
            600,
            "waiting",
        )
