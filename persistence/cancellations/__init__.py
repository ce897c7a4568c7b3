"""Cancellation requests, reasons and return carriers."""
