"""Convert the CSV files of the Olist marketplace data to documents for `waybill import orders`.

    python examples/olist/convert.py FOLDER > orders.ndjson

One line per row of orders.csv, in its order; a summary goes to standard error. The standard
library is all it needs.
"""

import csv
import json
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple, TextIO

Row = dict[str, str]
Document = dict[str, Any]

STATES = {
    "created": "waiting",
    "approved": "approved",
    "invoiced": "approved",
    "processing": "package_waiting",
    "shipped": "shipped",
    "delivered": "delivered",
    "canceled": "cancelled",
    # The seller could not deliver: the files have no lines and payments of such orders.
    "unavailable": "rejected",
}
PAYMENT_NAMES = {
    "credit_card": "Credit card",
    "debit_card": "Debit card",
    "boleto": "Boleto",
    "voucher": "Voucher",
    "not_defined": "Not defined",
}
MEASURES = (
    "product_weight_g",
    "product_length_cm",
    "product_height_cm",
    "product_width_cm",
    "product_photos_qty",
)
REFUNDS = ("refund_amount", "discount_refund_amount", "shipping_refund_amount")
CENT = Decimal("0.01")


class Tables(NamedTuple):
    """The CSV files: orders in their order, all others by the key that joins them."""

    orders: list[Row]
    items: dict[str, list[Row]]
    payments: dict[str, list[Row]]
    customers: dict[str, Row]
    sellers: dict[str, Row]
    products: dict[str, Row]


class Totals(NamedTuple):
    """Totals of the files, to be compared with the served orders. Money in reais."""

    orders: int
    orders_without_items: int
    lines: int
    units: int
    goods: Decimal
    freight: Decimal
    paid: Decimal


def read_tables(folder: Path) -> Tables:
    """Read the six files of ``folder``."""
    return Tables(
        orders=_rows(folder / "orders.csv"),
        items=_grouped(_rows(folder / "order_items.csv"), "order_item_id"),
        payments=_grouped(_rows(folder / "order_payments.csv"), "payment_sequential"),
        customers={row["customer_id"]: row for row in _rows(folder / "customers.csv")},
        sellers={row["seller_id"]: row for row in _rows(folder / "sellers.csv")},
        products={row["product_id"]: row for row in _rows(folder / "products.csv")},
    )


def totals(tables: Tables) -> Totals:
    """Compute the totals from the files, independently of `documents`."""
    units = [unit for order in tables.orders for unit in tables.items[order["order_id"]]]
    payments = [paid for order in tables.orders for paid in tables.payments[order["order_id"]]]
    return Totals(
        orders=len(tables.orders),
        orders_without_items=sum(not tables.items[row["order_id"]] for row in tables.orders),
        lines=sum(len(_lines(tables.items[row["order_id"]])) for row in tables.orders),
        units=len(units),
        goods=_sum(units, "price"),
        freight=_sum(units, "freight_value"),
        paid=_sum(payments, "payment_value"),
    )


def documents(tables: Tables) -> Iterator[Document]:
    """Yield one import document per order."""
    for order in tables.orders:
        yield _document(order, tables)


def customer_email(customer: Row) -> str:
    """Return an undeliverable e-mail address that identifies the customer."""
    return f"{customer['customer_unique_id']}@example.invalid"


def _document(order: Row, tables: Tables) -> Document:
    units = tables.items[order["order_id"]]
    payments = tables.payments[order["order_id"]]
    customer = tables.customers[order["customer_id"]]
    state = STATES[order["order_status"]]
    document = {
        "number": order["order_id"],
        "user": {
            "email": customer_email(customer),
            "user_type": "registered",
        },
        "state": state,
        "currency": "brl",
        "created_date": _moment(order["order_purchase_timestamp"]),
        "modified_date": _last_change(order),
        "shipping_address": _address(customer),
        "items": [_item(line, order, tables) for line in _lines(units)],
        "extra_field": {
            "order_status": order["order_status"],
            "order_approved_at": _moment(order["order_approved_at"]),
            "payments": [
                {
                    "payment_type": paid["payment_type"],
                    "installments": int(paid["payment_installments"]),
                    "value": _money(_amount(paid["payment_value"])),
                }
                for paid in payments
            ],
        },
        **_payment(units, payments),
    }
    if state == "cancelled":
        # The files have no refunds.
        document |= dict.fromkeys(REFUNDS, "0.00")
    return document


