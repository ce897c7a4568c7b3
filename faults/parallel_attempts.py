"""Attempts to guess, all at once: no more are judged than the limit, and a known device gets in."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from domain.accounts.users import UserType
from faults.environment import Environment
from faults.findings import Finding
from faults.raw_client import exchange_all, exchange_sync, request
from faults.scale import Scale
from handlers.auth.passwords import Argon2Passwords
from tests.support.server import Server

REQUIREMENT = (
    "no more judged than the limit of 10 or 100 logins, 5 or 50 look-ups; known devices get in"
)
_LOGIN, _LOOK_UP = "/users/login/", "/users/orders/anonymous/"
_RIGHT, _WRONG = "the password of this account", "another password for it"
_REFUSED = 429
# More than there are threads, and no more than can be judged before those that wait are told 503.
_AT_ONCE = 30


@dataclass(frozen=True)
class Round:
    """Guesses for one account or one order; ``missed`` is the status of those that were judged."""

    name: str
    path: str
    right: dict[str, str]
    wrong: Callable[[int], dict[str, str]]
    missed: int
    limit: int
    is_from_many: bool

    def guesses(self, count: int) -> list[bytes]:
        """So many of them, from one network or each from its own."""
        return [
            _request(self.path, self.wrong(number), number if self.is_from_many else 0)
            for number in range(count)
        ]


def check(environment: Environment, scale: Scale) -> Finding:
    """For logins and look-ups, from one network and from many."""
    environment.secrets |= {_RIGHT, _WRONG}
    each = -(-scale.attempts // 4)
    failures: list[str] = []
    figures: dict[str, int] = {}
    with environment.serve(workers=1, WAYBILL_TRUSTED_PROXIES="1") as server:
        for one in _rounds(environment):
            device = _known_device(environment, server, one)
            statuses = asyncio.run(_statuses(server.port, one.guesses(each)))
            figures[one.name] = statuses[one.missed]
            failures += _faults(one, statuses, each)
            failures += _locked_out(server, one, device, statuses)
    return Finding(
        title="attempts at the same time",
        database=environment.kind,
        count=4 * each,
        required=scale.attempts,
        requirement=REQUIREMENT,
        figures=figures,
        failures=tuple(failures),
    )


async def _statuses(port: int, guesses: list[bytes]) -> Counter[int]:
    statuses: Counter[int] = Counter()
    for first in range(0, len(guesses), _AT_ONCE):
        timed = await exchange_all(port, guesses[first : first + _AT_ONCE])
        statuses.update(each.response.status for each in timed)
    return statuses


def _faults(one: Round, statuses: Counter[int], count: int) -> Iterator[str]:
    if statuses[one.missed] > one.limit:
        yield f"{one.name}: {statuses[one.missed]} judged, of {one.limit} that may be"
    if not statuses[one.missed]:
        yield f"{one.name}: none judged"
    if statuses[one.missed] + statuses[_REFUSED] != count:
        yield f"{one.name}: {dict(statuses)}"


def _locked_out(server: Server, one: Round, device: str, statuses: Counter[int]) -> Iterator[str]:
    """Others are, once the limit is used up; the device that was there before never is."""
    own = exchange_sync(server.port, _request(one.path, one.right, 0, device)).response.status
    if own != 200:
        yield f"{one.name}: {own} for a known device"
    other = exchange_sync(server.port, _request(one.path, one.right, 0)).response.status
    if statuses[one.missed] == one.limit and other != _REFUSED:
        yield f"{one.name}: {other} after the limit"


def _rounds(environment: Environment) -> Iterator[Round]:
    password_hash = Argon2Passwords().hash(_RIGHT)
    for limit, is_from_many in ((10, False), (100, True)):
        email = environment.shop.user(password_hash=password_hash).email
        yield Round(
            name=f"logins from {_networks(is_from_many)}",
            path=_LOGIN,
            right={"email": email, "password": _RIGHT},
            wrong=partial(_wrong_password, email),
            missed=400,
            limit=limit,
            is_from_many=is_from_many,
        )
    for limit, is_from_many in ((5, False), (50, True)):
        guest = environment.shop.user(user_type=UserType.GUEST)
        order = environment.shop.order(guest, user_email=guest.email)
        yield Round(
            name=f"look-ups from {_networks(is_from_many)}",
            path=_LOOK_UP,
            right={"email": guest.email, "number": order.number},
            wrong=partial(_wrong_email, order.number),
            missed=404,
            limit=limit,
            is_from_many=is_from_many,
        )


def _wrong_password(email: str, _number: int) -> dict[str, str]:
    return {"email": email, "password": _WRONG}


def _wrong_email(order: str, number: int) -> dict[str, str]:
    """Another one each time: the same miss again does not count."""
    return {"email": f"nobody{number}@example.com", "number": order}


def _networks(is_from_many: bool) -> str:
    return "many networks" if is_from_many else "one network"


def _known_device(environment: Environment, server: Server, one: Round) -> str:
    """The cookie of a device that opened the account, or found the order, before the guesses."""
    with environment.client(server) as client:
        client.post(one.path, json=one.right).raise_for_status()
        value = client.cookies["knowndevice"]
        environment.secrets |= set(client.cookies.values())
    return f"knowndevice={value}"


def _request(path: str, body: dict[str, str], network: int, cookie: str = "") -> bytes:
    headers = {"X-Forwarded-For": f"10.{network >> 16}.{network >> 8 & 255}.{network & 255}"}
    if cookie:
        headers["Cookie"] = cookie
    return request("POST", path, headers, body)
