import time
from contextlib import suppress

import pytest
from fakeredis import FakeRedis, FakeServer

from domain.accounts.sessions import Credentials
from domain.orders.anonymous_orders import GuestLookup
from domain.shared.errors import LoginFailed, NotFound, TooManyAttempts
from handlers.auth.rate_limits import LoginRateLimits, LookupRateLimits
from handlers.settings import Settings

SETTINGS = Settings(secret="s" * 32)
EMAIL, HERE, THERE = "a@example.com", "192.0.2.1", "198.51.100.1"


def miss_login(
    limits: LoginRateLimits,
    times: int = 1,
    *,
    email: str = EMAIL,
    address: str = HERE,
    device: str | None = None,
) -> None:
    for _ in range(times):
        with (
            suppress(LoginFailed),
            limits.attempt(Credentials(email, "wrong", address, device)),
        ):
            raise LoginFailed


def may_log_in(
    limits: LoginRateLimits, *, email: str = EMAIL, address: str = HERE, device: str | None = None
) -> bool:
    try:
        with limits.attempt(Credentials(email, "right", address, device)):
            return True
    except TooManyAttempts:
        return False


class TestLogins:
    def test_are_refused_after_ten_misses_for_an_email_from_its_network(self) -> None:
        limits = LoginRateLimits(SETTINGS)
        miss_login(limits, 9)
        assert may_log_in(limits)
        miss_login(limits)

        assert not may_log_in(limits)
        assert not may_log_in(limits, email=" A@example.com ")
        assert may_log_in(limits, address=THERE)
        assert may_log_in(limits, email="b@example.com")

    def test_are_refused_after_a_hundred_misses_for_an_email_from_all_networks(self) -> None:
        limits = LoginRateLimits(SETTINGS)
        for network in range(100):
            assert may_log_in(limits, address=THERE)
            miss_login(limits, address=f"192.0.2.{network}")

        assert not may_log_in(limits, address=THERE)
        assert may_log_in(limits, email="b@example.com", address=THERE)

    @pytest.mark.parametrize(
        ("missing", "asking", "is_one"),
        [
            ("192.0.2.1", "192.0.2.1:1042", True),
            ("192.0.2.1", "192.0.2.2", False),
            ("::ffff:192.0.2.1", "192.0.2.1", True),
            ("2001:db8::1", "[2001:db8::ffff:2]:443", True),
            ("2001:db8::1", "2001:db8:0:1::1", False),
            ("a socket", "another", True),
        ],
    )
    def test_are_refused_after_fifty_misses_from_a_network(
        self, missing: str, asking: str, is_one: bool
    ) -> None:
        limits = LoginRateLimits(SETTINGS)
        for number in range(50):
            assert may_log_in(limits, address=asking)
            miss_login(limits, email=f"{number}@example.com", address=missing)

        assert may_log_in(limits, address=asking) is not is_one

    def test_from_a_known_device_are_not_refused_for_the_misses_of_others(self) -> None:
        limits = LoginRateLimits(SETTINGS)
        miss_login(limits, 10)
        for network in range(90):
            miss_login(limits, address=f"198.51.100.{network}")
        for number in range(40):
            miss_login(limits, email=f"{number}@example.com")

        assert not may_log_in(limits)
        assert may_log_in(limits, device="d")

    def test_from_a_known_device_are_refused_after_ten_own_misses(self) -> None:
        limits = LoginRateLimits(SETTINGS)
        miss_login(limits, 10, device="d")

        assert not may_log_in(limits, device="d", address=THERE)
        assert may_log_in(limits, device="e")
        assert may_log_in(limits)


def miss_look_up(
    limits: LookupRateLimits, *, email: str = EMAIL, number: str = "1", address: str = HERE
) -> None:
    with suppress(NotFound), limits.attempt(GuestLookup(email, number, address)):
        raise NotFound


def miss_look_ups(limits: LookupRateLimits) -> None:
    """Five misses for EMAIL and five for the number 1, from one network; none twice."""
    for number in range(4):
        miss_look_up(limits, number=f"x{number}")
        miss_look_up(limits, email=f"{number}@example.com")
    miss_look_up(limits)


