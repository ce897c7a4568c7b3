"""The device cookie: the accounts and orders that were opened in this browser before.

Failed attempts from elsewhere do not lock such a device out: it has its own counters (OWASP, Slow
Down Online Guessing Attacks with Device Cookies).
"""

import hmac
from base64 import urlsafe_b64encode
from datetime import timedelta
from hashlib import sha256
from secrets import token_urlsafe
from typing import Any

from flask import Request, Response
from itsdangerous import BadSignature, URLSafeTimedSerializer

from handlers.auth.cookies import DEVICE_COOKIE, cookie_value, set_cookie
from handlers.settings import Settings

_LIFETIME = timedelta(days=365)
_ID_BYTES = 12
_SUBJECT_BYTES = 12
_MAX_SUBJECTS = 5  # the last ones, so that the cookie stays small


def known_device(subject: str, request: Request, settings: Settings) -> str | None:
    """The id of the request's device, if ``subject`` was opened from it before; else None."""
    device_id, subjects = _read(request, settings)
    return device_id if _hashed(subject, settings) in subjects else None


def remember_device(subject: str, response: Response, request: Request, settings: Settings) -> None:
    """Note in the device cookie that ``subject`` was opened.

    A device keeps its id: with a new one, its counter of failed attempts would begin again.
    """
    device_id, subjects = _read(request, settings)
    opened = _hashed(subject, settings)
    others = [other for other in subjects if other != opened]
    value = [device_id or token_urlsafe(_ID_BYTES), [opened, *others][:_MAX_SUBJECTS]]
    signed: str = _serializer(settings).dumps(value)
    set_cookie(response, DEVICE_COOKIE, signed, _LIFETIME, request, settings)


def _read(request: Request, settings: Settings) -> tuple[str | None, list[str]]:
    value = cookie_value(request, settings.cookie_name(DEVICE_COOKIE)) or ""
    try:
        content: Any = _serializer(settings).loads(value, max_age=int(_LIFETIME.total_seconds()))
    except BadSignature:
        return None, []
    device_id, subjects = content
    return device_id, subjects


def _hashed(subject: str, settings: Settings) -> str:
    """Hides the e-mail address and the number from readers of the cookie."""
    digest = hmac.digest(settings.secret.encode(), f"device:{subject}".encode(), "sha256")
    return urlsafe_b64encode(digest[:_SUBJECT_BYTES]).decode()


def _serializer(settings: Settings) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(
        settings.secret, salt="known-device", signer_kwargs={"digest_method": sha256}
    )
