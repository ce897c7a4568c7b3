"""Content negotiation (RFC 9110, section 12.5.1), and the detection of prefetches."""

import re
from collections.abc import Mapping
from functools import lru_cache

from werkzeug.datastructures import Headers, MIMEAccept
from werkzeug.http import parse_accept_header

from handlers.http.media_types import HTML, JSON, media_type_of

# By these headers, browsers past and present mark a prefetch.
_PURPOSES = ("Sec-Purpose", "Purpose", "X-Moz")
# A navigation, and what a script fetches.
_OPENED = ("document", "empty")
_PREFETCH = re.compile(r"\b(prefetch|prerender|preview)\b", re.IGNORECASE)


@lru_cache(maxsize=256)
def negotiate(accept: str, offered: tuple[str, ...]) -> str | None:
    """The offered media type that ``accept`` prefers, the first offered one on a tie.

    None when nothing offered is acceptable. A client that accepts only HTML still gets the JSON of
    an operation without a page. Parameters other than `q` are ignored: `application/json;
    charset=utf-8` means JSON.
    """
    if not accept:
        return offered[0]
    accepted = _accepted(accept)
    best = max(offered, key=accepted.quality)
    if accepted.quality(best) > 0:
        return best
    return offered[0] if JSON in offered and accepted.quality(HTML) > 0 else None


@lru_cache(maxsize=256)
def accepts_json(accept: str) -> bool:
    """Whether a client accepts JSON at all."""
    return not accept or _accepted(accept).quality(JSON) > 0


def prefers_html(accept: str) -> bool:
    """Whether a client prefers a page to JSON."""
    return negotiate(accept, (JSON, HTML)) == HTML


def _accepted(accept: str) -> MIMEAccept:
    entries = parse_accept_header(accept, MIMEAccept)
    return MIMEAccept([(media_type_of(kind), quality) for kind, quality in entries])


def is_prefetch(headers: Headers | Mapping[str, str]) -> bool:
    """Whether a browser fetches a page that its user has not opened."""
    return any(_PREFETCH.search(headers.get(name, "")) for name in _PURPOSES)


def is_embedded(headers: Headers | Mapping[str, str]) -> bool:
    """Whether a browser loads a part of a page, such as an image or a frame (Fetch Metadata)."""
    return headers.get("Sec-Fetch-Dest", "document") not in _OPENED
