import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from fakeredis import FakeRedis, FakeServer

from domain.errors import Unavailable
from handlers.attempts import LoginAttempts, OrderLookUps, PasswordResetRequests
from handlers.settings import Settings

REDIS_URL = "redis://redis.example.com/0"


def make_attempts(**overrides: Any) -> LoginAttempts:
    return LoginAttempts(Settings(secret="s" * 32, **overrides))


@pytest.fixture
def redis(monkeypatch: pytest.MonkeyPatch) -> FakeRedis:
    """What stands at REDIS_URL in this test: the data and scripts of Redis without its server."""
    server = FakeServer()
    monkeypatch.setattr("redis.from_url", lambda *_, **__: FakeRedis(server=server))
    return FakeRedis(server=server)


def miss(
    attempts: LoginAttempts, times: int, email: str = "a@example.com", address: str = ""
) -> None:
    for number in range(times):
        attempts.record_miss(email, address or f"192.0.2.{number}")


class TestEmailLimit:
    def test_has_room_for_nine_misses(self) -> None:
        attempts = make_attempts()
        miss(attempts, 9)

        assert attempts.retry_after("a@example.com", "192.0.2.1") is None

    def test_is_used_up_by_ten_from_wherever_they_come(self) -> None:
        attempts = make_attempts()
        miss(attempts, 10)

        wait = attempts.retry_after("a@example.com", "198.51.100.1")

        assert wait is not None
        assert 15 * 60 - 5 <= wait <= 15 * 60
        assert attempts.retry_after("b@example.com", "198.51.100.1") is None

    def test_has_room_again_when_the_first_miss_is_fifteen_minutes_old(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        attempts, now = make_attempts(), time.time()
        miss(attempts, 10)

        monkeypatch.setattr(time, "time", lambda: now + 15 * 60 + 1)

        assert attempts.retry_after("a@example.com", "192.0.2.1") is None


class TestAddressLimit:
    @pytest.mark.parametrize(
        ("missing", "asking", "is_one"),
        [
            ("192.0.2.1", "192.0.2.1", True),
            ("192.0.2.1", "192.0.2.2", False),
            ("192.0.2.1", "::ffff:192.0.2.1", True),
            ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
            ("2001:db8::1", "2001:db8::ffff:2", True),
            ("2001:db8::1", "2001:db8:0:1::1", False),
            ("a socket", "a socket", True),
        ],
    )
    def test_is_used_up_by_fifty(self, missing: str, asking: str, is_one: bool) -> None:
        attempts = make_attempts()
        for number in range(50):
            assert attempts.retry_after("x@example.com", asking) is None
            attempts.record_miss(f"{number}@example.com", missing)

        assert (attempts.retry_after("x@example.com", asking) is not None) is is_one


def test_no_limit_holds_where_limits_are_off() -> None:
    attempts = make_attempts(limits=False)
    miss(attempts, 60, address="192.0.2.1")

    assert attempts.retry_after("a@example.com", "192.0.2.1") is None


class TestRedis:
    def test_counts_for_all_workers_together(self, redis: FakeRedis) -> None:
        one, other = (make_attempts(limits_storage=REDIS_URL) for _ in range(2))
        miss(one, 6)
        miss(other, 4)

        assert one.retry_after("a@example.com", "192.0.2.1") is not None
        assert other.retry_after("b@example.com", "192.0.2.1") is None

    def test_holds_no_email_and_no_address(self, redis: FakeRedis) -> None:
        miss(make_attempts(limits_storage=REDIS_URL), 1, address="192.0.2.1")

        keys = list(redis.scan_iter())

        assert len(keys) == 2
        assert not [key for key in keys if b"example" in key or b"192.0.2" in key]


class TestLostStorage:
    def test_nobody_logs_in_uncounted(self) -> None:
        attempts = make_attempts(limits_storage="redis://127.0.0.1:1/0")

        with pytest.raises(Unavailable):
            attempts.retry_after("a@example.com", "192.0.2.1")
        with pytest.raises(Unavailable):
            attempts.record_miss("a@example.com", "192.0.2.1")


class TestOrderLookUps:
    @pytest.mark.parametrize(
        ("email", "number", "is_refused"),
        [
            ("a@example.com", "1", True),
            ("a@example.com", "2", True),
            ("b@example.com", "1", True),
            ("b@example.com", "2", False),
        ],
    )
    def test_are_refused_after_five_misses_for_either(
        self, email: str, number: str, is_refused: bool
    ) -> None:
        look_ups = OrderLookUps(Settings(secret="s" * 32))
        for _ in range(5):
            assert look_ups.begin("a@example.com", "1", "192.0.2.1") is None
            look_ups.record_miss("a@example.com", "1")

        wait = look_ups.begin(email, number, "192.0.2.1")

        assert (wait is not None) == is_refused

    def test_are_refused_after_twenty_tries_from_an_address(self) -> None:
        look_ups = OrderLookUps(Settings(secret="s" * 32))
        for number in range(20):
            assert look_ups.begin(f"{number}@example.com", str(number), "192.0.2.1") is None

        wait = look_ups.begin("a@example.com", "a", "192.0.2.1")

        assert wait is not None
        assert 15 * 60 - 5 <= wait <= 15 * 60
        assert look_ups.begin("a@example.com", "a", "192.0.2.2") is None

    def test_that_are_refused_are_not_counted(self) -> None:
        look_ups = OrderLookUps(Settings(secret="s" * 32))
        for _ in range(5):
            look_ups.record_miss("a@example.com", "1")
        for _ in range(20):
            assert look_ups.begin("a@example.com", "1", "192.0.2.1") is not None

        assert look_ups.begin("b@example.com", "2", "192.0.2.1") is None

    def test_are_counted_apart_from_logins(self) -> None:
        settings = Settings(secret="s" * 32)
        attempts, look_ups = LoginAttempts(settings), OrderLookUps(settings)
        miss(attempts, 50, address="192.0.2.1")

        assert look_ups.begin("a@example.com", "1", "192.0.2.1") is None


class TestPasswordResetRequests:
    def test_have_room_for_five_of_an_email_wherever_they_come_from(self) -> None:
        requests = PasswordResetRequests(Settings(secret="s" * 32))

        waits = [requests.begin("a@example.com", f"192.0.2.{number}") for number in range(6)]

        assert waits[:5] == [None] * 5
        assert waits[5] is not None
        assert 15 * 60 - 5 <= waits[5] <= 15 * 60
        assert requests.begin("b@example.com", "192.0.2.1") is None

    def test_have_room_for_fifty_from_an_address(self) -> None:
        requests = PasswordResetRequests(Settings(secret="s" * 32))

        waits = [requests.begin(f"{number}@example.com", "192.0.2.1") for number in range(51)]

        assert waits[:50] == [None] * 50
        assert waits[50] is not None

    def test_are_counted_apart_from_logins(self) -> None:
        settings = Settings(secret="s" * 32)
        requests, attempts = PasswordResetRequests(settings), LoginAttempts(settings)
        miss(attempts, 10)

        assert requests.begin("a@example.com", "192.0.2.1") is None

    def test_are_not_counted_where_limits_are_off(self) -> None:
        requests = PasswordResetRequests(Settings(secret="s" * 32, limits=False))

        assert {requests.begin("a@example.com", "192.0.2.1") for _ in range(100)} == {None}

    def test_leave_the_email_its_room_where_the_address_has_none(self) -> None:
        requests = PasswordResetRequests(Settings(secret="s" * 32))
        for number in range(50):
            requests.begin(f"{number}@example.com", "192.0.2.1")
        for _ in range(5):
            assert requests.begin("a@example.com", "192.0.2.1") is not None

        assert requests.begin("a@example.com", "192.0.2.2") is None

    def test_are_counted_exactly_where_many_come_at_once(self) -> None:
        requests = PasswordResetRequests(Settings(secret="s" * 32))

        with ThreadPoolExecutor(16) as pool:
            waits = list(
                pool.map(lambda n: requests.begin("a@example.com", f"192.0.2.{n}"), range(40))
            )

        assert waits.count(None) == 5
