"""The envelope of lists: count, and absolute links that keep the other parameters."""

from urllib.parse import parse_qsl, urlencode

from flask import request

from domain.paging import DocumentPage
from handlers.contract.responses import DocumentList


def envelope(component: str, page: DocumentPage) -> DocumentList:
    """A page of documents of ``component`` with links to its neighbours."""
    has_next = page.number * page.limit < page.count
    return DocumentList(
        component,
        {
            "count": page.count,
            "next": _link(page.number + 1) if has_next else None,
            "previous": _link(page.number - 1) if page.number > 1 else None,
        },
        page.documents,
    )


def _link(number: int) -> str:
    """This URL for another page; the first page has no `page`, as clients of the original know."""
    query = parse_qsl(request.query_string.decode("ascii"), keep_blank_values=True)
    others = [(name, value) for name, value in query if name != "page"]
    if number > 1:
        others.append(("page", str(number)))
    return f"{request.base_url}?{urlencode(others)}" if others else request.base_url
