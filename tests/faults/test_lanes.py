"""A lane runs what is for its database, whatever becomes of the rows before."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import cast

import pytest

from faults.amounts import QUICK, Amounts
from faults.environment import Environment, EnvironmentFactory
from faults.findings import Finding
from faults.lanes import POSTGRES, SQLITE, Lane, Row
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
def lane(environment: Environment) -> Lane:
    return Lane(KIND, cast(EnvironmentFactory, FakeFactory(environment)), QUICK)


def row(check: Callable[[Environment, Amounts], Finding], *databases: str) -> Row:
    return Row(check.__name__, check, databases or (KIND,))


def find(environment: Environment, amounts: Amounts) -> Finding:
    return Finding("find", environment.kind, amounts.stops, amounts.stops, "is found", {})


def fail(_environment: Environment, _amounts: Amounts) -> Finding:
    raise ValueError("the database is gone")


def test_says_what_was_found(lane: Lane, capsys: pytest.CaptureFixture[str]) -> None:
    lane.run([row(find)])

    [finding] = lane.findings
    assert finding.is_passed
    assert finding.seconds > 0
    assert f"{KIND}: find passed in 0 s" in capsys.readouterr().err


def test_leaves_out_what_is_for_another_database(lane: Lane) -> None:
    lane.run([row(find, OTHER)])

    assert not lane.findings


def test_goes_on_after_a_check_that_breaks(lane: Lane) -> None:
    lane.run([row(fail), row(find)])

    broken, found = lane.findings
    assert not broken.is_passed
    assert broken.failures[-1] == "ValueError: the database is gone"
    assert found.is_passed


def test_looks_at_what_a_check_leaves_behind(lane: Lane, environment: Environment) -> None:
    def leave(environment: Environment, amounts: Amounts) -> Finding:
        environment.errors.add(b'{"detail": "ayse@example.com"}')
        environment.shop.order(environment.shop.user(), refund_amount=10**9)
        return find(environment, amounts)

    lane.run([row(leave)])

    [finding] = lane.findings
    assert finding.amount == finding.wanted
    assert finding.failures
    assert "an e-mail address in errors" in lane.search().failures[0]


def test_begins_nothing_once_it_is_stopped(lane: Lane) -> None:
    lane.stop()
    lane.run([row(find)])

    assert not lane.findings
