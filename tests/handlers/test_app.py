from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from handlers.app import create_app, database_of
from handlers.contract.asgi import wsgi_bridge as bridge
from handlers.settings import Settings


@pytest.mark.parametrize(("threads", "connections", "at_work"), [(4, 10, 4), (8, 2, 2)])
def test_there_are_at_most_as_many_threads_as_connections(
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    threads: int,
    connections: int,
    at_work: int,
) -> None:
    made: list[int] = []

    def remember(count: int, **options: Any) -> Any:
        made.append(count)
        return ThreadPoolExecutor(count, **options)

    monkeypatch.setattr(bridge, "ThreadPoolExecutor", remember)
    app = create_app(replace(settings, threads=threads, database_pool_size=connections))
    database_of(app).close()

    assert made == [at_work]
