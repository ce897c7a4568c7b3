"""Changes of media types and their schemas."""

from collections.abc import Mapping
from typing import Any

from handlers.contract.diff.changes import Site
from handlers.contract.diff.operands import Direction
from handlers.contract.diff.schemas import SchemaComparison
from handlers.contract.diff.words import ABSENT, from_to

Content = Mapping[str, Mapping[str, Any]]
_REFUSED = "the client may send it, and the server does not read it"
_NOT_OFFERED = "a client that accepts nothing else gets no such response"
_CODED_ANOTHER_WAY = "parts of the body are coded in another way"


def compare_contents(
    old: Content, new: Content, direction: Direction, schemas: SchemaComparison, site: Site
) -> None:
    """Record the changes between the `content` of one body and that of its counterpart."""
    old_contents, new_contents = (
        {_plain(kind): content for kind, content in contents.items()} for contents in (old, new)
    )
    for kind, content in old_contents.items():
        other, below = _content_for(kind, new_contents), site.below(kind)
        if other is None:
            requests = direction is Direction.REQUEST
            below.breaks("media-type-removed", _REFUSED if requests else _NOT_OFFERED)
            continue
        was, now = (side.get("schema", True) for side in (content, other))
        schemas.compare(was, now, direction, below.place, below.operation)
        was, now = (side.get("encoding", ABSENT) for side in (content, other))
        if was != now:
            below.breaks("encoding", _CODED_ANOTHER_WAY, from_to(was, now))
    for kind in new_contents:
        if _content_for(kind, old_contents) is None:
            site.below(kind).allows("media-type-added")


def _plain(kind: str) -> str:
    return kind.replace(" ", "").lower()


def _content_for(kind: str, content: Content) -> Mapping[str, Any] | None:
    """The Media Type Object for a media type: by its name, or by its range."""
    for name in (kind, f"{kind.partition('/')[0]}/*", "*/*"):
        if name in content:
            return content[name]
    return None
