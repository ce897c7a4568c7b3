"""What a request gives back."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Refund:
    """What one request gives back, in minor units.

    ``amount`` is all of it, ``shipping`` the shipping in it, ``own_shipping`` as much of that
    as is the share of the request's seller; ``discount`` is what the units were cheaper by, and
    is lost with them. While an order is not paid, its units give nothing back: ``unpaid`` and
    ``unpaid_discount`` are what they would have given, and stay out of every later refund.
    """

    amount: int = 0
    discount: int = 0
    shipping: int = 0
    own_shipping: int = 0
    unpaid: int = 0
    unpaid_discount: int = 0
