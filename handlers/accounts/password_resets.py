"""Operations of openapi/accounts/password_resets.yaml."""

from typing import Any

import orjson
from flask import Response, request

from domain.accounts import password_resets
from domain.accounts.one_time_tokens import Purpose
from domain.accounts.password_resets import ResetRequest
from handlers.auth.one_time_links import read_token
from handlers.auth.session_cookies import check_origin
from handlers.http.media_types import FORM, JSON
from handlers.i18n.labels import mark
from handlers.i18n.translations import translate
from handlers.web.pages import notice_page, password_page, reset_page
from handlers.web.request_context import (
    language,
    passwords,
    reading,
    reset_limits,
    settings,
    write,
)

_SENT = mark("Check your e-mail")
_SENT_TEXT = mark("If there is an account with this e-mail address, we have sent a link to it.")
_CHANGED = mark("Your password has been changed")
_CHANGED_TEXT = mark("Log in with your new password.")


def show_password_reset_page() -> Response:
    return reset_page()


def request_password_reset(body: dict[str, Any]) -> Response:
    check_origin(request, settings())
    reset = ResetRequest(body["email"], request.remote_addr or "", language())
    password_resets.count_request(reset, reset_limits())
    write(lambda uow: password_resets.request_reset(reset, uow))
    return _answer(_SENT, _SENT_TEXT, 202)


def show_password_page(token: str) -> Response:
    token_uuid = read_token(token, Purpose.PASSWORD_RESET, settings())
    with reading() as uow:
        password_resets.check_link(token_uuid, uow)
    return password_page(token)


def set_password(body: dict[str, Any]) -> Response:
    check_origin(request, settings())
    token_uuid = read_token(body["token"], Purpose.PASSWORD_RESET, settings())
    with reading() as uow:
        password_resets.check_link(token_uuid, uow)
    # Hashing is slow, so it runs outside a transaction.
    password_hash, in_language = passwords().hash(body["password"]), language()
    write(
        lambda uow: password_resets.set_password_by_link(
            token_uuid, password_hash, in_language, uow
        )
    )
    return _answer(_CHANGED, _CHANGED_TEXT, 200)


def _answer(title: str, text: str, status: int) -> Response:
    if request.mimetype == FORM:
        return notice_page(title, text, status, leads_to_login=status == 200)
    body = orjson.dumps({"detail": translate(text, language())})
    return Response(body, status, content_type=JSON)
