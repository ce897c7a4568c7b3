"""What can be the id of anything that is stored."""

from domain.errors import NotFound

MAX_PK = 2**63 - 1


def require_storable_pk(pk: int) -> None:
    """Raise NotFound for a ``pk`` that no row can have, before a database has to refuse it."""
    if not 1 <= pk <= MAX_PK:
        raise NotFound
