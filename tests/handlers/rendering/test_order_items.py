from datetime import date

import pytest

from domain.shared.money import Currency
from tests.support.builders import (
    NOW,
    make_easy_return_company,
    make_item,
    make_order,
    make_product,
    make_seller,
    make_shipping_company,
    make_shipping_option_group,
)
from tests.support.rendered_documents import render_item, render_order, served_contract


def test_a_line_shows_every_property_of_the_contract() -> None:
    component = served_contract().document["components"]["schemas"]["UserOrderItem"]

    assert render_item().keys() == component["properties"].keys()


class TestSeller:
    def test_is_the_datasource(self) -> None:
        rendered = render_item(make_item(seller=make_seller(pk=4, name="Ev Dünyası")))

        assert rendered["datasource"] == 4
        assert rendered["datasource_detailed"] == {"pk": 4, "name": "Ev Dünyası"}

    def test_may_be_missing(self) -> None:
        rendered = render_item(make_item(seller=None))

        assert (rendered["datasource"], rendered["datasource_detailed"]) == (None, None)


class TestPrices:
    def test_are_of_the_line_and_of_one_unit(self) -> None:
        rendered = render_item(make_item(price=10000, quantity=4, retail_price=None))

        assert (rendered["price"], rendered["unit_price"]) == ("100.00", "25.00")
        assert rendered["total_amount"] == rendered["price"]
        assert (rendered["retail_price"], rendered["tax_rate"]) == (None, "18.00")
        assert (rendered["discount_amount"], rendered["discounted_price"]) == ("0.00", "100.00")
        assert (rendered["quantity"], rendered["cancellable_quantity"]) == (4, 4)


class TestProduct:
    @pytest.mark.parametrize(("language", "name"), [("en-us", "Towel"), ("tr-tr", "Havlu")])
    def test_has_a_name_in_the_language_of_the_request(self, language: str, name: str) -> None:
        product = make_product(name="Havlu", translations={"en-us": {"name": "Towel"}})

        assert render_item(make_item(product=product), language)["product"]["name"] == name

    def test_does_not_contain_translations(self) -> None:
        assert "translations" not in render_item()["product"]


class TestShipping:
    def test_has_a_price_in_its_own_currency(self) -> None:
        group = make_shipping_option_group(amount=1990, currency=Currency.KWD)

        rendered = render_item(make_item(shipping_option_group=group))

        assert rendered["shipping_option_group"]["amount"] == "1.990"

    def test_has_the_carriers_of_returns(self) -> None:
        carrier = make_easy_return_company(
            pk=8, shipping_company=make_shipping_company(value="ups", label="UPS"), name="Kapıdan"
        )

        [rendered] = render_item(make_item(easy_return_companies=[carrier]))[
            "available_easy_return_shipping_companies"
        ]

        assert rendered == {
            "pk": 8,
            "id": 8,
            "shipping_company": {"value": "ups", "label": "UPS"},
            "name": "Kapıdan",
            "requires_pickup_address": False,
        }

    @pytest.mark.parametrize("language", ["en-us", "tr-tr"])
    def test_has_the_same_carrier_name_in_every_language(self, language: str) -> None:
        company = make_shipping_company(value="ups", label="UPS Kargo")
        item = make_item(shipping_company=company)

        rendered = render_order(make_order(items=[item], shipping_company=company), language)

        carriers = [rendered["shipping_company"], rendered["orderitem_set"][0]["shipping_company"]]
        assert carriers == [{"value": "ups", "label": "UPS Kargo"}] * 2

    def test_may_be_absent(self) -> None:
        rendered = render_item()

        assert (rendered["shipping_option_group"], rendered["shipping_company"]) == (None, None)
        assert rendered["available_easy_return_shipping_companies"] == []


class TestDates:
    def test_are_dates_or_date_times(self) -> None:
        item = make_item(estimated_delivery_date=date(2026, 3, 5), shipped_date=NOW)

        rendered = render_item(item)

        assert rendered["estimated_delivery_date"] == "2026-03-05"
        assert rendered["shipped_date"] == "2026-03-01T12:00:00.000000Z"
        assert rendered["delivered_date"] is None


class TestStockAndPriceList:
    def test_have_their_ids(self) -> None:
        item = make_item(
            extra_product_stock_detailed={"pk": 5, "stock": 3}, extra_product_price_detailed=None
        )

        rendered = render_item(item)

        assert (rendered["extra_product_stock"], rendered["extra_product_price"]) == (5, None)
        assert rendered["extra_product_stock_detailed"] == {"pk": 5, "stock": 3}
