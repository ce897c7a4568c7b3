"""A made-up shop: who buys there, what, and what became of it, as documents to import."""

DEMO_EMAIL = "demo@waybill.example"
DEMO_PASSWORD = "demo-shopper"  # noqa: S105 - of the whole demo shop, and printed at its start
