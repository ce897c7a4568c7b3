import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from threading import Lock
from typing import Any

import pytest
from fakeredis import FakeRedis, FakeServer
from limits import RateLimitItemPerMinute
from limits.errors import StorageError
from redis.exceptions import ConnectionError as RedisConnectionError

from domain.shared.errors import LoginFailed, NotFound, TooManyAttempts, Unavailable
from handlers.auth.rate_counters import Counters, Limit
from handlers.settings import Settings

REDIS_URL = "redis://redis.example.com/0"
WINDOW = 15 * 60
FIVE = RateLimitItemPerMinute(5, 15)
LIMITS: list[Limit] = [(FIVE, "email:a@example.com")]


@pytest.fixture
def redis(monkeypatch: pytest.MonkeyPatch) -> FakeRedis:
    """The fake at REDIS_URL: the data and scripts of Redis without its server."""
    server = FakeServer()
    monkeypatch.setattr("redis.from_url", lambda *_, **__: FakeRedis(server=server))
    return FakeRedis(server=server)


@pytest.fixture(params=["memory://", REDIS_URL])
def storage(request: pytest.FixtureRequest, redis: FakeRedis) -> str:
    url: str = request.param
    return url


def make_counters(storage: str = "memory://", purpose: str = "login", **overrides: Any) -> Counters:
    return Counters(purpose, Settings(secret="s" * 32, limits_storage=storage, **overrides))


def miss(counters: Counters, times: int = 1, limits: list[Limit] = LIMITS) -> None:
    for _ in range(times):
        with suppress(LoginFailed), counters.attempt(limits, LoginFailed):
            raise LoginFailed


def wait(counters: Counters, limits: list[Limit] = LIMITS) -> int | None:
    try:
        with counters.attempt(limits, LoginFailed):
            return None
    except TooManyAttempts as refusal:
        return refusal.retry_after


