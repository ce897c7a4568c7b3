"""PgBouncer between server and PostgreSQL."""

import pytest

from faults import bouncers, pooler
from faults.bouncers import NoPgBouncer, require_pgbouncer
from faults.environment import Environment
from faults.scale import QUICK
from tests.conftest import KIND

on_a_server = pytest.mark.skipif(
    KIND == "sqlite", reason="SQLite has no server to pool connections"
)


@on_a_server
def test_nobody_gets_what_is_another_s(environment: Environment) -> None:
    try:
        require_pgbouncer()
    except NoPgBouncer as error:
        pytest.skip(f"{error}; script/faults does not pass without it")

    finding = pooler.check(environment, QUICK)

    assert finding.is_passed, (finding.failures, finding.figures)


@on_a_server
def test_without_pgbouncer_nothing_is_passed(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bouncers, "_WHERE", "/nowhere")
    monkeypatch.setenv("PATH", "/nowhere")

    finding = pooler.check(environment, QUICK)

    assert not finding.is_passed
    assert finding.amount == 0
    assert "install the package pgbouncer" in finding.failures[0]
