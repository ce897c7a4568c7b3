"""Discounts of an order."""

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(eq=False, kw_only=True)
class DiscountItem:
    """One discount of an order; ``amount`` in minor units of the order's currency, not negative.

    ``code`` is the voucher code that the shopper entered.
    """

    pk: int = field(init=False, repr=False)
    order_pk: int = field(init=False, repr=False)
    name: str
    amount: int
    code: str | None = None
    created_date: datetime
