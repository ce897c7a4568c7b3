"""Primary keys and derived UUIDs."""

from uuid import UUID, uuid5

from domain.shared.errors import NotFound

MAX_PK = 2**63 - 1
_NAMESPACE = UUID("0c9a3d1e-5b8f-4d27-8e61-9f2b7a4c6d05")


def derived_uuid(kind: str, name: object) -> UUID:
    """Return the UUID that is always the same for this ``kind`` and ``name``.

    It can be verified by guessing the name, so a name must not be a secret.
    """
    return uuid5(_NAMESPACE, f"{kind}/{name}")


def is_storable_pk(pk: int) -> bool:
    """Return whether a row can have this ``pk``; databases raise errors for others."""
    return 1 <= pk <= MAX_PK


def require_storable_pk(pk: int) -> None:
    """Raise NotFound for a ``pk`` that no row can have, before a database raises an error."""
    if not is_storable_pk(pk):
        raise NotFound
