"""The grant that a guest gets for the order they have looked up: a signed value, kept nowhere."""

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
    """The value of the grant cookie, whatever it is worth; None for two that differ."""
    return cookie_value(request, settings.cookie_name(GRANT_COOKIE))


def new_grant(caller: Caller, settings: Settings) -> str:
    """What lets ``caller`` act on their ``order_pk`` for half an hour, as a cookie or as a key."""
    value: str = _serializer(settings).dumps([caller.user_pk, caller.order_pk])
    return value


def set_grant(response: Response, grant: str, request: Request, settings: Settings) -> None:
    """Set the cookie of a new grant."""
    set_cookie(response, GRANT_COOKIE, grant, _LIFETIME, request, settings)


def drop_grant(response: Response, request: Request, settings: Settings) -> None:
    """Make the browser forget the grant."""
    set_cookie(response, GRANT_COOKIE, "", timedelta(0), request, settings)


def granted_caller(value: str | None, settings: Settings) -> Caller:
    """The guest whom a grant is for.

    Raises NotAuthenticated without one, and for one that has run out or is not ours.
    """
    try:
        user_pk, order_pk = _serializer(settings).loads(value or "", max_age=_LIFETIME.seconds)
    except BadSignature:
        raise NotAuthenticated from None
    return Caller(user_pk, is_guest=True, order_pk=order_pk)


def _serializer(settings: Settings) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(
        settings.secret, salt="order-grant", signer_kwargs={"digest_method": sha256}
    )
