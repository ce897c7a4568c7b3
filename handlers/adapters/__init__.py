"""Adapters of libraries to the domain's protocols, and plain text."""
