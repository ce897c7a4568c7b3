"""Protection against forged requests: credentials in cookies, CSRF tokens, Origin."""

import hmac
from collections.abc import Sequence
from datetime import timedelta
from hashlib import sha256
from secrets import token_urlsafe
from urllib.parse import urlsplit

from flask import Request, Response, g
from itsdangerous import Signer

from domain.accounts.sessions import id_hash
from domain.shared.errors import Forbidden
from handlers.auth.cookies import (
    CSRF_COOKIE,
    cookie_value,
    is_ambiguous,
    session_cookie,
    set_cookie,
)
from handlers.auth.csrf_encoding import read_token, write_token
from handlers.auth.navigation import DEFAULT_PORTS, OWN_SITE, is_of_this_host
from handlers.auth.order_grants import drop_grant, grant_value, set_grant
from handlers.auth.session_keys import is_by_key, shown_key
from handlers.settings import Settings

CSRF_HEADER = "x-csrftoken"
# The second name is that of the platform's pages and clients.
CSRF_FIELDS = ("csrf_token", "csrfmiddlewaretoken")

_SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
_NONCE_BYTES = 16
_MAX_SIGNATURES = 2  # for a session and for a grant


class CsrfFailed(Forbidden):
    """A request that changes something has no valid CSRF token."""

    message = "CSRF verification failed."
    code = "csrf_failed"


class OriginMismatch(Forbidden):
    """A page of another site sent the request."""

    message = "The request comes from another site."
    code = "origin_mismatch"


def session_lifetime(settings: Settings) -> timedelta:
    """The lifetime of a session from its login."""
    return timedelta(days=settings.session_days)


def session_value(request: Request, settings: Settings) -> str | None:
    """The value of the session cookie, unverified; None for two that differ."""
    return cookie_value(request, session_cookie(settings))


def shown_session(request: Request, settings: Settings) -> str | None:
    """The session of the request, unverified: its key, else its cookie."""
    return shown_key(request) if is_by_key(request) else session_value(request, settings)


def shown_credential(request: Request, settings: Settings) -> str | None:
    """The cookie of the session, else of the grant: the credential of a request to a public
    operation."""
    return session_value(request, settings) or grant_value(request, settings)


def new_csrf_token(credential: str | None, settings: Settings) -> str:
    """A signed token for this session or grant only (None: before either)."""
    return _token(token_urlsafe(_NONCE_BYTES), [credential], settings)


def csrf_token(request: Request, settings: Settings) -> str:
    """A token for the session and the grant of the request.

    The request's own token where it is valid for both, so that open tabs can go on using it.
    """
    shown = (session_value(request, settings), grant_value(request, settings))
    return _renewed(request, [value for value in shown if value is not None], settings)


def is_safe(request: Request) -> bool:
    """Whether its method changes nothing (RFC 9110, section 9.2.1)."""
    return request.method in _SAFE_METHODS


def check_csrf(
    request: Request, credential: str | None, settings: Settings, form_token: str = ""
) -> None:
    """Raises CsrfFailed unless cookie and header have the same token, signed for ``credential``.

    ``credential`` is the session or grant that authenticated the request; None needs no token, nor
    do safe methods, nor requests with a key: no page of another site can set that header. A request
    with two values of a cookie is refused, since one may be planted. ``form_token`` replaces the
    header, which a form can't set.
    """
    if is_safe(request) or is_by_key(request):
        return
    if is_ambiguous(request, settings):
        raise CsrfFailed
    if credential is None:
        return
    shown = request.headers.get(CSRF_HEADER, "") or form_token
    stored = cookie_value(request, settings.cookie_name(CSRF_COOKIE)) or ""
    # A token that was extended for a grant has the nonce of the one in an open tab.
    is_same = hmac.compare_digest(_nonce(shown).encode(), _nonce(stored).encode())
    if not is_same or not _is_signed(shown, credential, settings.secrets):
        raise CsrfFailed


def check_origin(request: Request, settings: Settings) -> None:
    """Raises OriginMismatch for a request from a page of another origin, or of a hidden one, unless
    the settings allow the origin.

    Browsers send the origin with every POST, or at least whether it is the same site; other clients
    need not. Pages of http may not send to an https site. Pages of https may send to http, which an
    untrusted proxy that ends TLS makes of https.
    """
    origin = request.headers.get("Origin")
    if origin is None:
        if request.headers.get("Sec-Fetch-Site", "none") not in OWN_SITE:
            raise OriginMismatch
        return
    if origin in settings.allowed_origins:
        return
    schemes = {"https"} if _is_https(request, settings) else DEFAULT_PORTS
    if not is_of_this_host(origin, request) or urlsplit(origin).scheme not in schemes:
        raise OriginMismatch


