"""Races over HTTP and beside it: one winner each, nothing called off twice, no deadlock seen."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from itertools import cycle

from faults.account_contests import AccountContests
from faults.amounts import Amounts
from faults.contests import Contest
from faults.environment import Environment
from faults.findings import Finding
from faults.housekeeping import Housekeeping

BAR = "0 over-cancelled, one winner each, 0 deadlocks seen by a client"
_AT_ONCE = 2
_LOGINS = (
    1 / 60
)  # of all contests, and as many resets; a password takes as long as many cancellations


def check(environment: Environment, amounts: Amounts) -> Finding:
    """All kinds in turn, and a few with passwords, two contests at a time."""
    with environment.serve(WAYBILL_LIMITS="false") as server:
        accounts = AccountContests(environment, server.port)
        contests = _prepared(Housekeeping(environment, server.port), accounts, amounts.races)
        faults = asyncio.run(_hold(contests))
        accounts.close()
    kinds = Counter(each.name for each in contests)
    return Finding(
        test="races",
        database=environment.kind,
        amount=sum(len(each.attempts) for each in contests),
        wanted=amounts.races,
        bar=BAR,
        figures={"contests": len(contests), **kinds},
        failures=tuple(faults),
    )


def _prepared(makers: Housekeeping, accounts: AccountContests, attempts: int) -> list[Contest]:
    """Contests of so many attempts, at least."""
    orders = (makers.cancel, makers.bulk, makers.reject, makers.settle, makers.trade_in)
    imports = (makers.import_and_cancel, makers.import_and_settle, makers.import_and_reject)
    data = (makers.erase, makers.erase_and_import, makers.tidy)
    kinds = cycle((*orders, *imports, *data, accounts.hand_over, accounts.deactivate))
    # Not those with passwords side by side: hashes would take all processors.
    made = [makers.log_in(), accounts.hand_over(), accounts.deactivate(), accounts.reset()]
    while sum(len(each.attempts) for each in made) < attempts:
        seen = Counter(each.name for each in made)
        if seen["login"] < _LOGINS * len(made):
            made += [makers.log_in(), accounts.hand_over(), accounts.deactivate(), accounts.reset()]
        else:
            made.append(next(kinds)())
    return made


async def _hold(contests: Sequence[Contest]) -> list[str]:
    waiting = iter(contests)

    async def go_on() -> list[str]:
        return [fault for contest in waiting for fault in await contest.faults()]

    found = await asyncio.gather(*(go_on() for _ in range(_AT_ONCE)))
    return [fault for some in found for fault in some]
