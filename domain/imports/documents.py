"""Orders that come from elsewhere, by `waybill import` and into the demo shop.

What is read here are documents whose shape was checked against
openapi/imports/documents.yaml. What shapes can not say is checked here, and what the documents
leave to the shop is computed. The results
carry no ids but UUIDs: persistence gives the rest.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol
from uuid import UUID, uuid5

from domain.accounts.users import UserType, email_key, is_email
from domain.imports.amounts import complete_amounts
from domain.imports.cancellations import read_requests
from domain.imports.orders import (
    ImportedAddress,
    ImportedItem,
    ImportedOldOrder,
    ImportedOrder,
    ImportedSeller,
    ImportedUser,
)
from domain.imports.parts import Part, Rejected, SnapshotPool, defaults_of, signed_amount
from domain.imports.units import read_units
from domain.orders.addresses import Address, LocationKind
from domain.orders.old_orders import OldOrder, OldOrderItem
from domain.orders.order_items import OrderItem
from domain.orders.orders import Order
from domain.orders.payments import Bank, PaymentOption
from domain.orders.products import Product
from domain.orders.shipping import EasyReturnShippingCompany, ShippingCompany, ShippingOptionGroup
from domain.orders.states import OVER, OrderState, outcome
from domain.shared.money import Currency

_NAMESPACE = UUID("7d0c1e5e-6f5b-4c34-9a53-0a3f2f8b9d11")

_ORDER_DEFAULTS = defaults_of(Order, "version", "bank", "shipping_company")
_ITEM_DEFAULTS = defaults_of(
    OrderItem, "seller", "shipping_company", "shipping_option_group", "discount_amount"
)
_ADDRESS_DEFAULTS = {
    **defaults_of(Address, "township", "district"),
    "title": "",
    "phone_number": "",
}
_OLD_ORDER_DEFAULTS = {
    **defaults_of(OldOrder, "version", "shipping_company", "shipping_company_label"),
    "extra_field": {},
}
_OLD_ITEM_DEFAULTS = {**defaults_of(OldOrderItem), "extra_field": {}}


class Outcome(StrEnum):
    """What became of a document that was not rejected."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    OLDER = "unchanged (older)"


@dataclass(frozen=True, slots=True)
class Stored:
    """The row that a document stands for now."""

    pk: int
    outcome: Outcome


class Imports(Protocol):
    """Storing documents by the batch, all of it or nothing.

    A document is known by its number; no two of a batch may share one. One whose hash is on file
    changes nothing, even if the stored order has changed since; neither does one that is older
    than the one stored last. Another document under a known number replaces the content as far as
    ``reconciliation.reconcile`` allows, raises the version and keeps the ids: lines are matched
    by line number, cancellation requests and loyalty transactions by UUID, and of these
    two nothing is removed. Every change is written to the audit trail. The answers stand in the
    order of the batch; Rejected is what can not be stored: a number of another user's order, a
    stored line that the document has no more, a contradiction of what was settled here.
    """

    def store_orders(self, batch: Sequence[ImportedOrder]) -> list[Stored | Rejected]:
        """Store orders. Raises Rejected for a batch in which some document claims another's UUID.

        Nothing is stored then, and which document it was shows when the batch is split.
        """

    def store_old_orders(self, batch: Sequence[ImportedOldOrder]) -> list[Stored | Rejected]:
        """Store old orders."""

    def commit(self) -> None:
        """Make the changes stay."""


def read_order(
    document: Mapping[str, Any], document_hash: bytes, pool: SnapshotPool
) -> ImportedOrder:
    """Check and complete one OrderImport document.

    Raises Rejected on the place that is to blame: an amount finer than its currency, a moment
    that can not be kept, a line number given twice, units that do not add up, an order that is
    over while a line is not, discounts above the lines' prices, refunds above what was paid, and
    an ``amount`` that is not the computed one.
    """
    part = Part(document, "", Currency(document["currency"]))
    user = _user(part.part("user"))
    values = {
        **part.read_fields(_ORDER_DEFAULTS),
        **_dates(part),
        "uuid": uuid5(_NAMESPACE, f"orders/{document['number']}"),
        "number": document["number"],
        "state": OrderState(document["state"]),
        "currency": part.currency,
        "user_email": document.get("user_email", user.email),
    }
    items = [_item(line, values, pool) for line in part.parts("items")]
    discounts = [_discount(discount, values) for discount in part.parts("discounts")]
    _require_distinct_lines(items)
    values["state"] = _order_state(part, values["state"], items)
    complete_amounts(part, values, items, discounts)
    shipping_address = _address(part.part("shipping_address"))
    billing_address = part.optional_part("billing_address")
    return ImportedOrder(
        number=document["number"],
        document_hash=document_hash,
        document_date=values["modified_date"] if "modified_date" in document else None,
        given=frozenset(document),
        user=user,
        values=values,
        shipping_address=shipping_address,
        billing_address=_address(billing_address) if billing_address else shipping_address,
        payment_option=pool.get(PaymentOption, document["payment_option"]),
        bank=pool.get_optional(Bank, document.get("bank")),
        shipping_company=pool.get_optional(ShippingCompany, document.get("shipping_company")),
        items=items,
        discounts=discounts,
        loyalty_transactions=_loyalty(part, values),
    )


