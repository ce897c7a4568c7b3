from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
import sqlalchemy as sa

from domain.accounts.users import User
from domain.orders.orders import Order
from persistence.database import Database
from persistence.documents import compression
from persistence.documents.compression import compress, decompress, pack, stored_edition, unpack
from persistence.engine.engines import Engines
from persistence.orders.orders import order_documents
from tests.support.builders import NOW, make_item, make_order
from tests.support.fakes import FakeClock, FakeRenderer
from tests.support.rendered_documents import render_order
from tests.support.stored import change_notes, listed, store_order

BODIES = sa.type_coerce(order_documents.c.body, sa.LargeBinary)


@pytest.fixture
def order(database: Database, shopper: User, order_renderer: FakeRenderer) -> Order:
    order_renderer.describe = lambda rendered: rendered.notes
    return store_order(database, user_pk=shopper.pk, notes="shown")


def read_in_both_languages(database: Database, order: Order) -> list[Any]:
    documents = []
    for language in ("en-us", "tr-tr"):
        with database.reading() as uow:
            document = uow.orders.document(order.user_pk, order.pk, language)
        assert document is not None
        documents.append(orjson.loads(document))
    assert [document["language"] for document in documents] == ["en-us", "tr-tr"]
    return documents


class TestCompression:
    @pytest.mark.parametrize("body", [b"", b"{}", b'{"name":"\xc5\x9f"}', bytes(100_000)])
    def test_gives_the_same_bytes(self, body: bytes) -> None:
        assert decompress(compress(body)) == body

    def test_makes_an_order_eight_times_smaller(self) -> None:
        body = orjson.dumps(render_order(make_order(items=[make_item(), make_item(line=2)])))

        assert len(compress(body)) < len(body) / 8

    def test_makes_two_languages_hardly_longer_than_one(self) -> None:
        order = make_order(items=[make_item(), make_item(line=2)])
        one, other = (orjson.dumps(render_order(order, name)) for name in ("en-us", "tr-tr"))

        both = len(compress(pack({"en-us": one, "tr-tr": other})))

        assert both < 1.3 * len(compress(pack({"en-us": one})))

    @pytest.mark.parametrize(
        "by_language", [{}, {"en-us": b""}, {"en-us": b"1\n2", "tr-tr": b"\xff\n\n"}]
    )
    def test_unpacks_what_it_packs(self, by_language: dict[str, bytes]) -> None:
        assert unpack(pack(by_language)) == by_language

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
        assert -(2**63) <= stored_edition("first") < 2**63


class TestStoredDocuments:
    def test_are_compressed(self, database: Database, engines: Engines, order: Order) -> None:
        [document] = listed(database, order.user_pk)

        with engines.autocommit.connect() as connection:
            stored = connection.execute(sa.select(BODIES)).scalar_one()
        packed = decompress(stored)
        assert packed is not None
        assert orjson.loads(unpack(packed)["en-us"]) == document

    def test_of_another_language_stay_while_they_are_right(
        self,
        database: Database,
        order: Order,
        order_renderer: FakeRenderer,
        clock: FakeClock,
    ) -> None:
        ends = [NOW + timedelta(hours=hours) for hours in (1, 2)]
        order_renderer.valid_until = lambda _: ends[0]
        read_in_both_languages(database, order)
        assert order_renderer.rendered == [order.pk] * 2
        read_in_both_languages(database, order)
        assert order_renderer.rendered == [order.pk] * 2

        change_notes(database, order.pk, "after")
        assert {text["shown"] for text in read_in_both_languages(database, order)} == {"after"}
        assert order_renderer.rendered == [order.pk] * 4

        order_renderer.valid_until = lambda _: ends[1]
        clock.now = ends[0]
        assert {text["now"] for text in read_in_both_languages(database, order)} == {
            ends[0].isoformat()
        }
        assert order_renderer.rendered == [order.pk] * 6
        read_in_both_languages(database, order)
        assert order_renderer.rendered == [order.pk] * 6

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
