"""What the demo shop's earlier system left behind."""

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
    dice: Random,
    currency: Currency | None = None,
) -> dict[str, Any]:
    """Return an order that is some years old at ``today``, with the gaps that such orders have.

    Without a ``currency``, the dice choose it.
    """
    chosen = dice.choice(CURRENCIES)
    currency = currency or chosen
    age = timedelta(
        days=dice.randint(365 * _YEARS[0], 365 * _YEARS[1]), seconds=dice.randrange(86_400)
    )
    items = [_item(currency, dice) for _ in range(dice.choice((1, 1, 2, 3)))]
    amount = sum(price for price, _ in items)
    discount = amount // 10 if dice.random() < 0.3 else 0
    address = shopper.addresses[0]
    text = f"{address['line']}, {address['city']['name']}, {address['country']['name']}"
    return {
        "number": number,
        "user": shopper.user,
        "status": dice.choice(_STATUSES),
        "created_date": (today - age).isoformat(),
        "amount": format_amount(amount - discount, currency),
        "discount_amount": format_amount(discount, currency),
        "currency": currency.value,
        "payment_type": dice.choice(_PAYMENT_TYPES),
        "bank": dice.choice([bank["name"] for bank in BANKS] + [None]),
        "installment_count": dice.choice((1, 1, 3, 6)),
        "tracking_number": f"{dice.randrange(10**10):010d}" if dice.random() < 0.7 else None,
        "shipping_company": dice.choice((*CARRIERS, None)),
        "shipping_address": text,
        "billing_address": text if dice.random() < 0.8 else None,
        "extra_field": {"migrated_from": "earlier shop"},
        "items": [item for _, item in items],
    }


def _item(currency: Currency, dice: Random) -> tuple[int, dict[str, Any]]:
    """Return a line's price in minor units, and the line."""
    product = dice.choice(PRODUCTS)
    quantity = dice.choice((1, 1, 2))
    # The earlier shop had the same shelf at a third of today's prices, whatever the currency.
    price = product.lira * 10**currency.exponent // 3 * quantity
    return price, {
        "product": product.turkish,
        "sku": product.sku,
        "quantity": quantity,
        "price": format_amount(price, currency),
        "image_url": f"{CDN}/old/{product.sku}.jpg" if dice.random() < 0.6 else None,
    }
