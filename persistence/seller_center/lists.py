"""Lists of rows that belong to sellers: one builder, which keeps each seller to their own."""

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
from persistence.sql.compiled_query import CompiledQuery
from persistence.sql.in_list import among_given
from persistence.sql.statements import PAGE_LIMIT, PAGE_OFFSET, page_of
from persistence.sql.work import Work

# A statement takes some 50 KB. Sellers' systems ask for few different ones, again and again.
MAX_SHAPES = 256

View = TypeVar("View")

Columns = Mapping[str, sa.ColumnElement[Any]]
Paths = tuple[tuple[str, Operator], ...]
Key = tuple[int, int, int]
"""A seller, the row that is shown to them, and the order that it is a part of.

A pk may come again when its row is gone, but with another version of its order.
"""


@dataclass(frozen=True, eq=False)
class Counts:
    """How many rows of a list there are, kept in a table that says whose by ``seller_pk``.

    They are the sum of its column ``rows``. ``fields`` has what they are told apart by; a list's
    fields of the same names take the same values.
    """

    rows: sa.Column[int]
    fields: Mapping[str, Field]

    def total(self, paths: Paths) -> sa.Select[Any] | None:
        """Return the count of what meets the conditions; None where they ask for more."""
        if any(path not in self.fields for path, _ in paths):
            return None
        total = sa.cast(sa.func.coalesce(sa.func.sum(self.rows), 0), sa.BigInteger)
        owned = self.rows.table.c.seller_pk == _SELLER
        return sa.select(total).where(owned, *_met((self.fields[path] for path, _ in paths), paths))


@dataclass(frozen=True, eq=False)
class Listing(Generic[View]):
    """One kind of list.

    ``table`` has the rows, ``source`` them and what conditions look at, ``owned`` says which are a
    seller's. Where ``is_narrow``, every row of ``table`` is in ``source``, so that ``table`` will
    do for what looks at nothing else: counts stay within one index. ``fields`` has what the
    columns of ``table`` do not say by their names. ``versioned`` has ``table``, the ``whole`` that
    its rows are a part of, and the ``version`` of that, which is another one with every change of
    anything shown. ``shown`` completes the chosen rows: from where, and which column is which
    attribute of ``view``; ``finish`` adds what no join can say. ``counts`` are of all that is in
    ``source``.
    """

    view: Callable[..., View]
    table: sa.Table
    source: sa.FromClause
    owned: Callable[[sa.BindParameter[int]], sa.ColumnElement[bool]]
    fields: Mapping[str, Field]
    versioned: sa.FromClause
    whole: sa.ColumnElement[int]
    version: sa.ColumnElement[Any]
    shown_from: sa.FromClause
    shown: Columns
    finish: Callable[[Work, int, list[dict[str, Any]]], None] = lambda *_: None
    is_narrow: bool = True
    counts: Counts | None = None

    def field(self, path: str) -> Field | None:
        """Return what ``path`` names; None where the list has no such thing."""
        return self._fields.get(path)

    @cached_property
    def _fields(self) -> Mapping[str, Field]:
        by_name = {each.name: field_of(self.table, each.name) for each in self.table.c}
        return {name: each for name, each in by_name.items() if each is not None} | {**self.fields}

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

    def load(self, work: Work, keys: Sequence[Key]) -> dict[Key, tuple[Version, View]]:
        """Read the rows with these keys, which are one seller's, as that seller sees them."""
        seller_pk = keys[0][0]
        wanted = {"pks": [pk for _, pk, _ in keys], "seller_pk": seller_pk}
        rows = self._completed.rows(work, wanted)
        found = [dict(zip(self.shown, row[3:], strict=True)) for row in rows]
        self.finish(work, seller_pk, found)
        return {
            (seller_pk, pk, whole): (version, self.view(**values))
            for (pk, whole, version, *_), values in zip(rows, found, strict=True)
        }

    @cached_property
    def _completed(self) -> CompiledQuery:
        """Ask for all that is shown of the rows ``pks``, which are those of ``seller_pk``."""
        pk = self.table.c.pk
        named = (("pk", pk), ("whole", self.whole), ("version", self.version), *self.shown.items())
        rows = sa.select(*(column.label(f"{name}_") for name, column in named))
        rows = rows.select_from(self.shown_from)
        return CompiledQuery(rows.where(among_given(pk, "pks"), self.owned(_SELLER)))

    def own(self, shown: Sequence[sa.ColumnElement[Any]], paths: Paths) -> sa.Select[Any]:
        """Every statement about rows begins here, so that none forgets whose they are."""
        met = _met((self.asked(*path) for path in paths), paths)
        rows = sa.select(*shown).select_from(self._needed([*shown, *met]))
        return rows.where(self.owned(_SELLER), *met)

    def count(self, paths: Paths) -> sa.Select[Any]:
        """Count a seller's rows: one by one only where no counts are kept that tell."""
        kept = None if self.counts is None else self.counts.total(paths)
        return self.own([sa.func.count()], paths) if kept is None else kept

    def asked(self, path: str, operator: Operator) -> Field:
        """Return what ``path`` names. Raises LookupError where it can not be compared so."""
        field = self.field(path)
        if field is None or operator not in field.operators:
            raise LookupError(f"no filter {path} {operator}")
        return field

    def _needed(self, looked_at: Iterable[sa.ColumnElement[Any]]) -> sa.FromClause:
        """Return what has to be read for these expressions."""
        seen = {
            part.table
            for each in looked_at
            for part in iterate(each)
            if isinstance(part, sa.Column)
        }
        return self.table if self.is_narrow and seen <= {self.table} else self.source


