"""Filter conditions of sellers' lists, such as ``order__number__icontains=45``."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Operator(StrEnum):
    """Comparison operators; EXACT is the default of a parameter without one in its name."""

    EXACT = "exact"
    CONTAINS = "contains"
    ICONTAINS = "icontains"
    GTE = "gte"
    GT = "gt"
    LTE = "lte"
    LT = "lt"
    DATE = "date"


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition: the field at ``path`` compares to ``value`` by ``operator``.

    ``path`` uses the contract's names (``order__number``). ``value`` is a str, int, bool, UUID,
    date, aware datetime, finite Decimal, or a JSON value. Compared to a time, a date means its
    whole day in UTC.
    """

    path: str
    operator: Operator
    value: Any


def parse_filter(name: str) -> tuple[str, Operator]:
    """Split a parameter's name: ``date_placed__gte`` is ``("date_placed", GTE)``."""
    path, _, last = name.rpartition("__")
    if path and last in _OPERATORS:
        return path, Operator(last)
    return name, Operator.EXACT


_OPERATORS = frozenset(operator.value for operator in Operator)
