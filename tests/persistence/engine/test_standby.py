"""A hot standby of PostgreSQL: reads work, and writes are refused without a server error."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import pytest

from domain.accounts.users import User
from domain.sellers.sellers import Seller
from domain.shared.errors import Unavailable
from domain.shared.readiness import ReadOnly
from persistence.database import Database
from persistence.engine.engines import Pool
from tests.conftest import KIND
from tests.support.builders import make_seller
from tests.support.fakes import fake_renderers
from tests.support.processes import wait_until
from tests.support.replication import migrated_servers
from tests.support.stored import change_notes, listed, store_user
from tests.support.stored_sellers import listed as listed_for_seller
from tests.support.stored_sellers import sold, store_sold

pytestmark = [
    pytest.mark.skipif(KIND == "sqlite", reason="SQLite has no standby"),
    pytest.mark.usefixtures("make_url"),  # else the run on PostgreSQL would deselect it
]


class Pair(NamedTuple):
    """The rows of the primary, and a database on its standby."""

    standby: Database
    primary: Database
    user: User
    seller: Seller
    order_pk: int
    promote: Callable[[], None]


@pytest.fixture
def pair() -> Iterator[Pair]:
    with migrated_servers(1) as servers:
        first, second = servers.nodes
        primary, standby = _open(first.url()), _open(second.url())
        user, seller = store_user(primary), make_seller()
        [order] = store_sold(primary, user.pk, {"items": [sold(seller)], "notes": "placed"})
        second.wait_for(first)
        yield Pair(standby, primary, user, seller, order.pk, second.promote)
        standby.close()
        primary.close()


def _open(url: str) -> Database:
    return Database(url, renderers=fake_renderers(), pool=Pool(2))


def test_is_read_until_it_is_promoted(pair: Pair, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(2):
        assert len(listed(pair.standby, pair.user.pk)) == 1
        assert len(listed_for_seller(pair.standby, "seller_orders", pair.seller)) == 1
        with pytest.raises(Unavailable):
            change_notes(pair.standby, pair.order_pk, "never")
        with pytest.raises(ReadOnly):
            pair.standby.require_ready()
    records = [record for record in caplog.records if record.name.startswith("persistence")]
    assert records
    assert not any(record.exc_info for record in records)

    pair.promote()

    wait_until(lambda: _is_ready(pair.standby))
    change_notes(pair.standby, pair.order_pk, "written here now")


def _is_ready(database: Database) -> bool:
    try:
        database.require_ready()
    except ReadOnly:
        return False
    return True
