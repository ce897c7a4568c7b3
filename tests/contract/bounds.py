"""The requests that the supplied contract accepts and we refuse."""

from typing import NamedTuple


class Bound(NamedTuple):
    """Requests that get ``status``: by ``keywords`` of our schema, or by a rule."""

    status: int
    keywords: frozenset[str]
    reason: str


def bound(status: int, *keywords: str, reason: str) -> Bound:
    return Bound(status, frozenset(keywords), reason)


# The only requests that are valid under the supplied contract and refused nevertheless.
BOUNDS = {
    "search": bound(
        400, "maxLength", "pattern", reason="no number is as long; PostgreSQL can't store NUL"
    ),
    "sort": bound(400, "enum", reason="the supplied description lists the fields"),
    "limit": bound(400, "type", "minimum", "maximum", reason="ours; a page has 1 to 100 results"),
    "created_date__gte": bound(
        400, "format", "maxLength", "pattern", reason="ours; a date or a date-time"
    ),
    "created_date__lte": bound(
        400, "format", "maxLength", "pattern", reason="ours; a date or a date-time"
    ),
    "page": bound(404, reason="below 1 and past the end there is no page"),
    "pk": bound(404, "format", reason="no order has a number past 64 bits"),
    "a known parameter given twice": bound(400, reason="the meaning is ambiguous"),
    "a URL that is not UTF-8": bound(400, reason="it is not text"),
    "a URL past 8 KiB": bound(414, reason="no client needs one"),
    "headers past 16 KiB": bound(431, reason="no client needs them"),
    "more than 64 headers": bound(431, reason="nor these"),
    "no Host, or two": bound(400, reason="HTTP/1.1 requires one"),
    "a body past 256 KiB": bound(413, reason="none of the supplied operations reads any"),
    "a body that takes longer than 10 seconds": bound(408, reason="as above"),
    "an Accept without JSON or HTML": bound(406, reason="there is no other media type"),
}
