from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest
from marshmallow import ValidationError, missing
from marshmallow.experimental.context import Context

from handlers.contract.document.bundle import ContractError
from handlers.contract.operations.marshmallow_schemas import Rendering, Schemas, Sources
from tests.support.small_contracts import make_contract

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
TAG = {"type": "object", "properties": {"name": {"type": "string"}}}
TAG_REF = {"$ref": "#/components/schemas/Tag"}
PLACE = "things.yaml#/components/schemas"


@dataclass
class Tag:
    name: str


@dataclass
class Thing:
    """All kinds of sources; a field without a default is not a class attribute."""

    name: Any = "cup"
    tag: Tag | None = None
    tags: list[Tag] = field(default_factory=list)

    @property
    def loud_name(self) -> str:
        return str(self.name).upper()

    def shout(self) -> str:
        return self.loud_name


@dataclass
class SpecialThing(Thing):
    special: bool = True


@dataclass(slots=True)
class SlottedThing:
    name: str


def make_schemas(properties: dict[str, Any], *sources: Sources, **components: Any) -> Schemas:
    thing = {"type": "object", "properties": properties}
    contract = make_contract({}, schemas={"Thing": thing, "Tag": TAG} | components)
    return Schemas(contract, sources)


def dump(schemas: Schemas, entity: object, language: str = "en-us") -> Any:
    schema = schemas.for_rendering("Thing")
    with Context(Rendering(entity, language, NOW)):
        return schema.dump(entity)


def render(value: object, schema: dict[str, Any]) -> Any:
    """The rendered ``value`` of a property with this schema."""
    shown = dump(make_schemas({"name": schema}, Sources("Thing", Thing)), Thing(value))
    return shown["name"]


class TestRenderedValues:
    @pytest.mark.parametrize(
        ("schema", "value", "shown"),
        [
            ({"type": "string"}, "ş<&>", "ş<&>"),
            ({"type": "integer"}, 2**63 - 1, 2**63 - 1),
            ({"type": "boolean"}, False, False),
            ({"type": "string", "format": "uuid"}, UUID(int=1), str(UUID(int=1))),
            ({"type": "string", "format": "date"}, date(2024, 2, 29), "2024-02-29"),
            ({"type": "string", "format": "email"}, "a@b.example", "a@b.example"),
            ({"type": "object"}, {"a": [None]}, {"a": [None]}),
            ({"type": "array", "items": {}}, [1, "x"], [1, "x"]),
            ({"type": "array", "items": {"type": "string"}}, ["x"], ["x"]),
            ({"type": "number"}, 0.5, 0.5),
            ({"oneOf": [{"type": "object"}, {"type": "null"}]}, {"a": 1}, {"a": 1}),
            ({}, "anything", "anything"),
        ],
        ids=str,
    )
    def test_follow_type_and_format(self, schema: dict[str, Any], value: Any, shown: Any) -> None:
        assert render(value, schema) == shown

    @pytest.mark.parametrize(
        ("value", "shown"),
        [
            (NOW, "2026-03-01T12:00:00.000000Z"),
            (NOW.replace(microsecond=5), "2026-03-01T12:00:00.000005Z"),
            (datetime.min.replace(tzinfo=UTC), "0001-01-01T00:00:00.000000Z"),
            (datetime.max.replace(tzinfo=UTC), "9999-12-31T23:59:59.999999Z"),
            (NOW.astimezone(timezone(timedelta(hours=3))), "2026-03-01T15:00:00.000000+03:00"),
        ],
    )
    def test_of_times_are_rfc_3339_with_microseconds(self, value: datetime, shown: str) -> None:
        assert render(value, {"type": "string", "format": "date-time"}) == shown

    @pytest.mark.parametrize(
        "schema",
        [
            {"type": ["string", "null"]},
            {"type": ["integer", "null"]},
            {"type": ["boolean", "null"]},
            {"type": ["object", "null"]},
            {"type": ["string", "null"], "format": "date-time"},
            {"type": ["string", "null"], "format": "date"},
            {"type": ["string", "null"], "format": "uuid"},
            {"oneOf": [{"type": "object"}, {"type": "null"}]},
        ],
        ids=str,
    )
    def test_may_be_null(self, schema: dict[str, Any]) -> None:
        assert render(None, schema) is None

    def test_of_a_component_that_is_not_an_object_have_its_format(self) -> None:
        properties = {"name": {"$ref": "#/components/schemas/Day", "description": "The day."}}
        schemas = make_schemas(
            properties, Sources("Thing", Thing), Day={"type": "string", "format": "date"}
        )

        assert dump(schemas, Thing(date(2026, 3, 1))) == {"name": "2026-03-01"}


class TestNested:
    SOURCES = (Sources("Thing", Thing), Sources("Tag", Tag))

    @pytest.mark.parametrize("schema", [TAG_REF, {"oneOf": [TAG_REF, {"type": "null"}]}], ids=str)
    def test_is_rendered_as_its_component(self, schema: dict[str, Any]) -> None:
        schemas = make_schemas({"tag": schema}, *self.SOURCES)

        assert dump(schemas, Thing(tag=Tag("blue"))) == {"tag": {"name": "blue"}}
        assert dump(schemas, Thing()) == {"tag": None}

    def test_list_is_rendered_in_order(self) -> None:
        schemas = make_schemas({"tags": {"type": "array", "items": TAG_REF}}, *self.SOURCES)

        assert dump(schemas, Thing(tags=[Tag("b"), Tag("a")])) == {
            "tags": [{"name": "b"}, {"name": "a"}]
        }
        assert dump(schemas, Thing()) == {"tags": []}

    def test_source_gets_the_root_the_language_and_the_time(self) -> None:
        seen: list[Rendering] = []
        tag = Sources("Tag", Tag, {"name": lambda _tag, at: seen.append(at)})
        thing = Thing(tag=Tag("blue"))

        dump(make_schemas({"tag": TAG_REF}, self.SOURCES[0], tag), thing, "tr-tr")

        assert seen == [Rendering(thing, "tr-tr", NOW)]
        assert seen[0].root is thing


