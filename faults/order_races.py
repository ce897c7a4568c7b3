"""Races: concurrent requests of which only one can succeed."""

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
from faults.environment import Environment
from faults.import_races import Documents, all_stored
from faults.raw_client import exchange, exchange_sync, request
from handlers.auth.passwords import Argon2Passwords
from handlers.web.error_responses import status_of
from persistence.database import utc_now
from tests.edge.exchange import RawResponse
from tests.support.builders import make_lines, make_seller

_SINGLE = "/users/orders/cancellation_requests/"
_BULK = "/users/orders/bulk_cancellation_requests/"
_OPERATOR = "operator:faults"
_PASSWORD = "the password of all racers"  # noqa: S105 - made up
_WON = {200, 201, 204}
_LOST = {400, 406, 409}
_RIVALS = 12
_UNITS = 3

Attempt = Callable[[], Awaitable[int]]
StatusCheck = Callable[[Sequence[int]], Iterator[str]]


@dataclass(frozen=True)
class Race:
    """``attempts`` run at once; ``check`` yields what is wrong with their statuses."""

    name: str
    attempts: Sequence[Attempt]
    check: StatusCheck

    async def run(self) -> list[str]:
        """Run all attempts at once; return the failures."""
        statuses = await asyncio.gather(*(attempt() for attempt in self.attempts))
        return [f"{self.name}: {failure}" for failure in self.check(statuses)]


