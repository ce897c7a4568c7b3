"""Compiled rendering returns the same bytes as marshmallow's dump of the same schemas."""

import traceback
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum, StrEnum
from functools import cache
from types import SimpleNamespace
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from marshmallow import Schema, fields, missing
from marshmallow.experimental.context import Context

from domain.orders.return_policy import ReturnPolicy
from domain.seller_center.lists import Sort
from domain.shared.documents import RenderedDocument
from domain.shared.paging import PageRequest
from handlers.cli.demo_shop_loader import seed_demo_shop
from handlers.contract.operations.marshmallow_schemas import (
    Document,
    Rendering,
    Schemas,
    Source,
    Sources,
)
from handlers.demo_shop.catalogue import SELLERS
from handlers.rendering.compiled import Render, compile_rendering
from handlers.rendering.old_orders import OLD_ORDER_SOURCES
from handlers.rendering.orders import order_sources
from handlers.rendering.records import RECORD_SOURCES
from handlers.rendering.sellers import SELLER_SOURCES
from persistence.database import Database
from tests.conftest import MakeUrl
from tests.support.builders import NOW
from tests.support.generated_entities import entities
from tests.support.rendered_documents import served_contract
from tests.support.rendering_sources import all_sources
from tests.support.small_contracts import make_contract

LANGUAGES = ["en-us", "tr-tr"]
# The components of documents, with the sources of their parts.
DOCUMENTS = {
    "UserOrder": order_sources(ReturnPolicy()),
    "UserOldOrder": OLD_ORDER_SOURCES,
    **RECORD_SOURCES,
    **{sources.component: [sources] for sources in SELLER_SOURCES.values()},
}


@cache
def rendered(component: str) -> tuple[Document, Render]:
    """The schema of a component, and its compiled function."""
    schema = Schemas(served_contract(), DOCUMENTS[component]).for_rendering(component)
    return schema, compile_rendering(schema)


def compared(component: str, rendering: Rendering) -> bytes:
    """The document of the entity, which must be equal in both ways."""
    schema, render = rendered(component)
    compiled = orjson.dumps(render(rendering.root, rendering))
    with Context(rendering):
        assert compiled == orjson.dumps(schema.dump(rendering.root))
    return compiled


def components_in(schema: Schema) -> Iterator[str]:
    yield type(schema).__name__
    for schema_field in schema.dump_fields.values():
        field = schema_field.inner if isinstance(schema_field, fields.List) else schema_field
        if isinstance(field, fields.Nested):
            yield from components_in(field.schema)


class TestDocuments:
    def test_of_every_component_are_compared(self) -> None:
        rendered_components = {
            component for name in DOCUMENTS for component in components_in(rendered(name)[0])
        }

        assert rendered_components == all_sources().keys()

    @pytest.mark.parametrize("component", DOCUMENTS)
    @settings(max_examples=60, suppress_health_check=list(HealthCheck))
    @given(data=st.data())
    def test_equal_those_of_marshmallow(self, component: str, data: st.DataObject) -> None:
        sources = {source.component: source for source in DOCUMENTS[component]}
        entity = data.draw(entities(sources[component].entity))
        now = data.draw(st.just(NOW) | st.datetimes(timezones=st.just(UTC)))

        for language in LANGUAGES:
            compared(component, Rendering(entity, language, now))


class Comparing:
    """A renderer of the documents of one component, compared; a `Renderer`."""

    edition = "compared"

    def __init__(self, component: str) -> None:
        self._component = component
        self.count = 0

    def __call__(self, entity: Any, language: str, now: datetime) -> RenderedDocument:
        self.count += 1
        return RenderedDocument(compared(self._component, Rendering(entity, language, now)), None)


def test_all_documents_of_the_demo_shop_equal_those_of_marshmallow(make_url: MakeUrl) -> None:
    renderers = {
        "orders": Comparing("UserOrder"),
        "old_orders": Comparing("UserOldOrder"),
        **{name: Comparing(sources.component) for name, sources in SELLER_SOURCES.items()},
    }
    with closing(Database(make_url(), renderers=renderers)) as database:
        database.migrate()
        shop = list(seed_demo_shop(database, users=6, orders_per_user=4, seed=1))
        for language in LANGUAGES:
            with database.reading() as uow:
                for shopper in shop:
                    for pk in shopper.orders.values():
                        assert uow.orders.document(shopper.user.pk, pk, language)
                    for pk in shopper.old_orders.values():
                        assert uow.old_orders.document(shopper.user.pk, pk, language)
                slugs = {seller["slug"] for seller in SELLERS.values()}
                for seller in filter(None, map(uow.sellers.by_slug, sorted(slugs))):
                    for name in SELLER_SOURCES:
                        rows = getattr(uow, name)
                        rows.page(seller.pk, (), Sort(None), PageRequest(limit=500), language)

    orders, old_orders = (sum(map(len, of)) for of in zip(*map(_stored, shop), strict=True))
    assert renderers["orders"].count == orders * len(LANGUAGES)
    assert renderers["old_orders"].count == old_orders * len(LANGUAGES)
    assert all(renderer.count for renderer in renderers.values())


