"""The grant that a guest gets for an order they looked up: a signed value, which is not stored."""

from datetime import timedelta
from hashlib import sha256

from flask import Request, Response
from itsdangerous import BadSignature, URLSafeTimedSerializer

from domain.accounts.callers import Caller
from domain.shared.errors import NotAuthenticated
from handlers.auth.cookies import GRANT_COOKIE, cookie_value, set_cookie
from handlers.settings import Settings

_LIFETIME = timedelta(minutes=30)


def grant_value(request: Request, settings: Settings) -> str | None:
    """The value of the grant cookie, unverified; None for two that differ."""
    return cookie_value(request, settings.cookie_name(GRANT_COOKIE))


def new_grant(caller: Caller, settings: Settings) -> str:
    """The value that lets ``caller`` act on ``order_pk`` for 30 minutes, as a cookie or a key."""
    value: str = _serializer(settings).dumps([caller.user_pk, caller.order_pk])
    return value


def set_grant(response: Response, grant: str, request: Request, settings: Settings) -> None:
    """Set the cookie of a new grant."""
    set_cookie(response, GRANT_COOKIE, grant, _LIFETIME, request, settings)


def drop_grant(response: Response, request: Request, settings: Settings) -> None:
    """Remove the cookie of the grant."""
    set_cookie(response, GRANT_COOKIE, "", timedelta(0), request, settings)


def granted_caller(value: str | None, settings: Settings) -> Caller:
    """The guest whom a grant is for.

    Raises NotAuthenticated without one, and for an expired or invalid one.
    """
    try:
        user_pk, order_pk = _serializer(settings).loads(value or "", max_age=_LIFETIME.seconds)
    except BadSignature:
        raise NotAuthenticated from None
    return Caller(user_pk, is_guest=True, order_pk=order_pk)


def _serializer(settings: Settings) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(
        settings.secrets, salt="order-grant", signer_kwargs={"digest_method": sha256}
    )
