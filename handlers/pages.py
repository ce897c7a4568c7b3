"""The few pages of our own, in the reader's language."""

from collections.abc import Mapping
from functools import partial
from typing import Any
from urllib.parse import quote

from flask import Response, render_template, request

from handlers.context import language
from handlers.contract.media_types import HTML
from handlers.contract.negotiation import prefers_html
from handlers.contract.responses import Reply
from handlers.translations import translate

_MAX_LOCAL_PATH = 2048


def login_page(
    leads_to: str, problem: str = "", status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """The form to log in; ``problem`` says, translated, what was wrong with the last try."""
    return _page("login.html", status, headers, leads_to=leads_to, problem=problem)


def reset_page(
    problem: str = "", status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """The form to ask for a link that sets a password."""
    return _page("password_reset.html", status, headers, problem=problem)


def password_page(
    token: str, problem: str = "", status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """The form to set a password by the ``token`` of a link."""
    return _page("password.html", status, headers, token=token, problem=problem)


def link_expired_page(asks_again: bool, headers: Mapping[str, str] | None = None) -> Response:
    """Says that a link is no longer valid; ``asks_again``: a new one can be requested here."""
    return _page("link_expired.html", 410, headers, asks_again=asks_again)


def notice_page(title: str, text: str, status: int = 200, *, leads_to_login: bool) -> Response:
    """A title and a sentence, both English, perhaps with a link to the login page."""
    values = {"page_title": title, "text": text, "leads_to_login": leads_to_login}
    return _page("notice.html", status, None, **values)


def login_required_page() -> Response:
    """Sends a browser to the login page, and from there back to where it was.

    From a URL that is longer than the contract's LocalPath there is no way back.
    """
    query = request.query_string.decode()
    here = quote(request.path) + (f"?{query}" if query else "")
    leads_to = here if len(here) <= _MAX_LOCAL_PATH else ""
    return _page("login_required.html", 403, leads_to=leads_to)


def told(message: str) -> Response | Reply:
    """One sentence for the reader: as a small page for a browser, else as a JSON string."""
    if prefers_html(request.headers.get("Accept", "")):
        return _page("message.html", 200, message=message)
    return Reply(200, translate(message, language()))


def _page(
    template: str, status: int, headers: Mapping[str, str] | None = None, **values: Any
) -> Response:
    in_language = language()
    text = render_template(
        template, _=partial(translate, language=in_language), language=in_language, **values
    )
    return Response(text, status, headers, content_type=f"{HTML}; charset=utf-8")
