"""What is looked for in a list."""

from domain.errors import InvalidInput


def require_searchable(text: str, field: str) -> None:
    """Raise InvalidInput for characters that no stored text can have.

    Those are NUL, which PostgreSQL does not store, and lone surrogates, which are not text.
    """
    if "\0" in text:
        raise InvalidInput("Null characters are not allowed.", code="null_character", field=field)
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise InvalidInput("This is not valid text.", code="invalid_text", field=field)
