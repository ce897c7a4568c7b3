"""Distributing the rows by user on Citus: docs/scale.md."""
