"""Conditions that a seller puts to a list: ``order__number__icontains=45`` and the like."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Operator(StrEnum):
    """How a value is compared; EXACT is the one that a parameter's name does not say."""

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
    """One condition: what stands at ``path`` compares to ``value`` so.

    ``path`` is in the contract's words (``order__number``). ``value`` is plain Python: str, int,
    bool, UUID, date, aware datetime, Decimal (finite), and whatever JSON can say. Where a time is
    compared, a date stands for the whole day in UTC.
    """

    path: str
    operator: Operator
    value: Any


def parse_filter(name: str) -> tuple[str, Operator]:
    """Take a parameter's name apart: ``date_placed__gte`` is ``("date_placed", GTE)``."""
    path, _, last = name.rpartition("__")
    if path and last in _OPERATORS:
        return path, Operator(last)
    return name, Operator.EXACT


_OPERATORS = frozenset(operator.value for operator in Operator)
