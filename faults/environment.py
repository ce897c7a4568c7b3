"""The test environment of a check: a migrated database, its users, and servers on it."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from benchmarks.postgres import Postgres, postgres
from domain.accounts.users import User
from domain.sellers.sellers import Seller
from handlers.auth.cookies import session_cookie
from handlers.auth.session_cookies import new_csrf_token
from handlers.database import open_database
from tests.support.application import Shop, usual_settings
from tests.support.server import Server

_TEMPLATE = "waybill_template"
_TIMEOUT_SECONDS = 30


@dataclass(frozen=True)
class Customer:
    """A shopper with a session; ``headers`` authenticate their requests."""

    user: User
    session: str
    headers: dict[str, str]


class Environment:
    """One migrated database, and a folder for the output of servers.

    ``secrets`` are values that were issued and must appear nowhere; ``errors`` are the bodies of
    all responses from 400 on.
    """

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self.folder = folder
        self.settings = usual_settings(url)
        self.database = open_database(self.settings)
        self._clients: list[httpx.Client] = []
        self.shop = Shop(self.database)
        self.secrets: set[str] = set()
        self.errors: set[bytes] = set()

    @property
    def kind(self) -> str:
        """`sqlite` or `postgres`."""
        return "sqlite" if self.url.startswith("sqlite") else "postgres"

    @property
    def outputs(self) -> list[Path]:
        """The output files of the servers, one for each."""
        return sorted(self.folder.glob("*.txt"))

    @contextmanager
    def beside(self, url: str) -> Iterator["Environment"]:
        """Another database for the same check, whose folder, secrets and errors are shared."""
        other = Environment(url, self.folder)
        other.secrets, other.errors = self.secrets, self.errors
        try:
            yield other
        finally:
            other.close()

    def customer(self, user: User | None = None) -> Customer:
        """A new shopper, or an existing ``user``, with a new session."""
        user = user or self.shop.user()
        session = self.shop.session(user)
        token = new_csrf_token(session, self.settings)
        self.secrets |= {session, token}
        cookies = f"{session_cookie(self.settings)}={session}; csrftoken={token}"
        return Customer(user, session, {"Cookie": cookies, "x-csrftoken": token})

    def seller_headers(self, seller: Seller) -> dict[str, str]:
        """Headers of a stored seller's requests, with a new token."""
        token = self.shop.token(seller)
        self.secrets.add(token)
        return {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    @contextmanager
    def serve(self, *, workers: int = 2, **env: str) -> Iterator[Server]:
        """A ready `waybill serve`; it and its workers end with the block."""
        env = {"WAYBILL_SECRET": self.settings.secret, "WAYBILL_LOG_FORMAT": "json"} | env
        server = Server(self.folder, self.url, WAYBILL_WORKERS=str(workers), **env)
        try:
            server.wait_until_ready()
            yield server
        finally:
            server.end()

    def client(
        self,
        server: Server,
        headers: dict[str, str] | None = None,
        timeout: float = _TIMEOUT_SECONDS,
    ) -> httpx.Client:
        """A client of the server; bodies of error responses go to ``errors``."""
        client = httpx.Client(
            base_url=f"http://127.0.0.1:{server.port}",
            headers=headers,
            timeout=timeout,
            event_hooks={"response": [self._record_error]},
        )
        self._clients.append(client)
        return client

    def _record_error(self, response: httpx.Response) -> None:
        if response.is_error:
            self.errors.add(response.read())

    def close(self) -> None:
        """Close the connections of this process."""
        for client in self._clients:
            client.close()
        self.database.close()


class EnvironmentFactory:
    """Makes environments: in a folder, and on a PostgreSQL server unless they use SQLite."""

    def __init__(self, folder: Path, server: Postgres | None) -> None:
        self._folder = folder
        self._server = server
        _migrate(self._url(_TEMPLATE, folder, is_new=True))

    @contextmanager
    def environment(self, name: str) -> Iterator[Environment]:
        """A database of its own for one check."""
        folder = self._folder / name
        folder.mkdir()
        environment = Environment(self._url(name, folder), folder)
        try:
            yield environment
        finally:
            environment.close()

    def _url(self, name: str, folder: Path, *, is_new: bool = False) -> str:
        if self._server is not None:
            database = name.replace("-", "_")
            self._server.create(database, None if is_new else _TEMPLATE)
            return self._server.url(database)
        file = folder / "waybill.sqlite3"
        if not is_new:
            shutil.copy(self._folder / "waybill.sqlite3", file)
        return f"sqlite:///{file}"


@contextmanager
def environment_factory(kind: str, folder: Path) -> Iterator[EnvironmentFactory]:
    """A factory for databases of this kind, `sqlite` or `postgres`; it ends with the block."""
    if kind == "sqlite":
        yield EnvironmentFactory(folder, None)
        return
    with postgres(folder) as server:
        yield EnvironmentFactory(folder, server)


def _migrate(url: str) -> None:
    database = open_database(usual_settings(url))
    database.migrate()
    database.close()
