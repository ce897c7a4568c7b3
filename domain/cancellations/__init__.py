"""Cancellation requests: their rules, decisions, plans and refunds."""
