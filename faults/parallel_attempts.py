"""Concurrent guesses: no more are verified than the limit, and a known device is not locked out."""

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
    "no more verified than the limit of 10 or 100 logins, 5 or 50 look-ups; known devices get in"
)
_LOGIN, _LOOK_UP = "/users/login/", "/users/orders/anonymous/"
_RIGHT, _WRONG = "the password of this account", "another password for it"
_REFUSED = 429
# More than the threads, but few enough that none waits until it gets 503.
_AT_ONCE = 30


@dataclass(frozen=True)
class Round:
    """Guesses for one account or one order; ``wrong_status`` is that of verified ones."""

    name: str
    path: str
    right: dict[str, str]
    wrong: Callable[[int], dict[str, str]]
    wrong_status: int
    limit: int
    is_from_many: bool

    def guesses(self, count: int) -> list[bytes]:
        """Requests with wrong guesses, from one network or each from its own."""
        return [
            _request(self.path, self.wrong(number), number if self.is_from_many else 0)
            for number in range(count)
        ]


def check(environment: Environment, scale: Scale) -> Finding:
    """Guess passwords and order numbers, from one network and from many."""
    environment.secrets |= {_RIGHT, _WRONG}
    count = -(-scale.attempts // 4)
    failures: list[str] = []
    figures: dict[str, int] = {}
    with environment.serve(workers=1, WAYBILL_TRUSTED_PROXIES="1") as server:
        for round_ in _rounds(environment):
            device = _known_device(environment, server, round_)
            statuses = asyncio.run(_statuses(server.port, round_.guesses(count)))
            figures[round_.name] = statuses[round_.wrong_status]
            failures += _faults(round_, statuses, count)
            failures += _locked_out(server, round_, device, statuses)
    return Finding(
        title="concurrent attempts",
        database=environment.kind,
        count=4 * count,
        required=scale.attempts,
        requirement=REQUIREMENT,
        figures=figures,
        failures=tuple(failures),
    )


async def _statuses(port: int, guesses: list[bytes]) -> Counter[int]:
    statuses: Counter[int] = Counter()
    for first in range(0, len(guesses), _AT_ONCE):
        timed = await exchange_all(port, guesses[first : first + _AT_ONCE])
        statuses.update(count.response.status for count in timed)
    return statuses


def _faults(round_: Round, statuses: Counter[int], count: int) -> Iterator[str]:
    verified = statuses[round_.wrong_status]
    if verified > round_.limit:
        yield f"{round_.name}: {verified} verified, the limit is {round_.limit}"
    if not verified:
        yield f"{round_.name}: none verified"
    if verified + statuses[_REFUSED] != count:
        yield f"{round_.name}: {dict(statuses)}"


def _locked_out(
    server: Server, round_: Round, device: str, statuses: Counter[int]
) -> Iterator[str]:
    """Yield failures of the lock-out: it must hit other devices but not the known one."""
    own = exchange_sync(server.port, _request(round_.path, round_.right, 0, device)).response.status
    if own != 200:
        yield f"{round_.name}: {own} for a known device"
    other = exchange_sync(server.port, _request(round_.path, round_.right, 0)).response.status
    if statuses[round_.wrong_status] == round_.limit and other != _REFUSED:
        yield f"{round_.name}: {other} after the limit"


def _rounds(environment: Environment) -> Iterator[Round]:
    password_hash = Argon2Passwords().hash(_RIGHT)
    for limit, is_from_many in ((10, False), (100, True)):
        email = environment.shop.user(password_hash=password_hash).email
        yield Round(
            name=f"logins from {_networks(is_from_many)}",
            path=_LOGIN,
            right={"email": email, "password": _RIGHT},
            wrong=partial(_wrong_password, email),
            wrong_status=400,
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
            wrong_status=404,
            limit=limit,
            is_from_many=is_from_many,
        )


def _wrong_password(email: str, _number: int) -> dict[str, str]:
    return {"email": email, "password": _WRONG}


def _wrong_email(order: str, number: int) -> dict[str, str]:
    """A new address each time, since a repeated miss does not count."""
    return {"email": f"unknown{number}@example.com", "number": order}


def _networks(is_from_many: bool) -> str:
    return "many networks" if is_from_many else "one network"


def _known_device(environment: Environment, server: Server, round_: Round) -> str:
    """The cookie of a device that logged in to the account, or found the order, before."""
    with environment.client(server) as client:
        client.post(round_.path, json=round_.right).raise_for_status()
        value = client.cookies["knowndevice"]
        environment.secrets |= set(client.cookies.values())
    return f"knowndevice={value}"


def _request(path: str, body: dict[str, str], network: int, cookie: str = "") -> bytes:
    headers = {"X-Forwarded-For": f"10.{network >> 16}.{network >> 8 & 255}.{network & 255}"}
    if cookie:
        headers["Cookie"] = cookie
    return request("POST", path, headers, body)
