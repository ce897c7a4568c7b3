"""Lists of sellers: one query builder, which always restricts rows to the seller's own."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from enum import Enum, auto
from functools import cached_property, lru_cache
from operator import itemgetter
from typing import Any, Generic, TypeVar

import sqlalchemy as sa
from sqlalchemy.sql.visitors import iterate

from domain.seller_center.lists import Sort
from domain.shared.cursors import Cursor, invalid_cursor
from domain.shared.filters import Condition, Operator
from domain.shared.paging import DocumentPage, PageRequest
from persistence.documents.cache import Documents
from persistence.documents.lru import Version
from persistence.seller_center.conditions import Field, field_of, parameter
from persistence.seller_center.sorting import Sorting
from persistence.seller_center.tables import SELLER_PK, on_its_node
from persistence.sql.compiled_query import CompiledQuery
from persistence.sql.in_list import in_param
from persistence.sql.statements import PAGE_LIMIT, PAGE_OFFSET, limit_offset
from persistence.sql.work import Work

# A statement takes some 50 KB. Sellers' systems repeat few different ones.
MAX_SHAPES = 256

View = TypeVar("View")

Columns = Mapping[str, sa.ColumnElement[Any]]
Paths = tuple[tuple[str, Operator], ...]
Key = tuple[int, int, int]
"""The pks of a seller, of the row shown to them, and of its parent.

