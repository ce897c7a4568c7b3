"""Waits for connections are reported, also after the pool was replaced."""

from threading import Event, Thread

import pytest
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from persistence.engine import engines as opening
from persistence.engine.engines import Pool, connect
from persistence.engine.measures import Measures


@pytest.fixture(autouse=True)
def short_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "POOL_TIMEOUT", 0.05)


def test_only_waits_for_a_connection_in_use_are_reported(database_url: str) -> None:
    waits: list[tuple[str, float]] = []
    engines = connect(database_url, Pool(1))
    engines.report_waits(Measures(pool_wait=lambda pool, seconds: waits.append((pool, seconds))))
    engines.dispose()  # the next pool reports as well

    with engines.writing.connect():
        assert waits == []
        assert engines.pool_use()["write"].in_use == 1
        with pytest.raises(PoolTimeoutError):
            engines.writing.connect()
    engines.dispose()

    [(name, seconds)] = waits
    assert name == "write"
    assert seconds >= 0.05


def test_a_returned_connection_ends_the_wait(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "POOL_TIMEOUT", 30)
    waits: list[float] = []
    engines = connect(database_url, Pool(1))
    engines.report_waits(Measures(pool_wait=lambda _pool, seconds: waits.append(seconds)))
    has_it = Event()

    def wait() -> None:
        has_it.set()
        engines.writing.connect().close()

    with engines.writing.connect():
        waiting = Thread(target=wait)
        waiting.start()
        has_it.wait()
        waiting.join(0.1)
    waiting.join()
    engines.dispose()

    assert len(waits) == 1


def test_pools_have_the_names_of_pool_names(database_url: str) -> None:
    engines = connect(database_url, Pool(3))

    assert tuple(engines.pool_use()) == opening.pool_names(database_url)
    assert engines.pool_use()["write"].size == 3
    assert engines.pool_use()["documents"].size == 1
    engines.dispose()
