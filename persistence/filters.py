"""Conditions of sellers as SQL that means the same on both databases.

What a path names is found in the table of its list, by name, unless the list's own map says it.
Whatever no row can have is simply not found.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction

from domain.filters import Operator
from domain.identifiers import MAX_PK
from domain.money import Currency
from domain.searches import is_searchable
from domain.states import OrderState
from persistence.schema import CanonicalJson, CodePointText, UtcDateTime
from persistence.searching import contains
from persistence.sorting import Sorting

# What a text is sorted by: its beginning, so that a cursor stays short.
SORTED_LENGTH = 200

_EXACT = frozenset({Operator.EXACT})
_COMPARING = frozenset({Operator.GTE, Operator.GT, Operator.LTE, Operator.LT})
_THOUSANDTHS = 1000
_EXPONENTS = sorted({currency.exponent for currency in Currency})

Build = Callable[[Operator, Any], sa.ColumnElement[bool]]


@dataclass(frozen=True, slots=True)
class Field:
    """What a list can be filtered by, and sorted where ``sorting`` says how."""

    operators: frozenset[Operator]
    build: Build
    sorting: Sorting | None = None


class CodePoints(GenericFunction[str]):
    """A text that is sorted by code point: SQLite compares bytes anyway."""

    type = sa.Text()
    inherit_cache = True


@compiles(CodePoints)
def _as_it_is(element: CodePoints, compiler: SQLCompiler, **kwargs: Any) -> str:
    return compiler.process(element.clauses, **kwargs)


@compiles(CodePoints, "postgresql")
def _collated(element: CodePoints, compiler: SQLCompiler, **kwargs: Any) -> str:
    return f'(({compiler.process(element.clauses, **kwargs)}) COLLATE "C")'


def field_of(table: sa.Table, name: str) -> Field | None:
    """Return the field of the column that is called ``name``; None where there is none to show."""
    column = table.c.get(name)
    if column is None or column.primary_key or column.foreign_keys:
        return None
    for kind, make in _BY_TYPE.items():
        if isinstance(column.type, kind):
            return make(column) if kind is not sa.Text else text(column, _folded(table, name))
    return None


def text(column: sa.Column[str], folded: sa.Column[str] | None = None) -> Field:
    """``folded`` is the column with the same texts, casefolded by Python: no database folds so."""

    def build(operator: Operator, value: str) -> sa.ColumnElement[bool]:
        if not is_searchable(value):
            return sa.false()
        if operator is Operator.ICONTAINS and folded is not None:
            return contains(folded, sa.literal(value.casefold(), sa.Text))
        if operator is Operator.CONTAINS:
            return contains(column, sa.literal(value, sa.Text))
        return column == value

    operators = _EXACT | {Operator.CONTAINS}
    return Field(
        operators | {Operator.ICONTAINS} if folded is not None else operators,
        build,
        Sorting(
            column if column.type is CodePointText else CodePoints(_beginning(column)),
            str,
            bool(column.nullable),
        ),
    )


def _beginning(column: sa.Column[str]) -> sa.ColumnElement[str]:
    return sa.func.substr(column, 1, SORTED_LENGTH)


def flag(column: sa.Column[bool]) -> Field:
    return Field(_EXACT, lambda _, value: column.is_(sa.true() if value else sa.false()))


def identity(column: sa.Column[Any]) -> Field:
    return Field(_EXACT, lambda _, value: column == value)


def json_value(column: sa.Column[Any]) -> Field:
    """JSON whose stored text is canonical."""
    return Field(_EXACT, lambda _, value: column == sa.literal(value, CanonicalJson))


def member(column: sa.Column[Any]) -> Field:
    """One of a column's words, in any letter case."""
    words: type[StrEnum] = column.type.enum_class  # type: ignore[attr-defined]  # it is an Enum

    def build(_: Operator, value: str) -> sa.ColumnElement[bool]:
        found = [word for word in words if word.value == value.lower()]
        return column == found[0] if found else sa.false()

    words_as_text = CodePoints(sa.cast(column, sa.Text))
    return Field(_EXACT, build, Sorting(words_as_text, str, bool(column.nullable)))


