"""Payments, discounts, carriers and reasons for returns of the demo shop."""

from typing import Any

CARD_PAYMENTS = (
    {"slug": "credit-card", "name": "Kredi Kartı", "payment_type": "credit_card"},
    {"slug": "debit-card", "name": "Banka Kartı", "payment_type": "debit_card"},
    {"slug": "saved-card", "name": "Kayıtlı Kart", "payment_type": "saved_card"},
    {"slug": "masterpass", "name": "Masterpass", "payment_type": "masterpass"},
)
OTHER_PAYMENTS = (
    {"slug": "bank-transfer", "name": "Havale / EFT", "payment_type": "funds_transfer"},
    {"slug": "cash-on-delivery", "name": "Kapıda Ödeme", "payment_type": "pay_on_delivery"},
    {"slug": "wallet", "name": "Dijital Cüzdan", "payment_type": "wallet"},
    {"slug": "loyalty", "name": "Para Puan", "payment_type": "loyalty_money"},
)
# The only payment that can be pending.
BANK_TRANSFER = OTHER_PAYMENTS[0]

BANKS = tuple(
    {"slug": slug, "name": name, "logo": f"https://cdn.waybill.example/banks/{slug}.png"}
    for slug, name in (
        ("anatolian-bank", "Anadolu Demo Bankası"),
        ("bosphorus-bank", "Boğaziçi Demo Bankası"),
        ("aegean-bank", "Ege Demo Bankası"),
        ("northern-bank", "Northern Demo Bank"),
    )
)

CARRIERS = (
    {"value": "kuzey", "label": "Kuzey Kargo"},
    {"value": "marti", "label": "Martı Express"},
    {"value": "yelken", "label": "Yelken Lojistik"},
    {"value": "swift", "label": "Swift Parcel"},
)

EASY_RETURNS = (
    {"shipping_company": CARRIERS[0], "name": "Şubeden iade", "requires_pickup_address": False},
    {"shipping_company": CARRIERS[1], "name": "Adresten iade", "requires_pickup_address": True},
)

# Name, and discount in per cent of the goods.
CAMPAIGNS = (
    ("Sepette %10 İndirim", 10),
    ("Welcome 5%", 5),
    ("Sadakat İndirimi", 3),
    ("Season Sale 15%", 15),
    ("VIP Özel Kargo Bedava", 0),
)


def _reason(
    english: str,
    turkish: str,
    order: int,
    *,
    needs_description: bool = False,
    is_active: bool = True,
) -> dict[str, Any]:
    return {
        "translations": {"en-us": {"subject": english}, "tr-tr": {"subject": turkish}},
        "order": order,
        "extra_information_needed": needs_description,
        "is_active": is_active,
    }


CANCEL_REASONS = (
    _reason("I changed my mind", "Vazgeçtim", 10),
    _reason("I found it cheaper elsewhere", "Daha uygun fiyata buldum", 20),
    _reason("Delivery takes too long", "Teslimat çok uzun sürüyor", 30),
)
REFUND_REASONS = (
    _reason("It does not fit", "Bedeni uymadı", 10),
    _reason("It arrived damaged", "Hasarlı geldi", 20, needs_description=True),
    _reason("I got the wrong product", "Yanlış ürün aldım", 30),
)
# Shoppers cannot choose it: the shop uses it when a seller can't deliver.
SELLER_REJECTED = _reason("Rejected by the seller", "Satıcı reddetti", 900, is_active=False)
