"""One sandbox per pytest worker, reset before each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from handlers.app import create_app, database_of
from handlers.contract.asgi.routing import ContractApp
from handlers.sandbox.shop import SECRET, read_shop
from handlers.sandbox.state import Sandbox
from handlers.settings import Settings
from tests.support.sandbox_clients import Callers


@pytest.fixture(scope="session")
def sandbox_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ContractApp]:
    """The application of a sandbox, as `waybill serve --sandbox` makes it."""
    yield from _app(tmp_path_factory.mktemp("sandbox"))


def _app(folder: Path) -> Iterator[ContractApp]:
    settings = Settings(secret=SECRET, database_url=f"sqlite:///{folder / 'sandbox.sqlite3'}")
    app = create_app(settings, Sandbox.of(read_shop()))
    database_of(app).make_tables()
    yield app
    database_of(app).close()


@pytest.fixture
def callers(sandbox_app: ContractApp) -> Callers:
    """Its callers, after a reset."""
    callers = Callers(sandbox_app)
    callers.reset()
    return callers
