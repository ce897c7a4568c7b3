"""What is looked for in a list."""

from domain.shared.errors import InvalidInput


def is_searchable(text: str) -> bool:
    """Say whether any stored text can have all the characters of ``text``."""
    return "\0" not in text and not any(_is_surrogate(character) for character in text)


def require_searchable(text: str, field: str) -> None:
    """Raise InvalidInput for characters that no stored text can have.

    Those are NUL, which PostgreSQL does not store, and lone surrogates, which are not text.
    """
    if "\0" in text:
        raise InvalidInput("Null characters are not allowed.", code="null_character", field=field)
    if any(_is_surrogate(character) for character in text):
        raise InvalidInput("This is not valid text.", code="invalid_text", field=field)


def _is_surrogate(character: str) -> bool:
    return "\ud800" <= character <= "\udfff"
