"""Loyalty money that was spent on an order or refunded."""

from dataclasses import dataclass, field
from uuid import UUID, uuid4


@dataclass(eq=False, kw_only=True)
class LoyaltyTransaction:
    """A transaction of loyalty money, in minor units of the order's currency.

    A negative ``amount`` was spent on the order, a positive one was refunded.
    """

    pk: int = field(init=False, repr=False)
    uuid: UUID = field(default_factory=uuid4)
    order_pk: int = field(init=False, repr=False)
    user_pk: int | None = None
    user_email: str | None = None
    amount: int
    reference: str | None = None
