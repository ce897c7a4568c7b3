"""Raising versions after changes by statements.

Saving an aggregate raises its version itself (``persistence.sql.saving``).
"""

from collections.abc import Iterable, Sequence

import sqlalchemy as sa

from domain.orders.old_orders import OldOrder
from domain.orders.orders import Order
from persistence.orders.old_orders import old_orders
from persistence.orders.order_items import order_items
from persistence.orders.orders import orders
from persistence.orders.seller_copying import raise_copied_versions
from persistence.sql.compiled_query import CompiledQuery, Connected
from persistence.sql.in_list import in_param
from persistence.sql.version_numbers import NEW_VERSION, new_version, next_version

_RAISED: dict[type, CompiledQuery] = {
    root: CompiledQuery(
        sa.update(table)
        .where(in_param(table.c.pk, "pks"))
        .values(version=next_version(table.c.version))
        .returning(table.c.pk, table.c.version)
    )
    for root, table in ((Order, orders), (OldOrder, old_orders))
}
# Selected first: an UPDATE with this subquery would scan all orders.
_OF_SELLERS = CompiledQuery(
    sa.select(order_items.c.order_pk)
    .where(in_param(order_items.c.seller_pk, "seller_pks"))
    .distinct()
)


def raise_versions_of(work: Connected, root: type, pks: Iterable[int]) -> dict[int, int]:
    """Raise the versions of these orders or old orders; return the new versions by pk."""
    values = {"pks": sorted(pks), NEW_VERSION: new_version()}
    versions: dict[int, int] = dict(_RAISED[root].rows(work, values))
    if root is Order:
        raise_copied_versions(work, versions)
    return versions


def raise_versions_of_sellers(work: Connected, seller_pks: Sequence[int]) -> None:
    """Raise the versions of all orders that show the names of these sellers."""
    rows = _OF_SELLERS.rows(work, {"seller_pks": seller_pks}) if seller_pks else []
    if rows:
        raise_versions_of(work, Order, [pk for (pk,) in rows])
