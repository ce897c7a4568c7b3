"""The log of a server in JSON: every line, and complete, however the server ends."""

import json
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.handlers.serving.test_reloads import reload
from tests.support.processes import children_of
from tests.support.server import SECRET, Serve, Server, migrated_sqlite

JSON = SECRET | {"WAYBILL_LOG_FORMAT": "json", "WAYBILL_WORKERS": "2"}
REQUESTS = 150  # more than a worker holds


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    """Always SQLite: the access log does not depend on the database."""
    return migrated_sqlite(tmp_path)


def interrupt(server: Server) -> None:
    server.process.send_signal(signal.SIGINT)


def terminate(server: Server) -> None:
    server.process.terminate()


def terminate_all(server: Server) -> None:
    """As a service manager does."""
    os.killpg(server.process.pid, signal.SIGTERM)


def stop_workers(server: Server) -> None:
    for worker in children_of(server.process.pid):
        os.kill(worker, signal.SIGINT)
    interrupt(server)


@pytest.mark.parametrize("end", [interrupt, terminate, terminate_all, stop_workers])
def test_has_all_requests(serve: Serve, end: Callable[[Server], None]) -> None:
    server = serve(**JSON)
    for number in range(REQUESTS):
        server.client.get(f"/missing/{number}")

    end(server)

    lines = [json.loads(line) for line in server.end().splitlines() if "/missing/" in line]
    assert [line["path"] for line in lines] == [f"/missing/{number}" for number in range(REQUESTS)]


def test_every_line_of_a_server_is_an_object(serve: Serve) -> None:
    """Also those of granian, of a reload, and of warnings at the start."""
    server = serve(**JSON)
    reload(server)
    server.client.get("/missing/")

    lines = [json.loads(line) for line in server.end().splitlines()]

    events = [str(line["event"]) for line in lines]
    assert {"level", "timestamp"} <= set.intersection(*({*line} for line in lines))
    assert events.count("limits_counted_separately") == 2
    assert "reloading" in events
    assert sum(event.startswith("Started worker-") for event in events) == 4
