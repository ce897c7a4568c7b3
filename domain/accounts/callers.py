"""Who asks."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Caller:
    """The user of the request's session; a guest has only the newest of their orders.

    ``order_pk`` is that of a guest who showed the number and the e-mail of one order instead of
    logging in: all but this order is foreign to them.
    """

    user_pk: int
    is_guest: bool
    order_pk: int | None = None

    @property
    def has_newest_only(self) -> bool:
        """Whether all but the user's newest order (``created_date``, ties: higher pk) is foreign.

        True for a guest with a session (storefront document, cancellation, Guest User Behavior).
        """
        return self.is_guest and self.order_pk is None

    @property
    def actor(self) -> str:
        """How the audit trail names them."""
        return f"{'guest' if self.is_guest else 'user'}:{self.user_pk}"


# No row has the pk 0, so that all is foreign to them.
NOBODY = Caller(user_pk=0, is_guest=True, order_pk=0)
"""A guest who has shown nothing yet."""
