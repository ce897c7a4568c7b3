"""Reading from standbys: what is read is never older than what the reader has seen."""

import json
from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa

from domain.accounts.sessions import authenticate, log_out
from domain.orders.orders import OrderQuery
from domain.shared.errors import Conflict, NotAuthenticated, Unavailable
from domain.shared.paging import PageRequest
from domain.shared.positions import Position, StandbyReader
from domain.unit_of_work import UnitOfWork
from persistence.engine.engines import Pool, StandbyOptions, connect
from tests.conftest import KIND
from tests.support.processes import wait_until
from tests.support.replication import Node, Replicated, migrated_servers
from tests.support.standby_shop import FIRST, Shop, open_database, opened_shop
from tests.support.stored import change_notes, store_order

pytestmark = [
    pytest.mark.skipif(KIND == "sqlite", reason="SQLite has no standby"),
    pytest.mark.usefixtures("make_url"),  # or the run on PostgreSQL would leave it out
]


@pytest.fixture(scope="module")
def servers() -> Iterator[Replicated]:
    with migrated_servers(1) as servers:
        yield servers


@pytest.fixture
def shop(servers: Replicated) -> Iterator[Shop]:
    with opened_shop(servers) as shop:
        yield shop
    if not shop.standby.is_running:
        shop.standby.start()
    shop.standby.resume()


@pytest.fixture
def paused(shop: Shop) -> Shop:
    shop.standby.pause()
    return shop


class TestOwnChanges:
    def test_are_seen_although_the_standby_is_behind(self, paused: Shop) -> None:
        seen = paused.change("changed")
        before = paused.status()

        assert paused.read(StandbyReader(seen, "a")) == "changed"

        after = paused.status()
        assert (after.reads, after.refusals) == (before.reads, before.refusals + 1)
        assert after.obstacle is None  # other readers go on reading it

    def test_are_read_from_the_standby_once_it_has_them(self, paused: Shop) -> None:
        seen = paused.change("changed")
        paused.standby.resume()
        paused.standby.wait_for(paused.primary)
        before = paused.status().reads

        assert paused.read(StandbyReader(seen, "a")) == "changed"
        assert paused.status().reads == before + 1

    def test_of_a_position_of_another_timeline_are_those_of_the_primary(self, paused: Shop) -> None:
        seen = paused.change("changed")

        assert paused.read(StandbyReader(Position(seen.timeline + 1, 1), "a")) == "changed"

    def test_a_session_that_began_just_now_is_found(self, paused: Shop) -> None:
        session = paused.open_session()

        assert paused.read(session=session) == "placed"

    def test_an_open_transaction_hides_what_came_later(self, shop: Shop) -> None:
        """A standby sees a change of number 8 before one of number 7 that is still open."""
        with connect(shop.primary.url(), Pool(1)).writing.connect() as connection:
            connection.execute(sa.text("SELECT pg_current_xact_id()"))
            seen = shop.change("changed")
            shop.standby.wait_for(shop.primary)

            assert shop.read(StandbyReader(seen, "a")) == "changed"
            connection.rollback()
            connection.invalidate()


class TestPosition:
    def test_is_noted_before_the_commit(self, shop: Shop) -> None:
        def refuse(_position: Position) -> None:
            raise Unavailable

        def work(uow: UnitOfWork) -> None:
            order = uow.orders.get(shop.order.pk)
            assert order is not None
            order.notes = "never"
            uow.commit()

        with pytest.raises(Unavailable):
            shop.database.write(work, refuse)

        with shop.database.reading() as uow:
            order = uow.orders.get(shop.order.pk)
        assert order is not None
        assert order.notes == "placed"

    def test_includes_what_an_earlier_request_has_changed(self, paused: Shop) -> None:
        """A repeated request changes nothing: its response shows what the first one did."""
        change_notes(paused.database, paused.order.pk, "by a lost request")
        positions: list[Position] = []

        paused.database.write(lambda uow: uow.orders.get(paused.order.pk), positions.append)

        assert paused.read(StandbyReader(positions[-1], "a")) == "by a lost request"

    def test_is_noted_with_a_refusal(self, paused: Shop) -> None:
        change_notes(paused.database, paused.order.pk, "by a lost request")
        positions: list[Position] = []

        def work(_uow: UnitOfWork) -> None:
            raise Conflict("It is done already.", code="done")

        with pytest.raises(Conflict):
            paused.database.write(work, positions.append)

        assert paused.read(StandbyReader(positions[-1], "a")) == "by a lost request"


def test_a_report_begins_the_checks(servers: Replicated) -> None:
    """Monitoring sees a standby that is read before there is any reader."""
    primary, standby = servers.nodes
    database = open_database(primary.url(), StandbyOptions(standby.url(), lag=60))
    try:
        wait_until(lambda: [status.obstacle for status in database.standbys()] == [None])
    finally:
        database.close()


