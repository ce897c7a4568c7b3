from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from domain.accounts.callers import Caller
from domain.orders.order_items import OrderItem
from domain.orders.states import OrderState
from domain.orders.trade_in_offers import TradeInState
from domain.outbox import OutboxKind
from domain.shared.errors import Conflict, Gone, NotFound, RuleBroken
from domain.shared.identifiers import MAX_PK
from domain.trade_ins import (
    OfferLink,
    approve_trade_in,
    offer_trade_in,
    reject_trade_in,
    show_trade_in_offer,
)
from tests.support.builders import NOW, make_offer
from tests.support.cancellation_fakes import (
    OPERATOR,
    POLICY,
    SHOPPER,
    STRANGER,
    FakeUnitOfWork,
    delivered_item,
    stored_item,
    stored_order,
)

WEEK = timedelta(days=7)
ANSWERS = (approve_trade_in, reject_trade_in)
LATER = NOW + WEEK


def offered(**overrides: Any) -> tuple[OrderItem, FakeUnitOfWork]:
    """A line with an offer, and the unit of work with it."""
    now = overrides.pop("now", NOW)
    item = delivered_item(trade_in_offers=[make_offer(**overrides)])
    return item, FakeUnitOfWork(stored_order(item), now=now)


class TestOffer:
    def test_makes_a_line_tradable_until_it_expires(self) -> None:
        item = delivered_item()
        uow = FakeUnitOfWork(stored_order(item))

        offer = offer_trade_in(item.pk, WEEK, OPERATOR, uow)

        assert item.is_tradable(NOW)
        assert not item.is_tradable(LATER)
        assert (offer.expires_date, uow.commits) == (LATER, 1)

    def test_the_flags_of_the_order_are_valid_until_it_expires(self) -> None:
        [order] = offered()[1].orders.orders

        assert order.flags_valid_until(NOW, POLICY.returns) == LATER

    def test_enqueues_an_email_and_is_audited(self) -> None:
        item = delivered_item()
        uow = FakeUnitOfWork(stored_order(item))

        offer = offer_trade_in(item.pk, WEEK, OPERATOR, uow)

        [event] = uow.outbox.added
        assert event.kind is OutboxKind.TRADE_IN_OFFERED
        assert event.payload["order_item"] == item.pk
        assert event.payload["offer"] == str(offer.uuid)
        assert uow.audit.changes(offer.uuid) == [(None, "open")]

    def test_is_refused_while_another_is_open(self) -> None:
        item, uow = offered()

        with pytest.raises(Conflict):
            offer_trade_in(item.pk, WEEK, OPERATOR, uow)

    def test_is_possible_after_another_has_expired(self) -> None:
        item, uow = offered(now=LATER)

        offer_trade_in(item.pk, WEEK, OPERATOR, uow)

        states = [offer.state for offer in item.trade_in_offers]
        assert states == [TradeInState.EXPIRED, TradeInState.OPEN]

    @pytest.mark.parametrize(
        "item",
        [stored_item(), stored_item(state=OrderState.SHIPPED), delivered_item(refunded_quantity=1)],
        ids=["waiting", "shipped", "sent back"],
    )
    def test_is_only_for_delivered_units(self, item: OrderItem) -> None:
        with pytest.raises(RuleBroken):
            offer_trade_in(item.pk, WEEK, OPERATOR, FakeUnitOfWork(stored_order(item)))

    @pytest.mark.parametrize("pk", [0, 404, MAX_PK + 1])
    def test_needs_an_existing_item(self, pk: int) -> None:
        with pytest.raises(NotFound):
            offer_trade_in(pk, WEEK, OPERATOR, FakeUnitOfWork())


