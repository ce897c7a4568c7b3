"""Failovers that lose a change, while a standby still has it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from domain.shared.errors import Unavailable
from domain.shared.positions import Position, StandbyReader
from persistence.engine.engines import StandbyOptions
from tests.conftest import KIND
from tests.support.processes import wait_until
from tests.support.replication import Node, Replicated, migrated_servers
from tests.support.standby_shop import FIRST, Shop, once_available, open_database

pytestmark = [
    pytest.mark.skipif(KIND == "sqlite", reason="SQLite has no standby"),
    pytest.mark.usefixtures("make_url"),  # or the run on PostgreSQL would leave it out
]

_READS = 20


class Lossy:
    """The first standby lacks the last change of a shop, the second one has it."""

    def __init__(self, servers: Replicated, shop: Shop) -> None:
        self.primary, self.chosen, self.ahead = servers.nodes
        self.shop = shop
        self.chosen.wait_for(self.primary)
        self.chosen.stop()
        self.lost: Position = shop.change("lost")
        self.ahead.wait_for(self.primary)
        assert shop.read(StandbyReader(self.lost, "a")) == "lost"

    def end_primary(self) -> None:
        """Kill the primary; the standby without the change can be promoted."""
        self.primary.stop("immediate")
        self.chosen.start()

    def is_away(self) -> bool:
        """Whether the database is unavailable for a reader who has changed nothing."""
        try:
            self.shop.read()
        except Unavailable:
            return True
        return False


Open = Callable[..., Lossy]


@pytest.fixture
def servers() -> Iterator[Replicated]:
    with migrated_servers(2) as servers:
        yield servers


@pytest.fixture
def lossy(servers: Replicated) -> Iterator[Open]:
    """Opens a shop with this URL, and these standbys and seconds of lag."""
    with ExitStack() as stack:

        def open_lossy(url: str, *standbys: Node, lag: float) -> Lossy:
            options = StandbyOptions(servers.url(*standbys), lag)
            database = open_database(url, options)
            stack.callback(database.close)
            return Lossy(servers, Shop(servers, database))

        yield open_lossy


def test_lost_changes_are_not_served_once_another_primary_is_known(
    servers: Replicated, lossy: Open
) -> None:
    """A standby that has what the new primary lacks is no longer read, and not from memory."""
    _, chosen, ahead = servers.nodes
    failover = lossy(servers.url(), ahead, lag=60)
    shop, lost = failover.shop, failover.lost

    failover.end_primary()
    chosen.promote()
    seen = once_available(lambda: shop.change("on the new primary"))

    assert seen.timeline > lost.timeline
    read = once_available(lambda: shop.read(StandbyReader(seen, "a")))
    assert read == "on the new primary"
    wait_until(lambda: "its timeline is 1" in str(shop.status().obstacle))
    assert {shop.read(reader) for reader in (FIRST, StandbyReader(lost, "a"))} == {
        "on the new primary"
    }

    ahead.stop()
    ahead.rewind(chosen)
    ahead.start()
    shop.wait_until_read()
    assert shop.read(StandbyReader(seen, "a")) == "on the new primary"


def test_lost_changes_are_not_served_after_a_promotion_that_waits_for_the_lag(
    servers: Replicated, lossy: Open
) -> None:
    _, chosen, ahead = servers.nodes
    failover = lossy(servers.url(), ahead, lag=2)
    shop = failover.shop

    failover.end_primary()
    wait_until(
        lambda: (
            shop.status().obstacle == "the primary has not answered for 2 seconds"
            and failover.is_away()
        )
    )
    assert [failover.is_away() for _ in range(_READS)] == [True] * _READS

    chosen.promote()

    assert once_available(shop.read) == "placed"
    assert [shop.read() for _ in range(_READS)] == ["placed"] * _READS
    assert ahead.is_running


def test_lost_changes_are_not_served_once_a_standby_was_promoted(
    servers: Replicated, lossy: Open
) -> None:
    """Also if the new primary can not be reached as such."""
    primary, chosen, ahead = servers.nodes
    failover = lossy(primary.url(), ahead, chosen, lag=60)
    shop = failover.shop

    failover.end_primary()
    # Until a check notices that the primary is away, a reader whose standby fails is sent to it.
    assert once_available(shop.read) in {"placed", "lost"}
    chosen.promote()

    wait_until(failover.is_away)
    assert [failover.is_away() for _ in range(_READS)] == [True] * _READS
    of_ahead, _ = shop.database.standbys()
    assert of_ahead.obstacle == "a server is on timeline 2, the primary on 1"
