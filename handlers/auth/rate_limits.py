"""The limits on logins, look-ups of orders and password resets.

Misses count per network first, so that callers of other networks are not locked out. A larger limit
without the network bounds attempts from many networks together. A device that logged in before, or
found the order, has only a limit of its own.
"""

from contextlib import AbstractContextManager

from limits import RateLimitItemPerMinute

from domain.accounts.sessions import Credentials
from domain.accounts.users import email_key
from domain.orders.anonymous_orders import GuestLookup
from domain.shared.errors import LoginFailed, NotFound
from handlers.auth.networks import network_of
from handlers.auth.rate_counters import Counters, Limit, OnAttempt, ignore
from handlers.settings import Settings

_LOGINS_PER_NETWORK_AND_EMAIL = RateLimitItemPerMinute(10, 15)
_LOGINS_PER_DEVICE = RateLimitItemPerMinute(10, 15)
# The most that NIST SP 800-63B, section 5.2.2, allows in a row.
_LOGINS_PER_EMAIL = RateLimitItemPerMinute(100, 15)
_LOGINS_PER_NETWORK = RateLimitItemPerMinute(50, 15)
_LOOK_UPS_PER_NETWORK_AND_ORDER = RateLimitItemPerMinute(5, 15)
_LOOK_UPS_PER_DEVICE = RateLimitItemPerMinute(5, 15)
_LOOK_UPS_PER_ORDER = RateLimitItemPerMinute(50, 15)
_LOOK_UPS_PER_NETWORK = RateLimitItemPerMinute(20, 15)
_RESETS_PER_EMAIL = RateLimitItemPerMinute(5, 15)
_RESETS_PER_NETWORK = RateLimitItemPerMinute(50, 15)


class LoginRateLimits:
    """domain.accounts.sessions.LoginLimits."""

    def __init__(
        self, settings: Settings, on_miss: OnAttempt = ignore, on_limited: OnAttempt = ignore
    ) -> None:
        self._counters = Counters("login", settings, on_miss, on_limited)

    def attempt(self, credentials: Credentials) -> AbstractContextManager[None]:
        return self._counters.attempt(_login_limits(credentials), LoginFailed)


class LookupRateLimits:
    """domain.orders.anonymous_orders.GuestLookupLimits."""

    def __init__(
        self, settings: Settings, on_miss: OnAttempt = ignore, on_limited: OnAttempt = ignore
    ) -> None:
        self._counters = Counters("look-up", settings, on_miss, on_limited)

    def attempt(self, lookup: GuestLookup) -> AbstractContextManager[None]:
        return self._counters.attempt(_look_up_limits(lookup), NotFound, _question(lookup))


class ResetRateLimits:
    """domain.accounts.password_resets.ResetLimits."""

    def __init__(self, settings: Settings, on_limited: OnAttempt = ignore) -> None:
        self._counters = Counters("password-reset", settings, on_limited=on_limited)

    def begin(self, email_key: str, address: str) -> int | None:
        # The network first: a caller over that limit does not use up the limit of the address.
        return self._counters.take(
            [
                (_RESETS_PER_NETWORK, f"network:{network_of(address)}"),
                (_RESETS_PER_EMAIL, f"email:{email_key}"),
            ]
        )


def login_subject(email: str) -> str:
    """The subject of the device cookie for logins with this e-mail address."""
    return f"login:{email_key(email.strip())}"


def look_up_subject(email: str, number: str) -> str:
    """The subject of the device cookie for look-ups of this order."""
    return f"look-up:{email_key(email)}:{number}"


def _login_limits(credentials: Credentials) -> list[Limit]:
    email, network = email_key(credentials.email.strip()), network_of(credentials.address)
    if credentials.device is not None:
        return [(_LOGINS_PER_DEVICE, f"device:{credentials.device}:{email}")]
    return [
        (_LOGINS_PER_NETWORK_AND_EMAIL, f"network and email:{network}:{email}"),
        (_LOGINS_PER_EMAIL, f"email:{email}"),
        (_LOGINS_PER_NETWORK, f"network:{network}"),
    ]


def _question(lookup: GuestLookup) -> str:
    """The look-up and its caller; the same miss by the same caller counts once a minute.

    Clients repeat failed requests, and shoppers repeat typos. This gives a guesser nothing: the
    response depends on the key of the e-mail address and the number alone, so each new guess is a
    new question, and counts. A caller from another network or a known device has other limits, and
    so another question. Only a hash of this is stored; `repr` separates the parts.
    """
    caller = lookup.device or network_of(lookup.address)
    return repr((caller, email_key(lookup.email), lookup.number))


def _look_up_limits(lookup: GuestLookup) -> list[Limit]:
    email, network = email_key(lookup.email), network_of(lookup.address)
    if lookup.device is not None:
        return [(_LOOK_UPS_PER_DEVICE, f"device:{lookup.device}:{email}:{lookup.number}")]
    return [
        (_LOOK_UPS_PER_NETWORK_AND_ORDER, f"network and email:{network}:{email}"),
        (_LOOK_UPS_PER_NETWORK_AND_ORDER, f"network and number:{network}:{lookup.number}"),
        (_LOOK_UPS_PER_ORDER, f"email:{email}"),
        (_LOOK_UPS_PER_ORDER, f"number:{lookup.number}"),
        (_LOOK_UPS_PER_NETWORK, f"network:{network}"),
    ]
