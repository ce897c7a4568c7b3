"""Lost and duplicated writes and unexpected responses are reported."""

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


def unreachable_server() -> Server:
    """A server that does not run."""
    server = Server.__new__(Server)
    server.port = free_port()
    return server


def test_a_lost_write_is_reported(environment: Environment, work: Work) -> None:
    writers = Writers(environment, unreachable_server(), work)
    assert writers.lost_or_duplicated() == []

    writers.log.acknowledged[7] = 8

    assert writers.lost_or_duplicated() == ["request 8 was acknowledged and is lost"]


def test_a_duplicated_write_is_reported(environment: Environment, work: Work) -> None:
    cancellations = Desk(environment.database)
    order = environment.shop.order(work.customer.user, items=make_lines(1, 2))
    for _ in range(2):
        cancellations.decide(
            approve_request,
            cancellations.create(order, cancellations.draft(order.items[0].pk, quantity=1)).pk,
        )

    failures = Writers(environment, unreachable_server(), work).lost_or_duplicated()

    assert failures == [f"item {order.items[0].pk} was cancelled more than once"]


def test_an_unexpected_response_is_reported(environment: Environment, work: Work) -> None:
    """Nothing listens on the port: every request ends without a response."""
    writers = Writers(environment, unreachable_server(), work)

    with writers.running(1):
        wait_until(lambda: writers.log.failures)

    assert "ConnectError" in writers.log.failures[0]
    assert writers.wait_for_write(0) is None
