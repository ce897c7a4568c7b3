"""`/metrics` of a server with several workers reports all of them, whichever worker answers."""

import os
import signal
from pathlib import Path
from threading import Thread

import httpx
import pytest

from persistence.database import Database
from tests.handlers.serving.test_reloads import reload
from tests.handlers.test_metrics import parse
from tests.support.fakes import fake_renderers
from tests.support.processes import children_of, wait_for_another, wait_until
from tests.support.server import SECRET, Serve, Server, migrated_sqlite

WORKERS = 3
HEALTH = 'waybill_requests_total{operation_id="checkLiveness",status="200"}'


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    """Always SQLite: the metrics of processes do not depend on the database."""
    return migrated_sqlite(tmp_path)


def get(server: Server, path: str) -> httpx.Response:
    """The response to a new connection, which any worker may accept."""
    return httpx.get(f"http://127.0.0.1:{server.port}{path}")


def scrape(server: Server) -> dict[str, float]:
    return parse(get(server, "/metrics").text)


def wait_for_processes(server: Server, count: int) -> None:
    wait_until(lambda: scrape(server)["waybill_processes{}"] == count)


def test_counters_are_sums_and_include_ended_workers(serve: Serve) -> None:
    server = serve(**SECRET, WAYBILL_WORKERS=str(WORKERS), WAYBILL_LOG_PROBES="false")
    wait_for_processes(server, WORKERS)
    assert scrape(server)["waybill_process_starts_total{}"] == WORKERS

    for _ in range(30):
        assert get(server, "/healthz").status_code == 200
    assert {scrape(server)[HEALTH] for _ in range(10)} == {30}
    counts: list[dict[str, float]] = []

    workers = {*children_of(server.process.pid)}
    for unlucky in sorted(workers):
        counts.append(scrape(server))
        os.kill(unlucky, signal.SIGKILL)
        workers.add(wait_for_another(server.process.pid, workers))
        wait_for_processes(server, WORKERS)

    counts.append(scrape(server))
    assert [count[HEALTH] for count in counts] == [30] * (WORKERS + 1)
    for name in ("waybill_process_starts_total{}", "process_cpu_seconds_total{}"):
        values = [count[name] for count in counts]
        assert values == sorted(values)
    assert counts[-1]["waybill_process_starts_total{}"] == 2 * WORKERS
    # One value of all processes, not that of whichever answers.
    assert len({count["process_start_time_seconds{}"] for count in counts}) == 1
    # No gauge of a dead worker is left.
    wait_until(lambda: scrape(server)["waybill_threads{}"] == 8 * WORKERS)
    assert "healthz" not in server.end()


def test_counters_continue_after_a_reload(serve: Serve) -> None:
    server = serve(**SECRET, WAYBILL_WORKERS="2")
    wait_for_processes(server, 2)
    for _ in range(10):
        get(server, "/healthz")

    for reloads in (1, 2):
        reload(server)
        wait_for_processes(server, 2)
        found = scrape(server)
        assert found[HEALTH] == 10
        assert found["waybill_process_starts_total{}"] == 2 * (reloads + 1)


def test_a_scrape_works_while_all_threads_are_busy(serve: Serve) -> None:
    """The one thread waits for the lock that another process has."""
    server = serve(**SECRET, WAYBILL_THREADS="1")
    wait_for_processes(server, 1)
    database = Database(
        f"sqlite:///{server.output.parent}/waybill.sqlite3", renderers=fake_renderers()
    )
    statuses: list[int] = []

    def reset_password() -> None:
        url = f"http://127.0.0.1:{server.port}/users/password/reset/"
        statuses.append(httpx.post(url, json={"email": "ayse@example.com"}).status_code)

    waiting = Thread(target=reset_password)
    with database.writing() as uow:
        uow.outbox.get(1)
        waiting.start()
        wait_until(lambda: scrape(server)["waybill_threads_busy{}"] == 1)
        assert get(server, "/healthz").status_code == 200
    waiting.join()
    database.close()

    assert statuses == [202]
    wait_until(lambda: scrape(server)["waybill_threads_busy{}"] == 0)
