"""The imports of HTTP clients that connexion uses and no server needs."""

import importlib
import subprocess
import sys

import pytest

from handlers.contract.asgi.deferred import clients_deferred

CLIENTS = ("httpx", "requests", "starlette.testclient")


@pytest.fixture
def not_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide the imported clients during a test, as in a new process."""
    for client in CLIENTS:
        importlib.import_module(client)
    for name in list(sys.modules):
        if name in CLIENTS or name.startswith(("httpx.", "requests.")):
            monkeypatch.delitem(sys.modules, name)


def test_the_server_imports_none_of_them() -> None:
    code = f"import sys, handlers.serving.server; assert not set({CLIENTS}) & set(sys.modules)"

    ended = subprocess.run(  # noqa: S603 - ours
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )

    assert ended.returncode == 0, ended.stderr


@pytest.mark.usefixtures("not_imported")
def test_the_first_use_imports_the_client() -> None:
    with clients_deferred():
        client = importlib.import_module("requests")

    assert "requests" not in sys.modules
    assert client.codes.ok == 200
    assert "requests" in sys.modules


@pytest.mark.usefixtures("not_imported")
def test_a_missing_name_raises_attribute_error() -> None:
    with clients_deferred():
        client = importlib.import_module("httpx")

    with pytest.raises(AttributeError, match="nonsense"):
        _ = client.nonsense


@pytest.mark.usefixtures("not_imported")
def test_the_test_client_is_imported_when_it_is_created() -> None:
    async def app(*_: object) -> None:
        """Sends no response."""

    with clients_deferred():
        make = importlib.import_module("starlette.testclient").TestClient

    assert type(make(app)) is importlib.import_module("starlette.testclient").TestClient


def test_an_imported_client_is_not_deferred() -> None:
    known = importlib.import_module("requests")

    with clients_deferred():
        assert importlib.import_module("requests") is known

    assert importlib.import_module("requests") is known


@pytest.mark.usefixtures("not_imported")
def test_a_failed_import_leaves_no_deferred_clients() -> None:
    with pytest.raises(ModuleNotFoundError), clients_deferred():
        importlib.import_module("connexion_of_nobody")

    assert not set(CLIENTS) & set(sys.modules)