def _is_https(request: Request, settings: Settings) -> bool:
    """Whether browsers reach the host of this request by https, by a trusted proxy or the
    settings."""
    public = urlsplit(settings.public_url)
    is_public = (
        public.scheme == "https" and public.hostname == urlsplit(f"//{request.host}").hostname
    )
    return request.is_secure or settings.secure_cookies or is_public


def give_session(
    response: Response, session: str, token: str, request: Request, settings: Settings
) -> None:
    """Set the cookies of a new session and its CSRF token.

    The grant is dropped: it may be of another person who used the browser before. Notes the session
    for `handlers.web.last_changes`.
    """
    lifetime = session_lifetime(settings)
    set_cookie(response, settings.session_cookie, session, lifetime, request, settings)
    g.opened_session = session
    give_csrf_token(response, token, request, settings)
    drop_grant(response, request, settings)


def granted_csrf_token(grant: str, request: Request, settings: Settings) -> str:
    """A token for a new grant, and for the session if there is one.

    Either may authenticate a request, and the token has to be signed for that one.
    """
    session = session_value(request, settings)
    return _renewed(request, [grant] if session is None else [session, grant], settings)


def give_grant(
    response: Response, grant: str, token: str, request: Request, settings: Settings
) -> None:
    """Set the cookies of a grant and of its CSRF token."""
    set_grant(response, grant, request, settings)
    give_csrf_token(response, token, request, settings)


def give_csrf_token(response: Response, token: str, request: Request, settings: Settings) -> None:
    """Set the CSRF cookie."""
    set_cookie(response, CSRF_COOKIE, token, session_lifetime(settings), request, settings)


def renew_csrf_token(response: Response, request: Request, settings: Settings) -> None:
    """Replace the CSRF cookie of the request where it is not valid for the session and the grant.

    After a login by a storefront's server, the browser still has the cookie from before.
    """
    stored = cookie_value(request, settings.cookie_name(CSRF_COOKIE))
    if stored is None or is_by_key(request):
        return
    token = csrf_token(request, settings)
    if token != stored:
        give_csrf_token(response, token, request, settings)


def drop_session(response: Response, request: Request, settings: Settings) -> None:
    """Remove the cookies of the session, its CSRF token and the grant."""
    set_cookie(response, settings.session_cookie, "", timedelta(0), request, settings)
    set_cookie(response, CSRF_COOKIE, "", timedelta(0), request, settings)
    drop_grant(response, request, settings)


def _renewed(request: Request, credentials: Sequence[str], settings: Settings) -> str:
    """The request's own token where it is valid for all credentials, else a new one.

    The nonce stays where the token is valid for one of them, so that it is the one of open tabs.
    A token without a credential is replaced with its nonce: another site may have planted it.
    """
    own = cookie_value(request, settings.cookie_name(CSRF_COOKIE)) or ""
    bound_to: Sequence[str | None] = credentials or [None]
    # By the current secret: a token of the previous one is replaced before that one is removed.
    current = [settings.secret]
    if all(_is_signed(own, credential, current) for credential in bound_to):
        return own
    is_valid = any(_is_signed(own, credential, settings.secrets) for credential in bound_to)
    nonce = _nonce(own) if is_valid else token_urlsafe(_NONCE_BYTES)
    return _token(nonce, bound_to, settings)


def _token(nonce: str, credentials: Sequence[str | None], settings: Settings) -> str:
    """A nonce, and a signature of it for each credential."""
    signers = [_signer(credential, settings.secrets) for credential in credentials]
    return write_token(nonce, [signer.get_signature(nonce).decode() for signer in signers])


def _nonce(token: str) -> str:
    return read_token(token)[0]


def _signer(credential: str | None, secrets: Sequence[str]) -> Signer:
    """The signer for one credential; a leaked token does not reveal the value, only its hash."""
    bound_to = "" if credential is None else id_hash(credential).hex()
    return Signer(secrets, salt=f"csrf:{bound_to}", digest_method=sha256)


def _is_signed(token: str, credential: str | None, secrets: Sequence[str]) -> bool:
    nonce, signatures = read_token(token)
    signer = _signer(credential, secrets)
    return any(
        signer.verify_signature(nonce, signature) for signature in signatures[:_MAX_SIGNATURES]
    )
