"""Whether a request is meant by whom it comes from: credentials in cookies, CSRF token, Origin."""

import hmac
from datetime import timedelta
from hashlib import sha256
from secrets import token_urlsafe
from urllib.parse import SplitResult, urlsplit

from flask import Request, Response
from itsdangerous import Signer

from domain.callers import Caller
from domain.errors import Forbidden
from domain.sessions import id_hash
from handlers.cookies import CSRF_COOKIE, set_cookie
from handlers.grants import grant_value, set_grant
from handlers.settings import Settings

CSRF_HEADER = "x-csrftoken"

_SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
_OWN_SITE = {"same-origin", "none"}  # what Sec-Fetch-Site says of own pages, and of no page
_DEFAULT_PORTS = {"http": 80, "https": 443}


class CsrfFailed(Forbidden):
    """A request that changes something does not show that it comes from a page of ours."""

    message = "CSRF verification failed."
    code = "csrf_failed"


class OriginMismatch(Forbidden):
    """A page of another site sent the request."""

    message = "The request comes from another site."
    code = "origin_mismatch"


def session_lifetime(settings: Settings) -> timedelta:
    """How long a session lasts from its login."""
    return timedelta(days=settings.session_days)


def session_value(request: Request, settings: Settings) -> str | None:
    """The value of the session cookie, whatever it is worth."""
    return request.cookies.get(settings.session_cookie)


def new_csrf_token(credential: str | None, settings: Settings) -> str:
    """A signed token that is good for this session or grant alone (None: before either)."""
    return _signer(credential, settings).sign(token_urlsafe(16)).decode()


def csrf_token(request: Request, settings: Settings) -> str:
    """The request's own token where it is good, else a new one: open tabs keep theirs."""
    credential = _credential(request, settings)
    own = request.cookies.get(CSRF_COOKIE, "")
    return own if _is_signed(own, credential, settings) else new_csrf_token(credential, settings)


def check_csrf(request: Request, settings: Settings) -> None:
    """Raises CsrfFailed unless cookie and header show one token, signed for the session or grant.

    Methods that change nothing need none, nor do requests without a cookie that gives a right:
    browsers add those by themselves, whoever makes them send the request.
    """
    credential = _credential(request, settings)
    if request.method in _SAFE_METHODS or credential is None:
        return
    shown = request.headers.get(CSRF_HEADER, "")
    kept = request.cookies.get(CSRF_COOKIE, "")
    same = hmac.compare_digest(shown.encode(), kept.encode())
    if not same or not _is_signed(shown, credential, settings):
        raise CsrfFailed


def check_origin(request: Request, settings: Settings) -> None:
    """Raises OriginMismatch when a page of another origin, or one that hides its own, sent it;
    unless it is of an origin that the settings let in.

    Browsers name the origin of every POST, or at least whether it is the site's own; other clients
    need do neither. Pages of http never send to a site of https. The other way round they may: a
    proxy that is not trusted and ends TLS makes http of what was https.
    """
    origin = request.headers.get("Origin")
    if origin is None:
        if request.headers.get("Sec-Fetch-Site", "none") not in _OWN_SITE:
            raise OriginMismatch
        return
    if origin in settings.allowed_origins:
        return
    try:
        parts = urlsplit(origin)
        own = urlsplit(f"{parts.scheme}://{request.host}")
        is_ours = _host_and_port(parts) == _host_and_port(own)
    except ValueError:
        is_ours = False
    schemes = {"https"} if _is_https(request, settings) else _DEFAULT_PORTS
    if not is_ours or parts.scheme not in schemes:
        raise OriginMismatch


def _is_https(request: Request, settings: Settings) -> bool:
    """Whether browsers reach the host of this request by https: by what a trusted proxy says, or
    by the settings."""
    public = urlsplit(settings.public_url)
    is_public = (
        public.scheme == "https" and public.hostname == urlsplit(f"//{request.host}").hostname
    )
    return request.is_secure or settings.secure_cookies or is_public


def give_session(response: Response, session: str, request: Request, settings: Settings) -> None:
    """Set the cookies of a session that was just opened, with a CSRF token of its own."""
    lifetime = session_lifetime(settings)
    set_cookie(response, settings.session_cookie, session, lifetime, request, settings)
    give_csrf_token(response, new_csrf_token(session, settings), request, settings)


def give_grant(response: Response, caller: Caller, request: Request, settings: Settings) -> None:
    """Set the cookies of a grant; the CSRF token stays that of the session, where there is one."""
    grant = set_grant(response, caller, request, settings)
    if session_value(request, settings) is None:
        give_csrf_token(response, new_csrf_token(grant, settings), request, settings)


def give_csrf_token(response: Response, token: str, request: Request, settings: Settings) -> None:
    """Set the CSRF cookie."""
    set_cookie(response, CSRF_COOKIE, token, session_lifetime(settings), request, settings)


def drop_session(response: Response, request: Request, settings: Settings) -> None:
    """Make the browser forget both cookies."""
    set_cookie(response, settings.session_cookie, "", timedelta(0), request, settings)
    set_cookie(response, CSRF_COOKIE, "", timedelta(0), request, settings)


def _credential(request: Request, settings: Settings) -> str | None:
    """What a CSRF token is bound to: the session, else the grant."""
    return session_value(request, settings) or grant_value(request)


def _signer(credential: str | None, settings: Settings) -> Signer:
    """Signs for one credential; its hash tells nothing about the value if a token gets about."""
    bound_to = "" if credential is None else id_hash(credential).hex()
    return Signer(settings.secret, salt=f"csrf:{bound_to}", digest_method=sha256)


def _is_signed(token: str, credential: str | None, settings: Settings) -> bool:
    return _signer(credential, settings).validate(token)


def _host_and_port(parts: SplitResult) -> tuple[str | None, int | None]:
    return parts.hostname, parts.port or _DEFAULT_PORTS.get(parts.scheme)
