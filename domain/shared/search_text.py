"""Search terms of lists."""

from domain.shared.errors import InvalidInput


def is_searchable(text: str) -> bool:
    """Return whether stored text can contain ``text``."""
    return "\0" not in text and not any(_is_surrogate(character) for character in text)


def require_searchable(text: str, field: str) -> None:
    """Raise InvalidInput for characters that stored text can not contain.

    These are NUL, which PostgreSQL does not store, and lone surrogates.
    """
    if "\0" in text:
        raise InvalidInput("Null characters are not allowed.", code="null_character", field=field)
    if any(_is_surrogate(character) for character in text):
        raise InvalidInput("This is not valid text.", code="invalid_text", field=field)


def _is_surrogate(character: str) -> bool:
    return "\ud800" <= character <= "\udfff"
