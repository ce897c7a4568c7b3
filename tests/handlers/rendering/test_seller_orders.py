import pytest

from domain.orders.cancellations import CancelStatus
from domain.shared.money import Currency
from tests.support.seller_views import ID, OTHER, make_order_view, render


class TestSellerOrder:
    def test_has_uuids_as_references(self) -> None:
        rendered = render("SellerOrder", make_order_view())

        assert (rendered["id"], rendered["datasource"]) == (str(ID), str(OTHER))
        assert (rendered["shipping_address"], rendered["billing_address"]) == (str(ID), str(OTHER))

    @pytest.mark.parametrize(
        ("currency", "code", "amount"),
        [(Currency.TRY, "try", "629.00"), (Currency.KWD, "kwd", "62.900")],
    )
    def test_shows_amounts_in_its_currency(
        self, currency: Currency, code: str, amount: str
    ) -> None:
        rendered = render("SellerOrder", make_order_view(currency=currency))

        assert (rendered["currency"], rendered["amount"]) == (code, amount)

    def test_shows_codes_and_times_of_the_seller_center(self) -> None:
        rendered = render(
            "SellerOrder",
            make_order_view(cancel_status=CancelStatus.MANUEL_REFUND_NEED, shipping_tax_rate=1800),
        )

        assert (rendered["status"], rendered["cancel_status"]) == (100, "manuel_refund_need")
        assert (rendered["shipping_tax_rate"], rendered["invoice_date"]) == ("18.00", None)
        assert rendered["date_placed"] == "2026-03-01T12:00:00.000000Z"
