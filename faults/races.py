"""Races over HTTP and beside it: one winner each, nothing called off twice, no deadlock seen."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from itertools import cycle

from faults.amounts import Amounts
from faults.contests import Contest
from faults.findings import Finding
from faults.ground import Ground
from faults.housekeeping import Housekeeping

BAR = "0 over-cancelled, one winner each, 0 deadlocks seen by a client"
_AT_ONCE = 2
_LOGINS = 1 / 60  # of all contests; a password takes as long as many cancellations


def check(ground: Ground, amounts: Amounts) -> Finding:
    """All kinds in turn, and a few logins, two contests at a time."""
    with ground.serve(WAYBILL_LIMITS="false") as server:
        contests = _prepared(Housekeeping(ground, server.port), amounts.races)
        faults = asyncio.run(_hold(contests))
    kinds = Counter(each.name for each in contests)
    return Finding(
        test="races",
        database=ground.kind,
        amount=sum(len(each.attempts) for each in contests),
        wanted=amounts.races,
        bar=BAR,
        figures={"contests": len(contests), **kinds},
        failures=tuple(faults),
    )


def _prepared(makers: Housekeeping, attempts: int) -> list[Contest]:
    """Contests of so many attempts, at least."""
    kinds = cycle(
        (
            *(makers.cancel, makers.bulk, makers.reject, makers.settle, makers.trade_in),
            *(makers.erase, makers.tidy),
        )
    )
    made = [makers.log_in()]
    while sum(len(each.attempts) for each in made) < attempts:
        is_login = Counter(each.name for each in made)["login"] < _LOGINS * len(made)
        made.append(makers.log_in() if is_login else next(kinds)())
    return made


async def _hold(contests: Sequence[Contest]) -> list[str]:
    waiting = iter(contests)

    async def go_on() -> list[str]:
        return [fault for contest in waiting for fault in await contest.faults()]

    found = await asyncio.gather(*(go_on() for _ in range(_AT_ONCE)))
    return [fault for some in found for fault in some]
