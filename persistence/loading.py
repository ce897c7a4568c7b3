"""Loading entities with what hangs on them: one question for them, and one for each collection.

SQLAlchemy spells the statement for a collection anew each time that it loads one, which costs more
than the database's answer. Here all statements are spelled once, from the mapping
(``persistence.questions``); the entities are as if a session had loaded them.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Generic, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Mapper, RelationshipProperty, Session, class_mapper
from sqlalchemy.orm import make_transient_to_detached as detach
from sqlalchemy.orm.attributes import set_committed_value

from persistence.questions import Question, Row
from persistence.sql.in_list import among_given

Entity = TypeVar("Entity")
Tree = dict[str, "Tree"]


class Loader(Generic[Entity]):
    """Loads entities of one class, and every relationship along ``paths`` (``items.product``).

    Names that are not mapped raise KeyError at the first use: entities are plain classes, which
    may be mapped after this is made.
    """

    def __init__(self, entity: type[Entity], paths: Iterable[str] = ()) -> None:
        self.entity = entity
        self.paths = tuple(paths)

    def load(self, session: Session, pks: Sequence[int]) -> list[Entity]:
        """Return the entities with these pks, in this order; those that are not there are left out.

        What the session has already is left as it is, as SQLAlchemy does: only what was never
        loaded, or has expired, is filled in.
        """
        return self._found(_Joining(session), pks)

    def read(self, session: Session, pks: Sequence[int]) -> list[Entity]:
        """Return as ``load`` does what belongs to no session, and is not to be changed.

        Nothing more is ever loaded of it: whoever looks at more gets InvalidRequestError.
        """
        return self._found(_Reading(session), pks)

    def _found(self, reading: "_Reading", pks: Sequence[int]) -> list[Entity]:
        found = dict(reading.rows(self._batch, pks))
        return [found[pk] for pk in pks if pk in found]

    @cached_property
    def _batch(self) -> "_Batch":
        mapper: Mapper[Any] = class_mapper(self.entity)
        table: Any = mapper.local_table
        return _batch(mapper, table.c.pk, table, self._tree())

    def _tree(self) -> Tree:
        tree: Tree = {}
        for path in self.paths:
            branch = tree
            for name in path.split("."):
                branch = branch.setdefault(name, {})
        return tree


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """One entity in the rows of a statement: its columns begin at ``start``, with its pk."""

    mapper: Mapper[Any]
    start: int
    keys: Sequence[str]
    ones: list[tuple[str, "_Part"]] = field(default_factory=list)
    collections: list[tuple[str, "_Batch"]] = field(default_factory=list)

    def values(self, row: Row) -> Iterable[tuple[str, Any]]:
        """Return the entity's own attributes."""
        return zip(self.keys, row[self.start : self.start + len(self.keys)], strict=True)


@dataclass(frozen=True, slots=True)
class _Batch:
    """A statement whose rows are entities, each after the key of what it belongs to."""

    question: Question
    part: _Part


class _Reading:
    """One loading."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._seen: dict[_Part, dict[int, Any]] = defaultdict(dict)

    def rows(self, batch: _Batch, keys: Sequence[int]) -> list[tuple[int, Any]]:
        """Return each key with an entity that belongs to it, complete."""
        rows = batch.question.ask(self._session, {"keys": keys})
        found = [(row[0], self._entity(batch.part, row)) for row in rows]
        self._fill(batch.part)
        return found

    def _fill(self, part: _Part) -> None:
        """Load the collections of all that was seen, at once for each of them."""
        for _, one in part.ones:
            self._fill(one)
        owners = self._seen.pop(part, {})
        for name, batch in part.collections:
            empty = [pk for pk, owner in owners.items() if name not in vars(owner)]
            if empty:
                members: dict[int, list[Any]] = {pk: [] for pk in empty}
                for pk, member in self.rows(batch, empty):
                    members[pk].append(member)
                for pk, values in members.items():
                    set_committed_value(owners[pk], name, values)

    def _entity(self, part: _Part, row: Row) -> Any:
        pk = row[part.start]
        if pk is None:
            return None
        entity = self._seen[part].get(pk)
        if entity is None:
            entity = self._seen[part][pk] = self._identified(part, pk, row)
            for name, one in part.ones:
                if name not in vars(entity):
                    set_committed_value(entity, name, self._entity(one, row))
        return entity

    def _identified(self, part: _Part, _pk: int, row: Row) -> Any:
        """Return the entity of this row, which comes for the first time."""
        entity = part.mapper.class_manager.new_instance()
        vars(entity).update(part.values(row))
        detach(entity)
        return entity


class _Joining(_Reading):
    """One loading whose entities become the session's own."""

    def _identified(self, part: _Part, pk: int, row: Row) -> Any:
        """Return the session's entity, which is made of the row unless it is there."""
        key = part.mapper.identity_key_from_primary_key((pk,))
        entity = self._session.identity_map.get(key)
        if entity is None:
            entity = super()._identified(part, pk, row)
            self._session.add(entity)
            return entity
        missing = [each for each in part.values(row) if each[0] not in vars(entity)]
        for name, value in missing:
            set_committed_value(entity, name, value)
        return entity


class _Columns:
    """The columns of a statement while it is put together, and where they come from."""

    def __init__(self, owner: sa.ColumnElement[int], source: sa.FromClause) -> None:
        self.selected: list[sa.ColumnElement[Any]] = [owner]
        self.source = source

    def add(self, mapper: Mapper[Any], table: sa.FromClause, tree: Mapping[str, Tree]) -> _Part:
        """Select an entity from ``table``, and whatever it has one of."""
        names = {each.columns[0].name: each.key for each in mapper.column_attrs}
        columns = sorted(names, key="pk".__ne__)
        part = _Part(mapper, len(self.selected), [names[name] for name in columns])
        # A column that is selected twice has a label of its own, or it would come once.
        self.selected += [table.c[name].label(None) for name in columns]
        for name, branch in tree.items():
            relationship = mapper.relationships[name]
            if relationship.uselist:
                part.collections.append((name, _collection(relationship, branch)))
            else:
                part.ones.append((name, self._join(relationship, table, branch)))
        return part

    def _join(
        self, relationship: RelationshipProperty[Any], table: sa.FromClause, tree: Tree
    ) -> _Part:
        target = relationship.mapper.local_table.alias()
        [(local, remote)] = relationship.local_remote_pairs or ()
        matches = target.c[remote.name] == table.c[local.name]
        self.source = self.source.outerjoin(target, matches)
        return self.add(relationship.mapper, target, tree)


def _collection(relationship: RelationshipProperty[Any], tree: Tree) -> _Batch:
    target: Any = relationship.mapper.local_table
    [(_, owner)] = relationship.synchronize_pairs
    source = target
    if relationship.secondary is not None:
        [(far, near)] = relationship.secondary_synchronize_pairs or ()
        source = target.join(relationship.secondary, far == near)
    return _batch(relationship.mapper, owner, source, tree, relationship.order_by or ())


def _batch(
    mapper: Mapper[Any],
    owner: sa.ColumnElement[int],
    source: sa.FromClause,
    tree: Tree,
    order_by: Iterable[sa.ColumnElement[Any]] = (),
) -> _Batch:
    columns = _Columns(owner, source)
    part = columns.add(mapper, mapper.local_table, tree)
    statement = sa.select(*columns.selected).select_from(columns.source)
    statement = statement.where(among_given(owner, "keys")).order_by(*order_by)
    return _Batch(Question(statement), part)
