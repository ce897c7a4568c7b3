"""The origin of a browser's request, for links that act on GET with the session's cookie.

Browsers send a `SameSite=Lax` cookie with every navigation, whichever page leads to it.
"""

from urllib.parse import urlsplit

from flask import Request

from handlers.http.negotiation import prefers_html
from handlers.settings import Settings

OWN_SITE = {"same-origin", "none"}  # `none`: a bookmark, the address bar, another program's link
DEFAULT_PORTS = {"http": 80, "https": 443}


def is_from_elsewhere(request: Request, settings: Settings) -> bool:
    """Whether another site may have made the browser send this request.

    Browsers say so in `Sec-Fetch-Site` (Fetch Metadata); older ones name the page in `Origin` or
    `Referer`, unless that page forbids it. So a browser without these headers is not trusted.
    Other clients do not send them either, but follow no links of other sites. Scripts of an allowed
    origin are trusted; browsers send no `Origin` with a navigation by GET.
    """
    if request.headers.get("Origin") in settings.allowed_origins:
        return False
    if site := request.headers.get("Sec-Fetch-Site"):
        return site not in OWN_SITE
    if source := request.headers.get("Origin") or request.headers.get("Referer"):
        return not is_of_this_host(source, request)
    return _is_browser(request)


def _is_browser(request: Request) -> bool:
    """Every browser's User-Agent begins with Mozilla."""
    is_named_so = request.headers.get("User-Agent", "").startswith("Mozilla/")
    return is_named_so or prefers_html(request.headers.get("Accept", ""))


def is_of_this_host(url: str, request: Request) -> bool:
    """Whether a URL is of this host. Schemes may differ: a proxy that ends TLS changes them."""
    try:
        page = urlsplit(url)
        own = urlsplit(f"{page.scheme}://{request.host}")
        default = DEFAULT_PORTS[page.scheme]
        hosts = {(parts.hostname, parts.port or default) for parts in (page, own)}
    except (KeyError, ValueError):
        return False
    return len(hosts) == 1
