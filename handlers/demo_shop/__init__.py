"""The demo shop: shoppers, products and orders, as documents to import."""

DEMO_EMAIL = "demo@waybill.example"
DEMO_PASSWORD = "demo-shopper"  # noqa: S105 - of the whole demo shop, and printed at its start
