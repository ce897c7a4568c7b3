"""The measured servers and their processes."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from benchmarks import waybill
from benchmarks.workloads import (
    CHANGED,
    COLD_DETAIL,
    COLD_LIST,
    CREATE,
    DETAIL,
    LIST,
    MIX,
    OLD_ORDERS,
    REJECT,
    SELLER_ORDERS,
)

START_SECONDS = 180  # the first start of script/serve installs packages
_STOP_SECONDS = 15
_READS = frozenset({LIST, DETAIL, OLD_ORDERS, SELLER_ORDERS})
_ALL = _READS | {CREATE, COLD_LIST, COLD_DETAIL, MIX}
_OPTIONS = ["--no-ws", "--workers-kill-timeout", "2", "--respawn-failed-workers"]


@dataclass(frozen=True)
class Server:
    """How a server is started; ``{port}`` and ``{workers}`` in the command are replaced.

    Its ``database`` is a copy of that of ``filled_from``, or of one filled for this server.
    """

    name: str
    database: str
    command: list[str]
    workloads: frozenset[str] = _READS
    settings: Mapping[str, str] = field(default_factory=dict)
    filled_from: str = ""

    @property
    def template(self) -> str:
        """The filled database that the server's ones are copied from."""
        return f"{self.filled_from or self.database}_filled"

    @property
    def is_waybill(self) -> bool:
        """Whether it is Waybill, possibly modified."""
        return self.template == WAYBILL.template


@dataclass
class Running:
    """A running server; ``start_seconds`` is the time until its first response."""

    process: subprocess.Popen[bytes]
    base_url: str
    start_seconds: float


def _granian(target: str, interface: str, *options: str, python: str = sys.executable) -> list[str]:
    return [
        *(python, "-m", "granian", *_OPTIONS, "--interface", interface),
        *("--host", "127.0.0.1", "--port", "{port}", "--workers", "{workers}"),
        *(*options, target),
    ]


WAYBILL = Server("Waybill", "waybill", [*waybill.COMMAND, "serve"], _ALL | {CHANGED, REJECT})
WITHOUT_VALIDATION = Server(
    "Waybill, responses not validated",
    "waybill_without_validation",
    _granian(
        "benchmarks.without_response_validation:application",
        "asgi",
        "--factory",
        python=waybill.PYTHON,
    ),
    frozenset({LIST}),
    filled_from=WAYBILL.database,
)
FASTAPI = Server(
    "FastAPI",
    "fastapi",
    _granian("benchmarks.peers.fastapi_app:app", "asgi", "--loop", "uvloop"),
    _ALL,
)
LITESTAR = Server(
    "Litestar",
    "litestar",
    _granian("benchmarks.peers.litestar_app:app", "asgi", "--loop", "uvloop"),
    _ALL,
    filled_from=FASTAPI.database,
)
DRF = Server(
    "DRF",
    "django",
    _granian("benchmarks.peers.django_shop.wsgi:application", "wsgi", "--blocking-threads", "4"),
    settings={"DJANGO_SETTINGS_MODULE": "benchmarks.peers.django_shop.settings"},
)
CONNEXION = Server(
    "stock connexion", "connexion", _granian("benchmarks.peers.connexion_app:app", "asgi")
)
BASELINE = Server(
    "baseline",
    "pages",
    _granian("benchmarks.peers.baseline:app", "asgi", "--loop", "uvloop"),
)
SERVERS = (WAYBILL, WITHOUT_VALIDATION, FASTAPI, LITESTAR, DRF, CONNEXION, BASELINE)


def free_port() -> int:
    """An unused port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@contextmanager
def running(server: Server, url: str, port: int, workers: int, output: Path) -> Iterator[Running]:
    """Start the server on the database at ``url``; it ends with the block.

    Its output goes to the file ``output``. Raises RuntimeError, which names that file, where the
    server does not respond in time.
    """
    with output.open("ab") as log:
        started = time.perf_counter()
        process = subprocess.Popen(
            [part.format(port=port, workers=workers) for part in server.command],
            cwd=waybill.ROOT,
            env=_environ(server, url, port, workers),
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            base_url = f"http://127.0.0.1:{port}"
            _wait_until_ready(server, process, base_url, output)
            yield Running(process, base_url, time.perf_counter() - started)
        finally:
            _stop(process)


def _environ(server: Server, url: str, port: int, workers: int) -> dict[str, str]:
    settings = {"WAYBILL_PORT": str(port), "WAYBILL_WORKERS": str(workers), **server.settings}
    # With bytecode files, as in production.
    own = waybill.environ(url, DATABASE_URL=_driver_url(server, url), **settings)
    own.pop("PYTHONDONTWRITEBYTECODE", None)
    return own


def _driver_url(server: Server, url: str) -> str:
    """The URL with SQLAlchemy's driver name for servers that use SQLAlchemy."""
    drivers = {FASTAPI.name: "postgresql+asyncpg:", CONNEXION.name: "postgresql+psycopg:"}
    return url.replace("postgresql:", drivers.get(server.name, "postgresql:"), 1)


def _wait_until_ready(
    server: Server, process: subprocess.Popen[bytes], base_url: str, output: Path
) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        try:
            # Waybill has a readiness check; for the others any response counts.
            response = httpx.get(f"{base_url}/readyz", timeout=START_SECONDS)
        except httpx.TransportError:
            time.sleep(0.02)
            continue
        if not server.is_waybill or response.status_code == httpx.codes.OK:
            return
    raise RuntimeError(f"{server.name} does not respond, see {output}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Terminate the server; kill it and its workers where that takes too long."""
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
