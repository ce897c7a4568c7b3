"""Marshmallow schemas built from components of the contract: a wire shape is defined once.

Names, types, formats and nullability come from the component; for rendering, code adds only the
`Sources` of the values. A property without a source, a source without a property, and a required
property whose source is optional are a ContractError, which stops the start.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from operator import attrgetter
from typing import Any, cast

import orjson
from marshmallow import EXCLUDE, Schema, fields
from marshmallow.experimental.context import Context

from handlers.contract.document.bundle import Contract, ContractError
from handlers.contract.document.validators import pointer_to
from handlers.http.messages import format_message

_COMPONENTS = "#/components/schemas/"


@dataclass(frozen=True)
class Rendering:
    """What a part of a document depends on besides its own entity.

    ``root`` is the entity of the whole document; ``now`` is aware UTC.
    """

    root: Any
    language: str
    now: datetime


Source = Callable[[Any, Rendering], Any]
"""Returns a field's value for an entity; one in `optional` may return `marshmallow.missing`, which
leaves the field out."""


@dataclass(frozen=True)
class Attribute:
    """The source that is the attribute at a dotted path."""

    path: str

    def __call__(self, entity: Any, _rendering: Rendering) -> Any:
        return self._read(entity)

    @cached_property
    def _read(self) -> Callable[[Any], Any]:
        return attrgetter(self.path)


@dataclass(frozen=True)
class Sources:
    """Where the values of one component come from.

    ``entity`` is the class that is rendered: a property that ``named`` does not name is read from
    the attribute of the same name, which the class must have. Only the properties that
    ``optional`` names may be left out of a document.
    """

    component: str
    entity: type
    named: Mapping[str, Source] = field(default_factory=dict)
    optional: Mapping[str, Source] = field(default_factory=dict)

    @property
    def all_named(self) -> Mapping[str, Source]:
        """The sources of all properties, optional or not."""
        return {**self.named, **self.optional}


class Moment(fields.Field[datetime]):
    """RFC 3339 in UTC, to the microsecond, with Z."""

    def _serialize(self, value: datetime | None, attr: Any, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else self.text(value)

    @staticmethod
    def text(value: datetime) -> str:
        """orjson takes a third of isoformat's time; it leaves out microseconds of 0."""
        if value.tzinfo is not UTC:
            return value.isoformat(timespec="microseconds").replace("+00:00", "Z")
        quoted = orjson.dumps(value, option=orjson.OPT_UTC_Z).decode()
        return quoted[1:-1] if value.microsecond else f"{quoted[1:20]}.000000Z"


class Document(Schema):
    """Reads its fields through sources instead of attributes.

    ``optional`` are the names of the fields that may be left out. Dumping needs the `Rendering` in
    marshmallow's `Context`; frequent renderings are compiled instead.
    """

    readers: Mapping[str, Source] = {}
    optional: Collection[str] = ()

    def get_attribute(self, obj: Any, attr: str, default: Any) -> Any:
        return self.readers[attr](obj, Context[Rendering].get())


class _Input(Schema):
    class Meta:
        unknown = EXCLUDE


class _Day(fields.Date):
    """Refuses days that RFC 3339 has and Python lacks, such as those of the year 0."""

    default_error_messages = {"invalid": format_message("date")}  # noqa: RUF012 - as in the base


_BY_FORMAT: dict[str, type[fields.Field[Any]]] = {
    "date-time": Moment,
    "date": _Day,
    "hour-minute": fields.Time,
    "uuid": fields.UUID,
}
_BY_TYPES: dict[frozenset[str], type[fields.Field[Any]]] = {
    frozenset({"string"}): fields.String,
    frozenset({"integer"}): fields.Integer,
    # A number, which may also be written as a string.
    frozenset({"integer", "string"}): fields.Integer,
    frozenset({"boolean"}): fields.Boolean,
}


