"""The details of a request, as `waybill requests show` prints them."""

from collections.abc import Iterator

from domain.cancellations.decisions import RequestDetails
from domain.orders.cancellations import CancellationReason, EasyReturn
from domain.shared.money import format_amount
from handlers.adapters.plain_text import one_line
from handlers.cli.tables import table

_TRAIL_TITLES = ("WHEN", "WHO", "FROM", "TO", "NOTE")
_LABEL_WIDTH = 16
_MOMENT = "%Y-%m-%d %H:%M"


def format_details(shown: RequestDetails, reason: CancellationReason | None) -> str:
    """The request as lines of label and text, then its audit trail.

    Contains the IBAN, which the operator needs for the payment: show it at the terminal only.
    """
    facts = [*_request(shown, reason), *_payee(shown), *_return(shown.request.easy_return)]
    facts += _money(shown)
    lines = [f"{label:{_LABEL_WIDTH}}{one_line(text)}" for label, text in facts]
    trail = [
        (
            entry.created_date.strftime(_MOMENT),
            entry.actor,
            entry.from_state or "",
            entry.to_state,
            entry.note or "",
        )
        for entry in shown.audit
    ]
    return "\n".join([*lines, "", table(_TRAIL_TITLES, trail)])


def format_refund(shown: RequestDetails) -> str:
    """The refund of the request as text."""
    if shown.plan_item is None:
        return "unknown until it is decided"
    amount = _amount(shown, shown.plan_item.refund_amount)
    return f"{amount} as loyalty money" if _is_loyalty(shown) else amount


def _request(shown: RequestDetails, reason: CancellationReason | None) -> Iterator[tuple[str, str]]:
    request, item = shown.request, shown.item
    yield "Request", f"{request.pk} ({request.uuid})"
    yield "Status", request.status
    yield "Type", request.cancellation_type
    yield "Order", f"{shown.order.number} (pk {shown.order.pk}), {shown.order.state}"
    yield "Item", f"{item.product.name} (pk {item.pk}), {item.state}"
    yield "Quantity", f"{item.units_of(request)} of {item.quantity}"
    yield "Reason", _subject(reason)
    yield "Description", request.description or "-"
    yield "Created", request.created_date.strftime(_MOMENT)


def _subject(reason: CancellationReason | None) -> str:
    translations = reason.translations if reason else {}
    texts = [texts["subject"] for texts in translations.values() if texts.get("subject")]
    english = translations.get("en-us", {}).get("subject")
    return english or (texts[0] if texts else "-")


def _payee(shown: RequestDetails) -> Iterator[tuple[str, str]]:
    if shown.request.iban:
        yield "Account holder", shown.request.holder_name or "-"
        yield "IBAN", shown.request.iban


def _return(easy_return: EasyReturn | None) -> Iterator[tuple[str, str]]:
    if easy_return is None:
        return
    carrier = easy_return.shipping_company.label
    yield "Easy return", f"{easy_return.code} with {carrier}, {easy_return.status}"
    if easy_return.pickup_date:
        hours = ""
        if easy_return.pickup_start and easy_return.pickup_end:
            hours = f" {easy_return.pickup_start:%H:%M}-{easy_return.pickup_end:%H:%M}"
        yield "Pickup", f"{easy_return.pickup_date}{hours}"


def _money(shown: RequestDetails) -> Iterator[tuple[str, str]]:
    if shown.plan:
        note = f": {shown.plan.note}" if shown.plan.note else ""
        yield "Plan", f"{shown.plan.pk}, {shown.plan.status}{note}"
    yield "Refund", format_refund(shown)
    if shown.plan_item:
        yield "  shipping", _amount(shown, shown.plan_item.shipping_refund_amount)
        yield "  lost discount", _amount(shown, shown.plan_item.discount_refund_amount)
    yield "Order refunded", _amount(shown, shown.order.refund_amount)


def _amount(shown: RequestDetails, minor_units: int) -> str:
    currency = shown.order.currency
    return f"{format_amount(minor_units, currency)} {currency.upper()}"


def _is_loyalty(shown: RequestDetails) -> bool:
    return bool(shown.request.fully_refund_as_loyalty_money)