A pk may be used again after its row was deleted, but with another version of the parent.
"""


@dataclass(frozen=True, eq=False)
class Counts:
    """Stored numbers of rows of a list, by seller.

    The number is the sum of the column ``rows`` of a table with ``seller_pk``. ``fields`` are the
    filters that it can be computed for; they take the same values as the list's.
    """

    rows: sa.Column[int]
    fields: Mapping[str, Field]

    def total(self, paths: Paths) -> sa.Select[Any] | None:
        """Select the number of rows that meet the conditions; None if it is not stored for them."""
        if any(path not in self.fields for path, _ in paths):
            return None
        total = sa.cast(sa.func.coalesce(sa.func.sum(self.rows), 0), sa.BigInteger)
        is_owned = self.rows.table.c.seller_pk == SELLER_PK
        return sa.select(total).where(
            is_owned, *_where((self.fields[path] for path, _ in paths), paths)
        )


@dataclass(frozen=True, eq=False)
class ListDefinition(Generic[View]):
    """The definition of a list.

    ``table`` has the rows, ``source`` joins the tables of conditions, ``is_owned_by`` is the
    condition for a seller's rows. ``can_skip_join``: every row of ``table`` is in ``source``, so
    that conditions on ``table`` alone need no join, and counts stay within one index. The columns
    ``names`` of ``table`` are filters, and ``fields`` has others. ``versioned`` joins ``table``
    with its parent, whose pk is ``parent_pk``, and whose ``version`` changes with anything shown.
    ``shown`` has the column of each attribute of ``view``, selected from ``shown_from``;
    ``complete`` adds what no join can. ``counts`` count the rows of ``source``.
    """

    view: Callable[..., View]
    table: sa.Table
    names: Sequence[str]
    source: sa.FromClause
    is_owned_by: Callable[[sa.BindParameter[int]], sa.ColumnElement[bool]]
    fields: Mapping[str, Field]
    versioned: sa.FromClause
    parent_pk: sa.ColumnElement[int]
    version: sa.ColumnElement[Any]
    shown_from: sa.FromClause
    shown: Columns
    complete: Callable[[Work, int, list[dict[str, Any]]], None] = lambda *_: None
    can_skip_join: bool = True
    counts: Counts | None = None

    def field(self, path: str) -> Field | None:
        """Return the field of ``path``, or None."""
        return self._fields.get(path)

    @cached_property
    def _fields(self) -> Mapping[str, Field]:
        by_name = {name: field_of(self.table, name) for name in self.names}
        own = {name: field for name, field in by_name.items() if field is not None}
        return own | {**self.fields}

    def supports(self, path: str, operator: Operator) -> bool:
        """Return whether the rows can be filtered by ``path`` and ``operator``."""
        field = self.field(path)
        return field is not None and operator in field.operators

    def can_sort(self, path: str) -> bool:
        """Return whether the rows can be sorted by ``path``."""
        return self.sorting(path) is not None

    def sorting(self, path: str | None) -> Sorting | None:
        """Return the sorting of ``path``; None sorts by pk alone."""
        field = None if path is None else self.field(path)
        return None if field is None else field.sorting

    def load(self, work: Work, keys: Sequence[Key]) -> dict[Key, tuple[Version, View]]:
        """Load the rows with these keys, all of one seller, as that seller sees them."""
        seller_pk = keys[0][0]
        parameters = {"pks": [pk for _, pk, _ in keys], "seller_pk": seller_pk}
        rows = self._completed.rows(work, parameters)
        views = [dict(zip(self.shown, row[3:], strict=True)) for row in rows]
        self.complete(work, seller_pk, views)
        return {
            (seller_pk, pk, parent_pk): (version, self.view(**values))
            for (pk, parent_pk, version, *_), values in zip(rows, views, strict=True)
        }

    @cached_property
    def _completed(self) -> CompiledQuery:
        """Select all that is shown of the rows ``pks`` of ``seller_pk``."""
        pk = self.table.c.pk
        named = (
            ("pk", pk),
            ("parent_pk", self.parent_pk),
            ("version", self.version),
            *self.shown.items(),
        )
        rows = sa.select(*(column.label(f"{name}_") for name, column in named))
        rows = rows.select_from(self.shown_from)
        return CompiledQuery(rows.where(in_param(pk, "pks"), self.is_owned_by(SELLER_PK)))

    def base_query(self, shown: Sequence[sa.ColumnElement[Any]], paths: Paths) -> sa.Select[Any]:
        """Select ``shown`` of a seller's rows; all queries start here, so none omits the owner."""
        conditions = _where((self.resolve_filter(*path) for path in paths), paths)
        rows = sa.select(*shown).select_from(self._needed([*shown, *conditions]))
        return rows.where(self.is_owned_by(SELLER_PK), *conditions)

    def count(self, paths: Paths) -> sa.Select[Any]:
        """Count a seller's rows, from stored counts if possible."""
        total = None if self.counts is None else self.counts.total(paths)
        return self.base_query([sa.func.count()], paths) if total is None else total

    def resolve_filter(self, path: str, operator: Operator) -> Field:
        """Return the field of ``path``. Raises LookupError if it does not have ``operator``."""
        field = self.field(path)
        if field is None or operator not in field.operators:
            raise LookupError(f"no filter {path} {operator}")
        return field

    def _needed(self, expressions: Iterable[sa.ColumnElement[Any]]) -> sa.FromClause:
        """Return the smallest FROM clause for these expressions."""
        seen = {
            part.table
            for expression in expressions
            for part in iterate(expression)
            if isinstance(part, sa.Column)
        }
        return self.table if self.can_skip_join and seen <= {self.table} else self.source


def _where(fields: Iterable[Field], paths: Paths) -> list[sa.ColumnElement[bool]]:
    """Return the conditions of these fields and operators."""
    return [
        field.build(operator, f"condition_{position}")
        for position, (field, (_, operator)) in enumerate(zip(fields, paths, strict=True))
    ]


@dataclass(frozen=True, eq=False)
class SellerList(Generic[View]):
    """A list of sellers, defined for one node and for a distributed database.

    Both definitions have the same fields.
    """

    of_rows: ListDefinition[View]
    of_copies: ListDefinition[View]

    def definition(self, work: Work) -> ListDefinition[View]:
        """Return the definition for the database of ``work``."""
        return self.of_copies if work.is_distributed else self.of_rows

    def supports(self, path: str, operator: Operator) -> bool:
        """Return whether the rows can be filtered by ``path`` and ``operator``."""
        return self.of_rows.supports(path, operator)

    def can_sort(self, path: str) -> bool:
        """Return whether the rows can be sorted by ``path``."""
        return self.of_rows.can_sort(path)

    def load(
        self, work: Work, keys: Sequence[Key], _user_pk: int | None = None
    ) -> dict[Key, tuple[Version, View]]:
        """Load the rows with these keys, all of one seller, as that seller sees them."""
        return self.definition(work).load(work, keys)