_SELLER = sa.bindparam("seller_pk", type_=sa.BigInteger)


def _met(fields: Iterable[Field], paths: Paths) -> list[sa.ColumnElement[bool]]:
    """Return the conditions, by what each of them compares."""
    return [
        field.build(operator, f"condition_{at}")
        for at, (field, (_, operator)) in enumerate(zip(fields, paths, strict=True))
    ]


class Start(Enum):
    """Where some rows of a list begin."""

    PAGE = auto()
    """By number: all are counted."""
    TOP = auto()
    VALUE = auto()
    """After a cursor that has a value."""
    NO_VALUE = auto()


@dataclass(frozen=True, slots=True)
class Shape:
    """What one statement says, and another does not; values are none of it."""

    paths: Paths
    sort: Sort
    start: Start


@lru_cache(MAX_SHAPES)
def _counted(listing: Listing[Any], paths: Paths) -> CompiledQuery:
    return CompiledQuery(listing.count(paths))


@lru_cache(MAX_SHAPES)
def _chosen(listing: Listing[Any], shape: Shape) -> CompiledQuery:
    """Ask for pk, whole, version and sorted value of some rows, and for how many there are.

    The rows are chosen by what an index has, and only those looked up that were chosen: a page
    far down passes over many.
    """
    pk = listing.table.c.pk
    sorting = listing.sorting(shape.sort.field)
    value = pk if sorting is None else sorting.column
    if shape.start is Start.PAGE:
        # Only compared, as the driver has it: cursors alone show values.
        value = sa.type_coerce(value, sa.types.NullType())
    order = [] if sorting is None else [sorting.order(descending=shape.sort.descending)]
    rows = listing.own([pk.label("pk"), value.label("value")], shape.paths)
    rows = rows.where(*_behind(pk, sorting, shape)).order_by(*order, pk.desc()).limit(PAGE_LIMIT)
    if shape.start is Start.PAGE:
        rows = rows.offset(PAGE_OFFSET)
    chosen = rows.subquery("chosen")
    columns: list[Any] = [
        chosen.c.pk,
        listing.whole.label("whole"),
        listing.version.label("version"),
        chosen.c.value,
    ]
    if shape.start is Start.PAGE:
        columns.append(listing.count(shape.paths).scalar_subquery())
    return CompiledQuery(
        sa.select(*columns).select_from(chosen.join(listing.versioned, pk == chosen.c.pk))
    )


