"""Media types: their names, kinds and ranges."""

from collections.abc import Iterable

JSON = "application/json"
HTML = "text/html"
FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"


def media_type_of(content_type: str) -> str:
    """The media type alone, in lower case: `APPLICATION/JSON; charset=utf-8` is JSON, too."""
    return content_type.partition(";")[0].strip().lower()


def is_json(media_type: str) -> bool:
    """Whether its syntax is that of JSON (RFC 6839, section 3.1)."""
    return media_type == JSON or media_type.endswith("+json")


def is_text(media_type: str) -> bool:
    return media_type.startswith("text/")


def is_range(media_type: str) -> bool:
    """Whether it stands for several types: `image/*`."""
    return media_type.endswith("/*")


def entry_for(media_type: str, entries: Iterable[str]) -> str | None:
    """The entry of a Content Object that describes this media type: the most specific one."""
    kind = media_type.partition("/")[0]
    for entry in (media_type, f"{kind}/*", "*/*"):
        if entry in entries:
            return entry
    return None
