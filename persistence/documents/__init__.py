"""Rendered documents, in memory and in the database."""
