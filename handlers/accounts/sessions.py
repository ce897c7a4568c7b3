"""Operations of openapi/accounts/sessions.yaml."""

from typing import Any

import orjson
from flask import Response, request

from domain.accounts import sessions
from domain.accounts.sessions import Credentials, OpenedSession
from domain.accounts.users import User
from handlers.auth.devices import known_device, remember_device
from handlers.auth.rate_limits import login_subject
from handlers.auth.session_cookies import (
    check_origin,
    drop_session,
    give_session,
    new_csrf_token,
    session_lifetime,
    session_value,
    shown_session,
)
from handlers.auth.session_keys import is_by_key
from handlers.http.media_types import FORM, JSON
from handlers.web.pages import login_page, logout_page
from handlers.web.redirects import see_other
from handlers.web.request_context import (
    credential,
    login_limits,
    passwords,
    reading,
    settings,
    write,
)

_AFTER_LOGOUT = "/users/login/"


def show_login_page(next: str = "") -> Response:  # noqa: A002 - the contract's name
    return login_page(next)


def log_in(body: dict[str, Any]) -> Response:
    check_origin(request, settings())
    subject = login_subject(body["email"])
    device = known_device(subject, request, settings())
    shown = Credentials(body["email"], body["password"], request.remote_addr or "", device)
    with reading() as uow:
        verified = sessions.check_credentials(shown, passwords(), login_limits(), uow)
    replaced = shown_session(request, settings())
    lifetime = session_lifetime(settings())
    user, opened = write(lambda uow: sessions.log_in(verified, replaced, lifetime, uow))
    token = new_csrf_token(opened.value, settings())
    if request.mimetype == FORM:
        response = see_other(body.get("next") or settings().home_path)
    else:
        response = _welcome(user, opened, token)
    give_session(response, opened.value, token, request, settings())
    remember_device(subject, response, request, settings())
    return response


def log_out() -> Response:
    return _ended(Response(status=204))


def show_logout_page(next: str = "") -> Response:  # noqa: A002 - the contract's name
    if not credential():
        return see_other(next or _AFTER_LOGOUT)
    return logout_page(next)


def log_out_by_form(body: dict[str, Any] | None = None) -> Response:
    return _ended(see_other((body or {}).get("next") or _AFTER_LOGOUT))


def _ended(response: Response) -> Response:
    """End the session of the request, if there is one, and return the response.

    The session's cookies are removed, unless they belong to another session than the key.
    """
    if session := credential():
        write(lambda uow: sessions.log_out(session, uow))
    if not is_by_key(request) or session_value(request, settings()) == session:
        drop_session(response, request, settings())
    return response


def _welcome(user: User, opened: OpenedSession, token: str) -> Response:
    names = ("pk", "email", "first_name", "last_name", "user_type")
    shown = {"id": user.pk} | {name: getattr(user, name) for name in names}
    shown |= {"key": opened.value, "csrf_token": token}
    return Response(orjson.dumps(shown), content_type=JSON)
