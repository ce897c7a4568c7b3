"""The rows go back in time under an open Database: by a restored backup or a failover.

Cached and stored documents were rendered from lost rows. They are never shown, since no version is
used twice.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from domain.accounts.users import User
from domain.orders.orders import Order
from domain.sellers.sellers import Seller
from persistence.database import Database
from tests.conftest import KIND, Opened
from tests.support.builders import make_address, make_seller
from tests.support.fakes import FakeClock, FakeRenderer, fake_renderers
from tests.support.restored_backups import Restore, back_up, back_up_to_replace
from tests.support.stored import change_notes, listed, store_old_order, store_order
from tests.support.stored_sellers import listed as listed_for_seller
from tests.support.stored_sellers import sold, store_sold

BackUp = Callable[[str], Restore]
WAYS: dict[str, BackUp] = {"copied": back_up}
if KIND == "sqlite":
    WAYS["replaced"] = lambda url: back_up_to_replace(Path(url.removeprefix("sqlite:///")))


@pytest.fixture(params=["cached", "stored"])
def reopened(
    request: pytest.FixtureRequest,
    opened: Opened,
    database_url: str,
    clock: FakeClock,
    order_renderer: FakeRenderer,
    old_order_renderer: FakeRenderer,
) -> Iterator[Database]:
    """The empty database, with documents cached in memory and in tables, or in tables only."""
    order_renderer.describe = lambda order: order.notes
    if request.param == "stored":
        yield opened.database
        return
    database = Database(
        database_url,
        renderers=fake_renderers(order_renderer, old_order_renderer),
        clock=clock,
    )
    yield database
    database.close()


@pytest.fixture
def order(reopened: Database, shopper: User) -> Order:
    return store_order(reopened, user_pk=shopper.pk, notes="backed up")


def shown(database: Database, user_pk: int) -> list[Any]:
    return [document["shown"] for document in listed(database, user_pk)]


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS.keys())
class TestOrders:
    def test_are_shown_as_they_were(
        self, reopened: Database, database_url: str, order: Order, way: BackUp
    ) -> None:
        restore = way(database_url)
        change_notes(reopened, order.pk, "lost")
        assert shown(reopened, order.user_pk) == ["lost"]

        restore()

        assert shown(reopened, order.user_pk) == ["backed up"]

    def test_that_change_another_way_are_shown_so(
        self, reopened: Database, database_url: str, order: Order, way: BackUp
    ) -> None:
        restore = way(database_url)
        change_notes(reopened, order.pk, "lost")
        assert shown(reopened, order.user_pk) == ["lost"]

        restore()
        change_notes(reopened, order.pk, "done instead")

        assert shown(reopened, order.user_pk) == ["done instead"]

    def test_that_get_the_pk_of_a_lost_one_are_themselves(
        self, reopened: Database, database_url: str, shopper: User, way: BackUp
    ) -> None:
        restore = way(database_url)
        lost = store_order(reopened, user_pk=shopper.pk, notes="lost")
        assert shown(reopened, shopper.pk) == ["lost"]

        restore()
        other = store_order(reopened, user_pk=shopper.pk, notes="placed instead")

        assert other.pk == lost.pk
        assert shown(reopened, shopper.pk) == ["placed instead"]

    def test_that_are_archived_get_no_version_again(
        self, reopened: Database, database_url: str, shopper: User, way: BackUp
    ) -> None:
        restore = way(database_url)
        seen = set()
        for _ in range(2):
            pk = store_old_order(reopened, user_pk=shopper.pk)
            for number in range(2):
                with reopened.writing() as uow:
                    old_order = uow.old_orders.get(pk)
                    assert old_order is not None
                    seen.add((pk, old_order.version))
                    old_order.status = str(number)
                    uow.commit()
            restore()

        assert len({pk for pk, _ in seen}) == 1
        assert len(seen) == 4


class TestSellers:
    @pytest.fixture
    def seller(self, reopened: Database, shopper: User) -> Seller:
        """A seller with an order in the backup."""
        seller = make_seller()
        self.sell(reopened, seller, shopper, "backed up")
        return seller

    def sell(self, database: Database, seller: Seller, shopper: User, name: str) -> Order:
        """Store an order with the name in its number and address."""
        address = make_address(user_pk=shopper.pk, line=name)
        sale = {"number": name, "items": [sold(seller)]}
        [order] = store_sold(
            database, shopper.pk, sale | {"shipping_address": address, "billing_address": address}
        )
        return order

    @pytest.mark.parametrize(
        ("resource", "attribute"),
        [("seller_orders", "number"), ("seller_customer_addresses", "line")],
    )
    def test_see_nothing_of_a_lost_order(
        self,
        reopened: Database,
        database_url: str,
        shopper: User,
        seller: Seller,
        resource: str,
        attribute: str,
    ) -> None:
        def seen() -> set[str]:
            views = listed_for_seller(reopened, resource, seller)
            return {getattr(view, attribute) for view in views}

        restore = back_up(database_url)
        lost = self.sell(reopened, seller, shopper, "lost")
        assert seen() == {"backed up", "lost"}

        restore()
        other = self.sell(reopened, seller, shopper, "placed instead")

        assert other.pk == lost.pk
        assert other.shipping_address.pk == lost.shipping_address.pk
        assert seen() == {"backed up", "placed instead"}


class TestRenderings:
    def test_of_what_is_lost_meanwhile_are_not_stored(
        self,
        reopened: Database,
        database_url: str,
        order: Order,
        order_renderer: FakeRenderer,
    ) -> None:
        restore = back_up(database_url)
        change_notes(reopened, order.pk, "lost")

        def lose_meanwhile(rendered: Order) -> object:
            order_renderer.describe = lambda order: order.notes
            restore()
            return rendered.notes

        order_renderer.describe = lose_meanwhile
        assert shown(reopened, order.user_pk) == ["lost"]

        assert shown(reopened, order.user_pk) == ["backed up"]
