"""Archiving: a finished order becomes an old order, with everything that its document showed.

An old order has few fields of its own. What else an order has goes into ``extra_field``, so nothing
is lost but what retention removes anyway (the account of a refund) and what no longer applies.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import date, datetime, time
from enum import StrEnum
from typing import Any, Protocol
from uuid import UUID

from domain.audit import AuditWork, Subject, record_change
from domain.orders.addresses import Address
from domain.orders.cancellation_plans import CancellationPlan, PlanStatus
from domain.orders.cancellations import CancellationRequest
from domain.orders.old_orders import OldOrder, OldOrderItem
from domain.orders.order_items import OrderItem
from domain.orders.orders import Order
from domain.orders.payments import Bank, PaymentOption
from domain.orders.products import Product
from domain.orders.return_policy import ReturnPolicy
from domain.orders.shipping import EasyReturnShippingCompany, ShippingCompany
from domain.orders.states import CLOSED, OrderState
from domain.sellers.sellers import Seller
from domain.shared.money import Currency, format_amount, format_rate

ARCHIVED = "archived"
"""The state of an archived order in the audit trail."""

_FINISHED = CLOSED | {OrderState.DELIVERED}
_SETTLED_PLANS = frozenset({PlanStatus.COMPLETED, PlanStatus.REJECTED, PlanStatus.CANCELLED})
# Length limits of the columns of old orders.
_MAX_NUMBER, _MAX_EMAIL, _MAX_TEXT = 64, 254, 100


class Obstacle(StrEnum):
    """Why an order stays; the text is for operators."""

    GUEST = "of a guest, who could not see it any more"
    UNFINISHED = "not finished: a line is neither delivered nor closed"
    UNPAID = "not paid"
    OPEN_REQUEST = "with an open request"
    UNPAID_REFUND = "with a refund that is not paid"
    RETURNABLE = "within the return period"
    TRADE_IN = "with an open trade-in offer"
    NUMBER_TAKEN = "whose number an old order has"
    NOT_SHOWABLE = "with a value that no old order can have"
    GONE = "that another process has archived meanwhile"


@dataclass(frozen=True, slots=True)
class ArchivableOrder:
    """An order with all its parts, and what decides whether it can be archived."""

    order: Order
    plans: list[CancellationPlan]
    is_guest: bool
    is_number_taken: bool


class OrderArchive(Protocol):
    """The stored orders, as archiving needs them."""

    def candidates(self, before: datetime, after: int, limit: int) -> list[int]:
        """Return the pks above ``after`` of orders from before a moment, by ascending pk.

        Only orders whose own state is delivered or closed.
        """

    def get(self, pk: int, *, is_locked: bool) -> ArchivableOrder | None:
        """Return the order with this pk, read-only, locked until the transaction ends if wanted."""

    def replace(self, found: ArchivableOrder, old_order: OldOrder) -> None:
        """Store ``old_order``, delete the locked order, and clear the notes about it."""


class ArchiveWork(AuditWork, Protocol):
    """A unit of work that archives orders."""

    @property
    def order_archive(self) -> OrderArchive: ...


def obstacle(found: ArchivableOrder, now: datetime, policy: ReturnPolicy) -> Obstacle | None:
    """Return why this order can not be archived at ``now``; None if it can."""
    requests = [request for item in found.order.items for request in item.cancellation_requests]
    checks: Iterable[tuple[Obstacle, Callable[[], bool]]] = (
        (Obstacle.GUEST, lambda: found.is_guest),
        (Obstacle.OPEN_REQUEST, lambda: any(request.is_open for request in requests)),
        (Obstacle.UNPAID_REFUND, lambda: _has_unpaid_refund(found, requests)),
        (Obstacle.UNPAID, lambda: found.order.payment_pending),
        (
            Obstacle.UNFINISHED,
            lambda: any(item.state not in _FINISHED for item in found.order.items),
        ),
        (Obstacle.RETURNABLE, lambda: found.order.is_refundable(now, policy)),
        (
            Obstacle.TRADE_IN,
            lambda: any(item.is_tradable(now) for item in found.order.items),
        ),
        (Obstacle.NUMBER_TAKEN, lambda: found.is_number_taken),
        (Obstacle.NOT_SHOWABLE, lambda: not _is_showable(found.order)),
    )
    return next((reason for reason, applies in checks if applies()), None)


def obstacle_of(pk: int, policy: ReturnPolicy, uow: ArchiveWork) -> Obstacle | None:
    """Return why the order with this pk can not be archived now; change nothing."""
    found = uow.order_archive.get(pk, is_locked=False)
    return Obstacle.GONE if found is None else obstacle(found, uow.now, policy)


def archive_order(pk: int, policy: ReturnPolicy, actor: str, uow: ArchiveWork) -> Obstacle | None:
    """Make this order an old order, in one transaction; return why it can not be, if so."""
    found = uow.order_archive.get(pk, is_locked=True)
    if found is None:
        return Obstacle.GONE
    reason = obstacle(found, uow.now, policy)
    if reason is None:
        order = found.order
        uow.order_archive.replace(found, old_order_of(order, found.plans, uow.now))
        record_change(Subject.ORDER, order.uuid, (order.state.value, ARCHIVED), actor, uow)
        uow.commit()
    return reason


def old_order_of(order: Order, plans: list[CancellationPlan], now: datetime) -> OldOrder:
    """Return the old order that shows what ``order`` showed."""
    carrier = order.shipping_company
    old_order = OldOrder(
        user_pk=order.user_pk,
        number=order.number,
        user_email=order.user_email,
        status=order.state.value,
        created_date=order.created_date,
        amount=order.amount,
        discount_amount=order.discount_amount,
        currency=order.currency,
        payment_type=order.payment_option.name,
        bank=None if order.bank is None else order.bank.name,
        installment_count=order.installment_count,
        tracking_number=order.tracking_number,
        shipping_company=None if carrier is None else carrier.value,
        shipping_company_label=None if carrier is None else carrier.label,
        shipping_address=address_text(order.shipping_address),
        billing_address=address_text(order.billing_address),
        extra_field={**_facts(order, order.currency), **_plans(plans, order.currency)},
        archived_date=now,
        items=[_old_item(item, order.currency) for item in order.items],
    )
    old_order.erased_date = order.erased_date
    return old_order


def address_text(address: Address) -> str:
    """Return an address as one line of text."""
    places = (address.district, address.township, address.city, address.country)
    parts = (
        f"{address.first_name} {address.last_name}".strip(),
        address.company_name,
        address.line,
        *(place.name for place in places if place is not None),
        address.postcode,
        address.phone_number,
    )
    return ", ".join(part for part in parts if part)


def _old_item(item: OrderItem, currency: Currency) -> OldOrderItem:
    return OldOrderItem(
        line=item.line,
        product=item.product.name,
        sku=item.product.sku,
        quantity=item.quantity,
        price=item.price,
        image=item.image or item.product.image,
        extra_field=_facts(item, currency),
    )


def _has_unpaid_refund(found: ArchivableOrder, requests: list[CancellationRequest]) -> bool:
    """A request is approved, or the plan of completed requests is not settled."""
    unsettled = [plan for plan in found.plans if plan.status not in _SETTLED_PLANS]
    return any(request.is_active for request in requests) or any(plan.items for plan in unsettled)


def _is_showable(order: Order) -> bool:
    carrier = order.shipping_company
    limits: Mapping[int, tuple[str | None, ...]] = {
        _MAX_NUMBER: (order.number,),
        _MAX_EMAIL: (order.user_email,),
        _MAX_TEXT: (
            order.payment_option.name,
            None if order.bank is None else order.bank.name,
            order.tracking_number,
            None if carrier is None else carrier.value,
        ),
    }
    is_short = all(len(text or "") <= limit for limit, texts in limits.items() for text in texts)
    return is_short and order.amount >= 0


# What an old order has in fields of its own, and what no longer applies: keys of deleted rows,
# versions. Retention removes the account of a refund.
_LEFT_OUT: Mapping[type, frozenset[str]] = {
    Order: frozenset(
        {
            *("pk", "user_pk", "number", "version", "state", "currency", "installment_count"),
            *("user_email", "created_date", "tracking_number", "payment_pending", "erased_date"),
            *("items", "bank", "cancellation_plans"),
        }
    ),
    OrderItem: frozenset({"pk", "order_pk", "line", "quantity", "price", "image"}),
    CancellationRequest: frozenset({"pk", "order_item_pk", "iban", "holder_name"}),
}
_KEYS = frozenset(
    {
        *("pk", "order_pk", "order_item_pk", "plan_pk", "cancellation_request_pk", "user_pk"),
        *("content_hash", "request"),
    }
)
# Rows that other orders share, and that stay: the name by which they can be found.
_NAMED_BY: Mapping[type, str] = {
    Address: "uuid",
    Bank: "slug",
    EasyReturnShippingCompany: "name",
    PaymentOption: "slug",
    Product: "uuid",
    Seller: "slug",
    ShippingCompany: "value",
}


def _facts(entity: Any, currency: Currency) -> dict[str, Any]:
    """Return the fields of an entity and of its parts that are set, as JSON values."""
    left_out = _LEFT_OUT.get(type(entity), _KEYS)
    facts = {}
    for name in (field.name for field in fields(entity) if field.name not in left_out):
        value = vars(entity).get(name)
        if value is not None and value not in ([], {}):
            facts[name] = _plain(value, name, currency)
    return facts


def _plain(value: Any, name: str, currency: Currency) -> Any:
    """Return a value as JSON: money as the API writes it, a shared row by its name."""
    if isinstance(value, list):
        return [_plain(item, name, currency) for item in value]
    if is_dataclass(value):
        return _part(value, currency)
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, StrEnum | UUID):
        return str(value)
    return _number(value, name, currency) if type(value) is int else value


def _part(entity: Any, currency: Currency) -> Any:
    named_by = _NAMED_BY.get(type(entity))
    if named_by is not None:
        return str(getattr(entity, named_by))
    return _facts(entity, getattr(entity, "currency", currency))


def _number(value: int, name: str, currency: Currency) -> int | str:
    if name.endswith(("amount", "price")):
        return format_amount(value, currency)
    return format_rate(value) if name.endswith("_rate") else value


def _plans(plans: list[CancellationPlan], currency: Currency) -> dict[str, Any]:
    """Return the plans; a request is named by its UUID, which its line has."""
    shown = []
    for plan in plans:
        facts = _facts(plan, currency)
        facts["items"] = [
            _facts(item, currency) | {"request": str(item.request.uuid)} for item in plan.items
        ]
        shown.append(facts)
    return {"cancellation_plans": shown} if shown else {}
