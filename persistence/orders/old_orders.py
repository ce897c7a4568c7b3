"""Tables of old orders, and their queries."""

from functools import cache, partial
from typing import Any

import sqlalchemy as sa

from domain.orders.old_orders import (
    OldOrder,
    OldOrderField,
    OldOrderItem,
    OldOrderQuery,
    OldOrderSort,
)
from domain.shared.money import Currency
from domain.shared.paging import DocumentPage, PageRequest
from persistence.accounts.users import users
from persistence.documents.cache import Documents
from persistence.documents.queries import DocumentQueries
from persistence.documents.tables import DocumentKind, document_table
from persistence.orders.numbers import old_number_row, order_numbers
from persistence.sql.aggregates import Aggregate, Claim, Parts, View
from persistence.sql.amounts import thousandths
from persistence.sql.columns import (
    MAX_QUANTITY,
    BigId,
    CodePointText,
    Json,
    UtcDateTime,
    enum_column,
    max_length,
    metadata,
    not_negative,
    owner_column,
    parent,
    pk_column,
    reference,
)
from persistence.sql.compiled_query import CompiledQuery
from persistence.sql.contains import contains
from persistence.sql.statements import PAGE_LIMIT, PAGE_OFFSET, active_filters, first
from persistence.sql.work import Work

# No index: addresses may be longer than the 2,704 bytes of an index entry of PostgreSQL.
NOT_INDEXED = frozenset({OldOrderField.SHIPPING_ADDRESS, OldOrderField.BILLING_ADDRESS})

old_orders = sa.Table(
    "old_orders",
    metadata,
    pk_column(),
    # The indexes below begin with it.
    reference("user_pk", users),
    sa.Column("number", CodePointText, nullable=False, unique=True),
    sa.Column("version", BigId, nullable=False),
    sa.Column("user_email", CodePointText, nullable=False),
    sa.Column("status", CodePointText, nullable=False),
    sa.Column("created_date", UtcDateTime, nullable=False),
    sa.Column("amount", BigId, nullable=False),
    sa.Column("discount_amount", BigId, nullable=False),
    enum_column("currency", Currency),
    sa.Column("payment_type", CodePointText),
    sa.Column("bank", CodePointText),
    sa.Column("installment_count", sa.Integer, nullable=False),
    sa.Column("tracking_number", CodePointText),
    sa.Column("shipping_company", CodePointText),
    sa.Column("shipping_company_label", sa.Text),
    sa.Column("shipping_address", CodePointText),
    sa.Column("billing_address", CodePointText),
    sa.Column("extra_field", Json, nullable=False),
    sa.Column("erased_date", UtcDateTime),
    sa.Column("archived_date", UtcDateTime),
    sa.CheckConstraint("version >= 1", name="version"),
    sa.CheckConstraint(f"installment_count BETWEEN 0 AND {MAX_QUANTITY}", name="installment_count"),
    *max_length(64, "number", "status"),
    *max_length(254, "user_email"),
    *max_length(100, "payment_type", "bank", "tracking_number", "shipping_company"),
    *not_negative("amount", "discount_amount"),
)

# Amounts are sorted by value, not by minor units: 186.666 JOD come after 140.00 TRY.
_SORTED: dict[OldOrderField, sa.ColumnElement[Any]] = {
    field: thousandths(old_orders.c[field], old_orders.c.currency)
    if field in (OldOrderField.AMOUNT, OldOrderField.DISCOUNT_AMOUNT)
    else old_orders.c[field]
    for field in OldOrderField
}
for _field, _sorted_by in _SORTED.items():
    if _field not in NOT_INDEXED:
        sa.Index(
            f"ix_old_orders_user_pk_{_field}_pk", old_orders.c.user_pk, _sorted_by, old_orders.c.pk
        )

