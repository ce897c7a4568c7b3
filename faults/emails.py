"""E-mails through a mail server that refuses, hangs and disconnects, while a worker dies."""

import signal
import subprocess
from itertools import cycle, islice
from pathlib import Path
from time import sleep

import sqlalchemy as sa

from domain.outbox import OutboxKind, OutboxStatus
from faults.environment import Environment
from faults.findings import Finding
from faults.mail_servers import MailServer, mail_server
from faults.scale import Scale
from persistence.database import utc_now
from persistence.engine.engines import Pool, connect
from persistence.outbox import outbox_events
from tests.support.outbox_events import make_event
from tests.support.server import start

_WORKERS, _EMAILS_PER_WORKER = 3, 100
_ROUNDS = 12
_ROUND_SECONDS = 120
# A twentieth of the usual timeout, since many e-mails get no reply.
_SHORT_TIMEOUT = (
    "from handlers.mail.transports import SmtpServer; SmtpServer.__init__.__defaults__ = (0.5,);"
    "from handlers.cli.main import cli; cli()"
)


def check(environment: Environment, scale: Scale) -> Finding:
    """Deliver all e-mails; retries are made due at once, so that a day takes a minute."""
    uuids = _write(environment, scale.emails)
    with mail_server() as server:
        rounds, due = 0, len(uuids)
        while due and rounds < _ROUNDS:
            rounds += 1
            _deliver(environment, server, rounds, due)
            due = _bring_forward(environment)
    statuses = _statuses(environment)
    return Finding(
        title="outbox with a mail server that refuses, hangs and disconnects",
        database=environment.kind,
        count=statuses[OutboxStatus.DELIVERED],
        required=scale.emails,
        requirement="each delivered; duplicates have the same Message-ID",
        figures={
            "events": len(uuids),
            "received": server.received.total(),
            "message ids": len(server.received),
            "rounds": rounds,
            **{
                behaviour.name.lower().replace("_", " "): n
                for behaviour, n in server.behaviours.items()
            },
        },
        failures=tuple(undelivered(uuids, server)),
    )


def _write(environment: Environment, emails: int) -> set[str]:
    """Put events of all kinds into the outbox, each to an address of its own."""
    events = [
        make_event(kind, email=f"shopper{number}@example.com")
        for number, kind in enumerate(islice(cycle(OutboxKind), emails))
    ]
    for event in events:
        if event.kind is OutboxKind.PASSWORD_RESET:
            # Sent only to an address with an account, within an hour.
            event.created_date = utc_now()
            environment.shop.user(email=event.payload["email"])
    with environment.database.writing() as uow:
        for event in events:
            uow.outbox.add(event)
        uow.commit()
    return {str(event.uuid) for event in events}


def _deliver(environment: Environment, server: MailServer, number: int, due: int) -> None:
    """Run workers until all due events are tried; kill one more during the first round."""
    is_first = number == 1
    workers = min(_WORKERS, 1 + due // _EMAILS_PER_WORKER) + is_first
    processes = [
        _worker(environment, server, f"worker-{number}-{number}") for number in range(workers)
    ]
    if is_first:
        while not server.received and processes[0].poll() is None:
            sleep(0.01)
        processes[0].send_signal(signal.SIGKILL)
    for process in processes:
        process.wait(_ROUND_SECONDS)


def _worker(environment: Environment, server: MailServer, name: str) -> subprocess.Popen[str]:
    env = {
        "WAYBILL_DATABASE_URL": environment.url,
        "WAYBILL_SECRET": environment.settings.secret,
        "WAYBILL_LOG_FORMAT": "json",
        "WAYBILL_SMTP_URL": f"smtp://127.0.0.1:{server.port}",
    }
    with Path(environment.folder / f"{name}.txt").open("w") as output:
        return start(
            environment.folder, output, "--once", command="worker", code=_SHORT_TIMEOUT, **env
        )


def _bring_forward(environment: Environment) -> int:
    """Make all pending events due now; return their number."""
    pending = outbox_events.c.status == OutboxStatus.PENDING
    engines = connect(environment.url, Pool(1))
    with engines.writing.begin() as connection:
        moved = connection.execute(
            sa.update(outbox_events).where(pending).values(due_date=utc_now())
        )
    engines.dispose()
    return moved.rowcount


def _statuses(environment: Environment) -> dict[OutboxStatus, int]:
    with environment.database.reading() as uow:
        return {status: uow.outbox.count(status) for status in OutboxStatus}


def undelivered(uuids: set[str], server: MailServer) -> list[str]:
    """Return events that never arrived, unknown e-mails, and those repeated after a confirmation.

    The e-mail that the killed worker was sending may be repeated.
    """
    failures = [f"{uuid} never arrived" for uuid in uuids - server.received.keys()]
    failures += [f"{name} is no event" for name in server.received.keys() - uuids]
    repeated = [name for name, times in server.confirmed.items() if times > 1]
    return failures + ([f"{name} was sent again" for name in repeated] if len(repeated) > 1 else [])
