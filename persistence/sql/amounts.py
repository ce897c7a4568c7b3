"""Amounts of different currencies, compared by value."""

from typing import Any

import sqlalchemy as sa

from domain.shared.money import Currency

_DECIMALS = 3  # of the currencies with the smallest minor unit
_USUAL = 2  # of most currencies


def thousandths(
    amount: sa.ColumnElement[int], currency: sa.ColumnElement[Currency]
) -> sa.ColumnElement[Any]:
    """Return ``amount``, minor units of ``currency``, in thousandths of the main unit.

    The expression has no parameters, so that it can be indexed. An amount has at most 15 digits
    (``domain.shared.money``), so that the product fits into 64 bits.
    """
    scales = [
        (_has_exponent(currency, exponent), _scale(exponent))
        for exponent in sorted({value.exponent for value in Currency} - {_USUAL})
    ]
    return amount * sa.case(*scales, else_=_scale(_USUAL))


def _has_exponent(currency: sa.ColumnElement[Currency], exponent: int) -> sa.ColumnElement[bool]:
    those = (value for value in Currency if value.exponent == exponent)
    return currency.in_([sa.literal_column(f"'{value}'") for value in those])


def _scale(exponent: int) -> sa.ColumnElement[Any]:
    return sa.literal_column(str(10 ** (_DECIMALS - exponent)))
