"""What is given back for units that go: exact to the minor unit, over any sequence.

The units of a line have a value each, side by side: the first ``n`` of them are worth their
proportional part of the line, rounded to the nearest minor unit, and whatever goes later takes up
where the former left off. So the parts of any sequence add up to the whole.
"""

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


def share_of_units(total: int, quantity: int, gone: int, units: int) -> int:
    """Return what ``units`` of a line of ``quantity`` are worth, after ``gone`` went before.

    ``total`` is the whole line's. Raises ValueError for more units than there are.
    """
    if not 0 <= gone <= gone + units <= quantity:
        raise ValueError("the line has fewer units")
    return _first_units(total, quantity, gone + units) - _first_units(total, quantity, gone)


def _first_units(total: int, quantity: int, units: int) -> int:
    return (2 * total * units + quantity) // (2 * quantity)
