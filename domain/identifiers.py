"""What can be the id of anything that is stored."""

from domain.errors import NotFound

MAX_PK = 2**63 - 1


def is_storable_pk(pk: int) -> bool:
    """Say whether a row can have this ``pk``: a database refuses to look for others."""
    return 1 <= pk <= MAX_PK


def require_storable_pk(pk: int) -> None:
    """Raise NotFound for a ``pk`` that no row can have, before a database has to refuse it."""
    if not is_storable_pk(pk):
        raise NotFound
