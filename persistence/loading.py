"""Loading entities with what hangs on them, in a statement for each collection."""

from collections.abc import Iterable
from typing import Any, cast

from sqlalchemy.orm import Load, Mapper, class_mapper
from sqlalchemy.orm.interfaces import ORMOption


def loading(entity: type, paths: Iterable[str]) -> list[ORMOption]:
    """Return the options that load every relationship along ``paths`` (``items.product``).

    Entities are plain classes to a type checker, so that their relationships are named by text
    here; a name that is not mapped raises KeyError.
    """
    return [_along(entity, path.split(".")) for path in paths]


def _along(entity: type, names: list[str]) -> ORMOption:
    option: Any = Load(entity)
    mapper: Mapper[Any] = class_mapper(entity)
    for name in names:
        relationship = mapper.relationships[name]
        load = option.selectinload if relationship.uselist else option.joinedload
        option = load(relationship.class_attribute)
        mapper = relationship.mapper
    return cast("ORMOption", option)
