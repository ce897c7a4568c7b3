"""`waybill doctor`."""

import json
import logging
from collections.abc import Iterator, Sequence
from dataclasses import asdict

import click
from environs import EnvValidationError

from domain.shared.errors import Unavailable
from handlers.cli.database import command_settings
from handlers.cli.doctor_database import check_copies, check_database, check_standbys
from handlers.cli.doctor_services import check_limits_storage, check_mail_server
from handlers.cli.doctor_settings import (
    check_files,
    check_limits,
    check_public_url,
    check_secrets,
    check_sender,
)
from handlers.cli.error_reporting import error_message, report_errors, settings_messages
from handlers.cli.findings import Finding, Status, error, ok
from handlers.database import open_database
from handlers.settings import Settings


@click.command()
@click.option("--json", "is_json", is_flag=True, help="Print a JSON array.")
@click.option(
    "--copies",
    "has_copies",
    is_flag=True,
    help="Also compare the copies by seller of a distributed database; reads all orders.",
)
def doctor(*, is_json: bool, has_copies: bool) -> None:
    """Check the settings, the database and the other services, and say what to do.

    Changes nothing and sends no e-mail. Exit code 1 if there is an error.
    """
    with report_errors():
        findings = list(_findings(has_copies=has_copies))
    click.echo(_as_json(findings) if is_json else _as_lines(findings))
    if any(finding.status is Status.ERROR for finding in findings):
        raise click.exceptions.Exit(1)


def _findings(*, has_copies: bool) -> Iterator[Finding]:
    try:
        settings = command_settings()
    except EnvValidationError as refusal:
        for message in settings_messages(refusal.error_messages):
            yield error("settings", message)
        return
    yield ok("settings", "all are valid")
    # The findings have the errors, without tracebacks.
    logging.disable(logging.CRITICAL)
    try:
        yield from _findings_of(settings, has_copies=has_copies)
    finally:
        logging.disable(logging.NOTSET)


def _findings_of(settings: Settings, *, has_copies: bool) -> Iterator[Finding]:
    yield from check_secrets(settings)
    yield from check_public_url(settings)
    yield from check_files(settings)
    database = open_database(settings)
    try:
        yield from check_database(settings, database)
        if has_copies:
            yield from check_copies(database)
        yield from check_standbys(settings)
    except Unavailable as refusal:  # it answered before
        yield error("database", error_message(refusal) or "")
    finally:
        database.close()
    yield from check_limits(settings)
    yield from check_limits_storage(settings)
    yield from check_mail_server(settings)
    yield from check_sender(settings)


def _as_lines(findings: Sequence[Finding]) -> str:
    return "\n".join(
        f"{finding.status:8} {finding.check:11} {finding.message}" for finding in findings
    )


def _as_json(findings: Sequence[Finding]) -> str:
    return json.dumps([asdict(finding) for finding in findings], indent=2)
