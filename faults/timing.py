"""Whether the time of a refusal tells what its words do not: that a name or a number is known."""

import math
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain, count, cycle
from random import Random
from socket import create_connection, socket
from time import perf_counter
from typing import Any

from flask import Request, Response
from werkzeug.test import EnvironBuilder

from domain.accounts.users import UserType
from faults.environment import Environment
from faults.findings import Finding
from faults.raw_client import request
from faults.scale import Scale
from handlers.auth.devices import remember_device
from handlers.auth.passwords import Argon2Passwords
from handlers.auth.rate_limits import login_subject
from tests.edge.exchange import RawResponse, parse

_MARGIN = 0.05
_MANY = 600
_DEVIATIONS = 4
_WARM_UP = 10
_USES = 4  # of a number or an e-mail address: a fifth miss would be the last that is let in
_LOOK_UP, _LOGIN = "/users/orders/anonymous/", "/users/login/"
_RESET = "/users/password/reset/"
_UNKNOWN = "unknown"
_WITH_DEVICE = ", with a device cookie"
_GUESS = "the password of nobody"  # as long as the right one

Body = Mapping[str, str]
Guess = tuple[Body, str]
"""A body, and the Cookie header or nothing."""


def check(environment: Environment, scale: Scale) -> Finding:
    """Guess each time from another address, all kinds in random order."""
    environment.secrets.add(_GUESS)
    known = -(-(scale.guesses + _WARM_UP) // _USES)
    look_ups, logins = _look_ups(environment, known), _logins(environment, known)
    with environment.serve(workers=1, WAYBILL_TRUSTED_PROXIES="1") as server:
        guessers = [Guesser(server.port, scale.guesses) for _ in range(2)]
        # Both at once: look-ups wait most of their time, and logins for no other part of it.
        with ThreadPoolExecutor() as threads:
            numbers = threads.submit(guessers[0].guess, _LOOK_UP, 404, look_ups)
            emails = threads.submit(guessers[1].guess, _LOGIN, 400, logins)
        resets = Guesser(server.port, scale.guesses)
        asked = resets.guess(_RESET, 202, _resets(environment, known))
        guessers.append(resets)
    areas = (
        _areas("number", numbers.result())
        | _areas("e-mail", emails.result())
        | _areas("reset", asked)
    )
    margin = allowed(scale.guesses)
    told = [
        f"{name} is told by the time" for name, area in areas.items() if abs(area - 0.5) > margin
    ]
    return Finding(
        title="time of look-ups, logins and password resets, known against unknown",
        database=environment.kind,
        count=scale.guesses,
        required=scale.guesses,
        requirement=f"indistinguishable: AUC {0.5 - margin:.2f} to {0.5 + margin:.2f}",
        figures=areas,
        failures=tuple(chain(*(each.failures for each in guessers), told)),
    )


def auc(ones: Sequence[float], others: Sequence[float]) -> float:
    """The chance that one of the first takes longer than one of the others (Mann and Whitney)."""
    ranked = sorted([(value, True) for value in ones] + [(value, False) for value in others])
    ranks = sum(rank for rank, (_, is_one) in enumerate(ranked, 1) if is_one)
    return (ranks - len(ones) * (len(ones) + 1) / 2) / (len(ones) * len(others))


def allowed(guesses: int) -> float:
    """How far from one half the AUC may be; few guesses differ by mere chance."""
    if guesses >= _MANY:
        return _MARGIN
    return max(_MARGIN, _DEVIATIONS * math.sqrt((2 * guesses + 1) / (12 * guesses**2)))


class Guesser:
    """Asks on one connection, with nothing between it and the clock."""

    def __init__(self, port: int, guesses: int) -> None:
        self.failures: list[str] = []
        self._port = port
        self._guesses = guesses
        self._addresses = count(1)
        self._dice = Random(0)

    def guess(
        self, path: str, status: int, kinds: Mapping[str, Iterator[Guess]]
    ) -> dict[str, list[float]]:
        """Return the seconds of all guesses, by kind; any other status than this is a failure."""
        seconds: dict[str, list[float]] = {kind: [] for kind in kinds}
        order = list(kinds)
        with create_connection(("127.0.0.1", self._port)) as connection:
            for number in range(self._guesses + _WARM_UP):
                self._dice.shuffle(order)
                for kind in order:
                    response, taken = self._exchange(connection, path, *next(kinds[kind]))
                    if response.status != status:
                        self.failures.append(f"{path}, {kind}: {response.status}")
                    if number >= _WARM_UP:
                        seconds[kind].append(taken)
        return seconds

    def _exchange(
        self, connection: socket, path: str, body: Body, cookie: str
    ) -> tuple[RawResponse, float]:
        number = next(self._addresses)
        address = f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"
        headers = {"Connection": "keep-alive", "X-Forwarded-For": address}
        headers |= {"Cookie": cookie} if cookie else {}
        sent = request("POST", path, headers, body)
        began = perf_counter()
        connection.sendall(sent)
        received = connection.recv(65536)
        return parse(received), perf_counter() - began


def _areas(name: str, seconds: Mapping[str, Sequence[float]]) -> dict[str, float]:
    """Of each kind, to the unknown ones that come with a cookie as it does."""
    return {
        f"{name}, {kind}": auc(times, seconds[_UNKNOWN + _with_cookie(kind)])
        for kind, times in seconds.items()
        if not kind.startswith(_UNKNOWN)
    }


def _with_cookie(kind: str) -> str:
    return _WITH_DEVICE if kind.endswith(_WITH_DEVICE) else ""


def _look_ups(environment: Environment, known: int) -> dict[str, Iterator[Guess]]:
    """Unknown numbers, those of guests under another address, and those of registered users.

    All come as often as any other, so that the counters of misses tell none from another.
    """
    users = {
        kind: [environment.shop.user(user_type=kind) for _ in range(known)] for kind in UserType
    }
    orders = {
        kind: [environment.shop.order(user, user_email=user.email) for user in some]
        for kind, some in users.items()
    }
    return {
        _UNKNOWN: (
            ({"email": _nobody(n), "number": f"{2 * 10**15 + n}"}, "") for n in cycle(range(known))
        ),
        "a guest's": (
            ({"email": _nobody(known + n), "number": order.number}, "")
            for n, order in cycle(enumerate(orders[UserType.GUEST]))
        ),
        "a user's": (
            ({"email": order.user_email, "number": order.number}, "")
            for order in cycle(orders[UserType.REGISTERED])
        ),
    }


def _logins(environment: Environment, known: int) -> dict[str, Iterator[Guess]]:
    """Unknown addresses, and those of users with a password that is another one.

    Each without a cookie, and with that of a device from which another account was opened.
    """
    password_hash = Argon2Passwords().hash("the password of everybody")
    cookie = _device_cookie(environment)
    guesses: dict[str, Iterator[Guess]] = {}
    for with_device, shown in (("", ""), (_WITH_DEVICE, cookie)):
        users = [environment.shop.user(password_hash=password_hash) for _ in range(known)]
        first = len(guesses) * known
        unknown = [_nobody(first + number) for number in range(known)]
        guesses[_UNKNOWN + with_device] = _passwords(unknown, shown)
        guesses["a user's" + with_device] = _passwords([user.email for user in users], shown)
    return guesses


def _passwords(emails: Sequence[str], cookie: str) -> Iterator[Guess]:
    return (({"email": email, "password": _GUESS}, cookie) for email in cycle(emails))


def _device_cookie(environment: Environment) -> str:
    response = Response()
    request = Request(EnvironBuilder().get_environ())
    remember_device(login_subject("somebody@example.com"), response, request, environment.settings)
    cookie = response.headers["Set-Cookie"].partition(";")[0]
    environment.secrets.add(cookie.partition("=")[2])
    return cookie


def _resets(environment: Environment, known: int) -> dict[str, Iterator[Guess]]:
    """Unknown addresses, those of users who get an e-mail, and those of guests and of inactive
    users, who get none."""
    make = environment.shop.user
    people: dict[str, Mapping[str, Any]] = {
        "a user's": {},
        "a guest's": {"user_type": UserType.GUEST},
        "an inactive user's": {"is_active": False},
    }
    users = {kind: [make(**fields) for _ in range(known)] for kind, fields in people.items()}
    return {
        _UNKNOWN: (({"email": _nobody(n)}, "") for n in cycle(range(known))),
        **{
            kind: (({"email": user.email}, "") for user in cycle(some))
            for kind, some in users.items()
        },
    }


def _nobody(number: int) -> str:
    """An address that nobody has, as long as those that somebody has."""
    return f"nobody{number:05}@example.com"
