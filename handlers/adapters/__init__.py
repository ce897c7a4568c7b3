"""Libraries behind the domain's protocols, and plain text."""
