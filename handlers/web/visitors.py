"""The user who opens a public page."""

from flask import request

from domain.accounts.current_user import current_user
from domain.accounts.sessions import authenticate
from domain.accounts.users import User, UserType, email_key
from domain.shared.errors import NotAuthenticated, Unavailable
from handlers.auth.session_cookies import session_value
from handlers.auth.session_keys import is_by_key
from handlers.demo_shop import DEMO_EMAIL
from handlers.web.request_context import reading, settings


def visitor() -> User | None:
    """The user whose session the browser's cookie names.

    None without a session, beside a key (it overrides cookies), and while the database is
    unavailable: the page is shown anyway.
    """
    value = session_value(request, settings())
    if value is None or is_by_key(request):
        return None
    try:
        with reading() as uow:
            return current_user(authenticate(value, uow).user_pk, uow).user
    except (NotAuthenticated, Unavailable):
        return None


def can_log_in_as_demo() -> bool:
    """Whether this is the demo shop, with the shopper whose password is public."""
    if not settings().demo:
        return False
    try:
        with reading() as uow:
            shopper = uow.users.by_email_key(email_key(DEMO_EMAIL), UserType.REGISTERED)
    except Unavailable:
        return False
    return shopper is not None and shopper.is_active
