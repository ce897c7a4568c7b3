"""A run calls the checks for its database, even after one that raises."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import cast

import pytest

from faults.environment import Environment, EnvironmentFactory
from faults.findings import Finding
from faults.runner import POSTGRES, SQLITE, Check, DatabaseRun
from faults.scale import QUICK, Scale
from tests.conftest import KIND

OTHER = POSTGRES if KIND == SQLITE else SQLITE


class FakeFactory:
    """A factory with a single environment."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment

    @contextmanager
    def environment(self, _name: str) -> Iterator[Environment]:
        yield self._environment


@pytest.fixture
def database_run(environment: Environment) -> DatabaseRun:
    return DatabaseRun(KIND, cast(EnvironmentFactory, FakeFactory(environment)), QUICK)


def make_check(check: Callable[[Environment, Scale], Finding], *databases: str) -> Check:
    return Check(check.__name__, check, databases or (KIND,))


def find(environment: Environment, scale: Scale) -> Finding:
    return Finding(
        "find", environment.kind, scale.graceful_stops, scale.graceful_stops, "is found", {}
    )


def fail(_environment: Environment, _scale: Scale) -> Finding:
    raise ValueError("the database is gone")


def test_logs_and_collects_findings(
    database_run: DatabaseRun, capsys: pytest.CaptureFixture[str]
) -> None:
    database_run.run([make_check(find)])

    [finding] = database_run.findings
    assert finding.is_passed
    assert finding.seconds > 0
    assert f"{KIND}: find passed in 0 s" in capsys.readouterr().err


def test_leaves_out_checks_for_another_database(database_run: DatabaseRun) -> None:
    database_run.run([make_check(find, OTHER)])

    assert not database_run.findings


def test_continues_after_a_check_that_raises(database_run: DatabaseRun) -> None:
    database_run.run([make_check(fail), make_check(find)])

    broken, second_finding = database_run.findings
    assert not broken.is_passed
    assert broken.failures[-1] == "ValueError: the database is gone"
    assert second_finding.is_passed


def test_searches_the_data_that_a_check_leaves(
    database_run: DatabaseRun, environment: Environment
) -> None:
    def leave(environment: Environment, scale: Scale) -> Finding:
        environment.errors.add(b'{"detail": "ayse@example.com"}')
        environment.shop.order(environment.shop.user(), refund_amount=10**9)
        return find(environment, scale)

    database_run.run([make_check(leave)])

    [finding] = database_run.findings
    assert finding.count == finding.required
    assert finding.failures
    assert "an e-mail address in errors" in database_run.search().failures[0]


def test_starts_no_check_once_it_is_stopped(database_run: DatabaseRun) -> None:
    database_run.stop()
    database_run.run([make_check(find)])

    assert not database_run.findings