def _behind(
    pk: sa.Column[int], sorting: Sorting | None, shape: Shape
) -> list[sa.ColumnElement[bool]]:
    """What stands after the cursor that the parameters say."""
    if shape.start in (Start.PAGE, Start.TOP):
        return []
    is_later = pk < sa.bindparam("cursor_pk", type_=sa.BigInteger)
    if sorting is None:
        return [is_later]
    value = None if shape.start is Start.NO_VALUE else sorting.parameter("cursor_value")
    return sorting.behind(value, is_later, descending=shape.sort.descending)


class SqlSellerRows(Generic[View]):
    """The rows of one list, as ``domain.seller_center.lists.SellerRows`` asks of them."""

    def __init__(self, work: Work, listing: Listing[View], documents: Documents) -> None:
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
        paths, values = self._asked(seller_pk, conditions)
        if values is None:
            return DocumentPage(0, page.number, page.limit, [])
        shape = Shape(paths, sort, Start.PAGE)
        found = _chosen(self._listing, shape).rows(self._work, values | page_of(page))
        if found:
            count: int = found[0][-1]
        elif page.number == 1:
            count = 0
        else:
            count = _counted(self._listing, paths).scalar(self._work, values)
        documents = self._bodies(seller_pk, _in_order(found, sort), language)
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
        paths, values = self._asked(seller_pk, conditions)
        if values is None:
            return [], None
        # One more than is wanted, to see whether there are any.
        values |= place | {"limit": limit + 1}
        found = _chosen(self._listing, Shape(paths, sort, start)).rows(self._work, values)
        rows = _in_order(found, sort)
        documents = self._bodies(seller_pk, rows[:limit], language)
        if len(rows) <= limit:
            return documents, None
        pk, _, _, value = rows[limit - 1]
        return documents, Cursor(value, pk)

    def _asked(
        self, seller_pk: int, conditions: Sequence[Condition]
    ) -> tuple[Paths, dict[str, Any] | None]:
        """What is compared, always in the same order, and to what; None where no row can be so."""
        values: dict[str, Any] = {"seller_pk": seller_pk}
        paths = []
        for at, each in enumerate(sorted(conditions, key=_place)):
            field = self._listing.asked(each.path, each.operator)
            compared = field.values(each.operator, each.value)
            if compared is None:
                return (), None
            paths.append((each.path, each.operator))
            for position, value in enumerate(compared):
                values[parameter(f"condition_{at}", position)] = value
        return tuple(paths), values

    def _start(self, cursor: Cursor | None, sort: Sort) -> tuple[Start, dict[str, Any]]:
        """Where a walk goes on. Raises InvalidInput for a cursor of another sort."""
        if cursor is None:
            return Start.TOP, {}
        sorting = self._listing.sorting(sort.field)
        if sorting is None:
            return Start.VALUE, {"cursor_pk": cursor.pk}
        if not sorting.accepts(cursor.value):
            raise invalid_cursor()
        if cursor.value is None:
            return Start.NO_VALUE, {"cursor_pk": cursor.pk}
        return Start.VALUE, {"cursor_pk": cursor.pk, "cursor_value": cursor.value}

    def _bodies(self, seller_pk: int, rows: list[Any], language: str) -> list[bytes]:
        found = [((seller_pk, pk, whole), version) for pk, whole, version, *_ in rows]
        return self._documents.bodies(found, language)


def _place(condition: Condition) -> tuple[str, str]:
    return condition.path, condition.operator


def _in_order(found: list[Any], sort: Sort) -> list[Any]:
    """Return the rows as they were chosen: nobody promises the order of what is joined to them.

    Values compare in Python as they do in both databases.
    """
    latest = sorted(found, key=itemgetter(0), reverse=True)
    told = [row for row in latest if row[3] is not None]
    if sort.field is not None:
        told.sort(key=itemgetter(3), reverse=sort.descending)
    return told + [row for row in latest if row[3] is None]


def columns_of(view: type, table: sa.Table, **others: sa.ColumnElement[Any]) -> Columns:
    """Return which column is which attribute of ``view``: by name, apart from ``others``."""
    names = [each.name for each in fields(view)]
    return {name: others[name] if name in others else table.c[name] for name in names}
