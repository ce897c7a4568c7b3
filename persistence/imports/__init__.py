"""Storing imported orders."""