def moment(column: sa.Column[datetime]) -> Field:
    """A moment; DATE is its day in UTC."""

    def build(operator: Operator, value: Any) -> sa.ColumnElement[bool]:
        if operator is Operator.DATE:
            return column.between(_day(value, time.min), _day(value, time.max))
        return _compared(column, operator, value)

    operators = _EXACT | _COMPARING | {Operator.DATE}
    return Field(operators, build, Sorting(column, datetime, bool(column.nullable)))


def code(column: sa.Column[int]) -> Field:
    """A seller's status code, kept as such."""

    def build(_: Operator, value: int) -> sa.ColumnElement[bool]:
        return column == value if value in _CODES else sa.false()

    return Field(_EXACT, build, Sorting(column, int))


def code_of(column: sa.Column[OrderState]) -> Field:
    """The seller's code of a state."""

    def build(_: Operator, value: int) -> sa.ColumnElement[bool]:
        states = [state for state in OrderState if state.seller_code == value]
        return column.in_(states) if states else sa.false()

    codes = sa.case({state: state.seller_code for state in OrderState}, value=column)
    return Field(_EXACT, build, Sorting(codes, int))


def money(
    amount: sa.ColumnElement[int], currency: sa.Column[Currency], *, is_nullable: bool = False
) -> Field:
    """An amount in minor units, compared as the decimal that it is in its currency, exactly."""

    def build(operator: Operator, value: Decimal) -> sa.ColumnElement[bool]:
        return sa.or_(
            *(
                sa.and_(_has_exponent(currency, exponent), _amount(amount, operator, minor))
                for exponent in _EXPONENTS
                if (minor := _minor_units(value, exponent, operator)) is not None
            ),
            sa.false(),
        )

    scales = {each: _THOUSANDTHS // 10**each.exponent for each in Currency}
    thousandths = amount * sa.case(scales, value=currency)
    return Field(_EXACT | _COMPARING, build, Sorting(thousandths, int, is_nullable))


def _has_exponent(currency: sa.Column[Currency], exponent: int) -> sa.ColumnElement[bool]:
    """Named by whichever are fewer: those that have it, or those that have another."""
    same = [each for each in Currency if each.exponent == exponent]
    others = [each for each in Currency if each.exponent != exponent]
    return currency.in_(same) if len(same) <= len(others) else currency.not_in(others)


def _amount(
    amount: sa.ColumnElement[int], operator: Operator, minor: int
) -> sa.ColumnElement[bool]:
    return _compared(amount, operator, sa.literal(minor, sa.BigInteger))


def _minor_units(value: Decimal, exponent: int, operator: Operator) -> int | None:
    """Return the whole number that compares to minor units as ``value`` does; None if none equals.

    Whatever is past 64 bits compares like the last number in them: no amount is near it.
    """
    # No context: the digits of a Decimal are moved, none is rounded away.
    sign, digits, shift = value.as_tuple()
    moved = Decimal((sign, digits, int(shift) + exponent))
    if operator in (Operator.GTE, Operator.LT):
        whole = moved.to_integral_value(ROUND_CEILING)
    else:
        whole = moved.to_integral_value(ROUND_FLOOR)
    if operator is Operator.EXACT and (whole != moved or whole.copy_abs() > MAX_PK):
        return None
    return int(max(Decimal(-MAX_PK), min(Decimal(MAX_PK), whole)))


def _compared(
    column: sa.ColumnElement[Any], operator: Operator, value: Any
) -> sa.ColumnElement[bool]:
    return _COMPARE[operator](column, value)


_COMPARE: Mapping[Operator, Callable[[Any, Any], sa.ColumnElement[bool]]] = {
    Operator.EXACT: lambda column, value: column == value,
    Operator.GTE: lambda column, value: column >= value,
    Operator.GT: lambda column, value: column > value,
    Operator.LTE: lambda column, value: column <= value,
    Operator.LT: lambda column, value: column < value,
}


def _day(day: date, time_of_day: time) -> datetime:
    return datetime.combine(day, time_of_day, UTC)


def _folded(table: sa.Table, name: str) -> sa.Column[str] | None:
    return table.c.get(f"{name}_folded")


_CODES = frozenset(state.seller_code for state in OrderState)
# A subtype stands before what it is one of.
_BY_TYPE: Mapping[type[Any], Callable[[Any], Field]] = {
    CanonicalJson: json_value,
    UtcDateTime: moment,
    sa.Enum: member,
    sa.Boolean: flag,
    sa.Uuid: identity,
    sa.Text: text,
}
