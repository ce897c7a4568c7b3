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
    is_known = any(hashed in subjects for hashed in _hashes(subject, settings))
    return device_id if is_known else None


def remember_device(subject: str, response: Response, request: Request, settings: Settings) -> None:
    """Note in the device cookie that ``subject`` was opened.

    A device keeps its id: with a new one, its counter of failed attempts would begin again.
    """
    device_id, subjects = _read(request, settings)
    hashes = _hashes(subject, settings)
    others = [other for other in subjects if other not in hashes]
    value = [device_id or token_urlsafe(_ID_BYTES), [hashes[-1], *others][:_MAX_SUBJECTS]]
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


def _hashes(subject: str, settings: Settings) -> list[str]:
    """The subject, hashed with each secret: readers of the cookie see no e-mail address or number.

    The last one is that of a new cookie.
    """
    digests = [
        hmac.digest(secret.encode(), f"device:{subject}".encode(), "sha256")
        for secret in settings.secrets
    ]
    return [urlsafe_b64encode(digest[:_SUBJECT_BYTES]).decode() for digest in digests]


def _serializer(settings: Settings) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(
        settings.secrets, salt="known-device", signer_kwargs={"digest_method": sha256}
    )
