"""Who asks."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Caller:
    """The user of the request's session; a guest sees only the newest of their orders."""

    user_pk: int
    is_guest: bool
