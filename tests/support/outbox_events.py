"""Outbox events, as ``domain.orders.order_emails`` makes them."""

from typing import Any
from uuid import UUID

from domain.outbox import OutboxEvent, OutboxKind
from handlers.settings import Settings
from tests.support.builders import NOW

SETTINGS = Settings(
    secret="a secret of thirty-two characters",
    public_url="https://shop.example/api/",
    mail_from="Çarşı <orders@shop.example>",
)
OFFER = UUID("0b7f2c60-5a5f-4b43-8f0c-0d5a0f2f7a11")
ABOUT_OFFERS = tuple(kind for kind in OutboxKind if kind.value.startswith("trade_in"))
ABOUT_ACCOUNTS = tuple(kind for kind in OutboxKind if kind.value.startswith("password"))
ABOUT_REQUESTS = tuple(kind for kind in OutboxKind if kind not in (*ABOUT_OFFERS, *ABOUT_ACCOUNTS))


def make_event(
    kind: OutboxKind = OutboxKind.CANCELLATION_RECEIVED, **overrides: Any
) -> OutboxEvent:
    """An event; keyword arguments replace members of its payload."""
    payload = {"email": "ayse@example.com", "language": "en-us", **_payload(kind), **overrides}
    return OutboxEvent(kind=kind, payload=payload, created_date=NOW, due_date=NOW)


def request_payload(**overrides: Any) -> dict[str, Any]:
    return {
        "uuid": "5b0e3f80-1d6f-4a3e-9d94-9d1f6a3c2b10",
        "cancellation_type": "refund",
        "quantity": 2,
        "product": "Room Spray",
        "refund_amount": "1234.50",
        "fully_refund_as_loyalty_money": False,
        **overrides,
    }


def _payload(kind: OutboxKind) -> dict[str, Any]:
    if kind in ABOUT_ACCOUNTS:
        return {}
    payload = _offer_payload() if kind in ABOUT_OFFERS else _requests_payload()
    return {"order_number": "1001", **payload}


def _requests_payload() -> dict[str, Any]:
    return {"currency": "try", "requests": [request_payload()]}


def _offer_payload() -> dict[str, Any]:
    return {
        "offer": str(OFFER),
        "order_item": 42,
        "product": "Room Spray",
        "expires_date": "2026-03-08T12:00:00+00:00",
    }
