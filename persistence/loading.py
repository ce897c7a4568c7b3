"""Loading an entity with what hangs on it, in a statement for each kind of thing."""

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Load
from sqlalchemy.orm.interfaces import ORMOption


def loading(entity: type, paths: Iterable[str]) -> list[ORMOption]:
    """Return the options that load every relationship along ``paths`` (``items.product``).

    Entities are plain classes to a type checker, so that their relationships are named by text
    here; a name that is not mapped raises KeyError.
    """
    return [_along(entity, path.split(".")) for path in paths]


def _along(entity: type, names: list[str]) -> ORMOption:
    option: Any = Load(entity)
    for name in names:
        relationship = sa.inspect(entity).relationships[name]
        option = option.selectinload(relationship.class_attribute)
        entity = relationship.mapper.class_
    return option
