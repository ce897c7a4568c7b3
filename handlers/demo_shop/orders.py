"""The orders of the demo shop."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any

from domain.shared.money import Currency, format_amount, parse_amount
from handlers.demo_shop.checkout import (
    BANK_TRANSFER,
    BANKS,
    CAMPAIGNS,
    CARD_PAYMENTS,
    CARRIERS,
    OTHER_PAYMENTS,
)
from handlers.demo_shop.lines import Timeline, line_documents
from handlers.demo_shop.order_scenarios import Scenario
from handlers.demo_shop.shoppers import Shopper

_CURRENCIES = {
    "tr-tr": (Currency.TRY,) * 9 + (Currency.EUR,),
    "en-us": (Currency.USD, Currency.EUR, Currency.EUR, Currency.KWD),
}
# In minor units. Shipping is free for goods of 25 times as much.
_SHIPPING = {Currency.TRY: 4990, Currency.EUR: 490, Currency.USD: 490, Currency.KWD: 1490}
_FREE_ABOVE = 25
_CARD_SHARE = 0.75
_INSTALLMENTS = (1, 1, 1, 2, 3, 6, 9, 12)
_FREE_INSTALLMENTS = 3


def order_document(
    shopper: Shopper, number: str, scenario: Scenario, today: datetime, rng: Random
) -> dict[str, Any]:
    """Return an order of this scenario at ``today``, midnight in UTC."""
    timeline = _timeline(scenario, today, rng)
    currency = rng.choice(_CURRENCIES[shopper.language])
    lines = line_documents(scenario, timeline, shopper, currency, rng)
    return {
        "number": number,
        "user": shopper.user,
        "state": scenario.state,
        "currency": currency.value,
        "created_date": timeline.placed.isoformat(),
        "modified_date": (timeline.delivered or timeline.shipped or timeline.placed).isoformat(),
        "shipping_address": shopper.addresses[0],
        "billing_address": shopper.addresses[-1],
        "items": lines,
        **_bill(scenario, lines, currency, rng),
        **_order_metadata(shopper, rng),
        **_shipping_documents(number, timeline, rng),
    }


def _timeline(scenario: Scenario, today: datetime, rng: Random) -> Timeline:
    age = timedelta(days=rng.randint(*scenario.days), hours=1, seconds=rng.randrange(82_800))
    placed = today - age
    shipped = placed + timedelta(hours=rng.randint(6, 24)) if scenario.was_shipped else None
    delivered = shipped + timedelta(hours=rng.randint(24, 72)) if shipped else None
    return Timeline(placed, shipped, delivered if scenario.was_delivered else None)


def _bill(
    scenario: Scenario, lines: Sequence[dict[str, Any]], currency: Currency, rng: Random
) -> dict[str, Any]:
    """Return the amounts of an order and its payment."""
    goods = sum(parse_amount(line["unit_price"], currency) * line["quantity"] for line in lines)
    shipping = _SHIPPING[currency] if goods < _SHIPPING[currency] * _FREE_ABOVE else 0
    discounts = _discounts(goods, rng)
    amount = goods + shipping - sum(discount for _, discount in discounts)
    return {
        "shipping_amount": format_amount(shipping, currency),
        "shipping_tax_rate": "20.00" if shipping else None,
        "discounts": [
            {"name": name, "amount": format_amount(discount, currency)}
            for name, discount in discounts
        ],
        "amount": format_amount(amount, currency),
        "payment_pending": scenario.is_unpaid,
        **_payment(scenario, amount, currency, rng),
    }


def _discounts(goods: int, rng: Random) -> list[tuple[str, int]]:
    campaigns = rng.sample(CAMPAIGNS, rng.choices((0, 1, 2, 3), weights=(5, 3, 2, 1))[0])
    return [(name, goods * per_cent // 100) for name, per_cent in campaigns]


def _payment(scenario: Scenario, amount: int, currency: Currency, rng: Random) -> dict[str, Any]:
    if scenario.is_unpaid:
        return {"payment_option": BANK_TRANSFER}
    if rng.random() < _CARD_SHARE:
        return _card_payment(amount, currency, rng)
    option = rng.choice(OTHER_PAYMENTS)
    if option["payment_type"] != "loyalty_money":
        return {"payment_option": option}
    spent = {"amount": format_amount(-amount, currency), "reference": "checkout"}
    return {"payment_option": option, "loyalty_transactions": [spent]}


def _card_payment(amount: int, currency: Currency, rng: Random) -> dict[str, Any]:
    installments = rng.choice(_INSTALLMENTS)
    interest = amount * max(0, installments - _FREE_INSTALLMENTS) // 100
    return {
        "payment_option": rng.choice(CARD_PAYMENTS),
        "bank": rng.choice(BANKS),
        "bin_number": f"{rng.choice((4, 5))}{rng.randrange(10**5):05d}",
        "card": rng.randrange(1, 10**6),
        "installment": installments,
        "installment_count": installments,
        "installment_interest_amount": format_amount(interest, currency),
    }


def _order_metadata(shopper: Shopper, rng: Random) -> dict[str, Any]:
    """Return the values of an order that concern neither goods nor money."""
    is_gift = rng.random() < 0.1
    return {
        "client_type": rng.choice(("default", "default", "ios", "android")),
        "language_code": shopper.language,
        "remote_addr": f"203.0.113.{rng.randrange(256)}",  # a block for documentation: RFC 5737
        "basket": rng.randrange(1, 10**9),
        "shipping_option": 1,
        "shipping_option_slug": "standard",
        "has_gift_box": is_gift,
        "gift_box_note": rng.choice(("İyi ki doğdun!", "Happy birthday!")) if is_gift else None,
        "notes": rng.choice(("Zili çalmayın.", "Leave it with the neighbour.", None, None)),
        "extra_field": {},
    }


def _shipping_documents(number: str, timeline: Timeline, rng: Random) -> dict[str, Any]:
    """Return tracking and invoice of an order that was shipped."""
    if timeline.shipped is None:
        return {}
    carrier = rng.choice(CARRIERS)
    tracking_number = f"{rng.randrange(10**12):012d}"
    return {
        "shipping_company": carrier,
        "tracking_number": tracking_number,
        "tracking_url": f"https://track.waybill.example/{carrier['value']}/{tracking_number}",
        "invoice_number": f"WB{number[-12:]}",
        "invoice_date": timeline.shipped.isoformat(),
        "e_archive_url": f"https://invoices.waybill.example/{number}.pdf",
    }