class PageStart(Enum):
    """Where a page of a list starts."""

    PAGE = auto()
    """At a page number, with the number of all rows."""
    TOP = auto()
    """At the first row, without a count."""
    VALUE = auto()
    """After a cursor with a value."""
    NO_VALUE = auto()
    """After a cursor without a value (NULL)."""


@dataclass(frozen=True, slots=True)
class QueryShape:
    """The cache key of a list query: filters, sort and start, without values."""

    paths: Paths
    sort: Sort
    start: PageStart


@lru_cache(MAX_SHAPES)
def _counted(listing: ListDefinition[Any], paths: Paths) -> CompiledQuery:
    return CompiledQuery(listing.count(paths))


@lru_cache(MAX_SHAPES)
def _page_query(listing: ListDefinition[Any], shape: QueryShape) -> CompiledQuery:
    """Select pk, parent_pk, version and sort value of a page, and for page numbers the count.

    The page is chosen from an index, and only its rows are looked up: high page numbers skip many.
    """
    pk = listing.table.c.pk
    sorting = listing.sorting(shape.sort.field)
    value = pk if sorting is None else sorting.column
    if shape.start is PageStart.PAGE:
        # Used only for ordering: skip result conversion unless a cursor must expose the value.
        value = sa.type_coerce(value, sa.types.NullType())
    order = [] if sorting is None else [sorting.order(descending=shape.sort.descending)]
    rows = listing.base_query([pk.label("pk"), value.label("value")], shape.paths)
    rows = (
        rows.where(*_after_cursor(pk, sorting, shape)).order_by(*order, pk.desc()).limit(PAGE_LIMIT)
    )
    if shape.start is PageStart.PAGE:
        rows = rows.offset(PAGE_OFFSET)
    chosen = rows.subquery("chosen")
    columns: list[Any] = [
        chosen.c.pk,
        listing.parent_pk.label("parent_pk"),
        listing.version.label("version"),
        chosen.c.value,
    ]
    if shape.start is PageStart.PAGE:
        columns.append(listing.count(shape.paths).scalar_subquery())
    versioned = chosen.join(listing.versioned, pk == chosen.c.pk)
    return CompiledQuery(
        sa.select(*columns).select_from(versioned).where(*on_its_node(listing.table))
    )


def _after_cursor(
    pk: sa.Column[int], sorting: Sorting | None, shape: QueryShape
) -> list[sa.ColumnElement[bool]]:
    """Return the conditions for rows after the cursor in the parameters."""
    if shape.start in (PageStart.PAGE, PageStart.TOP):
        return []
    is_later = pk < sa.bindparam("cursor_pk", type_=sa.BigInteger)
    if sorting is None:
        return [is_later]
    value = None if shape.start is PageStart.NO_VALUE else sorting.parameter("cursor_value")
    return sorting.after(value, is_later, descending=shape.sort.descending)