class TestSources:
    def test_may_be_properties_and_inherited_fields(self) -> None:
        names = ("name", "loud_name", "special")
        schemas = make_schemas({name: {} for name in names}, Sources("Thing", SpecialThing))

        assert dump(schemas, SpecialThing()) == {
            "name": "cup",
            "loud_name": "CUP",
            "special": True,
        }

    def test_may_be_slots(self) -> None:
        schemas = make_schemas({"name": {}}, Sources("Thing", SlottedThing))

        assert dump(schemas, SlottedThing("cup")) == {"name": "cup"}

    def test_that_are_named_take_precedence_over_attributes(self) -> None:
        schemas = make_schemas({"name": {}}, Sources("Thing", Thing, {"name": lambda *_: "jug"}))

        assert dump(schemas, Thing("cup")) == {"name": "jug"}

    def test_may_omit_an_optional_property(self) -> None:
        optional = {"name": lambda *_: missing}
        schemas = make_schemas({"name": {}}, Sources("Thing", Thing, optional=optional))

        assert dump(schemas, Thing()) == {}

    def test_must_not_omit_a_required_property(self) -> None:
        thing = {"type": "object", "required": ["name"], "properties": {"name": {}}}
        sources = Sources("Thing", Thing, optional={"name": lambda *_: missing})
        schemas = Schemas(make_contract({}, schemas={"Thing": thing}), [sources])

        with pytest.raises(ContractError, match="name: is required, and its source may leave"):
            schemas.for_rendering("Thing")

    @pytest.mark.parametrize(
        ("properties", "sources", "fault"),
        [
            (
                {"name": {}, "colour": {}},
                [Sources("Thing", Thing)],
                f"{PLACE}/Thing/properties/colour: no source for this property",
            ),
            (
                {"shout": {}},
                [Sources("Thing", Thing)],
                f"{PLACE}/Thing/properties/shout: no source for this property",
            ),
            (
                {"name": {}},
                [Sources("Thing", Thing, {"colour": lambda *_: None})],
                f"{PLACE}/Thing: the source 'colour' has no property",
            ),
            (
                {"tag": TAG_REF},
                [Sources("Thing", Thing)],
                f"{PLACE}/Tag: no sources for this component",
            ),
            (
                {"tags": {"type": "array", "items": TAG_REF}},
                [Sources("Thing", Thing)],
                f"{PLACE}/Tag: no sources for this component",
            ),
            (
                {"name": {}},
                [Sources("Thing", Thing), Sources("Tag", Tag)],
                f"{PLACE}/Thing: uses no sources of ['Tag']",
            ),
        ],
        ids=["property", "method", "source", "component", "items", "unused"],
    )
    def test_that_do_not_match_the_component_stop_the_start(
        self, properties: dict[str, Any], sources: list[Sources], fault: str
    ) -> None:
        with pytest.raises(ContractError) as error:
            make_schemas(properties, *sources).for_rendering("Thing")

        assert str(error.value) == fault


class TestForLoading:
    def load(self, properties: dict[str, Any], body: dict[str, Any]) -> Any:
        return make_schemas(properties).for_loading("Thing").load(body)

    def test_needs_no_sources(self) -> None:
        assert self.load({"name": {"type": "string"}}, {"name": "cup"}) == {"name": "cup"}

    def test_drops_unknown_keys_at_every_depth(self) -> None:
        properties = {"tag": TAG_REF, "tags": {"items": TAG_REF}}
        given = {"name": "blue", "extra": 1}

        loaded = self.load(properties, {"tag": given, "tags": [given], "extra": 1})

        assert loaded == {"tag": {"name": "blue"}, "tags": [{"name": "blue"}]}

    def test_omits_absent_fields_but_not_null(self) -> None:
        assert self.load({"name": {}, "size": {"type": "integer"}}, {"size": None}) == {
            "size": None
        }

    def test_converts_dates_and_ids(self) -> None:
        properties = {
            "born": {"type": "string", "format": "date"},
            "id": {"type": "string", "format": "uuid"},
        }

        loaded = self.load(properties, {"born": "2026-03-01", "id": str(UUID(int=1))})

        assert loaded == {"born": date(2026, 3, 1), "id": UUID(int=1)}

    def test_converts_hours_and_numbers_in_text(self) -> None:
        properties = {
            "start": {"type": "string", "format": "hour-minute"},
            "pk": {"type": ["integer", "string", "null"]},
            "tag": {"oneOf": [TAG_REF, {"type": "null"}]},
        }

        loaded = self.load(properties, {"start": "09:30", "pk": "007", "tag": None})

        assert loaded == {"start": time(9, 30), "pk": 7, "tag": None}
        assert self.load(properties, {"pk": 7}) == {"pk": 7}

    def test_refuses_invalid_dates(self) -> None:
        properties = {"born": {"type": "string", "format": "date"}}

        with pytest.raises(ValidationError) as error:
            self.load(properties, {"born": "0000-01-01"})

        assert error.value.messages == {"born": ["Enter a valid date."]}

    def test_loads_nothing_for_a_component_without_properties(self) -> None:
        assert self.load({}, {"name": "cup"}) == {}