class TestAttempt:
    def test_is_refused_after_as_many_misses_as_the_limit(self, storage: str) -> None:
        counters = make_counters(storage)
        miss(counters, 4)
        assert wait(counters) is None
        miss(counters)

        seconds = wait(counters)

        assert seconds is not None
        assert WINDOW - 5 <= seconds <= WINDOW
        assert wait(counters, [(FIVE, "email:b@example.com")]) is None

    def test_counts_a_repeated_miss_once_a_minute(
        self, storage: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        counters, now = make_counters(storage), time.time()

        def ask(question: str) -> None:
            with (
                suppress(LoginFailed),
                counters.attempt(LIMITS, LoginFailed, question=question),
            ):
                raise LoginFailed

        for _ in range(20):
            ask("a")
        for question in "bcd":
            ask(question)
        assert wait(counters) is None
        monkeypatch.setattr(time, "time", lambda: now + 61)
        ask("a")

        assert wait(counters) is not None

    def test_counts_a_repeated_miss_while_it_is_open(self, storage: str) -> None:
        counters = make_counters(storage)
        with ExitStack() as open_attempts:
            for _ in range(5):
                attempt = counters.attempt(LIMITS, LoginFailed, question="a")
                open_attempts.enter_context(attempt)
            assert wait(counters) == 1

    def test_is_not_counted_if_a_repetition_succeeds(self, storage: str) -> None:
        counters = make_counters(storage)
        with counters.attempt(LIMITS, LoginFailed, question="a"):
            pass
        miss(counters, 4)
        with suppress(LoginFailed), counters.attempt(LIMITS, LoginFailed, question="a"):
            raise LoginFailed

        assert wait(counters) is not None

    def test_counts_only_if_it_missed(self, storage: str) -> None:
        counters = make_counters(storage)
        for _ in range(20):
            with counters.attempt(LIMITS, LoginFailed):
                pass
            with suppress(Unavailable), counters.attempt(LIMITS, LoginFailed):
                raise Unavailable

        assert wait(counters) is None

    def test_counts_while_it_is_open(self, storage: str) -> None:
        counters = make_counters(storage)
        miss(counters, 4)

        with counters.attempt(LIMITS, LoginFailed):
            assert wait(counters) == 1
        assert wait(counters) is None

    def test_counts_for_no_limit_if_one_refuses_it(self, storage: str) -> None:
        counters = make_counters(storage)
        other: list[Limit] = [(FIVE, "network:192.0.2.1")]
        miss(counters, 5)
        for _ in range(10):
            assert wait(counters, [*LIMITS, *other]) is not None

        assert wait(counters, other) is None

    def test_waits_for_the_last_limit_that_refuses_it(
        self, storage: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        counters, now = make_counters(storage), time.time()
        later: list[Limit] = [(FIVE, "network:192.0.2.1")]
        miss(counters, 5)
        monkeypatch.setattr(time, "time", lambda: now + 600)
        miss(counters, 5, later)

        assert 880 <= (wait(counters, [*LIMITS, *later]) or 0) <= WINDOW

    def test_is_accepted_when_the_first_miss_leaves_the_window(
        self, storage: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        counters, now = make_counters(storage), time.time()
        miss(counters, 5)

        monkeypatch.setattr(time, "time", lambda: now + WINDOW + 1)

        assert wait(counters) is None

    def test_is_accepted_without_limits(self) -> None:
        counters = make_counters(limits=False)
        miss(counters, 60)

        assert wait(counters) is None


class TestParallelAttempts:
    def test_never_exceed_the_limit(self, storage: str) -> None:
        workers = [make_counters(storage)] if storage == "memory://" else []
        workers = workers or [make_counters(storage) for _ in range(3)]
        verified, refused, lock = [0], [0], Lock()

        def verify() -> None:
            with lock:
                verified[0] += 1
            time.sleep(0.01)
            raise LoginFailed

        def guess(number: int) -> None:
            try:
                with workers[number % len(workers)].attempt(LIMITS, LoginFailed):
                    verify()
            except LoginFailed:
                pass
            except TooManyAttempts:
                with lock:
                    refused[0] += 1

        with ThreadPoolExecutor(20) as threads:
            list(threads.map(guess, range(120)))
        # Open attempts may have refused some; the rest of the limit is available.
        with suppress(TooManyAttempts):
            miss(workers[0], 5)

        assert 0 < verified[0] <= 5
        assert verified[0] + refused[0] == 120
        assert wait(workers[0]) is not None

    def test_leave_none_open(self, storage: str) -> None:
        counters = make_counters(storage)

        def succeed(_: int) -> None:
            with suppress(TooManyAttempts), counters.attempt(LIMITS, LoginFailed):
                time.sleep(0.001)

        with ThreadPoolExecutor(10) as threads:
            list(threads.map(succeed, range(100)))
        miss(counters, 4)

        assert wait(counters) is None


class TestKilledProcess:
    def test_leaves_attempts_open_for_at_most_a_window(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        counters, now = make_counters(), time.time()
        never_ended = [counters.attempt(LIMITS, LoginFailed) for _ in range(5)]
        for attempt in never_ended:
            attempt.__enter__()
        assert wait(counters) == 1

        monkeypatch.setattr(time, "time", lambda: now + WINDOW + 1)
        assert wait(counters) is None
        # Attempts that end after their counter has expired do not extend the limit.
        for attempt in never_ended:
            attempt.__exit__(None, None, None)
        miss(counters, 5)

        assert wait(counters) is not None


class TestClockThatIsSetBack:
    """Times in the future would count for the length of the step."""

    @pytest.mark.parametrize("step", [-60, -86_400])
    def test_ends_locks_in_memory(self, monkeypatch: pytest.MonkeyPatch, step: int) -> None:
        counters, now = make_counters(), time.time()
        miss(counters, 5)

        monkeypatch.setattr(time, "time", lambda: now + step)

        assert wait(counters) is None
        miss(counters, 5)
        assert WINDOW - 5 <= (wait(counters) or 0) <= WINDOW

    def test_ends_locks_of_open_attempts(self, monkeypatch: pytest.MonkeyPatch) -> None:
        counters, now = make_counters(), time.time()
        limits: list[Limit] = [(RateLimitItemPerMinute(1, 15), "email:a@example.com")]
        assert counters.take(limits) is None
        assert counters.take(limits) is not None

        monkeypatch.setattr(time, "time", lambda: now - 86_400)

        assert counters.take(limits) is None

    def test_never_waits_longer_than_the_window(
        self, redis: FakeRedis, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        counters, now = make_counters(REDIS_URL), time.time()
        miss(counters, 5)

        monkeypatch.setattr(time, "time", lambda: now - 86_400)

        assert wait(counters) == WINDOW

    def test_ends_locks_in_redis_after_the_window(self, redis: FakeRedis) -> None:
        """Redis expires keys by a clock of its own."""
        miss(make_counters(REDIS_URL), 5)

        lives: list[Any] = [redis.ttl(key) for key in redis.scan_iter()]

        assert lives
        assert all(0 < seconds <= WINDOW for seconds in lives)

    def test_does_not_include_drift(self, monkeypatch: pytest.MonkeyPatch) -> None:
        counters, now = make_counters(), time.time()
        miss(counters, 5)

        for tenths in range(1, 20):
            monkeypatch.setattr(time, "time", lambda late=tenths: now - late / 10)
            assert wait(counters) is not None


class TestRedis:
    def test_counts_for_all_workers_together(self, redis: FakeRedis) -> None:
        one, other = (make_counters(REDIS_URL) for _ in range(2))
        miss(one, 3)
        miss(other, 2)

        assert wait(one) is not None
        assert wait(other) is not None

    def test_stores_no_email_and_no_address(self, redis: FakeRedis) -> None:
        limits = [*LIMITS, (FIVE, "network:192.0.2.1")]
        question = "192.0.2.1:a@example.com:1"
        with (
            suppress(LoginFailed),
            make_counters(REDIS_URL).attempt(limits, LoginFailed, question=question),
        ):
            raise LoginFailed

        keys = list(redis.scan_iter())

        assert len(keys) == 5
        assert not [key for key in keys if b"example" in key or b"192.0.2" in key]

    def test_counts_each_purpose_separately(self, redis: FakeRedis) -> None:
        miss(make_counters(REDIS_URL, "login"), 5)

        assert wait(make_counters(REDIS_URL, "look-up")) is None
        assert wait(make_counters(REDIS_URL, "login")) is not None


class TestLostStorage:
    def test_refuses_attempts_that_it_can_not_count(self, caplog: pytest.LogCaptureFixture) -> None:
        counters = make_counters("redis://:a-password@127.0.0.1:1/0")

        with pytest.raises(Unavailable), counters.attempt(LIMITS, NotFound):
            pytest.fail("the attempt began")

        [record] = caplog.records
        assert "limits_storage_unavailable" in record.message
        assert "Connection refused" in record.message
        assert record.exc_info is None
        assert "a-password" not in caplog.text

    def test_is_unavailable_during_an_attempt(
        self, redis: FakeRedis, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        counters = make_counters(REDIS_URL)

        def lose(*_: object) -> None:
            raise StorageError(RedisConnectionError())

        def miss_without_storage() -> None:
            with counters.attempt(LIMITS, LoginFailed):
                monkeypatch.setattr("limits.storage.RedisStorage.incr", lose)
                raise LoginFailed

        with pytest.raises(Unavailable):
            miss_without_storage()