class SqlSellerRows(Generic[View]):
    """Implements ``domain.seller_center.lists.SellerRows``."""

    def __init__(self, work: Work, listing: SellerList[View], documents: Documents) -> None:
        self._work = work
        self._listing = listing
        self._documents = documents

    def can_sort(self, field: str) -> bool:
        return self._listing.can_sort(field)

    def page(
        self,
        seller_pk: int,
        conditions: Sequence[Condition],
        sort: Sort,
        page: PageRequest,
        language: str,
    ) -> DocumentPage:
        paths, values = self._bind_conditions(seller_pk, conditions)
        if values is None:
            return DocumentPage(0, page.number, page.limit, [])
        listing = self._listing.definition(self._work)
        shape = QueryShape(paths, sort, PageStart.PAGE)
        rows = _page_query(listing, shape).rows(self._work, values | limit_offset(page))
        if rows:
            count: int = rows[0][-1]
        elif page.number == 1:
            count = 0
        else:
            count = _counted(listing, paths).scalar(self._work, values)
        documents = self._bodies(seller_pk, _in_order(rows, sort), language)
        return DocumentPage(count, page.number, page.limit, documents)

    def after(
        self,
        seller_pk: int,
        conditions: Sequence[Condition],
        sort: Sort,
        cursor: Cursor | None,
        limit: int,
        language: str,
    ) -> tuple[list[bytes], Cursor | None]:
        start, place = self._start(cursor, sort)
        paths, values = self._bind_conditions(seller_pk, conditions)
        if values is None:
            return [], None
        # One more than the limit shows whether there is a next page.
        values |= place | {"limit": limit + 1}
        query = _page_query(self._listing.definition(self._work), QueryShape(paths, sort, start))
        chosen = query.rows(self._work, values)
        rows = _in_order(chosen, sort)
        documents = self._bodies(seller_pk, rows[:limit], language)
        if len(rows) <= limit:
            return documents, None
        pk, _, _, value = rows[limit - 1]
        return documents, Cursor(value, pk)

    def _bind_conditions(
        self, seller_pk: int, conditions: Sequence[Condition]
    ) -> tuple[Paths, dict[str, Any] | None]:
        """Return paths in a fixed order, and parameters, which are None if no row can match."""
        values: dict[str, Any] = {"seller_pk": seller_pk}
        paths = []
        for at, condition in enumerate(sorted(conditions, key=_place)):
            field = self._listing.of_rows.resolve_filter(condition.path, condition.operator)
            operands = field.values(condition.operator, condition.value)
            if operands is None:
                return (), None
            paths.append((condition.path, condition.operator))
            for position, value in enumerate(operands):
                values[parameter(f"condition_{at}", position)] = value
        return tuple(paths), values

    def _start(self, cursor: Cursor | None, sort: Sort) -> tuple[PageStart, dict[str, Any]]:
        """Return the start after a cursor. Raises InvalidInput for a cursor of another sort."""
        if cursor is None:
            return PageStart.TOP, {}
        sorting = self._listing.of_rows.sorting(sort.field)
        if sorting is None:
            return PageStart.VALUE, {"cursor_pk": cursor.pk}
        if not sorting.accepts(cursor.value):
            raise invalid_cursor()
        if cursor.value is None:
            return PageStart.NO_VALUE, {"cursor_pk": cursor.pk}
        return PageStart.VALUE, {"cursor_pk": cursor.pk, "cursor_value": cursor.value}

    def _bodies(self, seller_pk: int, rows: list[Any], language: str) -> list[bytes]:
        versions = [((seller_pk, pk, parent_pk), version) for pk, parent_pk, version, *_ in rows]
        return self._documents.bodies(versions, language)


def _place(condition: Condition) -> tuple[str, str]:
    return condition.path, condition.operator


def _in_order(rows: list[Any], sort: Sort) -> list[Any]:
    """Sort the rows again, since a join does not preserve the order of the subquery.

    Values compare in Python as they do in both databases.
    """
    latest = sorted(rows, key=itemgetter(0), reverse=True)
    with_value = [row for row in latest if row[3] is not None]
    if sort.field is not None:
        with_value.sort(key=itemgetter(3), reverse=sort.descending)
    return with_value + [row for row in latest if row[3] is None]


def columns_of(view: type, table: sa.Table, **others: sa.ColumnElement[Any]) -> Columns:
    """Return the columns of the attributes of ``view``: by name, except for ``others``."""
    names = [field.name for field in fields(view)]
    return {name: others[name] if name in others else table.c[name] for name in names}
