"""Entities with plausible values; tests override them by name."""

from dataclasses import fields
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, TypeVar
from uuid import uuid4

from domain.accounts.users import User, email_key
from domain.orders.addresses import Address, Location, LocationKind
from domain.orders.cancellations import (
    CancellationReason,
    CancellationRequest,
    CancellationRequestImage,
    CancellationType,
    EasyReturn,
)
from domain.orders.discounts import DiscountItem
from domain.orders.loyalty import LoyaltyTransaction
from domain.orders.old_orders import OldOrder, OldOrderItem
from domain.orders.order_items import OrderItem
from domain.orders.orders import Order
from domain.orders.payments import Bank, PaymentOption
from domain.orders.products import Product
from domain.orders.shipping import EasyReturnShippingCompany, ShippingCompany, ShippingOptionGroup
from domain.orders.trade_in_offers import TradeInOffer
from domain.sellers.sellers import Seller
from domain.shared.money import Currency, split

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)

Entity = TypeVar("Entity")
_counter = count(1)


def _make(kind: type[Entity], defaults: dict[str, Any], overrides: dict[str, Any]) -> Entity:
    """Build an entity. Ids are not arguments of the constructor, so they are set afterwards."""
    ids = {field.name for field in fields(kind) if not field.init}  # type: ignore[arg-type]  # each is a dataclass
    values = defaults | overrides
    entity = kind(**{name: value for name, value in values.items() if name not in ids})
    for name in ids & values.keys():
        setattr(entity, name, values[name])
    return entity


def make_user(**overrides: Any) -> User:
    email = overrides.get("email", f"shopper{next(_counter)}@example.com")
    defaults = {
        "uuid": uuid4(),
        "email": email,
        "email_key": email_key(email),
        "first_name": "Ayşe",
        "last_name": "Yılmaz",
        "created_date": NOW - timedelta(days=400),
    }
    return _make(User, defaults, overrides)


def make_location(**overrides: Any) -> Location:
    defaults = {"kind": LocationKind.CITY, "name": "İstanbul"}
    return _make(Location, defaults, overrides)


def make_address(**overrides: Any) -> Address:
    defaults = {
        "user_pk": 1,
        "title": "Ev",
        "phone_number": "05555555555",
        "first_name": "Ayşe",
        "last_name": "Yılmaz",
        "country": make_location(kind=LocationKind.COUNTRY, name="Türkiye", code="tr"),
        "city": make_location(),
        "line": "Bağdat Caddesi 12",
    }
    return _make(Address, defaults, overrides)


def make_product(**overrides: Any) -> Product:
    defaults = {
        "sku": "2672881068196",
        "base_code": "1KPARF0006",
        "name": "Room Spray 100 ml",
        "absolute_url": "/room-spray-100-ml/",
    }
    return _make(Product, defaults, overrides)


def make_payment_option(**overrides: Any) -> PaymentOption:
    defaults = {"name": "Kredi Kartı", "payment_type": "credit_card", "slug": "credit-card"}
    return _make(PaymentOption, defaults, overrides)


def make_bank(**overrides: Any) -> Bank:
    return _make(Bank, {"name": "Garanti Bankası", "slug": "garanti"}, overrides)


def make_shipping_company(**overrides: Any) -> ShippingCompany:
    return _make(ShippingCompany, {"value": "yurtici", "label": "Yurtiçi Kargo"}, overrides)


def make_shipping_option_group(**overrides: Any) -> ShippingOptionGroup:
    defaults = {"amount": 1990, "currency": Currency.TRY, "shipping_option_name": "Hızlı"}
    return _make(ShippingOptionGroup, defaults, overrides)


def make_easy_return_company(**overrides: Any) -> EasyReturnShippingCompany:
    defaults = {"shipping_company": make_shipping_company(), "name": "Kapıdan iade"}
    return _make(EasyReturnShippingCompany, defaults, overrides)


def make_seller(**overrides: Any) -> Seller:
    return _make(Seller, {"slug": f"seller-{next(_counter)}", "name": "Ev Dünyası"}, overrides)


