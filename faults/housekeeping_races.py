"""Races in which an operator removes data that shoppers, operators and a server use."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import cycle, islice

from domain.cancellations.decisions import approve_request, reject_request
from domain.orders.cancellations import CancellationStatus
from domain.privacy.personal_data import erase_personal_data
from domain.privacy.retention import (
    BATCH,
    Expiring,
    RetentionPeriods,
    remove_delivered_events,
    remove_expired,
    remove_settled_accounts,
)
from domain.shared.errors import Refusal
from domain.unit_of_work import UnitOfWork
from faults.import_races import REJECTED, STORED, Documents
from faults.order_races import Attempt, OrderRaces, Race
from faults.raw_client import exchange_sync, request
from handlers.maintenance import TidyRun
from handlers.web.error_responses import status_of
from tests.support.builders import make_lines

_SINGLE = "/users/orders/cancellation_requests/"
_OPERATOR = "operator:faults"
_IBAN = "TR330006100519786457841326"
_RIVALS = 12
_WON = {200, 201}
_AT_ONCE = RetentionPeriods(timedelta(), timedelta(), timedelta())


class HousekeepingRaces(OrderRaces):
    """The races over orders, and races with housekeeping commands."""

    def erase(self) -> Race:
        """A person is erased while they request a cancellation: exactly one of the two succeeds."""
        user = self._environment.shop.user()
        headers = self._environment.customer(user).headers
        order = self._environment.shop.order(user, user_email=user.email, items=make_lines(1, 3))
        body = {
            "order_item": order.items[0].pk,
            "reason": self._reason,
            "cancellation_type": "cancel",
            "quantity": 3,
            "iban": _IBAN,
            "holder_name": "Ada",
        }
        sent = self._send(request("POST", _SINGLE, headers, body))

        def erase(uow: UnitOfWork) -> None:
            erase_personal_data(user.email, _OPERATOR, uow, even_underway=True)

        def check(statuses: Sequence[int]) -> Iterator[str]:
            winners = [status for status in statuses if status in _WON]
            unexpected = Counter(status for status in statuses if status >= 500)
            if len(winners) != 1 or unexpected:
                yield f"{len(winners)} winners, {Counter(statuses)}"
            [stored] = self._stored(order.items[0])
            ibans = {stored_request.iban for stored_request in stored.cancellation_requests}
            is_erased = any(status in _WON for status in statuses[::2])
            if ibans != (set() if is_erased else {_IBAN}):
                yield f"{len(ibans)} accounts are stored, erased: {is_erased}"

        attempts = [self._work(erase), sent]
        return Race("erase against cancel", list(islice(cycle(attempts), _RIVALS)), check)

    def erase_and_import(self) -> Race:
        """A person is erased while their order is imported: the data does not come back."""
        user = self._environment.shop.user()
        documents = Documents(self._environment.database, user.email)
        document, item = documents.place(self._seller_part)

        def erase(uow: UnitOfWork) -> None:
            erase_personal_data(user.email, _OPERATOR, uow, even_underway=True)

        def check(statuses: Sequence[int]) -> Iterator[str]:
            if Counter(statuses[::2])[200] != 1 or not set(statuses[::2]) <= {200, 404}:
                yield f"statuses of erasing {Counter(statuses[::2])}"
            if not set(statuses[1::2]) <= {STORED, REJECTED}:
                yield f"statuses of importing {Counter(statuses[1::2])}"
            with self._environment.database.reading() as uow:
                order = uow.orders.get(item.order_pk)
            if order is None or order.user_email == user.email or order.notes is not None:
                yield "the personal data came back"

        attempts = [self._work(erase), documents.again(document)]
        return Race("erase against import", list(islice(cycle(attempts), _RIVALS)), check)

    def tidy(self) -> Race:
        """A request is decided while IBANs are removed: the IBAN for a due refund stays."""
        [item] = self._order()
        body = self._row(item.pk) | {"iban": _IBAN, "holder_name": "Ada"}
        sent = request("POST", _SINGLE, self._headers, body)
        pk: int = exchange_sync(self._port, sent).response.json["pk"]
        attempts = [
            self._decide(approve_request, pk),
            self._work(_tidy),
            self._decide(reject_request, pk),
            self._work(_tidy),
        ]

        def check(statuses: Sequence[int]) -> Iterator[str]:
            if set(statuses[1::2]) != {200}:
                yield f"statuses of tidying {Counter(statuses[1::2])}"
            if Counter(status in _WON for status in statuses[::2])[True] != 1:
                yield f"statuses of deciding {Counter(statuses[::2])}"
            [stored] = self._stored(item)
            [decided] = stored.cancellation_requests
            if decided.status is CancellationStatus.APPROVED and decided.iban != _IBAN:
                yield "the IBAN for money that is due is removed"

        return Race("tidy against decide", list(islice(cycle(attempts), _RIVALS)), check)

    def tidy_and_read(self) -> Race:
        """Stored documents are removed while an order is read and changed: none is outdated."""
        user = self._environment.shop.user()
        order = self._environment.shop.order(user, items=make_lines(1, 3), notes="before")
        read = request("GET", "/users/orders/", self._environment.customer(user).headers)

        def change(uow: UnitOfWork) -> None:
            [locked] = uow.orders.lock_by_items([order.items[0].pk], None)
            locked.notes = "after"
            uow.commit()

        def check(statuses: Sequence[int]) -> Iterator[str]:
            if set(statuses) != {200}:
                yield f"statuses {Counter(statuses)}"
            with ThreadPoolExecutor(1) as thread:  # this one runs an event loop already
                for _ in range(_RIVALS):
                    answered = thread.submit(exchange_sync, self._port, read).result()
                    [shown] = answered.response.json["results"]
                    if shown["notes"] != "after":
                        yield "an outdated document is served"

        attempts = [self._send(read), self._work(_tidy), self._send(read), self._work(change)]
        return Race("tidy against read", list(islice(cycle(attempts), _RIVALS)), check)

    def tidy_at_once(self) -> Race:
        """Several processes begin to tidy: one does, and the others do not wait for it."""
        runs = [TidyRun(self._environment.database, RetentionPeriods()) for _ in range(_RIVALS)]

        def begin(run: TidyRun) -> Attempt:
            async def attempt() -> int:
                return 200 if await asyncio.to_thread(run.begin) else 409

            return attempt

        def check(statuses: Sequence[int]) -> Iterator[str]:
            if Counter(statuses)[200] > 1:  # none, while another race tidies
                yield f"{Counter(statuses)[200]} processes tidy at once"
            for run in runs:
                run.end()

        return Race("tidy against tidy", [begin(run) for run in runs], check)

    def _work(self, work: Callable[[UnitOfWork], object]) -> Attempt:
        """Call the service in this process, as a command does."""

        def run() -> int:
            try:
                self._environment.database.write(work)
            except Refusal as refusal:
                return int(status_of(refusal))
            return 200

        async def attempt() -> int:
            return await asyncio.to_thread(run)

        return attempt


def _tidy(uow: UnitOfWork) -> None:
    """Remove everything that may be removed, whatever its age."""
    for kind in Expiring:
        remove_expired(kind, _AT_ONCE, BATCH, uow)
    remove_delivered_events(timedelta(), BATCH, uow)
    after = 0
    while batch := remove_settled_accounts(timedelta(), after, BATCH, uow):
        after = batch.last
