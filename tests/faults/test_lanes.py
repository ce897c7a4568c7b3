"""A lane runs what is for its database, whatever becomes of the rows before."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import cast

import pytest

from faults.amounts import QUICK, Amounts
from faults.findings import Finding
from faults.ground import Ground, Site
from faults.lanes import POSTGRES, SQLITE, Lane, Row
from tests.conftest import KIND

OTHER = POSTGRES if KIND == SQLITE else SQLITE


class Place:
    """A site with a single ground."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    @contextmanager
    def ground(self, _name: str) -> Iterator[Ground]:
        yield self._ground


@pytest.fixture
def lane(ground: Ground) -> Lane:
    return Lane(KIND, cast(Site, Place(ground)), QUICK)


def row(check: Callable[[Ground, Amounts], Finding], *databases: str) -> Row:
    return Row(check.__name__, check, databases or (KIND,))


def find(ground: Ground, amounts: Amounts) -> Finding:
    return Finding("find", ground.kind, amounts.stops, amounts.stops, "is found", {})


def fail(_ground: Ground, _amounts: Amounts) -> Finding:
    raise ValueError("the ground gave way")


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
    assert broken.failures[-1] == "ValueError: the ground gave way"
    assert found.is_passed


def test_looks_at_what_a_check_leaves_behind(lane: Lane, ground: Ground) -> None:
    def leave(ground: Ground, amounts: Amounts) -> Finding:
        ground.errors.add(b'{"detail": "ayse@example.com"}')
        ground.shop.order(ground.shop.user(), refund_amount=10**9)
        return find(ground, amounts)

    lane.run([row(leave)])

    [finding] = lane.findings
    assert finding.amount == finding.wanted
    assert finding.failures
    assert "an e-mail address in errors" in lane.search().failures[0]


def test_begins_nothing_once_it_is_stopped(lane: Lane) -> None:
    lane.stop()
    lane.run([row(find)])

    assert not lane.findings
