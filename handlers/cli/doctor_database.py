"""Checks of the database."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import click

from domain.shared.errors import Unavailable
from domain.shared.readiness import (
    Corrupt,
    DistributedStandbys,
    NotReady,
    ReadOnly,
    TransactionPooler,
)
from handlers.cli.error_reporting import error_message, first_line, report_database_errors
from handlers.cli.findings import Finding, error, ok, warning
from handlers.settings import Settings
from persistence.database import Database
from persistence.diagnosis import IS_PRIMARY, standby_obstacles
from persistence.migrations import head

_MAX_DRIFT = timedelta(seconds=2)
_MAX_WAIT = timedelta(minutes=10)
_MAX_SHOWN = 10
_MAX_SILENCE = timedelta(minutes=2)


def check_database(settings: Settings, database: Database) -> Iterator[Finding]:
    """Whether it answers, has tables of this release, can be written, and agrees with our clock."""
    problem = None
    try:
        with report_database_errors(settings.database_url):
            database.require_schema()
    except click.ClickException as refusal:
        yield error("database", refusal.message)
        return
    except NotReady as refusal:
        problem = error_message(refusal)
    yield ok("database", "it answers")
    if problem:
        yield error("schema", problem)
    else:
        yield ok("schema", _schema(database.schema_state().revision))
    yield from _check_pooler(database)
    if not problem:
        yield from _check_writing(database)
        yield from _check_emails(database)
    yield _check_clock(database)


def check_copies(database: Database) -> Iterator[Finding]:
    """Whether the copies by seller of a distributed database are equal to the rows by user."""
    differing = database.differing_copies()
    if not differing:
        none = "the database is not distributed, and has none"
        yield ok("copies", none if differing is None else "they are equal to the rows")
        return
    for table, sellers in differing.items():
        pks = ", ".join(map(str, sellers[:_MAX_SHOWN])) + (", …" if sellers[_MAX_SHOWN:] else "")
        yield error(
            "copies",
            f"{table} differs from the rows (sellers with the pk {pks}). Stop servers and"
            f" workers, run DROP TABLE {table}, then: waybill distribute --apply",
        )


def check_standbys(settings: Settings) -> Iterator[Finding]:
    """Whether each host of the URL for reading is a standby that answers.

    The URL may name the primary as well, which is read once it is a standby.
    """
    if not settings.database_read_url:
        return
    obstacles = standby_obstacles(settings.database_read_url)
    has_standby = None in obstacles.values()
    for host, obstacle in obstacles.items():
        if obstacle is None:
            yield ok("standby", f"{host} answers")
        elif obstacle == IS_PRIMARY and has_standby:
            yield ok("standby", f"{host} is the primary, and not read")
        else:
            yield warning("standby", f"{host} is not read: {first_line(obstacle)}")


def _schema(revision: str | None) -> str:
    if revision == head():
        return f"revision {revision}"
    return f"revision {revision} of a newer release, which works with this one ({head()})"


def _check_pooler(database: Database) -> Iterator[Finding]:
    try:
        database.require_session_pooling()
    except TransactionPooler as refusal:
        yield error("pooler", refusal.message)
    except Unavailable as refusal:
        yield warning("pooler", f"unknown: {error_message(refusal)}")
    else:
        yield ok("pooler", "none in transaction mode, or the settings name it")


def _check_writing(database: Database) -> Iterator[Finding]:
    try:
        database.require_ready()
    except (ReadOnly, Corrupt, DistributedStandbys) as refusal:
        yield error("writing", refusal.message)
    except TransactionPooler:  # it has its own line
        yield warning("writing", "unknown until the settings name the pooler")
    else:
        yield ok("writing", "the database can be written")


def _check_clock(database: Database) -> Finding:
    before = datetime.now(UTC)
    theirs = database.server_time()
    after = datetime.now(UTC)
    if theirs is None:
        return ok("clock", "SQLite uses the clock of this machine")
    drift = max(before - theirs, theirs - after, timedelta(0))
    if drift > _MAX_DRIFT:
        return warning(
            "clock",
            f"it differs from the database's by {drift.total_seconds():.0f} s. Synchronize both"
            " (chrony, ntpd)",
        )
    return ok("clock", "it agrees with the database's")


def _check_emails(database: Database) -> Iterator[Finding]:
    now = datetime.now(UTC)
    outbox = database.outbox_state()
    late = now - outbox.next_due if outbox.next_due else timedelta(0)
    silent = now - outbox.worker_seen if outbox.worker_seen else None
    if late > _MAX_WAIT:
        yield error("worker", f"an e-mail is {_minutes(late)} overdue. Run: waybill worker")
    elif silent is None:
        yield warning("worker", "none has reported in the last day. Run: waybill worker")
    elif silent > _MAX_SILENCE:
        yield error("worker", f"it last reported {_minutes(silent)} ago. Run: waybill worker")
    else:
        yield ok("worker", "it runs, and no e-mail is overdue")
    if outbox.dead:
        yield warning("e-mails", f"{outbox.dead} can't be delivered. See: waybill outbox list")


def _minutes(duration: timedelta) -> str:
    return f"{int(duration.total_seconds() // 60)} minutes"