def may_look_up(
    limits: LookupRateLimits,
    *,
    email: str = EMAIL,
    number: str = "1",
    address: str = HERE,
    device: str | None = None,
) -> bool:
    try:
        with limits.attempt(GuestLookup(email, number, address, device)):
            return True
    except TooManyAttempts:
        return False


class TestLookUps:
    @pytest.mark.parametrize(
        ("email", "number", "address", "may"),
        [
            (EMAIL, "1", HERE, False),
            (EMAIL.upper(), "2", HERE, False),
            ("b@example.com", "1", HERE, False),
            ("b@example.com", "2", HERE, True),
            (EMAIL, "1", THERE, True),
        ],
    )
    def test_are_refused_after_five_misses_for_either_from_their_network(
        self, email: str, number: str, address: str, may: bool
    ) -> None:
        limits = LookupRateLimits(SETTINGS)
        miss_look_ups(limits)

        assert may_look_up(limits, email=email, number=number, address=address) is may

    @pytest.mark.parametrize("is_about", ["email", "number"])
    def test_are_refused_after_fifty_misses_for_either_from_all_networks(
        self, is_about: str
    ) -> None:
        limits = LookupRateLimits(SETTINGS)
        for network in range(50):
            email, number = (EMAIL, "x") if is_about == "email" else ("x@example.com", "1")
            assert may_look_up(limits, address=THERE)
            miss_look_up(limits, email=email, number=number, address=f"192.0.2.{network}")

        assert not may_look_up(limits, address=THERE)

    def test_are_refused_after_twenty_misses_from_a_network(self) -> None:
        limits = LookupRateLimits(SETTINGS)
        for number in range(20):
            assert may_look_up(limits)
            miss_look_up(limits, email=f"{number}@example.com", number=f"x{number}")

        assert not may_look_up(limits)
        assert may_look_up(limits, address=THERE)

    def test_that_repeat_a_miss_count_once_a_minute(self, monkeypatch: pytest.MonkeyPatch) -> None:
        limits, now = LookupRateLimits(SETTINGS), time.time()
        for minute in range(4):
            monkeypatch.setattr(time, "time", lambda passed=minute * 61: now + passed)
            for email in (EMAIL, EMAIL.upper()):
                miss_look_up(limits, email=email)
        assert may_look_up(limits)
        monkeypatch.setattr(time, "time", lambda: now + 4 * 61)
        miss_look_up(limits)

        assert not may_look_up(limits)

    @pytest.mark.parametrize(
        "question",
        [
            {"email": "b@example.com"},
            {"number": "2"},
            {"number": " 1"},
            {"email": f"{EMAIL}', '1"},
        ],
    )
    def test_that_miss_something_else_count(self, question: dict[str, str]) -> None:
        limits = LookupRateLimits(SETTINGS)
        for number in range(18):
            miss_look_up(limits, email=f"{number}@example.org", number=f"y{number}")
        miss_look_up(limits)
        assert may_look_up(limits)
        miss_look_up(limits, **question)

        assert not may_look_up(limits)

    def test_that_find_their_order_do_not_count(self) -> None:
        limits = LookupRateLimits(SETTINGS)

        assert all(may_look_up(limits, number=str(number)) for number in range(60))

    def test_from_a_known_device_are_not_refused_for_the_misses_of_others(self) -> None:
        limits = LookupRateLimits(SETTINGS)
        miss_look_ups(limits)

        assert may_look_up(limits, device="d")

    def test_are_counted_separately_from_logins(self, monkeypatch: pytest.MonkeyPatch) -> None:
        server = FakeServer()
        monkeypatch.setattr("redis.from_url", lambda *_, **__: FakeRedis(server=server))
        settings = Settings(secret="s" * 32, limits_storage="redis://redis.example.com/0")
        logins, lookups = LoginRateLimits(settings), LookupRateLimits(settings)
        for number in range(50):
            miss_login(logins, email=f"{number}@example.com")

        assert may_look_up(lookups)
        assert not may_log_in(logins)
