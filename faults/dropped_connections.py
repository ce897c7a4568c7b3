"""Clients lose connections and repeat requests with the same key: each is done once."""

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
    "0 duplicates, 0 lost: one request stored for each key, and its response for each repetition"
)
_DROPS = 3
_CLIENTS = 12
_LINES_OF_ORDER = 4  # few, so that few clients wait for the lock of one order
_LONGEST_SECONDS = 0.08
_AGAIN_SECONDS = 0.1
_TRIES = 100
_SEED = 6


class Clients:
    """Clients that send one key for each line; ``acknowledged`` are request pks by line."""

    def __init__(self, port: int, work: Work) -> None:
        self.acknowledged: dict[int, int] = {}
        self.replays = 0
        self.statuses: Counter[int] = Counter()
        self._port = port
        self._work = work
        self._rng = Random(_SEED)

    async def cancel(self, lines: Iterator[int]) -> None:
        """Cancel one line after the other; first drop some connections for each."""
        for item_pk in lines:
            sent = self._request(item_pk)
            for _ in range(_DROPS):
                await self._drop(sent)
            await self._send_until_done(item_pk, sent)

    async def _drop(self, sent: bytes) -> None:
        """Send all or a part of the request, and disconnect at a random time."""
        _, writer = await asyncio.open_connection("127.0.0.1", self._port)
        is_whole = self._rng.random() < 0.8
        writer.write(sent if is_whole else sent[: self._rng.randrange(1, len(sent))])
        await asyncio.sleep(self._rng.uniform(0, _LONGEST_SECONDS))
        writer.transport.abort()

    async def _send_until_done(self, item_pk: int, sent: bytes) -> None:
        """Repeat the request until it is done; it gets 409 while an earlier one is in progress."""
        for _ in range(_TRIES):
            response = (await exchange(self._port, sent)).response
            self.statuses[response.status] += 1
            if response.status not in {409, 503}:
                break
            await asyncio.sleep(_AGAIN_SECONDS)
        self.replays += "idempotent-replay" in response.headers
        if response.status == 200:
            self.acknowledged[item_pk] = response.json["pk"]

    def _request(self, item_pk: int) -> bytes:
        row = {"order_item": item_pk, "reason": self._work.reason, "cancellation_type": "cancel"}
        headers = self._work.customer.headers | {"Idempotency-Key": f"cancel-{item_pk}"}
        return request("POST", "/users/orders/cancellation_requests/", headers, row)


def check(environment: Environment, scale: Scale) -> Finding:
    """Drop three connections for each key."""
    work = make_work(environment, -(-scale.retries // _DROPS), _LINES_OF_ORDER)
    with environment.serve() as server:
        clients = Clients(server.port, work)
        asyncio.run(_cancel_all(clients, work))
    failures = [*_failures(environment, work, clients)]
    if not clients.replays:
        failures.append("no response was replayed")
    return Finding(
        title="idempotency with dropped connections",
        database=environment.kind,
        count=_DROPS * len(work.lines),
        required=scale.retries,
        requirement=REQUIREMENT,
        figures={
            "keys": len(work.lines),
            "replayed": clients.replays,
            "conflicts": clients.statuses[409],
        },
        failures=tuple(failures),
    )


async def _cancel_all(clients: Clients, work: Work) -> None:
    lines = iter(work.lines)
    await asyncio.gather(*(clients.cancel(lines) for _ in range(_CLIENTS)))


def _failures(environment: Environment, work: Work, clients: Clients) -> Iterator[str]:
    with environment.database.reading() as uow:
        stored = uow.cancellation_requests.requests(
            CancellationRequestQuery(), PageRequest(limit=10**6)
        )
    counts = Counter(row.order_item_pk for row in stored)
    pks = {row.order_item_pk: row.pk for row in stored}
    for item_pk in work.lines:
        if counts[item_pk] != 1:
            yield f"item {item_pk} is cancelled {counts[item_pk]} times"
        elif (pk := clients.acknowledged.get(item_pk)) != pks[item_pk]:
            yield f"item {item_pk}: {pk} was acknowledged, not {pks[item_pk]}"
    for status in clients.statuses.keys() - {200, 409, 503}:
        yield f"{clients.statuses[status]} × {status}"
