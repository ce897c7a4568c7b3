"""Lists of rows that belong to sellers: one builder, which keeps each seller to their own."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any, Generic, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session
from sqlalchemy.sql.visitors import iterate

from domain.cursors import Cursor
from domain.filters import Condition, Operator
from domain.paging import PageRequest
from domain.seller_lists import Sort
from persistence.among import among_given
from persistence.filters import Field, field_of
from persistence.questions import Question
from persistence.sorting import Sorting

View = TypeVar("View")

Columns = Mapping[str, sa.ColumnElement[Any]]


@dataclass(frozen=True)
class Listing(Generic[View]):
    """One kind of list.

    ``table`` has the rows, ``source`` them and what conditions look at, ``owned`` says which are a
    seller's. Where ``is_narrow``, every row of ``table`` is in ``source``, so that ``table`` will
    do for what looks at nothing else: counts stay within one index. ``fields`` has what the
    columns of ``table`` do not say by their names. ``shown`` completes the chosen rows: from
    where, and which column is which attribute of ``view``; ``finish`` adds what no join can say.
    """

    view: Callable[..., View]
    table: sa.Table
    source: sa.FromClause
    owned: Callable[[int | sa.BindParameter[int]], sa.ColumnElement[bool]]
    fields: Mapping[str, Field]
    shown_from: sa.FromClause
    shown: Columns
    finish: Callable[[Session, int, list[dict[str, Any]]], None] = lambda *_: None
    is_narrow: bool = True

    @cached_property
    def completed(self) -> Question:
        """Ask for all that is shown of the rows ``pks``, which are those of ``seller_pk``."""
        shown = (column.label(f"{name}_") for name, column in self.shown.items())
        rows = sa.select(self.table.c.pk.label("pk_"), *shown).select_from(self.shown_from)
        own = self.owned(sa.bindparam("seller_pk", type_=sa.BigInteger))
        return Question(rows.where(among_given(self.table.c.pk, "pks"), own))

    def field(self, path: str) -> Field | None:
        """Return what ``path`` names; None where the list has no such thing."""
        return self.fields.get(path) or field_of(self.table, path)

    def supports(self, path: str, operator: Operator) -> bool:
        """Say whether the rows can be filtered so."""
        field = self.field(path)
        return field is not None and operator in field.operators

    def can_sort(self, path: str) -> bool:
        """Say whether the rows can be sorted by ``path``."""
        return self.sorting(path) is not None

    def sorting(self, path: str | None) -> Sorting | None:
        """Return how to sort by ``path``; None: by pk alone."""
        field = None if path is None else self.field(path)
        return None if field is None else field.sorting

    def needed(self, looked_at: Iterable[sa.ColumnElement[Any]]) -> sa.FromClause:
        """Return what has to be read for these expressions."""
        seen = {
            part.table
            for each in looked_at
            for part in iterate(each)
            if isinstance(part, sa.Column)
        }
        return self.table if self.is_narrow and seen <= {self.table} else self.source


class SqlSellerRows(Generic[View]):
    """The rows of one list, as ``domain.seller_lists.SellerRows`` asks of them."""

    def __init__(self, session: Session, listing: Listing[View]) -> None:
        self._session = session
        self._listing = listing

    def can_sort(self, field: str) -> bool:
        return self._listing.can_sort(field)

    def count(self, seller_pk: int, conditions: Sequence[Condition]) -> int:
        counted = self._own([sa.func.count()], seller_pk, conditions)
        count: int = self._session.execute(counted).scalar_one()
        return count

    def page(
        self, seller_pk: int, conditions: Sequence[Condition], sort: Sort, page: PageRequest
    ) -> list[View]:
        chosen = self._chosen(seller_pk, conditions, sort).limit(page.limit).offset(page.offset)
        return [view for view, _ in self._views(seller_pk, chosen)]

    def after(
        self,
        seller_pk: int,
        conditions: Sequence[Condition],
        sort: Sort,
        cursor: Cursor | None,
        limit: int,
    ) -> list[tuple[View, Cursor]]:
        chosen = self._chosen(seller_pk, conditions, sort)
        if cursor is not None:
            chosen = chosen.where(*self._behind(cursor, sort))
        return self._views(seller_pk, chosen.limit(limit))

    def _own(
        self, shown: list[sa.ColumnElement[Any]], seller_pk: int, conditions: Sequence[Condition]
    ) -> sa.Select[Any]:
        """Every statement about rows comes from here, so that none forgets whose they are."""
        listing = self._listing
        met = [self._condition(each) for each in conditions]
        rows = sa.select(*shown).select_from(listing.needed([*shown, *met]))
        return rows.where(listing.owned(seller_pk), *met)

    def _condition(self, condition: Condition) -> sa.ColumnElement[bool]:
        field = self._listing.field(condition.path)
        if field is None or condition.operator not in field.operators:
            raise LookupError(f"no filter {condition.path} {condition.operator}")
        return field.build(condition.operator, condition.value)

    def _chosen(
        self, seller_pk: int, conditions: Sequence[Condition], sort: Sort
    ) -> sa.Select[Any]:
        pk = self._listing.table.c.pk
        sorting = self._listing.sorting(sort.field)
        value = pk if sorting is None else sorting.column
        order = [] if sorting is None else [sorting.order(descending=sort.descending)]
        chosen = self._own([pk.label("pk"), value.label("value")], seller_pk, conditions)
        return chosen.order_by(*order, pk.desc())

    def _views(self, seller_pk: int, chosen: sa.Select[Any]) -> list[tuple[View, Cursor]]:
        """Complete the rows that were chosen, and only those, by their narrow columns."""
        listing = self._listing
        rows = self._session.execute(chosen).all()
        if not rows:
            return []
        wanted = {"pks": [row.pk for row in rows], "seller_pk": seller_pk}
        names = ("pk", *listing.shown)
        shown = listing.completed.ask(self._session, wanted)
        found = [dict(zip(names, values, strict=True)) for values in shown]
        listing.finish(self._session, seller_pk, found)
        views = {values.pop("pk"): listing.view(**values) for values in found}
        # What went away between the two statements is not there any more.
        return [(views[row.pk], Cursor(row.value, row.pk)) for row in rows if row.pk in views]

    def _behind(self, cursor: Cursor, sort: Sort) -> list[sa.ColumnElement[bool]]:
        """What stands after ``cursor``. Raises InvalidInput for one of another sort."""
        is_later = self._listing.table.c.pk < cursor.pk
        sorting = self._listing.sorting(sort.field)
        if sorting is None:
            return [is_later]
        return sorting.behind(cursor.value, is_later, descending=sort.descending)


def columns_of(view: type, table: sa.Table, **others: sa.ColumnElement[Any]) -> Columns:
    """Return which column is which attribute of ``view``: by name, apart from ``others``."""
    names = [each.name for each in fields(view)]
    return {name: others[name] if name in others else table.c[name] for name in names}
