"""Translations and labels."""
