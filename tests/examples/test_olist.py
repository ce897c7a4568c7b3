"""The worked example of a migration, on a shop of five made-up orders."""

import asyncio
import csv
import io
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from examples.olist import convert, verify
from handlers.app import database_of
from handlers.cli.import_batches import order_loader
from handlers.cli.ndjson import ParsedDocument
from handlers.contract.asgi.routing import ContractApp
from handlers.settings import Settings

ORDERS = """\
order_id,customer_id,order_status,order_purchase_timestamp,order_approved_at,\
order_delivered_carrier_date,order_delivered_customer_date,order_estimated_delivery_date
plain,c1,delivered,1/2/2020 9:05,1/2/2020 9:10,1/3/2020 12:00,1/5/2020 18:30,1/9/2020 0:00
credit,c2,shipped,2/2/2020 9:05,2/2/2020 9:10,2/3/2020 12:00,,2/9/2020 0:00
short,c1,invoiced,3/2/2020 9:05,3/2/2020 9:10,,,3/9/2020 0:00
empty,c2,unavailable,4/2/2020 9:05,4/2/2020 9:10,,,4/9/2020 0:00
gone,c2,canceled,5/2/2020 9:05,,,,5/9/2020 0:00
"""
ITEMS = """\
order_id,order_item_id,product_id,seller_id,shipping_limit_date,price,freight_value
plain,1,lamp,s1,1/4/2020 0:00,10,2.5
plain,2,rug,s1,1/4/2020 0:00,99.9,7.05
plain,3,lamp,s1,1/4/2020 0:00,10,2.5
credit,1,rug,s2,2/4/2020 0:00,100,0
short,1,lamp,s1,3/4/2020 0:00,10,2.5
gone,1,lamp,s1,5/4/2020 0:00,10,2.5
"""
PAYMENTS = """\
pay_pk,order_id,payment_sequential,payment_type,payment_installments,payment_value
1,plain,2,voucher,1,31.95
2,plain,1,credit_card,3,100
3,credit,1,credit_card,10,121.79
4,short,1,boleto,1,12.49
5,gone,1,debit_card,1,12.5
"""
CUSTOMERS = """\
customer_pk,customer_id,customer_unique_id,customer_zip_code_prefix,customer_city,customer_state
1,c1,person1,1050,porto belo,SC
2,c2,person2,69000,manaus,AM
"""
SELLERS = """\
seller_pk,seller_id,seller_zip_code_prefix,seller_city,seller_state
1,s1,1050,porto belo,SC
2,s2,69000,manaus,AM
"""
PRODUCTS = """\
product_pk,product_id,product_category_name,product_name_lenght,product_description_lenght,\
product_photos_qty,product_weight_g,product_length_cm,product_height_cm,product_width_cm
1,lamp,luz_e_sombra,10,20,1,300,10,20,10
2,rug,,10,20,,,,,
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The made-up shop as files."""
    tables = {
        "orders": ORDERS,
        "order_items": ITEMS,
        "order_payments": PAYMENTS,
        "customers": CUSTOMERS,
        "sellers": SELLERS,
        "products": PRODUCTS,
    }
    for name, text in tables.items():
        (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
    return tmp_path


@pytest.fixture
def converted(folder: Path) -> dict[str, Any]:
    """The import documents by order number."""
    return {row["number"]: row for row in convert.documents(convert.read_tables(folder))}


class TestDocuments:
    def test_units_of_one_product_seller_and_price_are_one_line(
        self, converted: dict[str, Any]
    ) -> None:
        lines = converted["plain"]["items"]

        assert [(row["line"], row["product"]["sku"], row["quantity"]) for row in lines] == [
            (1, "lamp", 2),
            (2, "rug", 1),
        ]
        assert [row["extra_field"]["freight_value"] for row in lines] == ["5.00", "7.05"]

    def test_freight_is_shipping_and_the_largest_payment_is_shown(
        self, converted: dict[str, Any]
    ) -> None:
        order = converted["plain"]

        assert order["shipping_amount"] == "12.05"
        assert order["payment_option"]["slug"] == "credit_card"
        assert order["installment_count"] == 3
        assert [row["value"] for row in order["extra_field"]["payments"]] == ["100.00", "31.95"]
        assert "discounts" not in order
        assert "installment_interest_amount" not in order

    def test_an_overpayment_is_interest(self, converted: dict[str, Any]) -> None:
        assert converted["credit"]["installment_interest_amount"] == "21.79"

    def test_an_underpayment_is_a_discount(self, converted: dict[str, Any]) -> None:
        assert [row["amount"] for row in converted["short"]["discounts"]] == ["0.01"]

    def test_an_order_without_items_has_an_amount_of_zero(self, converted: dict[str, Any]) -> None:
        order = converted["empty"]

        assert (order["state"], order["items"], order["shipping_amount"]) == (
            "rejected",
            [],
            "0.00",
        )
        assert order["payment_option"]["slug"] == "not_defined"
        assert order["payment_pending"] is False

    def test_no_refund_is_invented(self, converted: dict[str, Any]) -> None:
        order = converted["gone"]

        assert (order["state"], order["refund_amount"]) == ("cancelled", "0.00")

    @pytest.mark.parametrize(
        ("number", "state"), [("plain", "delivered"), ("credit", "shipped"), ("short", "approved")]
    )
    def test_states_are_mapped(self, converted: dict[str, Any], number: str, state: str) -> None:
        assert converted[number]["state"] == state

    def test_times_have_a_zone_and_dates_have_none(self, converted: dict[str, Any]) -> None:
        order = converted["plain"]

        assert order["created_date"] == "2020-01-02T09:05:00+00:00"
        assert order["modified_date"] == "2020-01-05T18:30:00+00:00"
        assert order["items"][0]["estimated_delivery_date"] == "2020-01-09"

    def test_a_missing_leading_zero_of_the_postcode_is_restored(
        self, converted: dict[str, Any]
    ) -> None:
        assert converted["plain"]["shipping_address"]["postcode"] == "01050"

    def test_an_amount_finer_than_a_cent_is_refused(self, folder: Path) -> None:
        path = folder / "order_items.csv"
        path.write_text(ITEMS.replace("99.9,", "99.995,"), encoding="utf-8")

        with pytest.raises(ValueError, match=r"99\.995"):
            list(convert.documents(convert.read_tables(folder)))


class TestTotals:
    def test_are_those_of_the_files(self, folder: Path) -> None:
        assert convert.totals(convert.read_tables(folder)) == convert.Totals(
            orders=5,
            orders_without_items=1,
            lines=5,
            units=6,
            goods=Decimal("239.90"),
            freight=Decimal("17.05"),
            paid=Decimal("278.73"),
        )


class TestMain:
    def test_writes_one_line_per_order_and_the_totals(self, folder: Path) -> None:
        target, notes = io.StringIO(), io.StringIO()

        convert.main(folder, target, notes)

        with (folder / "orders.csv").open(encoding="utf-8") as file:
            numbers = [row["order_id"] for row in csv.DictReader(file)]
        assert [json.loads(line)["number"] for line in target.getvalue().splitlines()] == numbers
        assert "orders 5 (without items 1), lines 5, units 6" in notes.getvalue()
        assert "paid more than the total 1 (interest), less 1 (discount)" in notes.getvalue()


class TestServedTotals:
    @pytest.fixture
    def served(self, folder: Path, app: ContractApp, settings: Settings) -> convert.Totals:
        tables = convert.read_tables(folder)
        loader = order_loader(database_of(app), "import:tests")
        loader.store([loader.check(ParsedDocument.of(row)) for row in convert.documents(tables)])
        emails = sorted(map(convert.customer_email, tables.customers.values()))
        return asyncio.run(verify.served_totals(app, settings, emails))

    def test_equal_those_of_the_files(self, folder: Path, served: convert.Totals) -> None:
        expected = convert.totals(convert.read_tables(folder))

        target = io.StringIO()
        assert verify.compare(expected, served, target)
        assert "DIFFER" not in target.getvalue()

    def test_differ_if_a_cent_is_missing(self, folder: Path, served: convert.Totals) -> None:
        expected = convert.totals(convert.read_tables(folder))
        short = served._replace(paid=served.paid - Decimal("0.01"))

        target = io.StringIO()
        assert not verify.compare(expected, short, target)
        assert [line.split()[0] for line in target.getvalue().splitlines() if "DIFFER" in line] == [
            "paid"
        ]
