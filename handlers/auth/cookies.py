"""The names of our cookies, and how they are read and set."""

from datetime import timedelta

from flask import Request, Response

from handlers.settings import Settings

CSRF_COOKIE = "csrftoken"
GRANT_COOKIE = "ordergrant"
DEVICE_COOKIE = "knowndevice"
LAST_CHANGE_COOKIE = "lastchange"


def session_cookie(settings: Settings) -> str:
    """The name of the session cookie as browsers send it."""
    return settings.cookie_name(settings.session_cookie)


def cookie_value(request: Request, name: str) -> str | None:
    """The value of the cookie with this full name.

    None without one, and for two with different values: a sibling domain can set cookies for ours
    (RFC 6265, section 8.6), and the two can't be distinguished.
    """
    values = set(request.cookies.getlist(name))
    return values.pop() if len(values) == 1 else None


def is_ambiguous(request: Request, settings: Settings) -> bool:
    """Whether a cookie that gives a right, or the CSRF cookie, came with two different values."""
    names = map(settings.cookie_name, (settings.session_cookie, GRANT_COOKIE, CSRF_COOKIE))
    return any(len(set(request.cookies.getlist(name))) > 1 for name in names)


def set_cookie(
    response: Response,
    name: str,
    value: str,
    lifetime: timedelta,
    request: Request,
    settings: Settings,
) -> None:
    """Set the cookie with this name, to which a prefix is added; without a lifetime it is removed.

    Browsers accept cookies with a prefix only if they are Secure.
    """
    full_name = settings.cookie_name(name)
    response.set_cookie(
        full_name,
        value,
        max_age=lifetime,
        secure=settings.has_secure_cookies or request.is_secure or full_name.startswith("__"),
        httponly=name != CSRF_COOKIE,  # scripts copy the token into the header
        samesite="Lax",
    )
