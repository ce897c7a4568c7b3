"""Letters go to a mail server that refuses, hangs and drops, and a worker dies on the way."""

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

_WORKERS, _LETTERS_OF_WORKER = 3, 100
_ROUNDS = 12
_ROUND_SECONDS = 120
# A twentieth of the usual patience: many a letter meets silence.
_HASTY = (
    "from handlers.mail.transports import SmtpServer; SmtpServer.__init__.__defaults__ = (0.5,);"
    "from handlers.cli.main import cli; cli()"
)


def check(environment: Environment, scale: Scale) -> Finding:
    """Deliver all; what is to be tried later is brought forward, so that a day takes a minute."""
    uuids = _write(environment, scale.emails)
    with mail_server() as server:
        rounds, due = 0, len(uuids)
        while due and rounds < _ROUNDS:
            rounds += 1
            _deliver(environment, server, rounds, due)
            due = _bring_forward(environment)
    statuses = _statuses(environment)
    return Finding(
        test="outbox with a mail server that refuses, hangs and drops",
        database=environment.kind,
        amount=statuses[OutboxStatus.DELIVERED],
        wanted=scale.emails,
        bar="each delivered, and known by its id wherever it comes twice",
        figures={
            "events": len(uuids),
            "taken": server.taken.total(),
            "known ids": len(server.taken),
            "rounds": rounds,
            **{mood.name.lower().replace("_", " "): n for mood, n in server.moods.items()},
        },
        failures=tuple(undelivered(uuids, server)),
    )


def _write(environment: Environment, letters: int) -> set[str]:
    """Put events of all kinds into the outbox, each to an address of its own."""
    events = [
        make_event(kind, email=f"shopper{number}@example.com")
        for number, kind in enumerate(islice(cycle(OutboxKind), letters))
    ]
    for event in events:
        if event.kind is OutboxKind.PASSWORD_RESET:
            # Sent to those who have an account, within the hour.
            event.created_date = utc_now()
            environment.shop.user(email=event.payload["email"])
    with environment.database.writing() as uow:
        for event in events:
            uow.outbox.add(event)
        uow.commit()
    return {str(event.uuid) for event in events}


def _deliver(environment: Environment, server: MailServer, number: int, due: int) -> None:
    """Let workers deliver what is due; one more is killed in the middle of the first round."""
    is_first = number == 1
    workers = min(_WORKERS, 1 + due // _LETTERS_OF_WORKER) + is_first
    processes = [_worker(environment, server, f"worker-{number}-{each}") for each in range(workers)]
    if is_first:
        while not server.taken and processes[0].poll() is None:
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
        return start(environment.folder, output, "--once", command="worker", code=_HASTY, **env)


def _bring_forward(environment: Environment) -> int:
    """Make all that is to be tried again due now; returns how many that are."""
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
    """Return what never arrived, what nobody wrote, and what came again after it was confirmed.

    The letter that the killed worker was at may come again: nobody knows whether it arrived.
    """
    failures = [f"{uuid} never arrived" for uuid in uuids - server.taken.keys()]
    failures += [f"{name} is no event" for name in server.taken.keys() - uuids]
    again = [name for name, times in server.confirmed.items() if times > 1]
    return failures + ([f"{name} was sent again" for name in again] if len(again) > 1 else [])
