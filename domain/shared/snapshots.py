"""Snapshots: immutable rows of what an order shows as of the time of purchase."""

import json
from dataclasses import FrozenInstanceError, dataclass, field, fields
from hashlib import sha256
from uuid import UUID

from domain.shared.identifiers import derived_uuid

_IDENTITY = frozenset({"pk", "uuid", "content_hash"})


@dataclass(eq=False, kw_only=True)
class Snapshot:
    """An immutable row: changed content is a new row with a new ``content_hash``.

    So an order always shows the bank, address or product of its purchase, and its document never
    becomes stale because of them. ``content_hash`` is the SHA-256 (64 hex digits) of all fields
    but the ids; equal content has one row.
    """

    pk: int = field(init=False, repr=False)
    content_hash: str = field(init=False, repr=False)

    def __post_init__(self) -> None:
        content = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in _IDENTITY}
        text = json.dumps([type(self).__name__, content], sort_keys=True, default=_nested)
        self.content_hash = sha256(text.encode()).hexdigest()

    def __setattr__(self, name: str, value: object) -> None:
        """Set an id or an initial value. Raises FrozenInstanceError for a change of content."""
        if name not in _IDENTITY and "content_hash" in vars(self):
            raise FrozenInstanceError(f"a snapshot never changes: make a new one, with {name}")
        super().__setattr__(name, value)


@dataclass(eq=False, kw_only=True)
class IdentifiedSnapshot(Snapshot):
    """A snapshot with a ``uuid`` that is derived from its content."""

    uuid: UUID = field(init=False, repr=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.uuid = derived_uuid(type(self).__name__, self.content_hash)


def _nested(value: object) -> str:
    if isinstance(value, Snapshot):
        return value.content_hash
    raise TypeError(f"{type(value).__name__} can not be part of a snapshot")