class TestAnswer:
    @pytest.mark.parametrize(
        ("answer", "state", "kind"),
        [
            (approve_trade_in, TradeInState.APPROVED, OutboxKind.TRADE_IN_APPROVED),
            (reject_trade_in, TradeInState.REJECTED, OutboxKind.TRADE_IN_REJECTED),
        ],
    )
    def test_is_stored_once(self, answer: Any, state: TradeInState, kind: OutboxKind) -> None:
        item, uow = offered()

        offers = [answer(item.pk, SHOPPER, uow) for _ in range(2)]

        assert offers[0] is offers[1]
        assert (offers[0].state, uow.commits, uow.outbox.kinds) == (state, 1, [kind])
        assert uow.audit.changes(offers[0].uuid) == [("open", state)]
        assert not item.is_tradable(NOW)

    @pytest.mark.parametrize("answers", [ANSWERS, ANSWERS[::-1]])
    def test_can_not_be_changed(self, answers: Any) -> None:
        item, uow = offered()
        answers[0](item.pk, SHOPPER, uow)

        with pytest.raises(Conflict):
            answers[1](item.pk, SHOPPER, uow)

        assert (uow.commits, len(uow.outbox.added)) == (1, 1)

    @pytest.mark.parametrize("answer", ANSWERS)
    def test_is_refused_after_the_expiry(self, answer: Any) -> None:
        item, uow = offered(now=LATER)

        with pytest.raises(Gone):
            answer(item.pk, SHOPPER, uow)

    def test_can_be_repeated_after_the_expiry(self) -> None:
        item, uow = offered(state=TradeInState.APPROVED, now=LATER)

        assert approve_trade_in(item.pk, SHOPPER, uow).state is TradeInState.APPROVED

    @pytest.mark.parametrize("caller", [STRANGER, Caller(1, is_guest=True, order_pk=5)])
    def test_is_only_for_the_owner(self, caller: Caller) -> None:
        item, uow = offered()

        with pytest.raises(NotFound):
            approve_trade_in(item.pk, caller, uow)

    def test_by_a_link_is_audited_as_the_link(self) -> None:
        item, uow = offered()
        link = OfferLink(item.trade_in_offers[0].uuid)

        reject_trade_in(item.pk, link, uow)

        assert uow.audit.added[0].actor == f"link:{link.offer_uuid}"

    def test_by_a_link_is_only_for_its_offer(self) -> None:
        item, uow = offered()

        with pytest.raises(NotFound):
            approve_trade_in(item.pk, OfferLink(uuid4()), uow)

    def test_needs_an_offer(self) -> None:
        item = delivered_item()

        with pytest.raises(NotFound):
            approve_trade_in(item.pk, SHOPPER, FakeUnitOfWork(stored_order(item)))


class TestShow:
    def test_shows_the_offer_and_changes_nothing(self) -> None:
        item, uow = offered()
        [offer] = item.trade_in_offers

        for principal in (SHOPPER, OfferLink(offer.uuid)):
            shown = show_trade_in_offer(item.pk, principal, uow)

            assert (shown.order_item, shown.product) == (item.pk, item.product.name)
            assert (shown.order_number, shown.quantity) == (
                uow.orders.orders[0].number,
                item.available_quantity,
            )
            assert (shown.state, shown.expires_date) == (TradeInState.OPEN, offer.expires_date)
        assert uow.commits == 0

    @pytest.mark.parametrize(
        ("answer", "state"),
        [(approve_trade_in, TradeInState.APPROVED), (reject_trade_in, TradeInState.REJECTED)],
    )
    def test_shows_the_answer(self, answer: Any, state: TradeInState) -> None:
        item, uow = offered()
        answer(item.pk, SHOPPER, uow)

        assert show_trade_in_offer(item.pk, SHOPPER, uow).state is state
        uow.now = LATER + WEEK
        assert show_trade_in_offer(item.pk, SHOPPER, uow).state is state

    def test_shows_that_the_offer_has_expired(self) -> None:
        item, uow = offered(expires_date=NOW)

        assert show_trade_in_offer(item.pk, SHOPPER, uow).state is TradeInState.EXPIRED

    def test_shows_nothing_to_others(self) -> None:
        item, uow = offered()
        without = delivered_item()

        for pk, principal in (
            (item.pk, STRANGER),
            (item.pk, OfferLink(uuid4())),
            (item.pk + 10**6, SHOPPER),
            (MAX_PK + 1, SHOPPER),
        ):
            with pytest.raises(NotFound):
                show_trade_in_offer(pk, principal, uow)
        with pytest.raises(NotFound):
            show_trade_in_offer(without.pk, SHOPPER, FakeUnitOfWork(stored_order(without)))
