"""Clients lose connections before the answer, and ask again by the same key: it counts once."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from random import Random

from domain.cancellations.requests import CancellationRequestQuery
from domain.shared.paging import PageRequest
from faults.environment import Environment
from faults.findings import Finding
from faults.raw_client import exchange, request
from faults.scale import Scale
from faults.writers import Work, make_work

REQUIREMENT = (
    "0 duplicates, 0 lost: one request stored for each key, and its answer for all who ask"
)
_DROPS = 3
_CLIENTS = 12
_LINES_OF_ORDER = 4  # fewer clients than with twenty wait for the lock of the same order
_LONGEST_SECONDS = 0.08
_AGAIN_SECONDS = 0.1
_TRIES = 100
_SEED = 6


class Clients:
    """Who ask by one key for each line, and remember the last answer."""

    def __init__(self, port: int, work: Work) -> None:
        self.told: dict[int, int] = {}
        self.replayed = 0
        self.statuses: Counter[int] = Counter()
        self._port = port
        self._work = work
        self._dice = Random(_SEED)

    async def cancel(self, lines: Iterator[int]) -> None:
        """Cancel line by line; each time some connections are dropped."""
        for item_pk in lines:
            sent = self._request(item_pk)
            for _ in range(_DROPS):
                await self._drop(sent)
            await self._insist(item_pk, sent)

    async def _drop(self, sent: bytes) -> None:
        """Send all or a part of it, and be gone at any time: before, while or after it is done."""
        _, writer = await asyncio.open_connection("127.0.0.1", self._port)
        is_whole = self._dice.random() < 0.8
        writer.write(sent if is_whole else sent[: self._dice.randrange(1, len(sent))])
        await asyncio.sleep(self._dice.uniform(0, _LONGEST_SECONDS))
        writer.transport.abort()

    async def _insist(self, item_pk: int, sent: bytes) -> None:
        """Ask until it is done; while an earlier try is at work, it is a conflict."""
        for _ in range(_TRIES):
            response = (await exchange(self._port, sent)).response
            self.statuses[response.status] += 1
            if response.status not in {409, 503}:
                break
            await asyncio.sleep(_AGAIN_SECONDS)
        self.replayed += "idempotent-replay" in response.headers
        if response.status == 200:
            self.told[item_pk] = response.json["pk"]

    def _request(self, item_pk: int) -> bytes:
        row = {"order_item": item_pk, "reason": self._work.reason, "cancellation_type": "cancel"}
        headers = self._work.customer.headers | {"Idempotency-Key": f"cancel-{item_pk}"}
        return request("POST", "/users/orders/cancellation_requests/", headers, row)


def check(environment: Environment, scale: Scale) -> Finding:
    """Three connections are dropped for each key."""
    work = make_work(environment, -(-scale.retries // _DROPS), _LINES_OF_ORDER)
    with environment.serve() as server:
        clients = Clients(server.port, work)
        asyncio.run(_cancel_all(clients, work))
    failures = [*_wrong(environment, work, clients)]
    if not clients.replayed:
        failures.append("no answer was given twice")
    return Finding(
        title="idempotency with dropped connections",
        database=environment.kind,
        count=_DROPS * len(work.lines),
        required=scale.retries,
        requirement=REQUIREMENT,
        figures={
            "keys": len(work.lines),
            "answered again": clients.replayed,
            "asked while at work": clients.statuses[409],
        },
        failures=tuple(failures),
    )


async def _cancel_all(clients: Clients, work: Work) -> None:
    lines = iter(work.lines)
    await asyncio.gather(*(clients.cancel(lines) for _ in range(_CLIENTS)))


def _wrong(environment: Environment, work: Work, clients: Clients) -> Iterator[str]:
    with environment.database.reading() as uow:
        stored = uow.cancellation_requests.requests(
            CancellationRequestQuery(), PageRequest(limit=10**6)
        )
    asked = Counter(each.order_item_pk for each in stored)
    pks = {each.order_item_pk: each.pk for each in stored}
    for item_pk in work.lines:
        if asked[item_pk] != 1:
            yield f"item {item_pk} is cancelled {asked[item_pk]} times"
        elif clients.told.get(item_pk) != pks[item_pk]:
            yield f"item {item_pk}: {clients.told.get(item_pk)} was told, not {pks[item_pk]}"
    for status in clients.statuses.keys() - {200, 409, 503}:
        yield f"{clients.statuses[status]} × {status}"