def make_reason(**overrides: Any) -> CancellationReason:
    defaults = {
        "cancellation_type": CancellationType.CANCEL,
        "translations": {"en-us": {"subject": "I changed my mind"}},
        "created_date": NOW,
        "modified_date": NOW,
    }
    return _make(CancellationReason, defaults, overrides)


def make_request(**overrides: Any) -> CancellationRequest:
    defaults = {
        "reason_pk": 1,
        "cancellation_type": CancellationType.CANCEL,
        "created_date": NOW,
        "modified_date": NOW,
    }
    return _make(CancellationRequest, defaults, overrides)


def make_image(**overrides: Any) -> CancellationRequestImage:
    defaults = {
        "image": "https://cdn.example.com/broken.jpg",
        "created_date": NOW,
        "modified_date": NOW,
    }
    return _make(CancellationRequestImage, defaults, overrides)


def make_easy_return(**overrides: Any) -> EasyReturn:
    defaults = {"shipping_company": make_shipping_company(), "code": "14223"}
    return _make(EasyReturn, defaults, overrides)


def make_discount(**overrides: Any) -> DiscountItem:
    defaults = {"name": "Sepette %10 İndirim", "amount": 1000, "created_date": NOW}
    return _make(DiscountItem, defaults, overrides)


def make_loyalty_transaction(**overrides: Any) -> LoyaltyTransaction:
    return _make(LoyaltyTransaction, {"amount": -500}, overrides)


def make_offer(**overrides: Any) -> TradeInOffer:
    """An open trade-in offer for a week."""
    defaults = {
        "expires_date": NOW + timedelta(days=7),
        "created_date": NOW,
        "modified_date": NOW,
    }
    return _make(TradeInOffer, defaults, overrides)


def make_item(**overrides: Any) -> OrderItem:
    """A line of one unit at 100.00 TRY, waiting."""
    price = overrides.get("price", 10000)
    defaults = {
        "line": 1,
        "product": make_product(),
        "unit_price": price // overrides.get("quantity", 1),
        "price": price,
        "tax_rate": 1800,
        "created_date": NOW,
        "modified_date": NOW,
    }
    return _make(OrderItem, defaults, overrides)


def make_lines(count: int, quantity: int, sku: str = "line") -> list[OrderItem]:
    """Lines of different products, of ``quantity`` units at 10.00 TRY."""
    return [
        make_item(
            line=line,
            product=make_product(sku=f"{sku}-{line}"),
            quantity=quantity,
            price=1000 * quantity,
        )
        for line in range(1, count + 1)
    ]


def make_order(**overrides: Any) -> Order:
    """An order of one line, without discounts and shipping cost, waiting; its discounts shared."""
    user_pk = overrides.setdefault("user_pk", 1)
    created_date = overrides.setdefault("created_date", NOW)
    address = make_address(user_pk=user_pk)
    defaults = {
        "number": f"{1666226475313376 + next(_counter)}",
        "currency": Currency.TRY,
        "user_email": "shopper@example.com",
        "modified_date": created_date,
        "shipping_address": address,
        "billing_address": address,
        "payment_option": make_payment_option(),
        "items": [make_item()],
    }
    order = _make(Order, defaults, overrides)
    _share_discounts(order)
    return order


def _share_discounts(order: Order) -> None:
    """Give every line its share of the discounts, in proportion to its price, like imports."""
    shares = split(order.discount_amount, [item.price for item in order.items])
    for item, share in zip(order.items, shares, strict=True):
        item.discount_amount = share


def make_old_item(**overrides: Any) -> OldOrderItem:
    defaults = {"line": 1, "product": "Havlu", "sku": "HV-1", "quantity": 1, "price": 1800}
    return _make(OldOrderItem, defaults, overrides)


def make_old_order(**overrides: Any) -> OldOrder:
    defaults = {
        "user_pk": 1,
        "number": f"OLD-{next(_counter):05}",
        "user_email": "shopper@example.com",
        "status": "Tamamlandı",
        "created_date": NOW - timedelta(days=900),
        "amount": 1000,
        "discount_amount": 800,
        "currency": Currency.TRY,
        "items": [make_old_item()],
    }
    return _make(OldOrder, defaults, overrides)
