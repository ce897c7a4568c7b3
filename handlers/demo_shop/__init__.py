"""A made-up shop: who buys there, what, and what became of it, as documents to import."""
