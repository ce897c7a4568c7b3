"""Two servers behind a proxy are restarted one at a time under load, after a migration.

The proxies have the configurations of deploy/, and deploy/rolling restarts the servers. PostgreSQL
only: two servers with one database need it.
"""

import asyncio
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import monotonic, sleep

import pytest

from faults.caddy import running_caddy
from faults.constant_load import ConstantLoad, Requests, lost_or_unacknowledged
from faults.debian import ProgramUnavailable
from faults.environment import Environment
from faults.findings import Finding
from faults.nginx import Proxy, running_nginx
from faults.restartable import RestartableServer, restart_commands
from faults.scale import FULL, Scale
from tests.support.releases import NextRelease

REQUIREMENT = (
    "0 failed requests behind nginx, with max_fails=0 and with its defaults, and behind Caddy; each"
    " acknowledged write is stored once"
)
_ROLLING = Path(__file__).parents[1] / "deploy" / "rolling"
_SERVERS = 2
_BEFORE_SECONDS = 3.0
_LINES_OF_SECOND = 60  # more than a tenth of the requests that two cores can answer
_ROLLING_SECONDS = 90
_TIMEOUT_SECONDS = 300
_CHANGE = """
    op.create_table("rolling_{n}", sa.Column("pk", sa.Integer(), primary_key=True))
    op.add_column("orders", sa.Column("rolling_{n}", sa.Text()))
    flag = sa.Column("rolling_{n}", sa.Boolean(), nullable=False, server_default=sa.false())
    op.add_column("users", flag)
"""


@dataclass(frozen=True)
class Variant:
    """A configuration: changes of the published one, and the options of deploy/rolling."""

    name: str
    changes: Mapping[str, str] = field(default_factory=dict)
    options: Sequence[str] = ()
    drain: int = 5
    running: Callable[[Sequence[int], Mapping[str, str]], AbstractContextManager[Proxy]] = (
        running_nginx
    )


MAX_FAILS = Variant("max_fails=0", options=("--settle", "2"))
DEFAULTS = Variant("nginx's defaults", {" max_fails=0;": ";"})
CADDY = Variant("Caddy", options=("--settle", "3"), running=running_caddy)
# The same with shorter times.
_SHORT = {"keepalive_timeout 4s": "keepalive_timeout 1s"}
QUICK_VARIANTS = (
    replace(MAX_FAILS, changes=_SHORT, options=("--settle", "1"), drain=2),
    replace(
        DEFAULTS,
        changes={**_SHORT, " max_fails=0;": " fail_timeout=2s;"},
        options=("--settle", "3"),
        drain=2,
    ),
    replace(CADDY, changes={"keepalive 4s": "keepalive 1s"}, drain=2),
)


@dataclass
class _Results:
    requests: int = 0
    failures: list[str] = field(default_factory=list)
    acknowledged: list[int] = field(default_factory=list)
    figures: dict[str, float | int | str] = field(default_factory=dict)


def check(environment: Environment, scale: Scale) -> Finding:
    """Restart both servers with each configuration."""
    variants = (
        (MAX_FAILS, DEFAULTS, CADDY) if scale.load_seconds >= FULL.load_seconds else QUICK_VARIANTS
    )
    return check_variants(environment, scale, variants)


def check_variants(environment: Environment, scale: Scale, variants: Sequence[Variant]) -> Finding:
    """Restart both servers with each of these configurations."""
    results = _Results()
    releases = _Releases(environment)
    try:
        for variant in variants:
            _check_variant(environment, scale, variant, releases, results)
    except ProgramUnavailable as error:
        results.failures.append(str(error))
    results.failures += lost_or_unacknowledged(environment, results.acknowledged)
    return Finding(
        title="rolling restart",
        database=environment.kind,
        count=results.requests,
        required=scale.load_requests,
        requirement=REQUIREMENT,
        figures=results.figures,
        failures=tuple(results.failures),
    )


def _check_variant(
    environment: Environment,
    scale: Scale,
    variant: Variant,
    releases: "_Releases",
    results: _Results,
) -> None:
    env = {"WAYBILL_TRUSTED_PROXIES": "1", "WAYBILL_DRAIN_SECONDS": str(variant.drain)}
    lines = _LINES_OF_SECOND * int(scale.load_seconds + _ROLLING_SECONDS)
    requests = Requests(environment, lines)
    with ExitStack() as stack:
        servers = []
        for _ in range(_SERVERS):
            servers.append(RestartableServer(environment, **env))
            stack.callback(servers[-1].end)
        commands = stack.enter_context(restart_commands(servers))
        ports = [server.port for server in servers]
        proxy = stack.enter_context(variant.running(ports, variant.changes))
        load = ConstantLoad(proxy.port, requests, proxy.context)
        roll = _Roll(releases, ports, commands, variant.options)
        capacity, seconds = asyncio.run(_load(load, roll, scale))
    results.requests += load.log.statuses.total()
    results.acknowledged += load.log.acknowledged
    results.failures += [f"{variant.name}: {n} × {what}" for what, n in load.log.failures.items()]
    results.failures += roll.failures
    if [server.restarts for server in servers] != [1] * _SERVERS:
        results.failures.append(f"{variant.name}: not every server was restarted")
    results.figures |= {
        f"{variant.name}: requests": load.log.statuses.total(),
        f"{variant.name}: failed": load.log.failures.total(),
        f"{variant.name}: writes": len(load.log.acknowledged),
        f"{variant.name}: capacity per s": capacity,
        f"{variant.name}: restart s": seconds,
        f"{variant.name}: slowest ms": load.log.slowest * 1e3,
    }


async def _load(load: ConstantLoad, roll: "_Roll", scale: Scale) -> tuple[float, float]:
    """Send requests while the servers restart, at least for ``load_seconds``.

    Returns the capacity, and how many seconds the restart took.
    """
    capacity = await load.capacity()
    until = monotonic() + scale.load_seconds
    rolling = asyncio.create_task(asyncio.to_thread(roll.run))
    rate = capacity * scale.load_share
    await load.run(rate, lambda: not rolling.done() or monotonic() < until)
    return capacity, await rolling


class _Roll:
    """A rolling restart; ``failures`` say what went wrong."""

    def __init__(
        self,
        releases: "_Releases",
        ports: Sequence[int],
        commands: Sequence[str],
        options: Sequence[str],
    ) -> None:
        self.failures: list[str] = []
        self._releases = releases
        pairs = zip(ports, commands, strict=True)
        servers = [
            part
            for port, command in pairs
            for part in ("--command", f"http://127.0.0.1:{port}", command)
        ]
        self._arguments = [str(_ROLLING), *options, *servers]

    def run(self) -> float:
        """Migrate the database and restart the servers; return the seconds."""
        sleep(_BEFORE_SECONDS)
        self._releases.migrate()
        began = monotonic()
        process = subprocess.run(
            self._arguments, capture_output=True, text=True, timeout=_TIMEOUT_SECONDS, check=False
        )
        if process.returncode:
            self.failures.append(f"deploy/rolling: {process.stdout[-300:]}{process.stderr[-300:]}")
        return monotonic() - began


class _Releases:
    """Releases that follow on this one; each expands the tables."""

    def __init__(self, environment: Environment) -> None:
        self._database = environment.database
        self._next = NextRelease(environment.folder, pytest.MonkeyPatch())
        self._count = 0

    def migrate(self) -> None:
        """Run the migration of another release."""
        self._count += 1
        self._next.add_step(_CHANGE.format(n=self._count).strip())
        with self._next.code():
            self._database.migrate()
