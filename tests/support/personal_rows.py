"""Marks all personal data of a customer, and finds the mark in any table."""

import json
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from persistence.sql.columns import metadata

MARK = "gizli"
EMAIL = f"{MARK}@example.com"

# Columns that an erasure does not change, because bookkeeping or the shop needs them, or because
# they are the same for every shopper.
RETAINED: dict[str, set[str]] = {
    "users": {"email", "email_key"},  # replaced; they are marked from the beginning
    "addresses": set(),
    "orders": {
        *("number", "user_email", "client_type", "language_code", "checkout_provider"),
        *("invoice_number", "shipping_option_slug"),
    },
    "order_items": {
        "invoice_number",
        "extra_product_stock_detailed",
        "extra_product_price_detailed",
    },
    "cancellation_requests": set(),
    "cancellation_request_images": set(),
    "easy_returns": {"status"},
    "cancellation_plans": {"invoice_number"},
    "loyalty_transactions": set(),
    "audit_entries": {"actor", "from_state", "to_state"},
    "outbox_events": {"payload"},  # marked by the e-mail address in it
    "old_orders": {
        *("number", "user_email", "status", "payment_type", "bank"),
        *("shipping_company", "shipping_company_label"),
    },
    "old_order_items": {"product", "sku", "image", "image_url"},
    "discount_items": {"name"},
}
# Tables without personal data, and tables whose rows are deleted with those they belong to.
OTHERS = {
    *("banks", "cancellation_plan_items", "cancellation_reasons", "easy_return_shipping_companies"),
    *("idempotency_keys", "locations", "old_order_documents", "old_order_imports"),
    "one_time_tokens",
    *("order_numbers", "user_emails"),
    "maintenance_runs",
    *("order_documents", "order_imports", "order_item_easy_return_companies", "payment_options"),
    *("products", "return_carriers", "seller_order_counts", "seller_orders", "seller_tokens"),
    *("sellers", "sessions", "shipping_companies", "shipping_option_groups", "trade_in_offers"),
    "worker_heartbeats",
}


def mark_everything(
    connection: sa.Connection, row_conditions: dict[str, sa.ColumnElement[bool]]
) -> None:
    """Write the mark into every text and JSON column of a customer's rows that is not in
    RETAINED.

    ``row_conditions`` has the condition for each table.
    """
    for name, retained in RETAINED.items():
        columns = [column for column in metadata.tables[name].c if column.name not in retained]
        values = {column.name: value for column in columns if (value := _value(column)) is not None}
        if values:
            table = metadata.tables[name]
            connection.execute(sa.update(table).where(row_conditions[name]).values(**values))


def _value(column: sa.Column[Any]) -> Any:
    if column.name in ("email", "user_email"):
        return EMAIL
    if column.name == "image" or column.name.endswith("_url"):
        return f"https://example.com/{MARK}"
    if isinstance(column.type, sa.JSON) or type(column.type).__name__ == "CanonicalJson":
        return {"text": MARK}
    is_text = isinstance(column.type, sa.Text) or type(column.type).__name__ == "CodePointText"
    return MARK if is_text and not isinstance(column.type, sa.Enum) else None


def marked(connection: sa.Connection, mark: str = MARK) -> Iterator[str]:
    """Yield the name of every column that contains the mark."""
    for table in metadata.sorted_tables:
        for row in connection.execute(sa.select(table)).mappings():
            for column, value in row.items():
                if mark in _text(value).lower():
                    yield f"{table.name}.{column}"


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    return json.dumps(value, default=str, ensure_ascii=False)
