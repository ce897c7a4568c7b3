"""Filters of sellers' lists as SQL with the same meaning on both databases.

A filter's path is a column of the list's table, unless the list defines a field for it. Conditions
have parameters for their values, so that one statement serves all values.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction

from domain.orders.states import OrderState
from domain.shared.filters import Operator
from domain.shared.identifiers import MAX_PK
from domain.shared.money import Currency
from domain.shared.search_text import is_searchable
from persistence.seller_center.sorting import Sorting
from persistence.sql.amounts import thousandths
from persistence.sql.columns import CanonicalJson, CodePointText, UtcDateTime
from persistence.sql.contains import contains
from persistence.sql.in_list import in_param

# Texts are sorted by this many characters, so that a cursor stays short.
SORTED_LENGTH = 200

_EXACT = frozenset({Operator.EXACT})
_COMPARING = frozenset({Operator.GTE, Operator.GT, Operator.LTE, Operator.LT})
_FROM_ITS_START = frozenset({Operator.GTE, Operator.LT})
_EXPONENTS = sorted({currency.exponent for currency in Currency})

Build = Callable[[Operator, str], sa.ColumnElement[bool]]
Values = Callable[[Operator, Any], Sequence[Any] | None]


@dataclass(frozen=True, slots=True)
class Field:
    """A field to filter a list by, and, if it has ``sorting``, to sort it by.

    ``build`` returns the condition of an operator, with the parameters ``parameter(name, 0)`` and
    so on; ``values`` returns their values, or None for a value that no row can have.
    """

    operators: frozenset[Operator]
    build: Build
    values: Values
    sorting: Sorting | None = None


def parameter(name: str, position: int = 0) -> str:
    """Return the name of a parameter of the condition ``name``."""
    return f"{name}_{position}"


def pass_through(_: Operator, value: Any) -> Sequence[Any]:
    """Return the value unchanged."""
    return [value]


class CodePoints(GenericFunction[str]):
    """A text that is sorted by code point; SQLite compares bytes anyway."""

    type = sa.Text()
    inherit_cache = True


@compiles(CodePoints)
def _as_it_is(element: CodePoints, compiler: SQLCompiler, **kwargs: Any) -> str:
    return compiler.process(element.clauses, **kwargs)


@compiles(CodePoints, "postgresql")
def _collated(element: CodePoints, compiler: SQLCompiler, **kwargs: Any) -> str:
    return f'(({compiler.process(element.clauses, **kwargs)}) COLLATE "C")'


def field_of(table: sa.Table, name: str) -> Field | None:
    """Return the field of the column ``name``; None for keys and unknown columns."""
    column = table.c.get(name)
    if column is None or column.primary_key or column.foreign_keys:
        return None
    for kind, make in _BY_TYPE.items():
        if isinstance(column.type, kind):
            return make(column) if kind is not sa.Text else text(column, _folded(table, name))
    return None


def text(column: sa.Column[str], folded: sa.Column[str] | None = None) -> Field:
    """A text. ``folded`` is the column with its casefold by Python; no database computes that."""

    def build(operator: Operator, name: str) -> sa.ColumnElement[bool]:
        part = sa.bindparam(parameter(name), type_=sa.Text)
        if operator is Operator.ICONTAINS and folded is not None:
            return contains(folded, part)
        return contains(column, part) if operator is Operator.CONTAINS else column == part

    def values(operator: Operator, value: str) -> Sequence[str] | None:
        if not is_searchable(value):
            return None
        return [value.casefold() if operator is Operator.ICONTAINS else value]

    operators = _EXACT | {Operator.CONTAINS}
    return Field(
        operators | {Operator.ICONTAINS} if folded is not None else operators,
        build,
        values,
        Sorting(
            column if column.type is CodePointText else CodePoints(_beginning(column)),
            str,
            bool(column.nullable),
        ),
    )


def _beginning(column: sa.Column[str]) -> sa.ColumnElement[str]:
    return sa.func.substr(column, 1, SORTED_LENGTH)


def exact(column: sa.Column[Any]) -> Field:
    """A flag, a UUID, or canonical JSON."""
    return Field(_EXACT, _equals(column), pass_through)


def member(column: sa.Column[Any]) -> Field:
    """A member of an enumeration, in upper or lower case."""
    members: type[StrEnum] = column.type.enum_class  # type: ignore[attr-defined]  # it is an Enum
    by_text = {item.value: item for item in members}

    def values(_: Operator, value: str) -> Sequence[StrEnum] | None:
        match = by_text.get(value.lower())
        return None if match is None else [match]

    as_text = CodePoints(sa.cast(column, sa.Text))
    sorting = Sorting(as_text, str, bool(column.nullable))
    return Field(_EXACT, _equals(column), values, sorting)


def date_time(column: sa.Column[datetime]) -> Field:
    """A date and time; DATE compares its day in UTC.

    A day means the whole day: later times come after its end.
    """

    def build(operator: Operator, name: str) -> sa.ColumnElement[bool]:
        if operator is Operator.DATE:
            return column.between(_bound(name), _bound(name, 1))
        return _compared(column, operator, _bound(name))

    def values(operator: Operator, value: Any) -> Sequence[datetime]:
        if operator is Operator.DATE:
            return [_day(value, time.min), _day(value, time.max)]
        if isinstance(value, datetime):
            return [value]
        return [_day(value, time.min if operator in _FROM_ITS_START else time.max)]

    operators = _EXACT | _COMPARING | {Operator.DATE}
    return Field(operators, build, values, Sorting(column, datetime, bool(column.nullable)))


def status_code(column: sa.Column[int]) -> Field:
    """A status code of sellers, stored as such."""
    return Field(
        _EXACT,
        _equals(column),
        lambda _, value: [value] if value in _STATES_BY_CODE else None,
        Sorting(column, int),
    )


def state_code(column: sa.Column[OrderState]) -> Field:
    """The status code of a state."""

    def values(_: Operator, value: int) -> Sequence[Any] | None:
        states = _STATES_BY_CODE.get(value)
        return None if states is None else [states]

    codes = sa.case({state: state.seller_code for state in OrderState}, value=column)
    return Field(
        _EXACT,
        lambda _, name: in_param(column, parameter(name)),
        values,
        Sorting(codes, int),
    )


def money(
    amount: sa.ColumnElement[int], currency: sa.Column[Currency], *, is_nullable: bool = False
) -> Field:
    """An amount in minor units, compared exactly by its decimal value in its currency."""

    def build(operator: Operator, name: str) -> sa.ColumnElement[bool]:
        return sa.or_(
            *(
                sa.and_(
                    # The cheaper comparison first.
                    _compared(
                        amount, operator, sa.bindparam(parameter(name, at), type_=sa.BigInteger)
                    ),
                    _has_exponent(currency, exponent),
                )
                for at, exponent in enumerate(_EXPONENTS)
            )
        )

    def values(operator: Operator, value: Decimal) -> Sequence[int | None]:
        # A comparison with NULL is never true.
        return [_minor_units(value, exponent, operator) for exponent in _EXPONENTS]

    sorting = Sorting(thousandths(amount, currency), int, is_nullable)
    return Field(_EXACT | _COMPARING, build, values, sorting)


def _has_exponent(currency: sa.Column[Currency], exponent: int) -> sa.ColumnElement[bool]:
    """Compare with the currencies of this exponent, or exclude the others if these are fewer."""
    included = [_written(value) for value in Currency if value.exponent == exponent]
    excluded = [_written(value) for value in Currency if value.exponent != exponent]
    return currency.in_(included) if len(included) <= len(excluded) else currency.not_in(excluded)


def _written(word: StrEnum) -> sa.ColumnElement[Any]:
    """Return a literal: a parameter would be sent with each run."""
    return sa.literal_column(f"'{word}'")


def _bound(name: str, position: int = 0) -> sa.BindParameter[Any]:
    """Return a parameter, with the type of the compared expression."""
    return sa.bindparam(parameter(name, position))


def _equals(column: sa.Column[Any]) -> Build:
    return lambda _, name: column == _bound(name)


def _minor_units(value: Decimal, exponent: int, operator: Operator) -> int | None:
    """Return the integer that compares to minor units as ``value`` does; None if none is equal.

    Numbers beyond 64 bits become the largest one, which no amount reaches.
    """
    # Shifts the exponent without a decimal context, so that nothing is rounded.
    sign, digits, shift = value.as_tuple()
    minor = Decimal((sign, digits, int(shift) + exponent))
    if operator in (Operator.GTE, Operator.LT):
        integer = minor.to_integral_value(ROUND_CEILING)
    else:
        integer = minor.to_integral_value(ROUND_FLOOR)
    if operator is Operator.EXACT and (integer != minor or integer.copy_abs() > MAX_PK):
        return None
    return int(max(Decimal(-MAX_PK), min(Decimal(MAX_PK), integer)))


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


_STATES_BY_CODE = {
    code: [state for state in OrderState if state.seller_code == code]
    for code in {state.seller_code for state in OrderState}
}
# Subtypes come before their supertypes.
_BY_TYPE: Mapping[type[Any], Callable[[Any], Field]] = {
    CanonicalJson: exact,
    UtcDateTime: date_time,
    sa.Enum: member,
    sa.Boolean: exact,
    sa.Uuid: exact,
    sa.Text: text,
}
