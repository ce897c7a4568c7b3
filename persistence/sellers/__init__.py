"""Sellers and their tokens."""
