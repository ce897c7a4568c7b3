"""The rules of cancellation requests, in the order in which they are checked.

A step reports all its failing fields together; later steps are then not checked.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from domain.cancellations.codes import CancellationCode
from domain.cancellations.drafts import CancellationDraft, CancellationPolicy
from domain.orders.cancellations import CancellationReason, CancellationType
from domain.orders.order_items import OrderItem
from domain.orders.orders import Order
from domain.orders.shipping import EasyReturnShippingCompany
from domain.shared.errors import FieldErrors, Refusal


@dataclass(frozen=True, kw_only=True, slots=True)
class LoadedReferences:
    """The rows that drafts name, by pk: the caller's own lines and addresses, and reasons."""

    now: datetime
    policy: CancellationPolicy
    lines: Mapping[int, tuple[Order, OrderItem]]
    reasons: Mapping[int, CancellationReason]
    address_pks: Collection[int]

    def within(self, order_pk: int) -> "LoadedReferences":
        """Return a copy without the lines of other orders."""
        lines = {
            pk: (order, item) for pk, (order, item) in self.lines.items() if order.pk == order_pk
        }
        return replace(self, lines=lines)


Errors = dict[str, Refusal]


def check_draft(
    draft: CancellationDraft, references: LoadedReferences, *, is_repeated: bool = False
) -> None:
    """Raise FieldErrors or RuleBroken for the first step that ``draft`` fails.

    ``is_repeated``: an earlier row of the same bulk names the same line.
    """
    _raise(_check_alone(draft, references, is_repeated=is_repeated))
    _raise(_check_ids(draft, references))
    order, item = references.lines[draft.order_item]
    _raise(_check_reason(draft, references.reasons[draft.reason]))
    if draft.quantity is not None and draft.quantity > item.available_quantity:
        raise FieldErrors({"quantity": CancellationCode.TOO_MANY_UNITS.invalid()})
    _require_state(draft, item, references)
    _require_pickup_address(draft, item)
    _raise(_check_carrier(draft))
    _raise(_check_account(draft, order, references.policy))


def chosen_company(draft: CancellationDraft, item: OrderItem) -> EasyReturnShippingCompany | None:
    """Return the carrier of the line that the draft names."""
    companies = item.easy_return_companies
    return next((company for company in companies if company.pk == draft.shipping_company), None)


def _raise(errors: Errors) -> None:
    if errors:
        raise FieldErrors(errors)


def _check_alone(
    draft: CancellationDraft, references: LoadedReferences, *, is_repeated: bool
) -> Errors:
    """Check what needs no stored rows."""
    errors: Errors = {}
    if is_repeated:
        errors["order_item"] = CancellationCode.ITEM_GIVEN_TWICE.invalid()
    slot, policy = draft.pickup_date, references.policy
    if slot is not None and not policy.can_be_picked_up(slot.date, references.now):
        days = policy.pickup_horizon_days
        errors["pickup_date"] = CancellationCode.UNSUITABLE_PICKUP_DATE.invalid(days=days)
    elif slot is not None and slot.start >= slot.end:
        errors["pickup_date"] = CancellationCode.UNSUITABLE_PICKUP_HOURS.invalid()
    return errors


def _check_ids(draft: CancellationDraft, references: LoadedReferences) -> Errors:
    """Check ids. Another user's line gets the same error as an absent one, without other checks."""
    errors: Errors = {}
    line = references.lines.get(draft.order_item)
    if line is None:
        errors["order_item"] = CancellationCode.UNKNOWN_ORDER_ITEM.invalid()
    if draft.reason not in references.reasons:
        errors["reason"] = CancellationCode.UNKNOWN_REASON.invalid()
    if line and draft.shipping_company is not None and chosen_company(draft, line[1]) is None:
        errors["shipping_company"] = CancellationCode.UNKNOWN_SHIPPING_COMPANY.invalid()
    if draft.pickup_address is not None and draft.pickup_address not in references.address_pks:
        errors["pickup_address"] = CancellationCode.UNKNOWN_PICKUP_ADDRESS.invalid()
    return errors


def _check_reason(draft: CancellationDraft, reason: CancellationReason) -> Errors:
    if not reason.is_active or reason.cancellation_type is not draft.cancellation_type:
        return {"reason": CancellationCode.UNSUITABLE_REASON.invalid()}
    if reason.extra_information_needed and not (draft.description or "").strip():
        return {"description": CancellationCode.DESCRIPTION_REQUIRED.invalid()}
    return {}


def _require_state(draft: CancellationDraft, item: OrderItem, references: LoadedReferences) -> None:
    if draft.cancellation_type is CancellationType.CANCEL:
        if not item.is_cancellable:
            raise CancellationCode.NOT_CANCELLABLE.broken()
    elif not item.is_refundable(references.now, references.policy.returns):
        raise CancellationCode.NOT_REFUNDABLE.broken()


def _require_pickup_address(draft: CancellationDraft, item: OrderItem) -> None:
    company = chosen_company(draft, item)
    collects = company is not None and company.requires_pickup_address
    if (collects or draft.pickup_date is not None) and draft.pickup_address is None:
        raise CancellationCode.PICKUP_ADDRESS_REQUIRED.broken()


def _check_carrier(draft: CancellationDraft) -> Errors:
    """Require a carrier for a return that is collected. Cancellations are never collected."""
    is_collected = draft.pickup_date is not None or draft.pickup_address is not None
    is_refund = draft.cancellation_type is CancellationType.REFUND
    if is_refund and is_collected and draft.shipping_company is None:
        return {"shipping_company": CancellationCode.SHIPPING_COMPANY_REQUIRED.invalid()}
    return {}


def _check_account(draft: CancellationDraft, order: Order, policy: CancellationPolicy) -> Errors:
    errors: Errors = {}
    is_needed = _needs_account(draft, order)
    iban = (draft.iban or "").strip()
    if iban and policy.compact_iban(iban) is None:
        errors["iban"] = CancellationCode.INVALID_IBAN.invalid()
    elif is_needed and not iban:
        errors["iban"] = CancellationCode.IBAN_REQUIRED.invalid()
    if is_needed and not (draft.holder_name or "").strip():
        errors["holder_name"] = CancellationCode.HOLDER_NAME_REQUIRED.invalid()
    return errors


def _needs_account(draft: CancellationDraft, order: Order) -> bool:
    """Whether the refund goes to a bank account: neither to the card nor to loyalty money."""
    is_refund = draft.cancellation_type is CancellationType.REFUND
    by_card = order.payment_option.is_card
    return is_refund and not by_card and not draft.fully_refund_as_loyalty_money
