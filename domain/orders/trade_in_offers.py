"""Trade-in offers for delivered items, each with one answer of the shopper."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid4

from domain.shared.errors import Conflict, Gone


class TradeInState(StrEnum):
    """open → approved | rejected | expired; an open offer may be past its expiry date."""

    OPEN = "open"
    APPROVED = "approved"
    REJECTED = "rejected"
    EXPIRED = "expired"


@dataclass(eq=False, kw_only=True)
class TradeInOffer:
    """An offer for one order item, until ``expires_date``."""

    pk: int = field(init=False, repr=False)
    uuid: UUID = field(default_factory=uuid4)
    order_item_pk: int = field(init=False, repr=False)
    state: TradeInState = TradeInState.OPEN
    expires_date: datetime
    created_date: datetime
    modified_date: datetime

    def is_open(self, now: datetime) -> bool:
        """Whether it can still be answered."""
        return self.state is TradeInState.OPEN and now < self.expires_date

    def state_at(self, now: datetime) -> TradeInState:
        """The state at ``now``: EXPIRED for an unanswered offer past its expiry date."""
        is_expired = self.state is TradeInState.OPEN and not self.is_open(now)
        return TradeInState.EXPIRED if is_expired else self.state

    def answer(self, state: TradeInState, now: datetime) -> bool:
        """Set the shopper's answer; return False if it repeats the earlier one.

        Raises Conflict after the opposite answer, and Gone once the offer has expired.
        """
        if self.state is state:
            return False
        if self.state in (TradeInState.APPROVED, TradeInState.REJECTED):
            raise Conflict("This offer was answered otherwise.", code="trade_in_answered")
        if not self.is_open(now):
            raise Gone("This offer has expired.", code="trade_in_expired")
        self.state = state
        self.modified_date = now
        return True
