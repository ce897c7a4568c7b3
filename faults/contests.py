"""Contests: several ask at once for what only one can have."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import cycle, islice, product
from typing import Any

from domain.cancellations.decisions import approve_request, reject_request
from domain.orders.order_items import OrderItem
from domain.orders.states import OrderState
from domain.shared.errors import Refusal
from domain.trade_ins import offer_trade_in
from faults.asking import ask, ask_now, request
from faults.environment import Environment
from faults.imported_contests import Documents, all_stored
from handlers.auth.passwords import Argon2Passwords
from handlers.web.error_responses import status_of
from persistence.database import utc_now
from tests.edge.exchange import Answer
from tests.support.builders import make_lines, make_seller

_SINGLE = "/users/orders/cancellation_requests/"
_BULK = "/users/orders/bulk_cancellation_requests/"
_OPERATOR = "operator:faults"
_PASSWORD = "the password of all who race"  # noqa: S105 - made up
_WON = {200, 201, 204}
_LOST = {400, 406, 409}
_RIVALS = 12
_UNITS = 3

Attempt = Callable[[], Awaitable[int]]
Judge = Callable[[Sequence[int]], Iterator[str]]


@dataclass(frozen=True)
class Contest:
    """``attempts`` are made at once; ``judge`` tells what is wrong with their statuses."""

    name: str
    attempts: Sequence[Attempt]
    judge: Judge

    async def faults(self) -> list[str]:
        """Hold the contest; return what went wrong."""
        statuses = await asyncio.gather(*(attempt() for attempt in self.attempts))
        return [f"{self.name}: {each}" for each in self.judge(statuses)]


class Contests:
    """All kinds of contests at one server, each over an order of its own."""

    def __init__(self, environment: Environment, port: int) -> None:
        self._environment = environment
        self._port = port
        password_hash = Argon2Passwords().hash(_PASSWORD)
        self._customer = environment.customer(environment.shop.user(password_hash=password_hash))
        self._seller = make_seller()
        self._order(seller=self._seller)  # which stores the seller, too
        self._seller_headers = environment.seller_headers(self._seller)
        self._sold_by = {"slug": self._seller.slug, "name": self._seller.name}
        self._documents = Documents(environment.database, self._customer.user.email)
        self._reason = environment.shop.reason().pk
        environment.secrets.add(_PASSWORD)

    def cancel(self) -> Contest:
        """All units of a line, by several clients."""
        sent = self._post(_SINGLE, self._row(self._order()[0].pk))
        return Contest("cancel", [sent] * _RIVALS, _one_winner)

    def bulk(self) -> Contest:
        """Two lines together, in either order and on either path."""
        items = self._order(2)
        rows = [self._row(item.pk) for item in items]
        bodies = [{"cancel_order_items": each} for each in (rows, rows[::-1])]
        paths = (_BULK, f"/orders/{items[0].order_pk}/cancel/")
        posts = (self._post(*each) for each in product(paths, bodies))
        return Contest("bulk", _in_turn(*posts), _one_winner)

    def reject(self) -> Contest:
        """Seller and shopper call the same line off; to the seller nobody is in the way."""
        [item] = self._order(seller=self._seller)
        path = f"/api/i1/order-items/{item.uuid}/reject/"
        rejected = self._send(request("POST", path, self._seller_headers, {}))
        cancelled = self._post(_SINGLE, self._row(item.pk) | {"quantity": 1})

        def judge(statuses: Sequence[int]) -> Iterator[str]:
            if not set(statuses[::2]) <= _WON or sum(each in _WON for each in statuses[1::2]) > 1:
                yield f"statuses {statuses}"
            [stored] = self._stored(item)
            if (stored.state, stored.cancelled_quantity) != (OrderState.REJECTED, _UNITS):
                yield f"{stored.cancelled_quantity} of {_UNITS} are off, it is {stored.state.name}"

        return Contest("reject against cancel", _in_turn(rejected, cancelled), judge)

    def settle(self) -> Contest:
        """A request that is approved and turned down."""
        sent = request("POST", _SINGLE, self._customer.headers, self._row(self._order()[0].pk))
        pk: int = ask_now(self._port, sent).answer.error["pk"]
        attempts = _in_turn(self._decide(approve_request, pk), self._decide(reject_request, pk))
        return Contest("approve against reject", attempts, _one_winner)

    def import_and_cancel(self) -> Contest:
        """A document that comes again while its line is cancelled as a whole."""
        document, item = self._documents.place(self._sold_by)
        cancelled = self._post(_SINGLE, self._row(item.pk))
        return self._beside_imports("import against cancel", document, [cancelled], _one_winner)

    def import_and_settle(self) -> Contest:
        """A document that comes again while a request is approved and turned down."""
        document, item = self._documents.place(self._sold_by)
        sent = request("POST", _SINGLE, self._headers, self._row(item.pk))
        pk: int = ask_now(self._port, sent).answer.error["pk"]
        decided = [self._decide(approve_request, pk), self._decide(reject_request, pk)]
        return self._beside_imports("import against decisions", document, decided, _one_winner)

    def import_and_reject(self) -> Contest:
        """A document that comes again while the seller calls its line off."""
        document, item = self._documents.place(self._sold_by)
        path = f"/api/i1/order-items/{item.uuid}/reject/"
        rejected = self._send(request("POST", path, self._seller_headers, {}))

        def judge(statuses: Sequence[int]) -> Iterator[str]:
            if not set(statuses) <= _WON:
                yield f"statuses {statuses}"
            [stored] = self._stored(item)
            if (stored.state, stored.cancelled_quantity) != (OrderState.REJECTED, _UNITS):
                yield f"{stored.cancelled_quantity} of {_UNITS} are off, it is {stored.state.name}"

        return self._beside_imports("import against seller reject", document, [rejected], judge)

    def _beside_imports(
        self, name: str, document: Mapping[str, Any], others: Sequence[Attempt], judge: Judge
    ) -> Contest:
        """Every second attempt is an import, the others are these in turn."""
        attempts = [
            attempt
            for other in islice(cycle(others), _RIVALS // 2)
            for attempt in (self._documents.again(document), other)
        ]

        def judge_both(statuses: Sequence[int]) -> Iterator[str]:
            yield from all_stored(statuses[::2])
            yield from judge(statuses[1::2])

        return Contest(name, attempts, judge_both)

    def trade_in(self) -> Contest:
        """An offer that is accepted and turned down; to say the same again changes nothing."""
        now = utc_now()
        [item] = self._order(state=OrderState.DELIVERED, shipped_date=now, delivered_date=now)
        with self._environment.database.writing() as uow:
            offer_trade_in(item.pk, timedelta(days=1), _OPERATOR, uow)
        answers = [
            self._send(request("GET", f"/users/order_item/{item.pk}/{each}/", self._headers))
            for each in ("tradein_approved", "tradein_rejected")
        ]
        return Contest("trade-in", _in_turn(*answers), _one_side)

    def log_in(self) -> Contest:
        """The same shopper, with the same old session, in several windows: each gets a new one."""
        body = {"email": self._customer.user.email, "password": _PASSWORD}
        old = self._environment.customer(self._customer.user).headers
        answers: list[Answer] = []

        async def attempt() -> int:
            answers.append(await self._answer(request("POST", "/users/login/", old, body)))
            return answers[-1].status

        def judge(statuses: Sequence[int]) -> Iterator[str]:
            for each in answers:
                self._environment.secrets |= set(each.cookies.values())
            sessions = {each.cookies.get("sessionid") for each in answers} - {None}
            if set(statuses) != {200} or len(sessions) != len(statuses):
                yield f"statuses {statuses}, {len(sessions)} sessions"

        return Contest("login", [attempt] * (_RIVALS // 2), judge)

    @property
    def _headers(self) -> dict[str, str]:
        return self._customer.headers

    def _order(self, lines: int = 1, **fields: Any) -> list[OrderItem]:
        """The lines of a new order, of some units each, with these fields."""
        made = make_lines(lines, _UNITS)
        for line in made:
            for name, value in fields.items():
                setattr(line, name, value)
        return list(self._environment.shop.order(self._customer.user, items=made).items)

    def _stored(self, item: OrderItem) -> list[OrderItem]:
        with self._environment.database.writing() as uow:
            [order] = uow.orders.lock_by_items([item.pk], None)
            return list(order.items)

    def _row(self, item_pk: int) -> dict[str, Any]:
        return {
            "order_item": item_pk,
            "reason": self._reason,
            "cancellation_type": "cancel",
            "quantity": _UNITS,
        }

    def _post(self, path: str, body: object) -> Attempt:
        return self._send(request("POST", path, self._headers, body))

    def _send(self, sent: bytes) -> Attempt:
        async def attempt() -> int:
            return (await self._answer(sent)).status

        return attempt

    async def _answer(self, sent: bytes) -> Answer:
        answer = (await ask(self._port, sent)).answer
        if answer.status >= 400:
            self._environment.errors.add(answer.body)
        return answer

    def _decide(self, service: Any, pk: int) -> Attempt:
        """As the operator's commands do, beside the server."""

        def decide() -> int:
            try:
                self._environment.database.write(lambda uow: service(pk, _OPERATOR, uow))
            except Refusal as refusal:
                return int(status_of(refusal))
            return 200

        async def attempt() -> int:
            return await asyncio.to_thread(decide)

        return attempt


def _in_turn(*attempts: Attempt) -> list[Attempt]:
    return list(islice(cycle(attempts), _RIVALS))


def _one_winner(statuses: Sequence[int]) -> Iterator[str]:
    winners = Counter(each in _WON for each in statuses)[True]
    if winners != 1:
        yield f"{winners} winners, {Counter(statuses)}"
    if strange := Counter(each for each in statuses if each not in _WON | _LOST):
        yield f"statuses {dict(strange)}"


def _one_side(statuses: Sequence[int]) -> Iterator[str]:
    """Either all of the first kind have won or all of the second."""
    sides = {frozenset(statuses[::2]), frozenset(statuses[1::2])}
    if sides != {frozenset({200}), frozenset({409})}:
        yield f"statuses {statuses}"
