"""Short texts that operators enter."""

from domain.shared.errors import InvalidInput


def require_text(field: str, text: str, limit: int) -> None:
    """Raise InvalidInput for a text that is empty, too long or not printable."""
    if not 1 <= len(text.strip()) <= limit:
        message = "Must be 1 to %(limit)s characters long."
        raise InvalidInput(message, field=field, params={"limit": limit})
    if not text.isprintable():  # NUL and lone surrogates can't be stored
        raise InvalidInput("This value is not valid.", field=field)
