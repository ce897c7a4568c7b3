"""The one mechanism that raises versions: before each flush, for all that documents show.

No service has to think of it, and two contents of one pk never share a version
(``persistence.version_numbers``).
"""

from collections import defaultdict
from collections.abc import Iterable
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
from persistence.questions import Question
from persistence.sql.in_list import among_given
from persistence.version_numbers import MOMENT, raised, this_moment


@dataclass(frozen=True, slots=True)
class _Shown:
    """Whose documents show an entity: one of class ``root``, which its attribute ``key`` leads to.

    ``leads_to`` says to what: to the root itself, or to what ``_PARTS`` has.
    """

    root: type
    key: str
    leads_to: str = "root"


SHOWN: dict[type, _Shown] = {
    Order: _Shown(Order, "pk"),
    OrderItem: _Shown(Order, "order_pk"),
    DiscountItem: _Shown(Order, "order_pk"),
    LoyaltyTransaction: _Shown(Order, "order_pk"),
    CancellationRequest: _Shown(Order, "order_item_pk", "item"),
    CancellationRequestImage: _Shown(Order, "cancellation_request_pk", "request"),
    EasyReturn: _Shown(Order, "cancellation_request_pk", "request"),
    TradeInOffer: _Shown(Order, "order_item_pk", "item"),
    CancellationPlan: _Shown(Order, "order_pk"),
    CancellationPlanItem: _Shown(Order, "plan_pk", "plan"),
    Seller: _Shown(Order, "pk", "seller"),
    OldOrder: _Shown(OldOrder, "pk"),
    OldOrderItem: _Shown(OldOrder, "old_order_pk"),
}
_TABLES: dict[type, sa.Table] = {Order: orders, OldOrder: old_orders}
_ITEM_OF_REQUEST = sa.select(cancellation_requests.c.order_item_pk).where(
    among_given(cancellation_requests.c.pk, "keys")
)
# Which orders parts belong to. Each is found first: an UPDATE of orders that are named, or found
# by a query, would read all of them.
_PARTS = {
    name: Question(sa.select(order_pk).where(condition).distinct())
    for name, order_pk, condition in (
        ("item", order_items.c.order_pk, among_given(order_items.c.pk, "keys")),
        ("request", order_items.c.order_pk, order_items.c.pk.in_(_ITEM_OF_REQUEST)),
        ("seller", order_items.c.order_pk, among_given(order_items.c.seller_pk, "keys")),
        ("plan", cancellation_plans.c.order_pk, among_given(cancellation_plans.c.pk, "keys")),
    )
}
_RAISED = {
    root: Question(
        sa.update(table)
        .where(among_given(table.c.pk, "pks"))
        .values(version=raised(table.c.version))
        .returning(table.c.pk, table.c.version)
    )
    for root, table in _TABLES.items()
}


def raise_versions(session: Session, *_: object) -> None:
    """Raise the version of every order and old order that the coming flush changes.

    What is new as a whole gets its first version. Raises RuntimeError for a changed snapshot:
    the orders that show it would not know.
    """
    for entity in session.new:
        if type(entity) in _TABLES:
            entity.version = this_moment()
    with session.no_autoflush:  # this is a part of the flush
        pks: dict[type, set[int]] = defaultdict(set)
        for kind, keys in _changed(session).items():
            shown = SHOWN[kind]
            pks[shown.root] |= _roots(session, shown, keys)
        for root, changed in pks.items():
            raise_versions_of(session, root, changed)


def raise_versions_of(session: Session, root: type, pks: Iterable[int]) -> dict[int, int]:
    """Raise the versions of these orders or old orders; return the new ones by pk.

    For statements that change what documents show without the entities.
    """
    values = {"pks": sorted(pks), MOMENT: this_moment()}
    raised_pks: dict[int, int] = dict(_RAISED[root].ask(session, values))
    for pk, version in raised_pks.items():
        key: Any = identity_key(root, pk)
        if key in session.identity_map:
            set_committed_value(session.identity_map[key], "version", version)
    return raised_pks


def _roots(session: Session, shown: _Shown, keys: set[int]) -> set[int]:
    if shown.leads_to == "root":
        return keys
    found = _PARTS[shown.leads_to].ask(session, {"keys": sorted(keys)})
    return {pk for (pk,) in found}


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
