"""Timing side channels: response times must not reveal whether an e-mail or number exists."""

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
_USES = 4  # of a number or an e-mail address, which are locked after five misses
_LOOK_UP, _LOGIN = "/users/orders/anonymous/", "/users/login/"
_RESET = "/users/password/reset/"
_UNKNOWN = "unknown"
_WITH_DEVICE = ", with a device cookie"
_GUESS = "the password of no one"  # as long as the right one

Body = Mapping[str, str]
Guess = tuple[Body, str]
"""A body, and the Cookie header or an empty string."""


def check(environment: Environment, scale: Scale) -> Finding:
    """Send guesses of all kinds in random order, each from another address."""
    environment.secrets.add(_GUESS)
    known = -(-(scale.guesses + _WARM_UP) // _USES)
    look_ups, logins = _look_ups(environment, known), _logins(environment, known)
    with environment.serve(workers=1, WAYBILL_TRUSTED_PROXIES="1") as server:
        guessers = [Guesser(server.port, scale.guesses) for _ in range(2)]
        # Both at once: look-ups spend most of their time waiting.
        with ThreadPoolExecutor() as threads:
            numbers = threads.submit(guessers[0].guess, _LOOK_UP, 404, look_ups)
            emails = threads.submit(guessers[1].guess, _LOGIN, 400, logins)
        resets = Guesser(server.port, scale.guesses)
        reset_seconds = resets.guess(_RESET, 202, _resets(environment, known))
        guessers.append(resets)
    aucs = (
        _aucs("number", numbers.result())
        | _aucs("e-mail", emails.result())
        | _aucs("reset", reset_seconds)
    )
    margin = allowed(scale.guesses)
    revealed = [
        f"the time reveals {name}" for name, value in aucs.items() if abs(value - 0.5) > margin
    ]
    return Finding(
        title="time of look-ups, logins and password resets, known against unknown",
        database=environment.kind,
        count=scale.guesses,
        required=scale.guesses,
        requirement=f"indistinguishable: AUC {0.5 - margin:.2f} to {0.5 + margin:.2f}",
        figures=aucs,
        failures=tuple(chain(*(guesser.failures for guesser in guessers), revealed)),
    )


def auc(ones: Sequence[float], others: Sequence[float]) -> float:
    """The probability that one of ``ones`` exceeds one of ``others`` (Mann-Whitney U)."""
    ranked = sorted([(value, True) for value in ones] + [(value, False) for value in others])
    ranks = sum(rank for rank, (_, is_from_ones) in enumerate(ranked, 1) if is_from_ones)
    return (ranks - len(ones) * (len(ones) + 1) / 2) / (len(ones) * len(others))


def allowed(guesses: int) -> float:
    """The permitted distance of the AUC from one half; larger for few guesses, which vary more."""
    if guesses >= _MANY:
        return _MARGIN
    return max(_MARGIN, _DEVIATIONS * math.sqrt((2 * guesses + 1) / (12 * guesses**2)))


class Guesser:
    """Sends requests on one connection and measures the time of each response."""

    def __init__(self, port: int, guesses: int) -> None:
        self.failures: list[str] = []
        self._port = port
        self._guesses = guesses
        self._addresses = count(1)
        self._rng = Random(0)

    def guess(
        self, path: str, status: int, kinds: Mapping[str, Iterator[Guess]]
    ) -> dict[str, list[float]]:
        """Return the seconds of all guesses by kind; any other status is a failure."""
        seconds: dict[str, list[float]] = {kind: [] for kind in kinds}
        order = list(kinds)
        with create_connection(("127.0.0.1", self._port)) as connection:
            for number in range(self._guesses + _WARM_UP):
                self._rng.shuffle(order)
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


def _aucs(name: str, seconds: Mapping[str, Sequence[float]]) -> dict[str, float]:
    """The AUC of each kind of known guesses against the unknown ones with the same cookie."""
    return {
        f"{name}, {kind}": auc(times, seconds[_UNKNOWN + _with_cookie(kind)])
        for kind, times in seconds.items()
        if not kind.startswith(_UNKNOWN)
    }


def _with_cookie(kind: str) -> str:
    return _WITH_DEVICE if kind.endswith(_WITH_DEVICE) else ""


def _look_ups(environment: Environment, known: int) -> dict[str, Iterator[Guess]]:
    """Unknown numbers, numbers of guests with another e-mail, and numbers of registered users.

    All repeat equally often, so that the counters of misses are alike.
    """
    users = {
        kind: [environment.shop.user(user_type=kind) for _ in range(known)] for kind in UserType
    }
    orders = {
        kind: [environment.shop.order(user, user_email=user.email) for user in users_of_kind]
        for kind, users_of_kind in users.items()
    }
    return {
        _UNKNOWN: (
            ({"email": _unknown_email(n), "number": f"{2 * 10**15 + n}"}, "")
            for n in cycle(range(known))
        ),
        "a guest's": (
            ({"email": _unknown_email(known + n), "number": order.number}, "")
            for n, order in cycle(enumerate(orders[UserType.GUEST]))
        ),
        "a user's": (
            ({"email": order.user_email, "number": order.number}, "")
            for order in cycle(orders[UserType.REGISTERED])
        ),
    }


def _logins(environment: Environment, known: int) -> dict[str, Iterator[Guess]]:
    """Unknown addresses, and addresses of users with a wrong password.

    Each without a cookie, and with the cookie of a device that another account has used.
    """
    password_hash = Argon2Passwords().hash("the password of all users")
    cookie = _device_cookie(environment)
    guesses: dict[str, Iterator[Guess]] = {}
    for with_device, shown in (("", ""), (_WITH_DEVICE, cookie)):
        users = [environment.shop.user(password_hash=password_hash) for _ in range(known)]
        first = len(guesses) * known
        unknown = [_unknown_email(first + number) for number in range(known)]
        guesses[_UNKNOWN + with_device] = _passwords(unknown, shown)
        guesses["a user's" + with_device] = _passwords([user.email for user in users], shown)
    return guesses


def _passwords(emails: Sequence[str], cookie: str) -> Iterator[Guess]:
    return (({"email": email, "password": _GUESS}, cookie) for email in cycle(emails))


def _device_cookie(environment: Environment) -> str:
    response = Response()
    request = Request(EnvironBuilder().get_environ())
    remember_device(login_subject("device@example.com"), response, request, environment.settings)
    cookie = response.headers["Set-Cookie"].partition(";")[0]
    environment.secrets.add(cookie.partition("=")[2])
    return cookie


def _resets(environment: Environment, known: int) -> dict[str, Iterator[Guess]]:
    """Unknown addresses, addresses of users, who get an e-mail, and of guests and inactive users,
    who get none."""
    make = environment.shop.user
    people: dict[str, Mapping[str, Any]] = {
        "a user's": {},
        "a guest's": {"user_type": UserType.GUEST},
        "an inactive user's": {"is_active": False},
    }
    users = {kind: [make(**fields) for _ in range(known)] for kind, fields in people.items()}
    return {
        _UNKNOWN: (({"email": _unknown_email(n)}, "") for n in cycle(range(known))),
        **{
            kind: (({"email": user.email}, "") for user in cycle(users_of_kind))
            for kind, users_of_kind in users.items()
        },
    }


def _unknown_email(number: int) -> str:
    """An unused address, as long as those of users."""
    return f"unknown{number:05}@example.com"