class TestStandby:
    def test_others_changes_appear_when_it_has_them(self, paused: Shop) -> None:
        paused.change("changed")

        assert paused.read() == "placed"

        paused.standby.resume()
        paused.standby.wait_for(paused.primary)
        assert paused.read() == "changed"

    def test_that_is_too_far_behind_is_left_out_until_it_has_caught_up(
        self, servers: Replicated
    ) -> None:
        with opened_shop(servers, lag=1) as shop:
            shop.standby.pause()
            shop.change("changed")
            wait_until(lambda: shop.read() == "changed")
            wait_until(lambda: shop.status().obstacle == "it is more than 1 seconds behind")

            shop.standby.resume()
            shop.wait_until_read()

    def test_that_ends_fails_no_read_and_comes_back(self, shop: Shop) -> None:
        shop.standby.stop("immediate")

        assert [shop.read() for _ in range(3)] == ["placed"] * 3
        assert "does not answer" in str(shop.status().obstacle)

        shop.standby.start()
        shop.wait_until_read()

    def test_that_ends_between_two_statements_fails_no_read(self, shop: Shop) -> None:
        with shop.database.prefetching(None, FIRST) as uow:
            caller = authenticate(shop.session, uow)
        shop.standby.stop("immediate")

        with shop.database.reading(uow):
            page = uow.orders.page(OrderQuery(caller.user_pk), PageRequest(1, 3), "en-us")
            newest = uow.sessions.newest(caller.user_pk)

        assert page.count == 1
        assert newest is not None

    def test_that_restarts_between_two_statements_is_left(self, shop: Shop) -> None:
        """It may show less than before."""
        with shop.database.prefetching(None, FIRST) as uow:
            caller = authenticate(shop.session, uow)
        shop.standby.stop("immediate")
        shop.standby.start()
        before = shop.status().refusals

        with shop.database.reading(uow):
            page = uow.orders.page(OrderQuery(caller.user_pk), PageRequest(1, 3), "en-us")

        assert page.count == 1
        assert shop.status().refusals == before + 1

    def test_that_ends_before_a_document_is_rendered_fails_no_read(self, shop: Shop) -> None:
        [cache] = [shop.database._caches["orders"]]  # noqa: SLF001
        [standby] = shop.database._standbys._standbys  # type: ignore[union-attr]  # noqa: SLF001
        shop.standby.stop("immediate")
        now = shop.database._clock()  # noqa: SLF001

        rendered = cache.render({shop.order.pk: 1}, "tr-tr", now, shop.user.pk, standby)

        assert list(rendered) == [shop.order.pk]
        assert standby.obstacle is not None

    def test_an_ended_session_is_accepted_until_it_has_applied_that(self, paused: Shop) -> None:
        session = paused.open_session()
        paused.standby.resume()
        paused.standby.wait_for(paused.primary)
        paused.standby.pause()
        paused.database.write(lambda uow: log_out(session, uow))

        assert paused.read(session=session) == "placed"

        paused.standby.resume()
        paused.standby.wait_for(paused.primary)
        with pytest.raises(NotAuthenticated):
            paused.read(session=session)

    def test_all_else_is_read_on_the_primary(self, paused: Shop) -> None:
        paused.change("changed")

        with paused.database.prefetching(None, None) as uow:
            authenticate(paused.session, uow)
            [document] = uow.orders.page(
                OrderQuery(paused.user.pk), PageRequest(1, 3), "en-us"
            ).documents

        assert json.loads(document)["shown"] == "changed"


class TestRendering:
    @pytest.fixture
    def render(self, paused: Shop) -> Callable[[int], dict[int, bytes]]:
        """Renders the order on the standby, for a version that was found."""
        cache = paused.database._caches["orders"]  # noqa: SLF001
        [standby] = paused.database._standbys._standbys  # type: ignore[union-attr]  # noqa: SLF001

        def render(version: int) -> dict[int, bytes]:
            now = paused.database._clock()  # noqa: SLF001
            rendered: dict[int, bytes] = cache.render(
                {paused.order.pk: version}, "en-us", now, paused.user.pk, standby
            )
            return rendered

        return render

    def test_is_never_older_than_the_version_that_was_found(
        self, paused: Shop, render: Callable[[int], dict[int, bytes]]
    ) -> None:
        [before] = render(paused.order.version).values()
        paused.change("changed")
        with paused.database.reading() as uow:
            order = uow.orders.get(paused.order.pk)
        assert order is not None

        [document] = render(order.version).values()

        assert json.loads(before)["shown"] == "placed"
        assert json.loads(document)["shown"] == "changed"

    def test_of_an_order_that_the_standby_does_not_have_is_that_of_the_primary(
        self, paused: Shop
    ) -> None:
        order = store_order(paused.database, user_pk=paused.user.pk, number="B", notes="new")
        cache = paused.database._caches["orders"]  # noqa: SLF001
        [standby] = paused.database._standbys._standbys  # type: ignore[union-attr]  # noqa: SLF001
        versions = {order.pk: order.version, paused.order.pk: paused.order.version}

        now = paused.database._clock()  # noqa: SLF001
        rendered = cache.render(versions, "en-us", now, paused.user.pk, standby)

        shown = {pk: json.loads(document)["shown"] for pk, document in rendered.items()}
        assert shown == {order.pk: "new", paused.order.pk: "placed"}


