"""The refund of one request."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Refund:
    """What one request gives back, in minor units.

    ``amount`` is the total, ``shipping`` the shipping in it, ``own_shipping`` the seller's share
    of that; ``discount`` is the discount that is lost with the units. Units of an unpaid order
    give nothing back: ``unpaid`` and ``unpaid_discount`` are what they would have given, and are
    left out of every later refund.
    """

    amount: int = 0
    discount: int = 0
    shipping: int = 0
    own_shipping: int = 0
    unpaid: int = 0
    unpaid_discount: int = 0
