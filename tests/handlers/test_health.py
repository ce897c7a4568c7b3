"""Probes: /readyz has the reason why requests can not be served."""

import mmap

import pytest
from starlette.testclient import TestClient

from domain.shared.readiness import (
    Corrupt,
    DistributedStandbys,
    NotReady,
    ReadOnly,
    SchemaMismatch,
    TransactionPooler,
)
from handlers.app import database_of
from handlers.contract.asgi.routing import ContractApp
from handlers.web import draining

REASONS: dict[str, tuple[NotReady, str]] = {
    "schema_mismatch": (
        SchemaMismatch("0007", "0012"),
        "The database has schema revision 0007; this release needs 0012.",
    ),
    "read_only": (ReadOnly(), "The database can only be read."),
    "corrupt": (Corrupt(), "The database is damaged."),
    "transaction_pooler": (TransactionPooler(), TransactionPooler.message),
    "distributed_standbys": (DistributedStandbys(), DistributedStandbys.message),
}


def test_a_process_that_lives_says_so(client: TestClient) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}


def test_a_database_that_is_as_it_should_be_is_ready(client: TestClient) -> None:
    answer = client.get("/readyz")

    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


@pytest.mark.parametrize("code", REASONS)
def test_what_is_to_be_changed_is_said(
    client: TestClient, app: ContractApp, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    refusal, detail = REASONS[code]

    def refuse() -> None:
        raise refusal

    monkeypatch.setattr(database_of(app), "require_ready", refuse)

    answer = client.get("/readyz")

    assert answer.status_code == 503
    assert answer.json() == {"detail": detail, "error_code": code}
    assert answer.headers["Retry-After"] == "1"


def test_a_revision_is_named_in_turkish_too(
    client: TestClient, app: ContractApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> None:
        raise SchemaMismatch(None, "0012")

    monkeypatch.setattr(database_of(app), "require_ready", refuse)

    detail = client.get("/readyz", headers={"Accept-Language": "tr"}).json()["detail"]

    assert detail.startswith("Veritabanının")
    assert "none" in detail
    assert "0012" in detail


@pytest.mark.parametrize(
    ("language", "detail"),
    [("en", "The server is about to stop."), ("tr", "Sunucu kapanmak üzere.")],
)
def test_a_server_that_drains_is_not_ready_but_serves(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, language: str, detail: str
) -> None:
    monkeypatch.setattr(draining, "_state", mmap.mmap(-1, 1))
    draining.start_draining()

    answer = client.get("/readyz", headers={"Accept-Language": language})

    assert answer.status_code == 503
    assert answer.json() == {"detail": detail, "error_code": "draining"}
    assert answer.headers["Retry-After"] == "1"
    assert client.get("/healthz").status_code == 200
