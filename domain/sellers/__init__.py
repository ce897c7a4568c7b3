"""Sellers and the tokens of the Seller Center API."""
