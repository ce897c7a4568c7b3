"""Operations of openapi/sessions.yaml."""

from typing import Any

import orjson
from flask import Response, request

from domain import sessions
from domain.sessions import Credentials
from domain.users import User
from handlers.attempts import login_subject
from handlers.context import attempts, passwords, reading, settings, write
from handlers.contract.media_types import FORM, JSON
from handlers.devices import known_device, remember_device
from handlers.pages import login_page
from handlers.security import (
    check_origin,
    drop_session,
    give_session,
    session_lifetime,
    session_value,
)

AFTER_LOGIN = "/docs"


def show_login_page(next: str = "") -> Response:  # noqa: A002 - the contract's name
    return login_page(next)


def log_in(body: dict[str, Any]) -> Response:
    check_origin(request, settings())
    subject = login_subject(body["email"])
    device = known_device(subject, request, settings())
    shown = Credentials(body["email"], body["password"], request.remote_addr or "", device)
    with reading() as uow:
        proof = sessions.check_credentials(shown, passwords(), attempts(), uow)
    replaced = session_value(request, settings())
    lifetime = session_lifetime(settings())
    user, opened = write(lambda uow: sessions.log_in(proof, replaced, lifetime, uow))
    response = _welcome(user, body.get("next") or AFTER_LOGIN)
    give_session(response, opened.value, request, settings())
    remember_device(subject, response, request, settings())
    return response


def log_out() -> Response:
    session = session_value(request, settings()) or ""
    write(lambda uow: sessions.log_out(session, uow))
    response = Response(status=204)
    drop_session(response, request, settings())
    return response


def _welcome(user: User, leads_to: str) -> Response:
    if request.mimetype == FORM:
        return Response(status=303, headers={"Location": leads_to})
    names = ("pk", "email", "first_name", "last_name", "user_type")
    shown = {"id": user.pk} | {name: getattr(user, name) for name in names}
    return Response(orjson.dumps(shown), content_type=JSON)
