from pathlib import Path

import orjson
import pytest
import sqlalchemy as sa

from domain.accounts.users import User
from domain.orders.orders import Order
from persistence.database import Database
from persistence.documents import compression
from persistence.documents.compression import compress, decompress, stored_edition
from persistence.engine.engines import Engines
from persistence.orders.orders import order_documents
from tests.support.builders import make_item, make_order
from tests.support.fakes import FakeRenderer
from tests.support.rendered_documents import render_order
from tests.support.stored import listed, store_order

BODIES = sa.type_coerce(order_documents.c.body, sa.LargeBinary)


@pytest.fixture
def order(database: Database, shopper: User, order_renderer: FakeRenderer) -> Order:
    order_renderer.describe = lambda rendered: rendered.notes
    return store_order(database, user_pk=shopper.pk, notes="shown")


class TestCompression:
    @pytest.mark.parametrize("body", [b"", b"{}", b'{"name":"\xc5\x9f"}', bytes(100_000)])
    def test_gives_the_same_bytes(self, body: bytes) -> None:
        assert decompress(compress(body)) == body

    def test_makes_an_order_eight_times_smaller(self) -> None:
        body = orjson.dumps(render_order(make_order(items=[make_item(), make_item(line=2)])))

        assert len(compress(body)) < len(body) / 8

    def test_gives_nothing_for_damaged_bytes(self) -> None:
        stored = compress(b'{"name":"cup"}')

        assert decompress(b"\xff" + stored[1:]) is None
        assert decompress(stored[:-1]) is None
        assert decompress(b"") is None

    def test_uses_all_samples(self) -> None:
        samples = Path(compression.__file__).with_name("samples.json")

        assert samples.stat().st_size <= 32768
        assert len(orjson.loads(samples.read_bytes())) > 1

    def test_is_part_of_the_edition(self) -> None:
        assert stored_edition("first") == stored_edition("first") != stored_edition("second")
        assert len(stored_edition("first")) == 32


class TestStoredDocuments:
    def test_are_compressed(self, database: Database, engines: Engines, order: Order) -> None:
        [document] = listed(database, order.user_pk)

        with engines.autocommit.connect() as connection:
            stored = connection.execute(sa.select(BODIES)).scalar_one()
        body = decompress(stored)
        assert body is not None
        assert orjson.loads(body) == document

    def test_that_are_damaged_are_rendered_again(
        self,
        database: Database,
        engines: Engines,
        order: Order,
        order_renderer: FakeRenderer,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        listed(database, order.user_pk)
        with engines.writing.begin() as connection:
            connection.execute(
                sa.text("UPDATE order_documents SET body = :body").bindparams(body=b"\xff")
            )

        assert listed(database, order.user_pk)[0]["shown"] == "shown"
        assert order_renderer.rendered == [order.pk, order.pk]
        assert "a stored document is damaged" in caplog.text
        assert listed(database, order.user_pk)[0]["shown"] == "shown"
        assert order_renderer.rendered == [order.pk, order.pk]
