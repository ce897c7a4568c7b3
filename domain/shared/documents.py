"""The documents that clients get: rendered once, checked once, kept and served as bytes."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar

Entity_contra = TypeVar("Entity_contra", contravariant=True)


@dataclass(frozen=True, slots=True)
class RenderedDocument:
    """One JSON object; from ``valid_until`` on (None: never) the clock makes it wrong."""

    body: bytes
    valid_until: datetime | None


class Renderer(Protocol[Entity_contra]):
    """Turns an entity into the document of one language, and vouches that it keeps the contract."""

    @property
    def edition(self) -> str:
        """A fingerprint of all that shapes documents beside the entity itself.

        That is the contract, the catalogues and the settings: kept documents of another edition
        are not served. At most 64 characters.
        """

    def __call__(self, entity: Entity_contra, language: str, now: datetime) -> RenderedDocument:
        """Render ``entity`` as it is at ``now``."""
