"""Races over one account: for its session, its password and its deactivation."""

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from domain.accounts.one_time_tokens import Purpose
from domain.accounts.user_accounts import deactivate_user
from domain.accounts.users import User, UserType
from faults.environment import Environment
from faults.order_races import Attempt, Race
from faults.raw_client import exchange, request
from persistence.accounts.sessions import sessions
from persistence.engine.engines import Pool, connect

_OPERATOR = "operator:faults"
_RIVALS = 6
_PASSWORDS = 3  # at once; one takes as long as many handovers
_EXPIRED_STATUS = 410


class AccountRaces:
    """Races over accounts at one server, each over a new user."""

    def __init__(self, environment: Environment, port: int) -> None:
        self._environment = environment
        self._port = port
        self._engines = connect(environment.url, Pool(1))

    def close(self) -> None:
        """Close the connection that sessions are counted on."""
        self._engines.dispose()

    def hand_over(self) -> Race:
        """Several windows open one link: one of them gets a session."""
        user = self._environment.shop.user()
        attempts = [self._redeem(self._link(user, Purpose.HANDOVER))] * _RIVALS

        def check(statuses: Sequence[int]) -> Iterator[str]:
            yield from _one_winner(303, statuses)
            if (count := self._sessions(user)) != 1:
                yield f"{count} sessions"

        return Race("handover", attempts, check)

    def deactivate(self) -> Race:
        """Links are opened while the user is deactivated: no session may be left in any order."""
        user = self._environment.shop.user()
        attempts = [self._redeem(self._link(user, Purpose.HANDOVER)) for _ in range(_RIVALS - 1)]
        attempts.insert(_RIVALS // 2, self._deactivate(user))

        def check(statuses: Sequence[int]) -> Iterator[str]:
            if unexpected := set(statuses) - {204, 303, _EXPIRED_STATUS}:
                yield f"statuses {unexpected}"
            if count := self._sessions(user):
                yield f"{count} sessions of an inactive user"

        return Race("handover against deactivation", attempts, check)

    def reset(self) -> Race:
        """Several windows use one link of a password reset: one of them sets the password."""
        user = self._environment.shop.user()
        token = self._link(user, Purpose.PASSWORD_RESET)
        passwords = [f"the password of window {number}" for number in range(_PASSWORDS)]
        self._environment.secrets |= set(passwords)
        attempts = [
            self._send(
                request("POST", "/users/password/", {}, {"token": token, "password": password})
            )
            for password in passwords
        ]

        def check(statuses: Sequence[int]) -> Iterator[str]:
            return _one_winner(200, statuses)

        return Race("password reset", attempts, check)

    def _link(self, user: User, purpose: Purpose) -> str:
        """The token of a link that lasts until its race is run, which may be in minutes."""
        token = self._environment.shop.link(user, purpose)
        self._environment.secrets.add(token)
        return token

    def _redeem(self, token: str) -> Attempt:
        return self._send(request("GET", f"/users/handover/?token={token}", {}))

    def _deactivate(self, user: User) -> Attempt:
        def work(uow: Any) -> User:
            return deactivate_user(user.email, UserType.REGISTERED, _OPERATOR, uow)

        async def attempt() -> int:
            await asyncio.to_thread(self._environment.database.write, work)
            return 204

        return attempt

    def _send(self, sent: bytes) -> Attempt:
        async def attempt() -> int:
            response = (await exchange(self._port, sent)).response
            self._environment.secrets |= set(response.cookies.values())
            if response.status >= 400:
                self._environment.errors.add(response.body)
            return response.status

        return attempt

    def _sessions(self, user: User) -> int:
        counted = sa.select(sa.func.count()).where(sessions.c.user_pk == user.pk)
        with self._engines.autocommit.connect() as connection:
            return connection.execute(counted).scalar_one()


def _one_winner(won: int, statuses: Sequence[int]) -> Iterator[str]:
    seen = Counter(statuses)
    if seen != {won: 1, _EXPIRED_STATUS: len(statuses) - 1}:
        yield f"statuses {dict(seen)}"
