"""The cookie `lastchange`: the position after the last change of a session.

A standby that includes the position may serve the session's reads. The cookie is set with the
session and after each change. A request that has none is served by the primary: its client may not
store cookies, so the absence proves nothing.
"""

import hmac
from hmac import compare_digest

from flask import Request, Response

from domain.accounts.sessions import id_hash
from domain.shared.positions import Position
from handlers.auth.cookies import LAST_CHANGE_COOKIE, cookie_value, set_cookie
from handlers.auth.session_cookies import session_lifetime
from handlers.settings import Settings


def last_change(request: Request, session: str, settings: Settings) -> Position | None:
    """The position after the last change of this session; None if it is unknown."""
    shown = cookie_value(request, settings.cookie_name(LAST_CHANGE_COOKIE)) or ""
    text, _, signature = shown.partition(".")
    if not shown.isascii() or not any(
        compare_digest(signature, _signature(text, session, secret)) for secret in settings.secrets
    ):
        return None
    return parse_position(text)


def set_last_change(
    response: Response, position: Position, session: str, request: Request, settings: Settings
) -> None:
    """Set the cookie of a session."""
    text = write_position(position)
    value = f"{text}.{_signature(text, session, settings.secret)}"
    lifetime = session_lifetime(settings)
    set_cookie(response, LAST_CHANGE_COOKIE, value, lifetime, request, settings)


def write_position(position: Position) -> str:
    """The position as a text of fixed length; a later one is greater as a text, too."""
    return f"{position.timeline:08x}{position.transaction:016x}"


def parse_position(text: str) -> Position:
    """The position of such a text."""
    return Position(int(text[:8], 16), int(text[8:], 16))


def _signature(text: str, session: str, secret: str) -> str:
    """The signature for one session: the cookie of another one says nothing.

    Not by itsdangerous, which takes ten times as long: every read verifies one.
    """
    content = b"last-change:" + id_hash(session) + text.encode()
    return hmac.digest(secret.encode(), content, "sha256").hex()
