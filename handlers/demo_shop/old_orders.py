"""Archived orders of the demo shop, from its earlier system."""

from datetime import datetime, timedelta
from random import Random
from typing import Any

from domain.shared.money import Currency, format_amount
from handlers.demo_shop.catalogue import CDN, PRODUCTS
from handlers.demo_shop.checkout import BANKS, CARRIERS
from handlers.demo_shop.shoppers import Shopper

CURRENCIES = (Currency.TRY, Currency.TRY, Currency.TRY, Currency.USD, Currency.JOD)
_STATUSES = ("Teslim Edildi", "Tamamlandı", "Completed", "İade Edildi", "İptal")
_PAYMENT_TYPES = ("Kredi Kartı", "Havale", "Kapıda Ödeme", None)
_YEARS = (2, 9)


def old_order_document(
    shopper: Shopper,
    number: str,
    today: datetime,
    rng: Random,
    currency: Currency | None = None,
) -> dict[str, Any]:
    """Return an order that is some years old at ``today``, with some values missing.

    Without a ``currency``, ``rng`` chooses one.
    """
    chosen = rng.choice(CURRENCIES)
    currency = currency or chosen
    age = timedelta(
        days=rng.randint(365 * _YEARS[0], 365 * _YEARS[1]), seconds=rng.randrange(86_400)
    )
    items = [_item(currency, rng) for _ in range(rng.choice((1, 1, 2, 3)))]
    amount = sum(price for price, _ in items)
    discount = amount // 10 if rng.random() < 0.3 else 0
    address = shopper.addresses[0]
    text = f"{address['line']}, {address['city']['name']}, {address['country']['name']}"
    return {
        "number": number,
        "user": shopper.user,
        "status": rng.choice(_STATUSES),
        "created_date": (today - age).isoformat(),
        "amount": format_amount(amount - discount, currency),
        "discount_amount": format_amount(discount, currency),
        "currency": currency.value,
        "payment_type": rng.choice(_PAYMENT_TYPES),
        "bank": rng.choice([bank["name"] for bank in BANKS] + [None]),
        "installment_count": rng.choice((1, 1, 3, 6)),
        "tracking_number": f"{rng.randrange(10**10):010d}" if rng.random() < 0.7 else None,
        "shipping_company": rng.choice((*CARRIERS, None)),
        "shipping_address": text,
        "billing_address": text if rng.random() < 0.8 else None,
        "extra_field": {"migrated_from": "earlier shop"},
        "items": [item for _, item in items],
    }


def _item(currency: Currency, rng: Random) -> tuple[int, dict[str, Any]]:
    """Return a line's price in minor units, and the line."""
    product = rng.choice(PRODUCTS)
    quantity = rng.choice((1, 1, 2))
    # The earlier shop sold the same products at a third of today's prices, in any currency.
    price = product.lira * 10**currency.exponent // 3 * quantity
    return price, {
        "product": product.turkish,
        "sku": product.sku,
        "quantity": quantity,
        "price": format_amount(price, currency),
        "image_url": f"{CDN}/old/{product.sku}.jpg" if rng.random() < 0.6 else None,
    }
