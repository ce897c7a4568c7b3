"""The amounts of all checks: in full for the report, smaller in the tests."""

from dataclasses import dataclass, replace


@dataclass(frozen=True, kw_only=True)
class Scale:
    """Counts are minimums; times are in seconds.

    Time limits are multiplied by ``time_factor``, since the tests share their machine.
    """

    bad_requests: int
    contract_cases: int
    races: int
    retries: int
    load_requests: int
    load_seconds: float
    slow_sockets: int
    silent_sockets: int
    worker_kills: int
    database_faults: int
    waiting_requests: int
    full_disks: int
    graceful_stops: int
    emails: int
    guesses: int
    pooled_responses: int
    restores: int
    attempts: int
    reloads: int
    failovers: int
    lost_changes: int
    own_reads: int
    applied_reads: int
    standby_failures: int
    archived_orders: int
    load_share: float = 0.6
    """The load of restarts, of the capacity that was measured before them."""
    time_factor: float = 1.0


FULL = Scale(
    bad_requests=250,
    contract_cases=3000,
    races=6000,
    retries=1500,
    load_requests=5000,
    load_seconds=60,
    slow_sockets=270,
    silent_sockets=3000,
    worker_kills=15,
    database_faults=25,
    waiting_requests=400,
    full_disks=3,
    graceful_stops=5,
    emails=500,
    guesses=600,
    pooled_responses=1700,
    restores=10,
    attempts=600,
    reloads=5,
    failovers=5,
    lost_changes=3,
    own_reads=5000,
    applied_reads=1500,
    standby_failures=2,
    archived_orders=320,
)
# On SQLite, when both databases are checked: less of what depends least on the database.
REDUCED = replace(
    FULL,
    races=600,
    retries=240,
    load_requests=500,
    load_seconds=10,
    worker_kills=2,
    graceful_stops=2,
    emails=50,
    guesses=80,
    restores=3,
    attempts=240,
    reloads=1,
    archived_orders=80,
)
QUICK = Scale(
    bad_requests=250,
    contract_cases=300,
    races=180,  # each kind of race once
    retries=30,
    load_requests=60,
    load_seconds=2,
    slow_sockets=27,
    silent_sockets=300,
    worker_kills=3,
    database_faults=1,
    waiting_requests=120,
    full_disks=1,
    graceful_stops=1,
    emails=8,
    guesses=40,
    pooled_responses=120,
    restores=2,
    attempts=120,
    reloads=1,
    failovers=1,
    lost_changes=1,
    own_reads=160,
    applied_reads=80,
    standby_failures=1,
    archived_orders=24,
    load_share=0.3,
    time_factor=5.0,
)
