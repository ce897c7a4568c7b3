"""Documents to import, with plausible values; tests override them by name."""

from typing import Any

from domain.imports.documents import read_old_order, read_order
from domain.imports.orders import ImportedOldOrder, ImportedOrder
from domain.imports.parts import SnapshotPool
from handlers.cli.ndjson import ParsedDocument

Document = dict[str, Any]


def user_document(**overrides: Any) -> Document:
    return {"email": "ayse@example.com", "user_type": "registered", **overrides}


def address_document(**overrides: Any) -> Document:
    return {
        "first_name": "Ayşe",
        "last_name": "Yılmaz",
        "country": {"name": "Türkiye", "code": "tr"},
        "city": {"name": "İstanbul", "code": "34"},
        "township": {"name": "Kadıköy"},
        "district": {"name": "Moda Mah."},
        "line": "Gül Sk. 5",
        **overrides,
    }


def line_document(**overrides: Any) -> Document:
    return {
        "line": 1,
        "product": {"sku": "KIT001", "name": "Bakır Cezve"},
        "quantity": 1,
        "unit_price": "100.00",
        "tax_rate": "20.00",
        **overrides,
    }


def request_document(**overrides: Any) -> Document:
    return {
        "cancellation_type": "refund",
        "status": "open",
        "reason": {"translations": {"en-us": {"subject": "It does not fit"}}},
        "created_date": "2026-02-20T09:00:00Z",
        **overrides,
    }


def order_document(**overrides: Any) -> Document:
    return {
        "number": "1001",
        "user": user_document(),
        "state": "delivered",
        "currency": "try",
        "created_date": "2026-02-14T09:00:00+03:00",
        "shipping_address": address_document(),
        "payment_option": {"slug": "card", "name": "Kart", "payment_type": "credit_card"},
        "items": [line_document()],
        **overrides,
    }


def old_order_document(**overrides: Any) -> Document:
    return {
        "number": "A1",
        "user": user_document(),
        "status": "Teslim Edildi",
        "created_date": "2015-02-14T09:00:00Z",
        "amount": "50.00",
        "currency": "try",
        "items": [{"product": "Cezve", "price": "50.00"}],
        **overrides,
    }


def imported_order(**overrides: Any) -> ImportedOrder:
    parsed = ParsedDocument.of(order_document(**overrides))
    return read_order(parsed.document, parsed.document_hash, SnapshotPool())


def imported_old_order(**overrides: Any) -> ImportedOldOrder:
    parsed = ParsedDocument.of(old_order_document(**overrides))
    return read_old_order(parsed.document, parsed.document_hash)
