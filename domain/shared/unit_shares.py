"""The value of some units of a line, exact to the minor unit over any sequence of units.

The first ``n`` units of a line are worth their proportional part of its total, rounded to the
nearest minor unit. Later units are worth the difference to the units before them, so the parts of
any sequence add up to the total.
"""


def share_of_units(total: int, quantity: int, preceding: int, units: int) -> int:
    """Return the part of ``total`` that ``units`` have after the ``preceding`` ones.

    ``total`` is the amount of the line of ``quantity`` units. Raises ValueError for more units
    than that.
    """
    if not 0 <= preceding <= preceding + units <= quantity:
        raise ValueError("the line has fewer units")
    return _first_units(total, quantity, preceding + units) - _first_units(
        total, quantity, preceding
    )


def _first_units(total: int, quantity: int, units: int) -> int:
    return (2 * total * units + quantity) // (2 * quantity)
