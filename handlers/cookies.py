"""How every cookie of ours is set."""

from datetime import timedelta

from flask import Request, Response

from handlers.settings import Settings

CSRF_COOKIE = "csrftoken"


def set_cookie(
    response: Response,
    name: str,
    value: str,
    lifetime: timedelta,
    request: Request,
    settings: Settings,
) -> None:
    """Set a cookie of the site's own pages; without a lifetime it is dropped."""
    response.set_cookie(
        name,
        value,
        max_age=lifetime,
        secure=settings.secure_cookies or request.is_secure,
        httponly=name != CSRF_COOKIE,  # scripts copy the token into the header
        samesite="Lax",
    )
