"""`waybill worker`."""

from pathlib import Path

import click

from handlers.cli.database import command_database, refuse_unsuitable_connections
from handlers.cli.error_reporting import report_errors
from handlers.cli.graceful_shutdown import GracefulShutdown
from handlers.cli.open_files import warn_of_open_files
from handlers.mail.outbox_worker import OutboxWorker, deliver_until
from handlers.mail.transports import mailer_of
from handlers.maintenance import HourlyTidy
from handlers.serving.notifications import READY, STOPPING, Notifier


@click.command()
@click.option("--once", is_flag=True, help="Deliver what is due now, and end.")
@click.option(
    "--alive-file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Update the time of FILE while the worker is not stuck, for a health check.",
)
def worker(*, once: bool, alive_file: Path | None) -> None:
    """Deliver the e-mails of the outbox until Ctrl-C or SIGTERM.

    They go to the server that WAYBILL_SMTP_URL names, else into var/mail/. Several workers may
    run side by side. Once an hour, one of them does what `waybill tidy` does.
    """
    with (
        report_errors(),
        command_database() as (settings, database),
        GracefulShutdown() as shutdown,
    ):
        refuse_unsuitable_connections(database)
        warn_of_open_files(settings)
        outbox_worker = OutboxWorker(
            database, mailer_of(settings), settings, database.record_heartbeat
        )
        notifier = Notifier()
        notifier.notify(READY, "STATUS=Delivering e-mails.")
        if once:
            while not shutdown.is_requested and outbox_worker.deliver_next():
                pass
        else:
            tidy = HourlyTidy(database)
            deliver_until(_Watched(shutdown, notifier, alive_file), outbox_worker, tidy.step)
        notifier.notify(STOPPING)
    click.echo(f"{outbox_worker.delivered} delivered, {outbox_worker.failed} failed.")


class _Watched:
    """A Shutdown that gives a sign of life whenever the loop looks at it: to the watchdog, and by
    the time of a file.
    """

    def __init__(
        self, shutdown: GracefulShutdown, notifier: Notifier, alive_file: Path | None
    ) -> None:
        self._shutdown = shutdown
        self._notifier = notifier
        self._alive_file = alive_file
        self.wait = shutdown.wait

    @property
    def is_requested(self) -> bool:
        self._notifier.sign_of_life()
        if self._alive_file is not None:
            self._alive_file.touch()
        return self._shutdown.is_requested
