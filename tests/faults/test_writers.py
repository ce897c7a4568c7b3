"""What was acknowledged and is not stored, or stored twice, is told; and so is any odd answer."""

import pytest

from domain.cancellations.decisions import approve_request
from faults.environment import Environment
from faults.writers import Work, Writers
from tests.support.builders import make_lines
from tests.support.processes import wait_until
from tests.support.server import Server, free_port
from tests.support.stored_cancellations import Desk


@pytest.fixture
def work(environment: Environment) -> Work:
    return Work(environment.customer(), 1, [1])


def nobody() -> Server:
    """A server that is not there."""
    server = Server.__new__(Server)
    server.port = free_port()
    return server


def test_what_is_lost_is_told(environment: Environment, work: Work) -> None:
    writers = Writers(environment, nobody(), work)
    assert writers.lost_and_twofold() == []

    writers.told.acknowledged[7] = 8

    assert writers.lost_and_twofold() == ["request 8 was acknowledged and is lost"]


def test_what_happened_twice_is_told(environment: Environment, work: Work) -> None:
    desk = Desk(environment.database)
    order = environment.shop.order(work.customer.user, items=make_lines(1, 2))
    for _ in range(2):
        desk.decide(
            approve_request,
            desk.create(order, desk.draft(order.items[0].pk, quantity=1)).pk,
        )

    told = Writers(environment, nobody(), work).lost_and_twofold()

    assert told == [f"item {order.items[0].pk} was cancelled more than once"]


def test_an_answer_that_should_not_be_is_told(environment: Environment, work: Work) -> None:
    """Nobody listens on the port: every request ends without an answer."""
    writers = Writers(environment, nobody(), work)

    with writers.at_work(1):
        wait_until(lambda: writers.told.failures)

    assert "ConnectError" in writers.told.failures[0]
    assert writers.wait_for_write(0) is None
