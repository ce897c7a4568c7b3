"""Which tables of a statement are not restricted to one value of their distribution column."""

from collections.abc import Iterable, Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.visitors import iterate

from persistence.sql.distributed_tables import distribution_column
from persistence.sql.in_list import _InList


def unrestricted(statement: Any) -> list[str]:
    """Return the distributed tables that ``statement`` searches on more than one node.

    A table is restricted if its distribution column has to equal a parameter, or the distribution
    column of another restricted table of the same statement; Citus derives nothing from enclosing
    statements. An INSERT has to write the column.
    """
    return sorted({*_unrestricted(statement, set())})


def _unrestricted(statement: Any, outer: set[Any]) -> Iterator[str]:
    if isinstance(statement, sa.Insert):
        column = distribution_column(statement.table)
        # A sequence gives users their pk.
        if column is not None and column.name not in _inserted(statement) | {"pk"}:
            yield str(statement.table.name)
        return
    if isinstance(statement, sa.CompoundSelect):
        for part in statement.selects:
            yield from _unrestricted(part, outer)
        return
    if isinstance(statement, sa.UpdateBase):
        change: Any = statement
        sources, conditions = {change.table}, [change.whereclause]
    else:
        froms = [f for f in statement.get_final_froms() if f not in _correlated(statement, outer)]
        sources = {source for f in froms for source in _leaves(f)}
        conditions = [statement.whereclause, *(c for f in froms for c in _on_clauses(f))]
    visible = sources | outer
    restricted = _restricted(visible, conditions)
    for source in sources:
        column = distribution_column(source)
        if column is not None and column not in restricted:
            named: Any = getattr(source, "element", source)
            yield str(named.name)
    for inner in _inner(statement):
        yield from _unrestricted(inner, visible)


def _restricted(sources: Iterable[Any], conditions: list[Any]) -> set[Any]:
    """Return the distribution columns that are restricted by ``conditions``."""
    keys = {column for s in sources if (column := distribution_column(s)) is not None}
    found: set[Any] = set()
    while True:
        more = {
            key
            for condition in _conjuncts(conditions)
            for key, other in _equalities(condition)
            if key in keys and (isinstance(other, sa.BindParameter) or other in found)
        }
        if more <= found:
            return found
        found |= more


def _conjuncts(conditions: Iterable[Any]) -> Iterator[Any]:
    for condition in conditions:
        if isinstance(condition, sa.sql.expression.Grouping):
            yield from _conjuncts([condition.element])
        elif getattr(condition, "operator", None) is sa.sql.operators.and_:
            yield from _conjuncts(condition.clauses)
        elif condition is not None:
            yield condition


def _equalities(condition: Any) -> Iterator[tuple[Any, Any]]:
    if isinstance(condition, _InList):
        column, values = condition.clauses
        yield column, values
    elif getattr(condition, "operator", None) is sa.sql.operators.eq:
        yield condition.left, condition.right
        yield condition.right, condition.left


def _leaves(source: Any) -> Iterator[Any]:
    if isinstance(source, sa.Join):
        yield from _leaves(source.left)
        yield from _leaves(source.right)
    else:
        yield source


def _on_clauses(source: Any) -> Iterator[Any]:
    if isinstance(source, sa.Join):
        yield source.onclause
        yield from _on_clauses(source.left)
        yield from _on_clauses(source.right)


def _correlated(statement: Any, outer: set[Any]) -> set[Any]:
    """Return the tables of enclosing statements that a subquery refers to."""
    return outer if statement._auto_correlate else set(statement._correlate)  # noqa: SLF001


def _inner(statement: Any) -> Iterator[Any]:
    """Yield the statements directly within ``statement``."""
    pending = [*statement.get_children()]
    seen: set[int] = set()
    while pending:
        element = pending.pop()
        if id(element) in seen:
            continue
        seen.add(id(element))
        if isinstance(element, sa.Select | sa.CompoundSelect | sa.UpdateBase):
            yield element
        else:
            pending += element.get_children()


def _inserted(statement: Any) -> set[str]:
    if statement.select is not None:
        return {str(column.name) for column in statement.select.selected_columns}
    return {str(getattr(key, "name", key)) for key in statement._values or ()}  # noqa: SLF001


def parameters_of(statement: Any) -> set[str]:
    """Return the names of the parameters of a statement."""
    return {element.key for element in iterate(statement) if isinstance(element, sa.BindParameter)}
