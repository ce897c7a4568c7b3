"""Amounts and refunds of imported orders."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Self

from domain.imports.orders import ImportedItem
from domain.imports.parts import Part, Rejected
from domain.imports.requested_units import RequestedUnits
from domain.orders.states import CANCELLED_OR_REJECTED
from domain.shared.money import MAX_MAJOR_DIGITS, format_amount, split
from domain.shared.unit_shares import share_of_units

Values = dict[str, Any]


def complete_amounts(
    part: Part, order: Values, items: Sequence[ImportedItem], discounts: Sequence[Values]
) -> None:
    """Complete the amounts of the ``order`` in ``part``, and of its lines.

    Lines get their shares of the discounts. Refunds that the document does not give follow from
    the removed units; the money of approved cancels is promised, not refunded. Raises Rejected
    for discounts above the lines' prices, an amount of more than twelve digits, an ``amount``
    that is not the computed one, and a refund above what was paid.
    """
    lines = [item.values for item in items]
    _share_discounts(lines, discounts)
    discount = sum(row["amount"] for row in discounts)
    undiscounted = sum(line["price"] for line in lines) + order["shipping_amount"]
    amount = undiscounted - discount
    if undiscounted >= 10 ** (MAX_MAJOR_DIGITS + part.currency.exponent):
        raise Rejected("/items", "The order's amount is too large.")
    if "amount" in part.values and part.read("amount") != amount:
        expected = format_amount(amount, part.currency)
        raise Rejected("/amount", f"The lines, shipping and discounts come to {expected}.")
    computed = refund_totals(order, [RefundLine.of_import(item) for item in items])
    shipping = part.read_or("shipping_refund_amount", computed.shipping)
    order["shipping_refund_amount"] = shipping
    order["discount_refund_amount"] = part.read_or("discount_refund_amount", computed.discount)
    order["refund_amount"] = part.read_or("refund_amount", computed.goods + shipping)
    if order["shipping_refund_amount"] > order["refund_amount"]:
        raise part.rejected("shipping_refund_amount", "It is a part of the refund amount.")
    limits = {
        "shipping_refund_amount": order["shipping_amount"],
        "discount_refund_amount": discount,
        "refund_amount": amount,
    }
    for name, limit in limits.items():
        if order[name] > limit:
            raise part.rejected(name, "More was given back than was taken.")


def _share_discounts(lines: Sequence[Values], discounts: Sequence[Values]) -> None:
    """Give every line its share of the discounts, in proportion to its price."""
    prices = [line["price"] for line in lines]
    total = sum(discount["amount"] for discount in discounts)
    if total > sum(prices):
        raise Rejected("/discounts", "The discounts exceed the prices of the lines.")
    for line, share in zip(lines, split(total, prices), strict=True):
        line["discount_amount"] = share


@dataclass(frozen=True, slots=True)
class RefundLine:
    """The values that refunds of a line need: ``repaid`` units are removed and refunded.

    ``promised`` units are removed by approved cancels that are still to be refunded.
    ``earns_shipping``: the line is not cancelled or rejected, or was shipped before.
    """

    price: int
    discount: int
    quantity: int
    repaid: int
    promised: int
    earns_shipping: bool

    @classmethod
    def of(cls, values: Values, requests: Iterable[RequestedUnits]) -> Self:
        """Return the refund line of OrderItem's ``values`` and the requests of the line."""
        promised = sum(requested.quantity or 0 for requested in requests if requested.is_promised)
        removed = values["cancelled_quantity"] + values["refunded_quantity"]
        return cls(
            price=values["price"] - values["discount_amount"],
            discount=values["discount_amount"],
            quantity=values["quantity"],
            # Negative only for a document whose requests are rejected later.
            repaid=max(0, removed - promised),
            promised=promised,
            earns_shipping=values["state"] not in CANCELLED_OR_REJECTED
            or values["shipped_date"] is not None,
        )

    def share(self, total: int) -> int:
        """Return the part of the line's ``total`` that its repaid units have."""
        return share_of_units(total, self.quantity, 0, self.repaid)

    @classmethod
    def of_import(cls, item: ImportedItem) -> Self:
        """Return the refund line of an imported line with its own requests only."""
        return cls.of(item.values, [request.requested for request in item.requests])


@dataclass(frozen=True, slots=True)
class RefundTotals:
    """What was refunded, in minor units: goods without shipping, the discount lost, shipping."""

    goods: int = 0
    discount: int = 0
    shipping: int = 0


def refund_totals(order: Values, lines: Sequence[RefundLine]) -> RefundTotals:
    """Return what was refunded for repaid units; nothing if the order was never paid.

    Shipping is refunded if no line earns it and no cancel waits for its money, because that
    cancel refunds the shipping.
    """
    if order["payment_pending"]:
        return RefundTotals()
    is_earned = not lines or any(line.earns_shipping or line.promised for line in lines)
    return RefundTotals(
        goods=sum(line.share(line.price) for line in lines),
        discount=sum(line.share(line.discount) for line in lines),
        shipping=0 if is_earned else order["shipping_amount"],
    )