old_order_items = sa.Table(
    "old_order_items",
    metadata,
    pk_column(),
    # The unique (old_order_pk, line) below serves as its index.
    parent("old_order_pk", "old_orders", index=False),
    owner_column(),
    sa.Column("line", sa.Integer, nullable=False),
    sa.Column("product", sa.Text),
    sa.Column("sku", sa.Text),
    sa.Column("quantity", sa.Integer),
    sa.Column("price", BigId, nullable=False),
    sa.Column("image", sa.Text),
    sa.Column("image_url", sa.Text),
    sa.Column("extra_field", Json, nullable=False),
    sa.UniqueConstraint("old_order_pk", "line"),
    sa.CheckConstraint("line >= 1", name="line"),
    sa.CheckConstraint(f"quantity BETWEEN 0 AND {MAX_QUANTITY}", name="quantity"),
    *not_negative("price"),
)

old_order_documents = document_table("old_order_documents", "old_order_pk", "old_orders")


OLD_ORDER = Aggregate(
    entity=OldOrder,
    table=old_orders,
    parts={
        "items": Parts(
            entity=OldOrderItem, table=old_order_items, owner="old_order_pk", order_by="line"
        )
    },
    claim=Claim(table=order_numbers, row=old_number_row),
)
OLD_ORDER_DOCUMENTS = DocumentKind(
    documents=old_order_documents,
    owner="old_order_pk",
    aggregate=OLD_ORDER,
)


_USERS = old_orders.c.user_pk == sa.bindparam("user_pk")
_OWN = CompiledQuery(
    sa.select(old_orders.c.pk, old_orders.c.version).where(
        old_orders.c.pk == sa.bindparam("pk"), _USERS
    )
)
_CONDITIONS = {
    "user_pk": _USERS,
    "currency": old_orders.c.currency == sa.bindparam("currency"),
    "search": contains(old_orders.c.number, sa.bindparam("search", type_=sa.Text)),
}


@cache
def _counted(names: tuple[str, ...]) -> CompiledQuery:
    return CompiledQuery(_count(names))


@cache
def _page(names: tuple[str, ...], sort: OldOrderSort) -> CompiledQuery:
    """Select the rows of one page, with the number of all rows in the last column."""
    count = _count(names).correlate(None).scalar_subquery()
    chosen = sa.select(old_orders.c.pk, old_orders.c.version, count)
    chosen = chosen.where(*(_CONDITIONS[name] for name in names))
    return CompiledQuery(
        chosen.order_by(_sorted(sort), old_orders.c.pk.desc()).limit(PAGE_LIMIT).offset(PAGE_OFFSET)
    )


def _count(names: tuple[str, ...]) -> sa.Select[int]:
    counted = sa.select(sa.func.count()).select_from(old_orders)
    return counted.where(*(_CONDITIONS[name] for name in names))


def _sorted(sort: OldOrderSort) -> sa.ColumnElement[Any]:
    value = _SORTED[sort.field]
    direction = value.desc() if sort.descending else value.asc()
    # Without NULLs, NULLS LAST would only keep PostgreSQL from using the index.
    return direction.nulls_last() if old_orders.c[sort.field].nullable else direction


class SqlOldOrders:
    """Implements ``domain.orders.old_orders.OldOrders``."""

    def __init__(self, work: Work, documents: Documents) -> None:
        self._work = work
        self._shown = DocumentQueries(work, documents)

    def add(self, old_order: OldOrder) -> None:
        self._work.add(OLD_ORDER, old_order)
        self._work.flush()

    def get(self, pk: int) -> OldOrder | None:
        return first(self._work.load(OLD_ORDER, [pk], View.SHOWN))

    def page(self, query: OldOrderQuery, page: PageRequest, language: str) -> DocumentPage:
        values = active_filters(query)
        names = tuple(values)
        return self._shown.page(
            _page(names, query.sort), values, page, language, partial(_counted, names)
        )

    def document(self, user_pk: int, pk: int, language: str) -> bytes | None:
        return self._shown.first(_OWN, language, user_pk=user_pk, pk=pk)
