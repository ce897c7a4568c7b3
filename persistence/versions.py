"""The one mechanism that raises versions: before each flush, for all that documents show.

No service has to think of it, and the database does the adding: two writers who both read
version 5 make it 7, so that two contents never share a version.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value
from sqlalchemy.orm.util import identity_key

from domain.cancellation_plans import CancellationPlan, CancellationPlanItem
from domain.cancellations import CancellationRequest, CancellationRequestImage, EasyReturn
from domain.discounts import DiscountItem
from domain.loyalty import LoyaltyTransaction
from domain.old_orders import OldOrder, OldOrderItem
from domain.order_items import OrderItem
from domain.orders import Order
from domain.sellers import Seller
from domain.snapshots import Snapshot
from domain.trade_in_offers import TradeInOffer
from persistence.cancellation_plans import cancellation_plans
from persistence.cancellations import cancellation_requests
from persistence.old_orders import old_orders
from persistence.order_items import order_items
from persistence.orders import orders

Keys = Iterable[int] | sa.Select[int]


def _same(pks: Keys) -> Keys:
    return pks


def _orders_of_items(item_pks: Keys) -> Keys:
    return sa.select(order_items.c.order_pk).where(order_items.c.pk.in_(item_pks))


def _orders_of_requests(request_pks: Keys) -> Keys:
    requests = cancellation_requests.c
    return _orders_of_items(sa.select(requests.order_item_pk).where(requests.pk.in_(request_pks)))


def _orders_of_plans(plan_pks: Keys) -> Keys:
    return sa.select(cancellation_plans.c.order_pk).where(cancellation_plans.c.pk.in_(plan_pks))


def _orders_of_sellers(seller_pks: Keys) -> Keys:
    return sa.select(order_items.c.order_pk).where(order_items.c.seller_pk.in_(seller_pks))


@dataclass(frozen=True, slots=True)
class _Shown:
    """Whose documents show an entity: the table ``root``, reached from the attribute ``key``."""

    root: sa.Table
    key: str
    owners: Callable[[Keys], Keys] = _same


SHOWN: dict[type, _Shown] = {
    Order: _Shown(orders, "pk"),
    OrderItem: _Shown(orders, "order_pk"),
    DiscountItem: _Shown(orders, "order_pk"),
    LoyaltyTransaction: _Shown(orders, "order_pk"),
    CancellationRequest: _Shown(orders, "order_item_pk", _orders_of_items),
    CancellationRequestImage: _Shown(orders, "cancellation_request_pk", _orders_of_requests),
    EasyReturn: _Shown(orders, "cancellation_request_pk", _orders_of_requests),
    TradeInOffer: _Shown(orders, "order_item_pk", _orders_of_items),
    CancellationPlan: _Shown(orders, "order_pk"),
    CancellationPlanItem: _Shown(orders, "plan_pk", _orders_of_plans),
    Seller: _Shown(orders, "pk", _orders_of_sellers),
    OldOrder: _Shown(old_orders, "pk"),
    OldOrderItem: _Shown(old_orders, "old_order_pk"),
}
_ROOTS: dict[sa.Table, type] = {orders: Order, old_orders: OldOrder}


def raise_versions(session: Session, *_: object) -> None:
    """Raise the version of every order and old order that the coming flush changes.

    What is new as a whole keeps its first version. Raises RuntimeError for a changed snapshot:
    the orders that show it would not know.
    """
    conditions: dict[sa.Table, list[sa.ColumnElement[bool]]] = defaultdict(list)
    for kind, keys in _changed(session).items():
        shown = SHOWN[kind]
        conditions[shown.root].append(shown.root.c.pk.in_(shown.owners(sorted(keys))))
    for root, found in conditions.items():
        update = sa.update(root).where(sa.or_(*found)).values(version=root.c.version + 1)
        for pk, version in session.execute(update.returning(root.c.pk, root.c.version)):
            key: Any = identity_key(_ROOTS[root], pk)
            if key in session.identity_map:
                set_committed_value(session.identity_map[key], "version", version)


def _changed(session: Session) -> dict[type, set[int]]:
    """The keys of what is shown and changes; those that are not there yet have new owners too."""
    keys: dict[type, set[int]] = defaultdict(set)
    modified: list[Any] = [entity for entity in session.dirty if session.is_modified(entity)]
    if any(isinstance(entity, Snapshot) for entity in modified):
        raise RuntimeError("a stored snapshot never changes: make a new one")
    for entity in [*session.new, *modified, *session.deleted]:
        shown = SHOWN.get(type(entity))
        key = None if shown is None else getattr(entity, shown.key)
        if key is not None:
            keys[type(entity)].add(key)
    return keys
