"""How much each check does: in full for the report, and less of it among the tests."""

from dataclasses import dataclass, replace


@dataclass(frozen=True, kw_only=True)
class Amounts:
    """Counts are the least that has to be done; times are in seconds.

    What has to happen within a time may take ``patience`` times as long: the tests share their
    machine with each other, and how fast it is is none of their business.
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
    waiting: int
    full_disks: int
    stops: int
    letters: int
    guesses: int
    pooled_answers: int
    restores: int
    attempts: int
    patience: float = 1.0


FULL = Amounts(
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
    waiting=400,
    full_disks=3,
    stops=5,
    letters=500,
    guesses=600,
    pooled_answers=1700,
    restores=10,
    attempts=600,
)
# On SQLite, when both databases have their turn: what depends on the database least is done less.
BESIDE = replace(
    FULL,
    races=600,
    retries=240,
    load_requests=500,
    load_seconds=10,
    worker_kills=2,
    stops=2,
    letters=50,
    guesses=80,
    restores=3,
    attempts=240,
)
QUICK = Amounts(
    bad_requests=250,
    contract_cases=300,
    races=180,  # each kind of contest once
    retries=30,
    load_requests=60,
    load_seconds=2,
    slow_sockets=27,
    silent_sockets=300,
    worker_kills=3,
    database_faults=1,
    waiting=120,
    full_disks=1,
    stops=1,
    letters=8,
    guesses=40,
    pooled_answers=120,
    restores=2,
    attempts=120,
    patience=5.0,
)
