"""Whether a request is meant by whom it comes from: credentials in cookies, CSRF token, Origin."""

import hmac
from collections.abc import Sequence
from datetime import timedelta
from hashlib import sha256
from secrets import token_urlsafe
from urllib.parse import urlsplit

from flask import Request, Response
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
# By the second name the platform's pages and clients know it.
CSRF_FIELDS = ("csrf_token", "csrfmiddlewaretoken")

_SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
_NONCE_BYTES = 16
_MAX_SIGNATURES = 2  # for a session and for a grant


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
    """The value of the session cookie, whatever it is worth; None for two that differ."""
    return cookie_value(request, session_cookie(settings))


def shown_session(request: Request, settings: Settings) -> str | None:
    """The value that names the session of the request: its key, else its cookie."""
    return shown_key(request) if is_by_key(request) else session_value(request, settings)


def shown_credential(request: Request, settings: Settings) -> str | None:
    """The cookie of the session, else of the grant: what a request shows to an operation that
    asks for neither."""
    return session_value(request, settings) or grant_value(request, settings)


def new_csrf_token(credential: str | None, settings: Settings) -> str:
    """A signed token that is good for this session or grant alone (None: before either)."""
    return _token(token_urlsafe(_NONCE_BYTES), [credential], settings)


def csrf_token(request: Request, settings: Settings) -> str:
    """A token that is good for the session and for the grant that the request shows.

    The request's own token where it is that already: open tabs keep theirs.
    """
    shown = (session_value(request, settings), grant_value(request, settings))
    return _renewed(request, [value for value in shown if value is not None], settings)


def is_safe(request: Request) -> bool:
    """Whether its method changes nothing (RFC 9110, section 9.2.1)."""
    return request.method in _SAFE_METHODS


def check_csrf(
    request: Request, credential: str | None, settings: Settings, form_token: str = ""
) -> None:
    """Raises CsrfFailed unless cookie and header show one token, signed for ``credential``.

    A request with a key passes: no page of another site can have set that header.

    ``credential`` is the session or the grant that admitted the request; None asks for no token.
    Methods that change nothing need none either. Browsers send cookies by themselves, whichever
    page makes them send the request. Where a cookie came twice with different values, the request
    is refused, since one of them may be planted. ``form_token`` stands for the header, which a form
    can't set.
    """
    if is_safe(request) or is_by_key(request):
        return
    if is_ambiguous(request, settings):
        raise CsrfFailed
    if credential is None:
        return
    shown = request.headers.get(CSRF_HEADER, "") or form_token
    stored = cookie_value(request, settings.cookie_name(CSRF_COOKIE)) or ""
    # A token that was extended for a grant has the nonce of the one that an open tab still shows.
    is_same = hmac.compare_digest(_nonce(shown).encode(), _nonce(stored).encode())
    if not is_same or not _is_signed(shown, credential, settings):
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
        if request.headers.get("Sec-Fetch-Site", "none") not in OWN_SITE:
            raise OriginMismatch
        return
    if origin in settings.allowed_origins:
        return
    schemes = {"https"} if _is_https(request, settings) else DEFAULT_PORTS
    if not is_of_this_host(origin, request) or urlsplit(origin).scheme not in schemes:
        raise OriginMismatch


def _is_https(request: Request, settings: Settings) -> bool:
    """Whether browsers reach the host of this request by https: by what a trusted proxy says, or
    by the settings."""
    public = urlsplit(settings.public_url)
    is_public = (
        public.scheme == "https" and public.hostname == urlsplit(f"//{request.host}").hostname
    )
    return request.is_secure or settings.secure_cookies or is_public


def give_session(
    response: Response, session: str, token: str, request: Request, settings: Settings
) -> None:
    """Set the cookies of a session that was just opened, and of its CSRF token.

    The grant is dropped: it may have been somebody else's who used the browser before.
    """
    lifetime = session_lifetime(settings)
    set_cookie(response, settings.session_cookie, session, lifetime, request, settings)
    give_csrf_token(response, token, request, settings)
    drop_grant(response, request, settings)


def granted_csrf_token(grant: str, request: Request, settings: Settings) -> str:
    """A token for a new grant that is good for the session as well, if there is one.

    An operation is admitted by one of them, and its token has to be signed for that one.
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
    """Replace the CSRF cookie of the request where it is not good for the session or the grant.

    A storefront that logs in on its own server leaves the browser with the cookie from before.
    """
    stored = cookie_value(request, settings.cookie_name(CSRF_COOKIE))
    if stored is None or is_by_key(request):
        return
    token = csrf_token(request, settings)
    if token != stored:
        give_csrf_token(response, token, request, settings)


def drop_session(response: Response, request: Request, settings: Settings) -> None:
    """Make the browser forget the session, its CSRF token, and the grant."""
    set_cookie(response, settings.session_cookie, "", timedelta(0), request, settings)
    set_cookie(response, CSRF_COOKIE, "", timedelta(0), request, settings)
    drop_grant(response, request, settings)


def _renewed(request: Request, credentials: Sequence[str], settings: Settings) -> str:
    """The request's own token where it is good for all of these, else one that is.

    The nonce stays where the token is good for one of them. A token from before any credential
    is replaced as a whole: another site may have planted it.
    """
    own = cookie_value(request, settings.cookie_name(CSRF_COOKIE)) or ""
    bound_to: Sequence[str | None] = credentials or [None]
    good_for = [_is_signed(own, credential, settings) for credential in bound_to]
    if all(good_for):
        return own
    nonce = _nonce(own) if any(good_for) else token_urlsafe(_NONCE_BYTES)
    return _token(nonce, bound_to, settings)


def _token(nonce: str, credentials: Sequence[str | None], settings: Settings) -> str:
    """A nonce, and a signature of it for each credential."""
    signers = [_signer(credential, settings) for credential in credentials]
    return write_token(nonce, [signer.get_signature(nonce).decode() for signer in signers])


def _nonce(token: str) -> str:
    return read_token(token)[0]


def _signer(credential: str | None, settings: Settings) -> Signer:
    """Signs for one credential; its hash tells nothing about the value if a token gets about."""
    bound_to = "" if credential is None else id_hash(credential).hex()
    return Signer(settings.secret, salt=f"csrf:{bound_to}", digest_method=sha256)


def _is_signed(token: str, credential: str | None, settings: Settings) -> bool:
    nonce, signatures = read_token(token)
    signer = _signer(credential, settings)
    return any(
        signer.verify_signature(nonce, signature) for signature in signatures[:_MAX_SIGNATURES]
    )