def _stored(seeded: Any) -> tuple[dict[str, int], dict[str, int]]:
    return seeded.orders, seeded.old_orders


class Colour(StrEnum):
    RED = "red"


class Size(IntEnum):
    LARGE = 3


@dataclass
class Thing:
    name: Any = "cup"


def compile_thing(
    properties: dict[str, Any],
    named: dict[str, Source] | None = None,
    optional: dict[str, Source] | None = None,
    entity: type = Thing,
) -> Render:
    thing = {"type": "object", "properties": properties}
    contract = make_contract({}, schemas={"Thing": thing})
    sources = Sources("Thing", entity, named or {}, optional or {})
    return compile_rendering(Schemas(contract, [sources]).for_rendering("Thing"))


def render(function: Render, entity: Any) -> dict[str, Any]:
    return function(entity, Rendering(entity, "en-us", NOW))


def left_out_unless_named(thing: Thing, _rendering: Rendering) -> Any:
    return missing if thing.name is None else thing.name


class TestOptional:
    @pytest.mark.parametrize(
        ("name", "expected"),
        [("cup", [("a", 1), ("b", "cup"), ("c", 3), ("d", "cup")]), (None, [("a", 1), ("c", 3)])],
    )
    def test_is_omitted_or_in_its_position(self, name: Any, expected: list[Any]) -> None:
        function = compile_thing(
            {"a": {}, "b": {"type": "string"}, "c": {}, "d": {}},
            {"a": lambda *_: 1, "c": lambda *_: 3},
            {"b": left_out_unless_named, "d": left_out_unless_named},
        )

        assert list(render(function, Thing(name)).items()) == expected

    def test_may_be_null(self) -> None:
        function = compile_thing({"name": {"type": "string"}}, None, {"name": lambda *_: None})

        assert render(function, Thing()) == {"name": None}


class TestValues:
    @pytest.mark.parametrize(
        ("kind", "value", "expected"),
        [
            ("string", Colour.RED, "red"),
            ("string", 5, "5"),
            ("integer", Size.LARGE, 3),
            ("integer", True, 1),
            ("integer", "7", 7),
        ],
        ids=str,
    )
    def test_are_of_plain_types(self, kind: str, value: Any, expected: Any) -> None:
        rendered_value = render(compile_thing({"name": {"type": kind}}), Thing(value))["name"]

        assert (rendered_value, type(rendered_value)) == (expected, type(expected))


# Variables of the function, keywords, attributes of schemas, and texts that are no identifiers.
NAMES = [
    *("document", "entity", "rendering", "value", "result", "missing", "item", "render"),
    *("source_name", "None", "class", "readers", "optional", "fields", "context"),
    *("a-b", "0", "it's", '"""', "{}", "\\", "\n", "", "ﬁ", "ü"),
]


def shout(name: str) -> Source:
    return lambda *_: name.upper()


class TestNames:
    def test_of_properties_may_be_anything(self) -> None:
        function = compile_thing(
            {name: {"type": "string"} for name in NAMES}, {name: shout(name) for name in NAMES}
        )

        assert render(function, Thing()) == {name: name.upper() for name in NAMES}

    def test_of_attributes_may_be_anything(self) -> None:
        kind = type("Kind", (), dict.fromkeys(NAMES, ""))
        function = compile_thing({name: {} for name in NAMES}, entity=kind)
        thing = SimpleNamespace(**{name: name.upper() for name in NAMES})

        assert render(function, thing) == vars(thing)


class TestFault:
    def test_shows_the_line_of_its_field(self) -> None:
        function = compile_thing({"name": {}, "loud": {}}, {"loud": lambda thing, _: thing.loud})

        with pytest.raises(AttributeError, match="no attribute 'loud'") as fault:
            render(function, Thing())

        lines = traceback.format_tb(fault.value.__traceback__)
        [frame] = [line for line in lines if " of Thing>" in line]
        assert "'loud': source_loud(entity, rendering)," in frame
