"""The shopper or guest whom a request comes from."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Caller:
    """The user of the request's session; a guest has only the newest of their orders.

    A guest who looked an order up by number and e-mail has its ``order_pk``, and access to this
    order only.
    """

    user_pk: int
    is_guest: bool
    order_pk: int | None = None

    @property
    def has_newest_only(self) -> bool:
        """Whether the caller sees only their newest order (``created_date``, ties: higher pk).

        True for a guest with a session (storefront document, cancellation, Guest User Behavior).
        """
        return self.is_guest and self.order_pk is None

    @property
    def actor(self) -> str:
        """The name in the audit trail."""
        return f"{'guest' if self.is_guest else 'user'}:{self.user_pk}"


# No row has the pk 0, so this caller owns nothing.
ANONYMOUS = Caller(user_pk=0, is_guest=True, order_pk=0)
"""A caller without a session or a grant."""
