"""The lines of an order of the demo shop."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

from domain.shared.money import Currency, format_amount
from handlers.demo_shop.catalogue import PRODUCTS, SELLERS, CatalogueProduct
from handlers.demo_shop.checkout import CARRIERS, EASY_RETURNS
from handlers.demo_shop.order_scenarios import Extent, RequestScenario, Scenario
from handlers.demo_shop.requests import request_document
from handlers.demo_shop.shoppers import Shopper

_CANCEL_STATUS = {
    "open": "waiting",
    "approved": "approved",
    "rejected": "rejected",
    "completed": "completed",
}
_SHIPPED = (
    *("shipping_company", "tracking_number", "tracking_url", "shipped_date"),
    *("invoice_number", "invoice_date", "e_archive_url"),
)


@dataclass(frozen=True, slots=True)
class Timeline:
    """When an order was placed, shipped and delivered; None for what did not happen."""

    placed: datetime
    shipped: datetime | None
    delivered: datetime | None

    @property
    def requested(self) -> datetime:
        """When a request is created: soon after the order, or a day after the delivery."""
        if self.delivered is None:
            return self.placed + timedelta(minutes=40)
        return self.delivered + timedelta(days=1)


def line_documents(
    scenario: Scenario, timeline: Timeline, shopper: Shopper, currency: Currency, rng: Random
) -> list[dict[str, Any]]:
    """Return the lines of an order, one to four."""
    count = rng.choices((1, 2, 3, 4), weights=(5, 3, 2, 1))[0]
    if scenario.request and scenario.request.extent is Extent.LINE:
        count = max(count, 2)
    lines = [
        _line(number, product, shopper, currency, rng)
        for number, product in enumerate(rng.sample(PRODUCTS, count), start=1)
    ]
    for line in lines:
        line.update(_parcel(scenario, timeline, rng))
        line.update(_invoice(line))
    if scenario.request:
        _add_requests(scenario.request, lines, timeline, shopper, rng)
    return lines


def _line(
    number: int, product: CatalogueProduct, shopper: Shopper, currency: Currency, rng: Random
) -> dict[str, Any]:
    price = product.price(currency)
    retail_price = format_amount(price * 5 // 4, currency) if rng.random() < 0.4 else None
    return {
        "line": number,
        "product": product.document(shopper.language),
        "seller": SELLERS.get(product.category),
        "quantity": rng.choices((1, 2, 3, 5), weights=(7, 2, 1, 1))[0],
        "unit_price": format_amount(price, currency),
        "retail_price": retail_price,
        "tax_rate": product.tax,
        "attributes": {},
        "attributes_kwargs": {},
        "localized_attributes": {},
        "localized_attributes_kwargs": {},
        "shipping_option_group": {
            "amount": format_amount(0, currency),
            "shipping_option_name": "Standart" if shopper.language == "tr-tr" else "Standard",
        },
        "extra_field": {"price_extra_field": {}, "stock_extra_field": {}},
    }


def _parcel(scenario: Scenario, timeline: Timeline, rng: Random) -> dict[str, Any]:
    """Return the state and shipping of a line."""
    promised = (timeline.placed + timedelta(days=4)).date().isoformat()
    parcel: dict[str, Any] = {"state": scenario.state, "estimated_delivery_date": promised}
    if timeline.shipped:
        carrier = rng.choice(CARRIERS)
        number = f"{rng.randrange(10**12):012d}"
        parcel |= {
            "shipping_company": carrier,
            "tracking_number": number,
            "tracking_url": f"https://track.waybill.example/{carrier['value']}/{number}",
            "shipped_date": timeline.shipped.isoformat(),
        }
    if timeline.delivered:
        parcel |= {
            "delivered_date": timeline.delivered.isoformat(),
            "easy_return_companies": list(EASY_RETURNS[: rng.choice((1, 2))]),
        }
    return parcel


def _invoice(line: dict[str, Any]) -> dict[str, Any]:
    """Return the invoice of a line that a seller shipped; the shop's own is on the order."""
    if line["seller"] is None or "shipped_date" not in line:
        return {}
    number = f"WBS{line['tracking_number'][-9:]}"
    return {
        "invoice_number": number,
        "invoice_date": line["shipped_date"],
        "e_archive_url": f"https://invoices.waybill.example/{number}.pdf",
    }


def _add_requests(
    request: RequestScenario,
    lines: list[dict[str, Any]],
    timeline: Timeline,
    shopper: Shopper,
    rng: Random,
) -> None:
    """Add the request to the lines that it concerns, with its effects on them."""
    if request.extent is Extent.UNIT:
        lines[0]["quantity"] += 2
    plan = _plan(request, rng)
    for line in lines if request.extent is Extent.ORDER else lines[:1]:
        quantity = 1 if request.extent is Extent.UNIT else line["quantity"]
        holder_name = f"{shopper.first_name} {shopper.last_name}"
        line["cancel_status"] = _CANCEL_STATUS[request.status]
        if line["state"] == "cancellation_waiting":
            line["state_before_cancellation"] = "approved"
        line["cancellation_requests"] = [
            request_document(request, quantity, timeline.requested, holder_name, rng) | plan
        ]
        if request.status == "completed":
            _complete(request, line, quantity)


def _plan(request: RequestScenario, rng: Random) -> dict[str, Any]:
    """Return the plan of a request that is refunded, as bookkeeping has it."""
    if request.status not in {"approved", "completed"}:
        return {}
    number = f"WBC{rng.randrange(10**9):09d}"
    installments = rng.choice((1, 1, 3))
    return {"plan": {"invoice_number": number, "payment_plan": {"installments": installments}}}


def _complete(request: RequestScenario, line: dict[str, Any], quantity: int) -> None:
    if request.cancellation_type == "refund":
        line["refunded_quantity"] = quantity
        return
    line["cancelled_quantity"] = quantity
    if request.extent is Extent.LINE:
        line["state"] = "cancelled"
        for name in _SHIPPED:
            line.pop(name, None)
