"""Operations of openapi/accounts/handovers.yaml."""

from typing import Any

from flask import Response, request

from domain.accounts import handovers
from domain.accounts.one_time_tokens import Purpose
from handlers.auth.one_time_links import handover_url, read_token
from handlers.auth.session_cookies import (
    give_session,
    new_csrf_token,
    session_lifetime,
    shown_session,
)
from handlers.contract.operations.responses import Reply
from handlers.web.redirects import see_other
from handlers.web.request_context import settings, shop, write


def create_handover(body: dict[str, Any]) -> Reply:
    actor = shop().actor
    token = write(lambda uow: handovers.create_handover(body["email"], actor, uow))
    made = {
        "url": handover_url(token.uuid, settings()),
        "expires_at": f"{token.expires_date:%Y-%m-%dT%H:%M:%SZ}",
    }
    return Reply(201, made)


def redeem_handover(token: str, next: str = "") -> Response:  # noqa: A002 - the contract's name
    token_uuid = read_token(token, Purpose.HANDOVER, settings())
    replaced, lifetime = shown_session(request, settings()), session_lifetime(settings())
    opened = write(lambda uow: handovers.redeem_handover(token_uuid, replaced, lifetime, uow))
    response = see_other(next or settings().home_path)
    token = new_csrf_token(opened.value, settings())
    give_session(response, opened.value, token, request, settings())
    return response
