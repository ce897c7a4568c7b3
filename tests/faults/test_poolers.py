"""PgBouncer between server and PostgreSQL."""

import psycopg
import pytest

from faults import debian, pooler
from faults.debian import ProgramUnavailable, require_program
from faults.environment import Environment
from faults.pgbouncer import (
    NAME,
    TRANSACTION,
    running_pgbouncer,
)
from faults.scale import QUICK
from tests.conftest import KIND

on_a_server = pytest.mark.skipif(
    KIND == "sqlite", reason="SQLite has no server to pool connections"
)


@on_a_server
def test_no_caller_gets_another_s_data(environment: Environment) -> None:
    try:
        require_program(NAME)
    except ProgramUnavailable as error:
        pytest.skip(f"{error}; script/faults does not pass without it")

    finding = pooler.check(environment, QUICK)

    assert finding.is_passed, (finding.failures, finding.figures)


@on_a_server
def test_a_setting_that_stays_on_a_connection_is_found(environment: Environment) -> None:
    try:
        require_program(NAME)
    except ProgramUnavailable as error:
        pytest.skip(f"{error}; script/faults does not pass without it")
    with running_pgbouncer(environment.url, TRANSACTION, 2) as started:
        assert pooler._leaks(started, environment, 2) == []  # noqa: SLF001
        with psycopg.connect(started.url, autocommit=True, prepare_threshold=None) as client:
            client.execute("SET synchronous_commit = local")

        leaks = pooler._leaks(started, environment, 2)  # noqa: SLF001

    assert leaks == ["synchronous_commit = local stays set"]


@on_a_server
def test_without_pgbouncer_the_check_fails(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(debian, "_SEARCH_PATH", "/nowhere")
    monkeypatch.setenv("PATH", "/nowhere")

    finding = pooler.check(environment, QUICK)

    assert not finding.is_passed
    assert finding.count == 0
    assert "install the package pgbouncer" in finding.failures[0]
