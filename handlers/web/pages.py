"""HTML pages, in the reader's language."""

from collections.abc import Mapping
from functools import partial
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from flask import Response, render_template, request

from domain.trade_ins import OfferDetails
from handlers.auth.session_cookies import csrf_token, give_csrf_token
from handlers.contract.operations.responses import Reply
from handlers.demo_shop import DEMO_EMAIL, DEMO_PASSWORD
from handlers.http.media_types import HTML
from handlers.http.negotiation import prefers_html
from handlers.i18n.translations import moment_text, translate
from handlers.web.request_context import language, settings
from handlers.web.visitors import can_log_in_as_demo

_MAX_LOCAL_PATH = 2048


def login_page(
    leads_to: str, problem: str = "", status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """The login form; ``problem`` is the translated error of the last attempt."""
    demo = (DEMO_EMAIL, DEMO_PASSWORD) if can_log_in_as_demo() else None
    return _page("login.html", status, headers, leads_to=leads_to, problem=problem, demo=demo)


def logout_page(
    leads_to: str, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """The logout form, with a CSRF token for the session of the request."""
    token = csrf_token(request, settings())
    response = _page("logout.html", status, headers, leads_to=leads_to, csrf_token=token)
    give_csrf_token(response, token, request, settings())
    return response


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
    """A link is no longer valid; ``asks_again``: with a link to request a new one."""
    return _page("link_expired.html", 410, headers, asks_again=asks_again)


def notice_page(title: str, text: str, status: int = 200, *, leads_to_login: bool) -> Response:
    """A title and a sentence, which are msgids, and optionally a link to the login page."""
    values = {"page_title": title, "text": text, "leads_to_login": leads_to_login}
    return _page("notice.html", status, None, **values)


def login_required_page() -> Response:
    """Sends a browser to the login page, and from there back to the current URL.

    A URL that is longer than the contract's LocalPath is not passed on.
    """
    query = request.query_string.decode()
    here = quote(request.path) + (f"?{query}" if query else "")
    leads_to = here if len(here) <= _MAX_LOCAL_PATH else ""
    return _page("login_required.html", 403, leads_to=leads_to)


def message_response(message: str) -> Response | Reply:
    """One sentence: as a small page for a browser, else as a JSON string."""
    if prefers_html(request.headers.get("Accept", "")):
        return _page("message.html", 200, message=message)
    return Reply(200, translate(message, language()))


def trade_in_page(offer: OfferDetails, csrf_token: str = "", status: int = 200) -> Response:
    """An offer; while it is open, with a button per answer.

    ``csrf_token`` is for a session; the token of a link is passed on in the form's URL. That URL is
    relative, so that a proxy may add a path prefix.
    """
    query = f"?{request.query_string.decode()}" if "token" in request.args else ""
    return _page(
        "trade_in_offer.html",
        status,
        offer=offer,
        expires=moment_text(offer.expires_date, language()),
        action=f"../tradein/{query}",
        csrf_token=csrf_token,
    )


def problem_page(problem: str, status: int, headers: Mapping[str, str] | None = None) -> Response:
    """The error page; ``problem`` is translated."""
    is_bad_link = status == HTTPStatus.NOT_FOUND
    return _page("problem.html", status, headers, problem=problem, is_bad_link=is_bad_link)


def _page(
    template: str, status: int, headers: Mapping[str, str] | None = None, **values: Any
) -> Response:
    in_language = language()
    text = render_template(
        template,
        _=partial(translate, language=in_language),
        language=in_language,
        shop_name=settings().shop_name,
        has_docs=settings().docs,
        **values,
    )
    return Response(text, status, headers, content_type=f"{HTML}; charset=utf-8")
