"""Offers to take a delivered item back in payment, and the shopper's one answer to each."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from domain.callers import Caller
from domain.errors import Conflict, Gone

if TYPE_CHECKING:
    from domain.unit_of_work import UnitOfWork


class TradeInState(StrEnum):
    """open → approved | rejected | expired; an open offer may have run out all the same."""

    OPEN = "open"
    APPROVED = "approved"
    REJECTED = "rejected"
    EXPIRED = "expired"


@dataclass(eq=False, kw_only=True)
class TradeInOffer:
    """An offer for one order item, until ``expires_date``."""

    pk: int = field(init=False)
    uuid: UUID = field(default_factory=uuid4)
    order_item_pk: int = field(init=False)
    state: TradeInState = TradeInState.OPEN
    expires_date: datetime
    created_date: datetime
    modified_date: datetime

    def is_open(self, now: datetime) -> bool:
        """Whether it can still be answered."""
        return self.state is TradeInState.OPEN and now < self.expires_date

    def answer(self, state: TradeInState, now: datetime) -> bool:
        """Take the shopper's answer; False when it is the one that was given before.

        Raises Conflict after the opposite answer, and Gone once the offer has run out.
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


@dataclass(frozen=True, slots=True)
class OfferLink:
    """Whoever holds the link that was mailed with one offer."""

    offer_uuid: UUID


Answerer = Caller | OfferLink


def offer_trade_in(item_pk: int, lifetime: timedelta, actor: str, uow: UnitOfWork) -> TradeInOffer:
    """Offer a trade-in for a delivered order item, and have its owner mailed.

    Raises NotFound, RuleBroken for an item that was not delivered or is not there any more, and
    Conflict while another offer for it is open.
    """
    raise NotImplementedError


def approve_trade_in(item_pk: int, answerer: Answerer, uow: UnitOfWork) -> TradeInOffer:
    """Accept the newest offer for an item; a second time changes nothing.

    Raises NotFound for an absent item, a foreign one, one without an offer, and the link of
    another offer than its newest; Conflict when it was rejected before, Gone when it has run out.
    """
    raise NotImplementedError


def reject_trade_in(item_pk: int, answerer: Answerer, uow: UnitOfWork) -> TradeInOffer:
    """Turn the newest offer for an item down; raises what ``approve_trade_in`` does."""
    raise NotImplementedError
