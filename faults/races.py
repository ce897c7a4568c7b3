"""Races by HTTP and by commands: one winner each, no unit cancelled twice, no deadlock."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from itertools import cycle

from faults.account_races import AccountRaces
from faults.environment import Environment
from faults.findings import Finding
from faults.housekeeping_races import HousekeepingRaces
from faults.order_races import Race
from faults.scale import Scale

REQUIREMENT = "0 over-cancelled, one winner each, 0 deadlocks seen by a client"
_AT_ONCE = 2
# Share of logins, and of resets: hashing a password takes as long as many cancellations.
_LOGINS = 1 / 60


def check(environment: Environment, scale: Scale) -> Finding:
    """Run all kinds of races in turn, with a few that hash passwords; two races at a time."""
    with environment.serve(WAYBILL_LIMITS="false") as server:
        accounts = AccountRaces(environment, server.port)
        races = _make_races(HousekeepingRaces(environment, server.port), accounts, scale.races)
        failures = asyncio.run(_run_all(races))
        accounts.close()
    kinds = Counter(race.name for race in races)
    return Finding(
        title="races",
        database=environment.kind,
        count=sum(len(race.attempts) for race in races),
        required=scale.races,
        requirement=REQUIREMENT,
        figures={"races": len(races), **kinds},
        failures=tuple(failures),
    )


def _make_races(makers: HousekeepingRaces, accounts: AccountRaces, attempts: int) -> list[Race]:
    """Races with at least this many attempts in total."""
    orders = (makers.cancel, makers.bulk, makers.reject, makers.settle, makers.trade_in)
    imports = (makers.import_and_cancel, makers.import_and_settle, makers.import_and_reject)
    data = (makers.erase, makers.erase_and_import)
    tidying = (makers.tidy, makers.tidy_and_read, makers.tidy_at_once)
    kinds = cycle((*orders, *imports, *data, *tidying, accounts.hand_over, accounts.deactivate))
    # Races with passwords stay apart: hashing would take all processors.
    races = [makers.log_in(), accounts.hand_over(), accounts.deactivate(), accounts.reset()]
    while sum(len(race.attempts) for race in races) < attempts:
        seen = Counter(race.name for race in races)
        if seen["login"] < _LOGINS * len(races):
            races += [
                makers.log_in(),
                accounts.hand_over(),
                accounts.deactivate(),
                accounts.reset(),
            ]
        else:
            races.append(next(kinds)())
    return races


async def _run_all(races: Sequence[Race]) -> list[str]:
    waiting = iter(races)

    async def run_races() -> list[str]:
        return [failure for race in waiting for failure in await race.run()]

    results = await asyncio.gather(*(run_races() for _ in range(_AT_ONCE)))
    return [failure for failures in results for failure in failures]
