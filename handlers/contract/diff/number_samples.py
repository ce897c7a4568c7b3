"""Numbers at the bounds of a canonical schema, and usual ones."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from jsonschema_rs import canonical

_USUAL = (0, 1, -1, 2, 3, 10, 0.5, 0.25, 2**31, 2**53, 2**63)


def number_samples(view: canonical.IntegerView | canonical.NumberView) -> Iterator[Any]:
    """Candidates: some are out of bounds or no multiple, since all are validated later."""
    bounds = [_plain(bound) for bound in (view.minimum, view.maximum) if bound is not None]
    yield from _USUAL
    for bound in bounds:
        yield from (bound + step for step in (0, 1, -1, 0.5, -0.5))
    for step in map(_plain, view.multiple_of):
        for base in (0, *bounds):
            yield from (int(base // step + factor) * step for factor in (-1, 0, 1, 2, 3))


def _plain(number: int | float | Decimal) -> Any:
    if isinstance(number, Decimal):
        return int(number) if number == int(number) else float(number)
    return number
