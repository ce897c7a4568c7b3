"""The envelope of lists: count, and absolute links that keep the other parameters."""

from typing import Any
from urllib.parse import parse_qsl, urlencode

from flask import request

from domain.paging import DocumentPage, Page
from handlers.context import record
from handlers.contract.responses import DocumentList


def envelope(component: str, page: DocumentPage) -> DocumentList:
    """A page of documents of ``component`` with links to its neighbours."""
    return DocumentList(component, _head(page), page.documents)


def record_page(component: str, page: Page[Any]) -> dict[str, Any]:
    """A page of entities as records of ``component``, with links to its neighbours."""
    return {**_head(page), "results": [record(component, entry) for entry in page.entries]}


def _head(page: DocumentPage | Page[Any]) -> dict[str, Any]:
    has_next = page.number * page.limit < page.count
    return {
        "count": page.count,
        "next": _link(page.number + 1) if has_next else None,
        "previous": _link(page.number - 1) if page.number > 1 else None,
    }


def _link(number: int) -> str:
    """This URL for another page; the first page has no `page`, as clients of the original know."""
    query = parse_qsl(request.query_string.decode("ascii"), keep_blank_values=True)
    others = [(name, value) for name, value in query if name != "page"]
    if number > 1:
        others.append(("page", str(number)))
    return f"{request.base_url}?{urlencode(others)}" if others else request.base_url
