"""Import documents: orders that `waybill import` and the demo shop load.

The documents are valid against openapi/imports/documents.yaml. This module checks what a schema
can not say, and computes what a document may leave out. The results have UUIDs only; persistence
gives the other ids.
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
from domain.orders.states import CLOSED, OrderState, closed_state
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
    """The result of a document that was not rejected."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    OLDER = "unchanged (older)"


@dataclass(frozen=True, slots=True)
class ImportResult:
    """The row of a stored document, and what was done to it."""

    pk: int
    outcome: Outcome


class Imports(Protocol):
    """Stores documents in batches; a batch is stored entirely or not at all.

    The number identifies a document, and is unique in a batch. A document whose hash is stored
    changes nothing, even if the order has changed since. A document older than the last one changes
    nothing, either. Another document of a known number replaces the content as far as
    ``reconciliation.reconcile`` allows, raises the version and keeps the ids. Lines are matched by
    line number, cancellation requests and loyalty transactions by UUID; these two are never
    removed. Every change is audited. Results are in the order of the batch. Rejected are the number
    of another user's order, a document that lacks a stored line, and a contradiction of what was
    settled here.
    """

    def store_orders(self, batch: Sequence[ImportedOrder]) -> list[ImportResult | Rejected]:
        """Store orders. Raises Rejected if a document has a UUID of another order's parts.

        Then nothing is stored. Split the batch to find the document.
        """

    def store_old_orders(self, batch: Sequence[ImportedOldOrder]) -> list[ImportResult | Rejected]:
        """Store old orders."""

    def commit(self) -> None:
        """Commit the changes."""


def read_order(
    document: Mapping[str, Any], document_hash: bytes, pool: SnapshotPool
) -> ImportedOrder:
    """Check and complete one OrderImport document.

    Raises Rejected with the pointer of the value: an amount with too many decimals, a time that
    can not be stored, a repeated line number, units that do not add up, a closed order with an
    open line, discounts above the lines' prices, refunds above what was paid, and an ``amount``
    that is not the computed one.
    """
    part = Part(document, "", Currency(document["currency"]))
    user = _user(part.part("user"))
    values = _order_values(part, user)
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
        members=frozenset(document),
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

    Raises Rejected as ``read_order`` does for amounts, times and e-mail addresses.
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


def _order_values(part: Part, user: ImportedUser) -> dict[str, Any]:
    document = part.values
    return {
        **part.read_fields(_ORDER_DEFAULTS),
        **_dates(part),
        "uuid": uuid5(_NAMESPACE, f"orders/{document['number']}"),
        "number": document["number"],
        "state": OrderState(document["state"]),
        "currency": part.currency,
        "user_email": document.get("user_email", user.email),
    }


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
    """Return both dates: the document's, else the order's, else the creation date."""
    inherited = inherited or {}
    created_date = (
        part.read("created_date") if "created_date" in part.values else inherited["created_date"]
    )
    modified_date = part.read_or("modified_date", inherited.get("modified_date", created_date))
    return {"created_date": created_date, "modified_date": modified_date}


def _order_state(part: Part, state: OrderState, items: Sequence[ImportedItem]) -> OrderState:
    """Return the combined state of the lines if all are closed, else the document's state."""
    closed = closed_state({item.values["state"] for item in items}) if items else None
    if closed is None and items and state in CLOSED:
        raise part.rejected("state", "Units of its lines are left.")
    return closed or state


def _item(part: Part, order: Mapping[str, Any], pool: SnapshotPool) -> ImportedItem:
    values = part.values
    unit_price = part.read("unit_price")
    group = part.optional_part("shipping_option_group")
    line = values["line"]
    key = f"{order['number']}/{line}"
    requests = read_requests(part, key, pool)
    state = part.read_or("state", order["state"])
    return ImportedItem(
        pointer=part.pointer,
        members=frozenset(values),
        values={
            **part.read_fields(_ITEM_DEFAULTS),
            **_dates(part, order),
            **read_units(part, state, requests),
            "uuid": uuid5(_NAMESPACE, f"items/{key}"),
            "line": line,
            "unit_price": unit_price,
            "price": unit_price * values["quantity"],
            "tax_rate": part.read("tax_rate"),
        },
        product=_product(values["product"], pool),
        seller=_seller(values.get("seller")),
        shipping_company=pool.get_optional(ShippingCompany, values.get("shipping_company")),
        shipping_option_group=_option_group(group, pool) if group else None,
        easy_return_companies=[
            _easy_return_company(company, pool)
            for company in values.get("easy_return_companies", ())
        ],
        requests=requests,
    )


def _product(values: Mapping[str, Any], pool: SnapshotPool) -> Product:
    return pool.get(Product, {"base_code": values["sku"], "absolute_url": "", **values})


def _seller(values: Mapping[str, Any] | None) -> ImportedSeller | None:
    return None if values is None else ImportedSeller(values["slug"], values["name"])


def _option_group(part: Part, pool: SnapshotPool) -> ShippingOptionGroup:
    values = {**part.values, "amount": part.read("amount"), "currency": part.currency}
    return pool.get(ShippingOptionGroup, values)


def _easy_return_company(
    values: Mapping[str, Any], pool: SnapshotPool
) -> EasyReturnShippingCompany:
    company = pool.get(ShippingCompany, values["shipping_company"])
    return pool.get(EasyReturnShippingCompany, {**values, "shipping_company": company})


def _address(part: Part) -> ImportedAddress:
    values = part.values
    return ImportedAddress(
        values={
            **part.read_fields(_ADDRESS_DEFAULTS),
            "first_name": values["first_name"],
            "last_name": values["last_name"],
            "line": values["line"],
        },
        places={kind: values[kind] for kind in LocationKind if values.get(kind) is not None},
    )


def _discount(part: Part, order: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": part.values["name"],
        "amount": part.read("amount"),
        "code": part.values.get("code"),
        "created_date": part.read_or("created_date", order["created_date"]),
    }


def _loyalty(document: Part, order: Mapping[str, Any]) -> list[dict[str, Any]]:
    rows = []
    for index, part in enumerate(document.parts("loyalty_transactions")):
        values = part.values
        derived = uuid5(_NAMESPACE, f"loyalty_transactions/{order['number']}/{index}")
        rows.append(
            {
                "uuid": UUID(values["uuid"]) if "uuid" in values else derived,
                "amount": part.read("amount", signed_amount),
                "user_email": values.get("user_email", order["user_email"]),
                "reference": values.get("reference"),
            }
        )
    return rows


def _require_distinct_lines(items: Sequence[ImportedItem]) -> None:
    seen: set[int] = set()
    for index, item in enumerate(items):
        if item.values["line"] in seen:
            raise Rejected(f"/items/{index}/line", "Another line has this number.")
        seen.add(item.values["line"])