def _payment(units: list[Row], payments: list[Row]) -> Document:
    """Return the amounts owed and paid.

    An order can be paid in several ways, and shows one: the one that paid most. What was paid
    beyond goods and freight is interest on instalments; what is missing is a discount.
    """
    freight = _sum(units, "freight_value")
    main = max(payments, key=lambda row: _amount(row["payment_value"]), default=None)
    kind = main["payment_type"] if main else "not_defined"
    difference = _sum(payments, "payment_value") - _sum(units, "price") - freight
    owed: Document = {
        "payment_option": {
            "slug": kind,
            "name": PAYMENT_NAMES[kind],
            "payment_type": kind,
        },
        "payment_pending": bool(units and not payments),
        "installment_count": max(1, int(main["payment_installments"])) if main else 1,
        "shipping_amount": _money(freight),
    }
    if payments and difference > 0:
        owed["installment_interest_amount"] = _money(difference)
    if payments and difference < 0:
        owed["discounts"] = [{"name": "Paid less than the total", "amount": _money(-difference)}]
    return owed


def _lines(units: list[Row]) -> list[list[Row]]:
    """Group the units of an order by product, seller and price, in order of appearance."""
    lines: dict[tuple[str, str, str], list[Row]] = {}
    for unit in units:
        key = (unit["product_id"], unit["seller_id"], unit["price"])
        lines.setdefault(key, []).append(unit)
    return list(lines.values())


def _item(line: list[Row], order: Row, tables: Tables) -> Document:
    first = line[0]
    seller = tables.sellers[first["seller_id"]]
    place = f"{seller['seller_city'].title()}, {seller['seller_state']}"
    return {
        "line": int(first["order_item_id"]),
        "product": _product(tables.products[first["product_id"]]),
        "seller": {
            "slug": seller["seller_id"],
            "name": f"Seller {seller['seller_id'][:6]} ({place})",
        },
        "quantity": len(line),
        "unit_price": _money(_amount(first["price"])),
        "tax_rate": "0.00",
        "estimated_delivery_date": _moment(order["order_estimated_delivery_date"], day=True),
        "shipped_date": _moment(order["order_delivered_carrier_date"]),
        "delivered_date": _moment(order["order_delivered_customer_date"]),
        "extra_field": {
            "freight_value": _money(_sum(line, "freight_value")),
            "shipping_limit_date": _moment(first["shipping_limit_date"]),
        },
    }


def _product(row: Row) -> Document:
    category = row["product_category_name"].replace("_", " ")
    return {
        "sku": row["product_id"],
        "name": category.capitalize() or "Product without a category",
        "category": {"name": category} if category else None,
        "attributes": {name: int(row[name]) for name in MEASURES if row[name]},
    }


def _address(customer: Row) -> Document:
    """Return the customer's address; the files have no name and no street."""
    return {
        "first_name": "",
        "last_name": "",
        "country": {"name": "Brasil", "code": "br"},
        "city": {"name": customer["customer_city"].title(), "code": customer["customer_state"]},
        "line": "",
        # A spreadsheet has removed the leading zeros of the prefix.
        "postcode": customer["customer_zip_code_prefix"].zfill(5),
    }


def _last_change(order: Row) -> str | None:
    steps = (
        "order_purchase_timestamp",
        "order_approved_at",
        "order_delivered_carrier_date",
        "order_delivered_customer_date",
    )
    return max(filter(None, (_moment(order[step]) for step in steps)))


def _moment(text: str, *, day: bool = False) -> str | None:
    """Return a time of the files, which have no time zone, as UTC in ISO 8601."""
    if not text:
        return None
    moment = datetime.strptime(text, "%m/%d/%Y %H:%M").replace(tzinfo=UTC)
    return moment.date().isoformat() if day else moment.isoformat()


def _amount(text: str) -> Decimal:
    """Return reais; raises ValueError where cents would be lost."""
    amount = Decimal(text)
    if amount != amount.quantize(CENT):
        raise ValueError(f"More than two digits after the point: {text}")
    return amount


def _sum(rows: list[Row], column: str) -> Decimal:
    return sum((_amount(row[column]) for row in rows), Decimal(0))


def _money(amount: Decimal) -> str:
    return str(amount.quantize(CENT))


def _rows(path: Path) -> list[Row]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def _grouped(rows: list[Row], position: str) -> dict[str, list[Row]]:
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: int(row[position])):
        groups[row["order_id"]].append(row)
    return groups


def write_documents(source: Iterable[Document], target: TextIO) -> tuple[int, int]:
    """Write ``source`` as NDJSON; return how many orders have interest and a discount."""
    with_interest = with_discount = 0
    for document in source:
        with_interest += "installment_interest_amount" in document
        with_discount += "discounts" in document
        target.write(json.dumps(document, separators=(",", ":")) + "\n")
    return with_interest, with_discount


def main(folder: Path, target: TextIO, notes: TextIO) -> None:
    tables = read_tables(folder)
    with_interest, with_discount = write_documents(documents(tables), target)
    sums = totals(tables)
    notes.write(
        f"orders {sums.orders} (without items {sums.orders_without_items}), "
        f"lines {sums.lines}, units {sums.units}\n"
        f"goods {sums.goods} + freight {sums.freight}, paid {sums.paid} BRL\n"
        f"paid more than the total {with_interest} (interest), less {with_discount} (discount)\n"
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.stdout, sys.stderr)
