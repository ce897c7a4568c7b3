"""The media types of the contract, and how they are told from a Content-Type."""

JSON = "application/json"
HTML = "text/html"
FORM = "application/x-www-form-urlencoded"


def media_type_of(content_type: str) -> str:
    """The media type alone, in lower case: `APPLICATION/JSON; charset=utf-8` is JSON, too."""
    return content_type.partition(";")[0].strip().lower()
