"""The grant that a guest gets for the order they have looked up: a signed cookie, kept nowhere."""

from datetime import timedelta
from hashlib import sha256

from flask import Request, Response
from itsdangerous import BadSignature, URLSafeTimedSerializer

from domain.callers import Caller
from domain.errors import NotAuthenticated
from handlers.cookies import GRANT_COOKIE, cookie_value, set_cookie
from handlers.settings import Settings

_LIFETIME = timedelta(minutes=30)


def grant_value(request: Request, settings: Settings) -> str | None:
    """The value of the grant cookie, whatever it is worth; None for two that differ."""
    return cookie_value(request, settings.cookie_name(GRANT_COOKIE))


def set_grant(response: Response, caller: Caller, request: Request, settings: Settings) -> str:
    """Let ``caller`` act on their ``order_pk`` for half an hour; returns the cookie's value."""
    value: str = _serializer(settings).dumps([caller.user_pk, caller.order_pk])
    set_cookie(response, GRANT_COOKIE, value, _LIFETIME, request, settings)
    return value


def drop_grant(response: Response, request: Request, settings: Settings) -> None:
    """Make the browser forget the grant."""
    set_cookie(response, GRANT_COOKIE, "", timedelta(0), request, settings)


def granted_caller(request: Request, settings: Settings) -> Caller:
    """The guest whom the grant cookie is for.

    Raises NotAuthenticated without a cookie, and for one that has run out or is not ours.
    """
    value = grant_value(request, settings) or ""
    try:
        user_pk, order_pk = _serializer(settings).loads(value, max_age=_LIFETIME.seconds)
    except BadSignature:
        raise NotAuthenticated from None
    return Caller(user_pk, is_guest=True, order_pk=order_pk)


def _serializer(settings: Settings) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(
        settings.secret, salt="order-grant", signer_kwargs={"digest_method": sha256}
    )
