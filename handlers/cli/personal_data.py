"""`waybill users export` and `waybill users erase`."""

import sys
from functools import partial
from pathlib import Path

import click
import orjson

from domain.privacy.personal_data import erase_personal_data, export_personal_data
from domain.shared.errors import NotFound
from domain.shared.private_files import open_private_file
from handlers.cli.database import command_database
from handlers.cli.error_reporting import report_errors
from handlers.cli.operator_option import operator_option
from handlers.mail.transports import FOLDER, remove_emails

_WRITABLE = click.Path(dir_okay=False, writable=True, path_type=Path)


@click.command("export")
@click.option("--email", required=True, help="The address of the person.")
@click.option("--output", type=_WRITABLE, help="The file to write; standard output without it.")
def export_user(email: str, output: Path | None) -> None:
    """Write everything that is stored about a person, as JSON.

    That is the registered user and the guest of this address, with addresses, orders, requests
    and IBANs, archived orders, dates of sessions, e-mails of the outbox and the audit trail.
    Amounts are in the smallest unit of the currency. Hashes of passwords and sessions are left
    out. Only you can read the file.
    """
    with report_errors(), command_database() as (_, database), database.reading() as uow:
        try:
            data = export_personal_data(email, uow)
        except NotFound:
            raise click.ClickException("No user has this e-mail address.") from None
    text = orjson.dumps(data, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    if output is None:
        sys.stdout.buffer.write(text)
        return
    with open_private_file(output) as file:
        file.write(text)
    click.echo(f"{len(text)} bytes written to {output}.")


@click.command("erase")
@click.option("--email", required=True, help="The address of the person.")
@click.option(
    "--yes", is_flag=True, help="Do not ask for confirmation. An erasure can't be undone."
)
@click.option(
    "--force",
    is_flag=True,
    help="Erase even if an order is not delivered yet: its parcels can't be addressed any more.",
)
@operator_option
def erase_user(email: str, yes: bool, force: bool, actor: str) -> None:
    """Erase the personal data of a person, and keep what bookkeeping needs.

    Names, e-mail and postal addresses, phone numbers, IBANs, notes, descriptions, pictures,
    tracking, sessions, the password and e-mails of the outbox go. Order numbers, dates, states,
    amounts, products, country and city stay. The person can't log in any more, and imports of
    these orders are rejected from now on. Open and approved requests have to be settled before.
    Backups, log files, files of rejected imports and e-mails that were sent by SMTP are yours
    to erase.
    """
    if not yes:
        click.confirm(f"Erase everything about {email}?", abort=True)
    work = partial(erase_personal_data, email, actor, even_underway=force)
    with report_errors(), command_database() as (_, database):
        try:
            erased = database.write(work)
        except NotFound:
            raise click.ClickException("No user has this e-mail address.") from None
    remove_emails(FOLDER, erased.event_uuids)
    click.echo(
        f"Erased: {erased.users} users, {erased.orders} orders, {erased.old_orders} old orders,"
        f" {erased.sessions} sessions, {len(erased.event_uuids)} e-mails."
    )