class OrderRaces:
    """All kinds of races over orders at one server, each over a new order."""

    def __init__(self, environment: Environment, port: int) -> None:
        self._environment = environment
        self._port = port
        password_hash = Argon2Passwords().hash(_PASSWORD)
        self._customer = environment.customer(environment.shop.user(password_hash=password_hash))
        self._seller = make_seller()
        self._order(seller=self._seller)  # also stores the seller
        self._seller_headers = environment.seller_headers(self._seller)
        self._seller_part = {"slug": self._seller.slug, "name": self._seller.name}
        self._documents = Documents(environment.database, self._customer.user.email)
        self._reason = environment.shop.reason().pk
        environment.secrets.add(_PASSWORD)

    def cancel(self) -> Race:
        """Several clients cancel all units of a line."""
        sent = self._post(_SINGLE, self._row(self._order()[0].pk))
        return Race("cancel", [sent] * _RIVALS, _one_winner)

    def bulk(self) -> Race:
        """Several clients cancel two lines, in either order and on either path."""
        items = self._order(2)
        rows = [self._row(item.pk) for item in items]
        bodies = [{"cancel_order_items": lines} for lines in (rows, rows[::-1])]
        paths = (_BULK, f"/orders/{items[0].order_pk}/cancel/")
        posts = (self._post(path, body) for path, body in product(paths, bodies))
        return Race("bulk", _in_turn(*posts), _one_winner)

    def reject(self) -> Race:
        """The seller rejects a line while shoppers cancel it; the seller always succeeds."""
        [item] = self._order(seller=self._seller)
        path = f"/api/i1/order-items/{item.uuid}/reject/"
        rejected = self._send(request("POST", path, self._seller_headers, {}))
        cancelled = self._post(_SINGLE, self._row(item.pk) | {"quantity": 1})

        def check(statuses: Sequence[int]) -> Iterator[str]:
            if not set(statuses[::2]) <= _WON or _winners(statuses[1::2]) > 1:
                yield f"statuses {statuses}"
            yield from self._not_rejected(item)

        return Race("reject against cancel", _in_turn(rejected, cancelled), check)

    def settle(self) -> Race:
        """Operators approve and reject the same request."""
        sent = request("POST", _SINGLE, self._customer.headers, self._row(self._order()[0].pk))
        pk: int = exchange_sync(self._port, sent).response.json["pk"]
        attempts = _in_turn(self._decide(approve_request, pk), self._decide(reject_request, pk))
        return Race("approve against reject", attempts, _one_winner)

    def import_and_cancel(self) -> Race:
        """A document is imported again while all units of its line are cancelled."""
        document, item = self._documents.place(self._seller_part)
        cancelled = self._post(_SINGLE, self._row(item.pk))
        return self._beside_imports("import against cancel", document, [cancelled], _one_winner)

    def import_and_settle(self) -> Race:
        """A document is imported again while a request is approved and rejected."""
        document, item = self._documents.place(self._seller_part)
        sent = request("POST", _SINGLE, self._headers, self._row(item.pk))
        pk: int = exchange_sync(self._port, sent).response.json["pk"]
        decided = [self._decide(approve_request, pk), self._decide(reject_request, pk)]
        return self._beside_imports("import against decisions", document, decided, _one_winner)

    def import_and_reject(self) -> Race:
        """A document is imported again while the seller rejects its line."""
        document, item = self._documents.place(self._seller_part)
        path = f"/api/i1/order-items/{item.uuid}/reject/"
        rejected = self._send(request("POST", path, self._seller_headers, {}))

        def check(statuses: Sequence[int]) -> Iterator[str]:
            if not set(statuses) <= _WON:
                yield f"statuses {statuses}"
            yield from self._not_rejected(item)

        return self._beside_imports("import against seller reject", document, [rejected], check)

    def _beside_imports(
        self, name: str, document: Mapping[str, Any], others: Sequence[Attempt], check: StatusCheck
    ) -> Race:
        """A race of imports of ``document`` that alternate with ``others``."""
        attempts = [
            attempt
            for other in islice(cycle(others), _RIVALS // 2)
            for attempt in (self._documents.again(document), other)
        ]

        def check_both(statuses: Sequence[int]) -> Iterator[str]:
            yield from all_stored(statuses[::2])
            yield from check(statuses[1::2])

        return Race(name, attempts, check_both)

    def trade_in(self) -> Race:
        """Clients accept and reject the same offer; repeating an answer changes nothing."""
        now = utc_now()
        [item] = self._order(state=OrderState.DELIVERED, shipped_date=now, delivered_date=now)
        with self._environment.database.writing() as uow:
            offer_trade_in(item.pk, timedelta(days=1), _OPERATOR, uow)
        responses = [
            self._send(request("GET", f"/users/order_item/{item.pk}/{name}/", self._headers))
            for name in ("tradein_approved", "tradein_rejected")
        ]
        return Race("trade-in", _in_turn(*responses), _one_side)

    def log_in(self) -> Race:
        """A shopper logs in from several windows with one old session: each gets a new session."""
        body = {"email": self._customer.user.email, "password": _PASSWORD}
        old = self._environment.customer(self._customer.user).headers
        responses: list[RawResponse] = []

        async def attempt() -> int:
            responses.append(await self._response(request("POST", "/users/login/", old, body)))
            return responses[-1].status

        def check(statuses: Sequence[int]) -> Iterator[str]:
            for response in responses:
                self._environment.secrets |= set(response.cookies.values())
            sessions = {response.cookies.get("sessionid") for response in responses} - {None}
            if set(statuses) != {200} or len(sessions) != len(statuses):
                yield f"statuses {statuses}, {len(sessions)} sessions"

        return Race("login", [attempt] * (_RIVALS // 2), check)

    @property
    def _headers(self) -> dict[str, str]:
        return self._customer.headers

    def _order(self, lines: int = 1, **fields: Any) -> list[OrderItem]:
        """The lines of a new order, of ``_UNITS`` units each, with these fields."""
        items = make_lines(lines, _UNITS)
        for line in items:
            for name, value in fields.items():
                setattr(line, name, value)
        return list(self._environment.shop.order(self._customer.user, items=items).items)

    def _stored(self, item: OrderItem) -> list[OrderItem]:
        with self._environment.database.writing() as uow:
            [order] = uow.orders.lock_by_items([item.pk], None)
            return list(order.items)

    def _not_rejected(self, item: OrderItem) -> Iterator[str]:
        [stored] = self._stored(item)
        state, quantity = stored.state, stored.cancelled_quantity
        if (state, quantity) != (OrderState.REJECTED, _UNITS):
            yield f"{quantity} of {_UNITS} units are cancelled, the line is {state.name}"

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
            return (await self._response(sent)).status

        return attempt

    async def _response(self, sent: bytes) -> RawResponse:
        response = (await exchange(self._port, sent)).response
        if response.status >= 400:
            self._environment.errors.add(response.body)
        return response

    def _decide(self, service: Any, pk: int) -> Attempt:
        """Decide in this process, as the operators' commands do."""

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


def _winners(statuses: Sequence[int]) -> int:
    return sum(status in _WON for status in statuses)


def _one_winner(statuses: Sequence[int]) -> Iterator[str]:
    winners = _winners(statuses)
    if winners != 1:
        yield f"{winners} winners, {Counter(statuses)}"
    if unexpected := Counter(status for status in statuses if status not in _WON | _LOST):
        yield f"statuses {dict(unexpected)}"


def _one_side(statuses: Sequence[int]) -> Iterator[str]:
    """Either all attempts of the first kind win or all of the second."""
    sides = {frozenset(statuses[::2]), frozenset(statuses[1::2])}
    if sides != {frozenset({200}), frozenset({409})}:
        yield f"statuses {statuses}"
