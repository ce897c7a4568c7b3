"""The envelope of lists: the count, and absolute links with all other parameters."""

from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl, urlencode

from werkzeug.sansio.utils import get_current_url

from domain.shared.paging import CursorPage, DocumentPage, Page
from handlers.contract.operations.responses import DocumentList
from handlers.http.current import current_request
from handlers.web.request_context import record

_REMEMBERED = 128


def envelope(component: str, page: DocumentPage | CursorPage[bytes]) -> DocumentList:
    """A page of documents of ``component``, with links to the next and previous page."""
    if isinstance(page, CursorPage):
        return DocumentList(component, _cursor_head(page), page.entries)
    return DocumentList(component, _head(page), page.documents)


def record_page(component: str, page: Page[Any]) -> dict[str, Any]:
    """A page of entities as records of ``component``, with links as in ``envelope``."""
    return {**_head(page), "results": [record(component, entry) for entry in page.entries]}


def _cursor_head(page: CursorPage[bytes]) -> dict[str, Any]:
    """Without a count and a previous page, which cursors do not have."""
    following = page.next_cursor
    link = None if following is None else _link("cursor", following)
    return {"count": None, "next": link, "previous": None}


def _head(page: DocumentPage | Page[Any]) -> dict[str, Any]:
    has_next = page.number * page.limit < page.count
    return {
        "count": page.count,
        "next": _page_link(page.number + 1) if has_next else None,
        "previous": _page_link(page.number - 1) if page.number > 1 else None,
    }


def _page_link(number: int) -> str:
    """The link to a page; that to the first one has no `page`, as on the platform."""
    return _link("page", str(number) if number > 1 else None)


def _link(name: str, value: str | None) -> str:
    """The current URL with another value for one parameter, or without it."""
    request = current_request()
    base = _base_url(request.scheme, request.host, request.root_path, request.path)
    own = [] if value is None else [urlencode({name: value})]
    query = "&".join([*_others(request.query_string, name), *own])
    return f"{base}?{query}" if query else base


# Clients repeat the same requests.
_base_url = lru_cache(_REMEMBERED)(get_current_url)


@lru_cache(_REMEMBERED)
def _others(query: bytes, name: str) -> list[str]:
    """The query without one parameter."""
    pairs = parse_qsl(query.decode("ascii"), keep_blank_values=True)
    others = [(parameter, value) for parameter, value in pairs if parameter != name]
    return [urlencode(others)] if others else []