class TestPrimaryAway:
    @pytest.fixture
    def away(self, shop: Shop, servers: Replicated) -> Iterator[Shop]:
        servers.nodes[0].stop("immediate")
        yield shop
        servers.nodes[0].start()

    def test_reads_go_on(self, away: Shop) -> None:
        assert [away.read() for _ in range(5)] == ["placed"] * 5
        away.database.require_ready()

    def test_nothing_older_than_the_reader_s_change_is_read(self, away: Shop) -> None:
        later = Position(1, 2**40)

        with pytest.raises(Unavailable):
            away.read(StandbyReader(later, "a"))

    def test_a_session_that_is_not_there_is_not_known_to_have_ended(self, away: Shop) -> None:
        with pytest.raises(Unavailable):
            away.read(session="x" * 43)

    def test_without_a_standby_the_server_is_not_ready(
        self, away: Shop, servers: Replicated
    ) -> None:
        servers.nodes[1].stop("immediate")
        wait_until(lambda: away.status().obstacle is not None)

        with pytest.raises(Unavailable):
            away.database.require_ready()


class TestApplied:
    @pytest.fixture
    def names(self, servers: Replicated) -> Iterator[Callable[[str], None]]:
        """Sets synchronous_standby_names."""
        primary: Node = servers.nodes[0]
        yield lambda text: primary.configure(synchronous_standby_names=text)
        primary.configure(synchronous_standby_names="")

    def test_every_change_is_seen_at_once(
        self, servers: Replicated, names: Callable[[str], None]
    ) -> None:
        names("FIRST 1 (n2)")
        with opened_shop(servers, is_applied=True) as shop:
            before = shop.status().reads
            for number in range(30):
                shop.change(f"change {number}")
                assert shop.read() == f"change {number}"
            assert shop.status().reads == before + 30

    def test_a_standby_that_no_commit_waits_for_is_not_read(
        self, servers: Replicated, names: Callable[[str], None]
    ) -> None:
        names("FIRST 1 (n2)")
        with opened_shop(servers, is_applied=True) as shop:
            names("")
            wait_until(
                lambda: shop.status().obstacle == "commits do not wait for it (its name is n2)"
            )
            shop.standby.pause()
            shop.change("changed")

            assert shop.read() == "changed"
            shop.standby.resume()

    @pytest.mark.parametrize("is_shared", [False, True])
    def test_commits_wait_for_standbys(self, servers: Replicated, is_shared: bool) -> None:
        options = StandbyOptions(servers.nodes[1].url(), is_applied=True)
        engines = connect(servers.nodes[0].url(), Pool(1, is_shared=is_shared, standbys=options))
        setting = sa.text("SHOW synchronous_commit")

        with engines.writing.connect() as connection:
            assert connection.scalar(setting) == "remote_apply"
            connection.commit()
        with engines.aggregates.connect() as connection:
            assert connection.scalar(setting) == ("on" if is_shared else "remote_apply")
        engines.dispose()


def _as_clerk(node: Node) -> str:
    return node.url().replace("postgres@", "clerk@")


class TestRole:
    """A user who may not see the state of replication."""

    @pytest.fixture
    def urls(self, servers: Replicated) -> Iterator[tuple[str, str]]:
        """The URLs of primary and standby for such a user, who may use the tables."""
        primary, standby = servers.nodes
        primary.execute("CREATE ROLE clerk LOGIN")
        primary.execute("GRANT ALL ON ALL TABLES IN SCHEMA public TO clerk", "shop")
        primary.execute("GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO clerk", "shop")
        yield _as_clerk(primary), _as_clerk(standby)
        primary.execute("DROP OWNED BY clerk", "shop")
        primary.execute("DROP ROLE clerk")

    def test_reads_standbys(self, servers: Replicated, urls: tuple[str, str]) -> None:
        database = open_database(urls[0], StandbyOptions(urls[1], lag=60))

        assert Shop(servers, database).is_read()

        database.close()

    def test_does_not_know_which_ones_are_synchronous(
        self, servers: Replicated, urls: tuple[str, str]
    ) -> None:
        database = open_database(urls[0], StandbyOptions(urls[1], lag=60, is_applied=True))

        with database.prefetching(None, FIRST):
            wait_until(lambda: "grant the role pg_monitor" in str(database.standbys()[0].obstacle))

        database.close()
