"""What units of a line are worth: exact to the minor unit, over any sequence of units.

The units of a line have a value each, side by side: the first ``n`` of them are worth their
proportional part of the line, rounded to the nearest minor unit, and whatever goes later takes up
where the former left off. So the parts of any sequence add up to the whole.
"""


def share_of_units(total: int, quantity: int, gone: int, units: int) -> int:
    """Return what ``units`` of a line of ``quantity`` are worth, after ``gone`` went before.

    ``total`` is the whole line's. Raises ValueError for more units than there are.
    """
    if not 0 <= gone <= gone + units <= quantity:
        raise ValueError("the line has fewer units")
    return _first_units(total, quantity, gone + units) - _first_units(total, quantity, gone)


def _first_units(total: int, quantity: int, units: int) -> int:
    return (2 * total * units + quantity) // (2 * quantity)