class Schemas:
    """Builds the marshmallow schema of any component of one contract."""

    def __init__(self, contract: Contract, sources: Iterable[Sources] = ()) -> None:
        self._contract = contract
        self._components: Mapping[str, Any] = contract.document["components"]["schemas"]
        self._sources = {
            component_sources.component: component_sources for component_sources in sources
        }
        self._built: dict[str, type[Schema]] = {}

    def for_rendering(self, component: str) -> Document:
        """The schema that dumps an entity as ``component``, and its parts as theirs.

        Raises ContractError where a property has no source or a source no property.
        """
        schema = cast(type[Document], self._class_for(component, self._rendering_class))
        if unused := sorted(self._sources.keys() - self._built.keys()):
            raise ContractError(f"{self._place(component)}: uses no sources of {unused}")
        return schema()

    def for_loading(self, component: str) -> Schema:
        """The schema that loads a valid body of ``component``; unknown keys are dropped."""
        return self._class_for(component, self._loading_class)()

    def _class_for(self, component: str, build: Callable[..., type[Schema]]) -> type[Schema]:
        if component not in self._built:
            properties = self._components[component].get("properties", {})
            members = {
                name: self._field(schema, build, attribute=name)
                for name, schema in properties.items()
            }
            self._built[component] = build(component, members)
        return self._built[component]

    def _rendering_class(self, component: str, members: dict[str, Any]) -> type[Document]:
        built = cast(type[Document], type(component, (Document,), {**members}))
        # Set, not declared: a property may have such a name.
        built.readers = self._readers(component, members)
        built.optional = self._sources[component].optional.keys()
        return built

    @staticmethod
    def _loading_class(component: str, members: dict[str, Any]) -> type[Schema]:
        return type(component, (_Input,), members)

    def _readers(self, component: str, members: Mapping[str, Any]) -> dict[str, Source]:
        sources = self._sources.get(component)
        if sources is None:
            raise ContractError(f"{self._place(component)}: no sources for this component")
        for name in sorted(sources.all_named.keys() - members.keys()):
            raise ContractError(f"{self._place(component)}: the source {name!r} has no property")
        required = self._components[component].get("required", [])
        for name in sorted(sources.optional.keys() & set(required)):
            place = self._place(component, "properties", name)
            raise ContractError(f"{place}: is required, and its source may leave it out")
        return {name: self._reader(sources, name) for name in members}

    def _reader(self, sources: Sources, name: str) -> Source:
        if name in sources.all_named:
            return sources.all_named[name]
        if name not in _attributes(sources.entity):
            place = self._place(sources.component, "properties", name)
            raise ContractError(f"{place}: no source for this property")
        return Attribute(name)

    def _place(self, component: str, *parts: str) -> str:
        return self._contract.origin(pointer_to("components", "schemas", component, *parts))

    def _field(
        self, schema: Mapping[str, Any], build: Callable[..., type[Schema]], **options: Any
    ) -> fields.Field[Any]:
        """The marshmallow field of one property schema; free JSON stays as it is."""
        options["allow_none"] = True
        if component := _component_of(schema):
            target = self._components[component]
            if "properties" not in target:
                return self._field(target, build, **options)
            return fields.Nested(self._class_for(component, build), **options)
        if item := _component_of(schema.get("items", {})):
            return fields.List(fields.Nested(self._class_for(item, build)), **options)
        kind = _BY_FORMAT.get(schema.get("format", "")) or _BY_TYPES.get(_types_of(schema))
        return (kind or fields.Raw)(**options)


def _attributes(entity: type) -> set[str]:
    """The fields and properties of a class, without its methods."""
    declared = {
        name for base in entity.__mro__ for name, value in vars(base).items() if not callable(value)
    }
    return declared | set(getattr(entity, "__dataclass_fields__", ()))


def _component_of(schema: Mapping[str, Any]) -> str | None:
    """The component that a schema refers to, directly or as its one alternative to null."""
    for part in (schema, *schema.get("oneOf", ())):
        reference: str = part.get("$ref", "")
        if reference.startswith(_COMPONENTS):
            return reference.removeprefix(_COMPONENTS)
    return None


def _types_of(schema: Mapping[str, Any]) -> frozenset[str]:
    """The JSON types besides null; empty where the schema has none."""
    types = schema.get("type", ())
    return frozenset([types] if isinstance(types, str) else types) - {"null"}
