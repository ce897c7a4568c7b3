"""The disk fills up while clients write and read, and is freed again."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from subprocess import CalledProcessError
from time import monotonic, sleep

from domain.sellers.sellers import Seller
from faults.disks import CountedPages, Disk, small_tablespace
from faults.environment import Environment
from faults.findings import Finding
from faults.invariants import broken_at
from faults.scale import Scale
from faults.secrets import outbox_leaks
from faults.writers import ClientLog, Writers, make_work
from tests.support.builders import make_item, make_seller
from tests.support.server import Server

_WRITERS = 3
_FURTHER_REFUSALS = 5
_TIMEOUT_SECONDS = 20
_LINES_OF_DISK = 800
_SELLERS_READ = "/api/i1/orders/"


def check(environment: Environment, scale: Scale) -> Finding:
    """Fill the disk repeatedly: writes must get 503 and reads 200 each time."""
    try:
        with _disk(environment) as (disk, own):
            work = make_work(own, _LINES_OF_DISK * scale.full_disks)
            seller = make_seller()
            own.shop.order(own.shop.user(), items=[make_item(seller=seller)])
            with own.serve(code=disk.code) as server:
                writers = Writers(own, server, work)
                with writers.running(_WRITERS, readers=2):
                    filled = [
                        _fill(disk, own, server, writers, seller) for _ in range(scale.full_disks)
                    ]
            failures = [*writers.log.failures, *writers.lost_or_duplicated(), *broken_at(own.url)]
            failures += outbox_leaks(own)
            failures += [f"corrupt: {fault}" for fault in disk.faults()]
    except (CalledProcessError, OSError) as error:
        return _finding(environment, scale, ClientLog(), 0, [f"there is no small disk: {error}"])
    return _finding(environment, scale, writers.log, sum(filled), failures)


@contextmanager
def _disk(environment: Environment) -> Iterator[tuple[Disk, Environment]]:
    if environment.kind == "sqlite":
        yield CountedPages(environment.url, environment.folder), environment
        return
    with small_tablespace() as disk, environment.beside(disk.url) as own:
        own.database.migrate()
        yield disk, own


def _fill(
    disk: Disk, environment: Environment, server: Server, writers: Writers, seller: Seller
) -> bool:
    """Fill and free the disk; return whether writes failed and recovered."""
    # A new token: that its use can't be recorded must not refuse the read.
    log, headers = writers.log, environment.seller_headers(seller)
    writers.wait_for_write(_TIMEOUT_SECONDS)
    disk.fill()
    expected = log.writes[503] + _FURTHER_REFUSALS
    is_full = _wait_for(lambda: log.writes[503] >= expected)
    with environment.client(server, headers) as client:
        response = client.get(_SELLERS_READ)
    if response.status_code != 200:
        log.failures.append(f"a seller's read got {response.status_code}")
    disk.free()
    recovered = writers.wait_for_write(_TIMEOUT_SECONDS)
    if not is_full or recovered is None:
        log.failures.append("the disk was never full" if not is_full else "no write succeeds again")
    return is_full and recovered is not None


def _wait_for(condition: Callable[[], bool]) -> bool:
    until = monotonic() + _TIMEOUT_SECONDS
    while not condition() and monotonic() < until:
        sleep(0.05)
    return condition()


def _finding(
    environment: Environment, scale: Scale, log: ClientLog, filled: int, failures: Sequence[str]
) -> Finding:
    expected = [f"a read got 503 {log.reads[503]} times"] if log.reads[503] else []
    return Finding(
        title="disk full",
        database=environment.kind,
        count=filled,
        required=scale.full_disks,
        requirement="writes 503, reads 200; no acknowledged write lost, no corruption; recovers",
        figures={
            "acknowledged": len(log.acknowledged),
            "writes refused": log.writes[503],
            "reads": log.reads[200],
        },
        failures=(*failures, *expected),
    )
