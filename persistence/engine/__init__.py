"""Engines, connections and their failures, for both databases."""
