"""What imported orders come to, and what of it was given back."""

from collections.abc import Sequence
from typing import Any

from domain.import_parts import Part, Rejected
from domain.money import MAX_MAJOR_DIGITS, format_amount, split
from domain.refunds import share_of_units
from domain.states import CALLED_OFF

Values = dict[str, Any]


def settle(part: Part, order: Values, lines: Sequence[Values], discounts: Sequence[Values]) -> None:
    """Complete the ``order`` that stands in ``part``, and its ``lines``.

    Lines get their shares of the discounts. What was given back follows from the units that are
    gone, unless the document says it. Raises Rejected for discounts above the lines' prices, an
    amount past twelve digits, an ``amount`` that is not the computed one, and for more given back
    than was taken.
    """
    _share_discounts(lines, discounts)
    discount = sum(row["amount"] for row in discounts)
    undiscounted = sum(line["price"] for line in lines) + order["shipping_amount"]
    amount = undiscounted - discount
    if undiscounted >= 10 ** (MAX_MAJOR_DIGITS + part.currency.exponent):
        raise Rejected("/items", "The order's amount is too large.")
    if "amount" in part.values and part.read("amount") != amount:
        expected = format_amount(amount, part.currency)
        raise Rejected("/amount", f"The lines, shipping and discounts come to {expected}.")
    goods, discount_back, shipping = _given_back(order, lines)
    shipping = part.read_or("shipping_refund_amount", shipping)
    order["shipping_refund_amount"] = shipping
    order["discount_refund_amount"] = part.read_or("discount_refund_amount", discount_back)
    order["refund_amount"] = part.read_or("refund_amount", goods + shipping)
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


def _given_back(order: Values, lines: Sequence[Values]) -> tuple[int, int, int]:
    """Return the goods, discounts and shipping that went back; nothing, if it was never paid."""
    if order["payment_pending"]:
        return 0, 0, 0
    goods = sum(_share_of_gone(line, line["price"] - line["discount_amount"]) for line in lines)
    discounts = sum(_share_of_gone(line, line["discount_amount"]) for line in lines)
    return goods, discounts, order["shipping_amount"] if lines and not _is_kept(lines) else 0


def _is_kept(lines: Sequence[Values]) -> bool:
    """Say whether anything of an order was kept or shipped: shipping is not given back then."""
    return any(line["state"] not in CALLED_OFF or line["shipped_date"] for line in lines)


def _share_of_gone(line: Values, total: int) -> int:
    gone = line["cancelled_quantity"] + line["refunded_quantity"]
    return share_of_units(total, line["quantity"], 0, gone)
