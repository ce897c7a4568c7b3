"""Rendered documents: rendered and validated once, stored, and served as bytes."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar

Entity_contra = TypeVar("Entity_contra", contravariant=True)


@dataclass(frozen=True, slots=True)
class RenderedDocument:
    """One JSON object, and when the clock makes it stale (None: never)."""

    body: bytes
    valid_until: datetime | None


class Renderer(Protocol[Entity_contra]):
    """Renders an entity in one language, as a document that is valid against the contract."""

    @property
    def edition(self) -> str:
        """A hash of all that determines documents except the entity, at most 64 characters.

        That is the code, the contract, the catalogues and the settings. Stored documents of
        another edition are not served.
        """

    def __call__(self, entity: Entity_contra, language: str, now: datetime) -> RenderedDocument:
        """Render ``entity`` as it is at ``now``."""
