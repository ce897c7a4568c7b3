"""Servers with fixed ports, and an HTTP address that restarts each of them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from faults.environment import Environment
from faults.threads import running
from tests.support.server import Server, free_port

_STOP_SECONDS = 60


class RestartableServer:
    """A `waybill serve` that is started again on its port after it stopped."""

    def __init__(self, environment: Environment, **env: str) -> None:
        self.port = free_port()
        self.restarts = 0
        self._environment = environment
        self._env = {
            "WAYBILL_SECRET": environment.settings.secret,
            "WAYBILL_LOG_FORMAT": "json",
            **env,
        }
        self._server = self._start()
        self._server.wait_until_ready()

    def restart(self) -> None:
        """Stop the server as service managers do, and start it again when it has stopped."""
        self._server.process.terminate()
        self._server.process.wait(_STOP_SECONDS)
        self._server.client.close()
        self.restarts += 1
        self._server = self._start()

    def end(self) -> None:
        """Stop it at once."""
        self._server.client.close()
        self._server.kill()

    def _start(self) -> Server:
        return Server(
            self._environment.folder, self._environment.url, **self._env, PORT=str(self.port)
        )


@contextmanager
def restart_commands(servers: Sequence[RestartableServer]) -> Iterator[Sequence[str]]:
    """Shell commands that restart the servers; each ends when the new process was started."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            servers[int(self.path[1:])].restart()
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Log nothing."""

    with (
        ThreadingHTTPServer(("127.0.0.1", 0), Handler) as control,
        running([control.serve_forever], control.shutdown),
    ):
        port = control.server_address[1]
        yield [
            f"curl --silent --show-error --fail --request POST http://127.0.0.1:{port}/{number}"
            for number in range(len(servers))
        ]