def read_old_order(document: Mapping[str, Any], document_hash: bytes) -> ImportedOldOrder:
    """Check and complete one OldOrderImport document.

    Raises Rejected as ``read_order`` does for amounts, moments and e-mail addresses.
    """
    part = Part(document, "", Currency(document["currency"]))
    user = _user(part.part("user"))
    carrier = document.get("shipping_company") or {}
    values = {
        **part.read_fields(_OLD_ORDER_DEFAULTS),
        "number": document["number"],
        "user_email": document.get("user_email", user.email),
        "status": document["status"],
        "created_date": part.read("created_date"),
        "amount": part.read("amount"),
        "currency": part.currency,
        "shipping_company": carrier.get("value"),
        "shipping_company_label": carrier.get("label"),
    }
    items = [
        {**line.read_fields(_OLD_ITEM_DEFAULTS), "line": number, "price": line.read("price")}
        for number, line in enumerate(part.parts("items"), start=1)
    ]
    return ImportedOldOrder(document["number"], document_hash, user, values, items)


def _user(part: Part) -> ImportedUser:
    email = part.values["email"]
    if not is_email(email):
        raise part.rejected("email", "Enter a valid e-mail address.")
    return ImportedUser(
        email=email,
        email_key=email_key(email),
        user_type=UserType(part.values["user_type"]),
        first_name=part.values.get("first_name", ""),
        last_name=part.values.get("last_name", ""),
    )


def _dates(part: Part, inherited: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return both dates: given, or the order's, or the day it was made."""
    inherited = inherited or {}
    created_date = (
        part.read("created_date") if "created_date" in part.values else inherited["created_date"]
    )
    modified_date = part.read_or("modified_date", inherited.get("modified_date", created_date))
    return {"created_date": created_date, "modified_date": modified_date}


def _order_state(part: Part, state: OrderState, items: Sequence[ImportedItem]) -> OrderState:
    """Return what the lines come to once nothing of them is left, else the document's state."""
    over = outcome({item.values["state"] for item in items}) if items else None
    if over is None and items and state in OVER:
        raise part.rejected("state", "Units of its lines are left.")
    return over or state


def _item(part: Part, order: Mapping[str, Any], pool: SnapshotPool) -> ImportedItem:
    given = part.values
    unit_price = part.read("unit_price")
    group = part.optional_part("shipping_option_group")
    key = f"{order['number']}/{given['line']}"
    requests = read_requests(part, key, pool)
    state = part.read_or("state", order["state"])
    values = {
        **part.read_fields(_ITEM_DEFAULTS),
        **_dates(part, order),
        **read_units(part, state, requests),
        "uuid": uuid5(_NAMESPACE, f"items/{key}"),
        "line": given["line"],
        "unit_price": unit_price,
        "price": unit_price * given["quantity"],
        "tax_rate": part.read("tax_rate"),
    }
    return ImportedItem(
        pointer=part.pointer,
        given=frozenset(given),
        values=values,
        product=_product(given["product"], pool),
        seller=_seller(given.get("seller")),
        shipping_company=pool.get_optional(ShippingCompany, given.get("shipping_company")),
        shipping_option_group=_option_group(group, pool) if group else None,
        easy_return_companies=[
            _easy_return_company(company, pool)
            for company in given.get("easy_return_companies", ())
        ],
        requests=requests,
    )


def _product(given: Mapping[str, Any], pool: SnapshotPool) -> Product:
    return pool.get(Product, {"base_code": given["sku"], "absolute_url": "", **given})


def _seller(given: Mapping[str, Any] | None) -> ImportedSeller | None:
    return None if given is None else ImportedSeller(given["slug"], given["name"])


def _option_group(part: Part, pool: SnapshotPool) -> ShippingOptionGroup:
    values = {**part.values, "amount": part.read("amount"), "currency": part.currency}
    return pool.get(ShippingOptionGroup, values)


def _easy_return_company(given: Mapping[str, Any], pool: SnapshotPool) -> EasyReturnShippingCompany:
    company = pool.get(ShippingCompany, given["shipping_company"])
    return pool.get(EasyReturnShippingCompany, {**given, "shipping_company": company})


def _address(part: Part) -> ImportedAddress:
    given = part.values
    return ImportedAddress(
        values={
            **part.read_fields(_ADDRESS_DEFAULTS),
            "first_name": given["first_name"],
            "last_name": given["last_name"],
            "line": given["line"],
        },
        places={kind: given[kind] for kind in LocationKind if given.get(kind) is not None},
    )


def _discount(part: Part, order: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": part.values["name"],
        "amount": part.read("amount"),
        "code": part.values.get("code"),
        "created_date": part.read_or("created_date", order["created_date"]),
    }


def _loyalty(order: Part, values: Mapping[str, Any]) -> list[dict[str, Any]]:
    rows = []
    for index, part in enumerate(order.parts("loyalty_transactions")):
        given = part.values
        derived = uuid5(_NAMESPACE, f"loyalty_transactions/{values['number']}/{index}")
        rows.append(
            {
                "uuid": UUID(given["uuid"]) if "uuid" in given else derived,
                "amount": part.read("amount", signed_amount),
                "user_email": given.get("user_email", values["user_email"]),
                "reference": given.get("reference"),
            }
        )
    return rows


def _require_distinct_lines(items: Sequence[ImportedItem]) -> None:
    seen: set[int] = set()
    for index, item in enumerate(items):
        if item.values["line"] in seen:
            raise Rejected(f"/items/{index}/line", "Another line has this number.")
        seen.add(item.values["line"])
