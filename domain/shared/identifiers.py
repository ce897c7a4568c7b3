"""What can be the id of anything that is stored."""

from uuid import UUID, uuid5

from domain.shared.errors import NotFound

MAX_PK = 2**63 - 1
_NAMESPACE = UUID("0c9a3d1e-5b8f-4d27-8e61-9f2b7a4c6d05")


def derived_uuid(kind: str, name: object) -> UUID:
    """Return the UUID of the thing of this ``kind`` that ``name`` names: always the same one.

    It tells who knows the name that it is this name's, so a secret is no name.
    """
    return uuid5(_NAMESPACE, f"{kind}/{name}")


def is_storable_pk(pk: int) -> bool:
    """Say whether a row can have this ``pk``: a database refuses to look for others."""
    return 1 <= pk <= MAX_PK


def require_storable_pk(pk: int) -> None:
    """Raise NotFound for a ``pk`` that no row can have, before a database has to refuse it."""
    if not is_storable_pk(pk):
        raise NotFound
