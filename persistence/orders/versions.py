"""Raising the versions of what statements have changed without the objects.

Whatever is saved as an aggregate raises its version itself (``persistence.sql.saving``).
"""

from collections.abc import Iterable, Sequence

import sqlalchemy as sa

from domain.orders.old_orders import OldOrder
from domain.orders.orders import Order
from persistence.orders.old_orders import old_orders
from persistence.orders.order_items import order_items
from persistence.orders.orders import orders
from persistence.sql.compiled_query import CompiledQuery, Connected
from persistence.sql.in_list import among_given
from persistence.sql.version_numbers import MOMENT, raised, this_moment

_RAISED: dict[type, CompiledQuery] = {
    root: CompiledQuery(
        sa.update(table)
        .where(among_given(table.c.pk, "pks"))
        .values(version=raised(table.c.version))
        .returning(table.c.pk, table.c.version)
    )
    for root, table in ((Order, orders), (OldOrder, old_orders))
}
# They are found first: an UPDATE of orders that are found by a query would read all of them.
_OF_SELLERS = CompiledQuery(
    sa.select(order_items.c.order_pk)
    .where(among_given(order_items.c.seller_pk, "seller_pks"))
    .distinct()
)


def raise_versions_of(work: Connected, root: type, pks: Iterable[int]) -> dict[int, int]:
    """Raise the versions of these orders or old orders; return the new ones by pk."""
    values = {"pks": sorted(pks), MOMENT: this_moment()}
    return dict(_RAISED[root].rows(work, values))


def raise_versions_of_sellers(work: Connected, seller_pks: Sequence[int]) -> None:
    """Raise the versions of all orders with a line of these sellers: all show their names."""
    found = _OF_SELLERS.rows(work, {"seller_pks": seller_pks}) if seller_pks else []
    if found:
        raise_versions_of(work, Order, [pk for (pk,) in found])
