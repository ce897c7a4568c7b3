"""`waybill reasons`."""

from collections.abc import Callable
from functools import partial

import click

from domain.audit import state_of
from domain.cancellations.reasons import (
    MAX_ORDER,
    ReasonDraft,
    add_reason,
    change_reason,
    list_all_reasons,
    set_reason_active,
)
from domain.orders.cancellations import CancellationReason, CancellationType
from domain.shared.paging import PageRequest
from handlers.cli.database import command_database
from handlers.cli.error_reporting import report_errors
from handlers.cli.operator_option import operator_option
from handlers.cli.pages import format_page, page_options
from handlers.settings import LANGUAGES

_TITLES = (
    "PK",
    "TYPE",
    "ORDER",
    "STATE",
    "DESCRIPTION",
    *(language.upper() for language in LANGUAGES),
)
_TYPES = click.Choice([kind.value for kind in CancellationType])
_order_option = click.option(
    "--order", type=click.IntRange(0, MAX_ORDER), help="Position in the list, lowest first."
)


@click.group()
def reasons() -> None:
    """The reasons that shoppers choose from when they cancel or return."""


@reasons.command("list")
@click.option("--type", "kind", type=_TYPES, help="Only those to cancel, or to refund.")
@page_options
def list_(kind: str | None, page: PageRequest) -> None:
    """List all reasons, the inactive ones too."""
    cancellation_type = CancellationType(kind) if kind else None
    with report_errors(), command_database() as (_, database), database.reading() as uow:
        result = list_all_reasons(cancellation_type, page, uow)
        rows = [_row(reason) for reason in result.entries]
    click.echo(format_page(_TITLES, rows, result))


def _texts(_context: click.Context, _option: click.Parameter, values: tuple[str, ...]) -> object:
    """The texts by language, from values such as en-us=Too late."""
    texts = {}
    for value in values:
        language, separator, text = value.partition("=")
        if not separator or language not in LANGUAGES:
            raise click.BadParameter(f"Must be LANGUAGE=TEXT, with {' or '.join(LANGUAGES)}.")
        texts[language] = text
    return texts


def _text_option(*, required: bool) -> Callable[[Callable[..., None]], Callable[..., None]]:
    return click.option(
        "--text",
        "subjects",
        metavar="LANGUAGE=TEXT",
        multiple=True,
        required=required,
        callback=_texts,
        help="What shoppers read, such as en-us='I changed my mind'; once for each language."
        " A reader of another language gets the first.",
    )


@reasons.command()
@click.option(
    "--type", "kind", type=_TYPES, required=True, help="The type of requests that it is for."
)
@_text_option(required=True)
@click.option("--needs-description", is_flag=True, help="The shopper must add a description.")
@_order_option
@operator_option
def add(
    kind: str, subjects: dict[str, str], needs_description: bool, order: int | None, actor: str
) -> None:
    """Add a reason; shoppers see it with their next request."""
    draft = ReasonDraft(subjects=subjects, extra_information_needed=needs_description, order=order)
    with report_errors(), command_database() as (_, database):
        reason = database.write(lambda uow: add_reason(CancellationType(kind), draft, actor, uow))
    click.echo(f"Reason {reason.pk} is {state_of(reason)}.")


@reasons.command()
@click.argument("pk", type=int)
@_text_option(required=False)
@click.option(
    "--needs-description/--no-description",
    default=None,
    help="Whether the shopper must add a description.",
)
@_order_option
@operator_option
def change(
    pk: int,
    subjects: dict[str, str],
    needs_description: bool | None,
    order: int | None,
    actor: str,
) -> None:
    """Change reason PK.

    Requests keep the reason that they have: another text, or another need of a
    description, makes a new reason with a PK of its own, and deactivates this one. Languages
    that are left out keep their text.
    """
    draft = ReasonDraft(subjects=subjects, extra_information_needed=needs_description, order=order)
    with report_errors(), command_database() as (_, database):
        reason = database.write(partial(change_reason, pk, draft, actor))
    if reason.pk == pk:
        click.echo(f"Reason {pk} is at position {reason.order}.")
    else:
        click.echo(f"Reason {reason.pk} replaces reason {pk}.")


@reasons.command()
@click.argument("pk", type=int)
@operator_option
def deactivate(pk: int, actor: str) -> None:
    """Remove reason PK from the list; requests that have it keep it."""
    _switch(pk, False, actor)


@reasons.command()
@click.argument("pk", type=int)
@operator_option
def activate(pk: int, actor: str) -> None:
    """Put reason PK into the list again."""
    _switch(pk, True, actor)


def _switch(pk: int, is_active: bool, actor: str) -> None:
    with report_errors(), command_database() as (_, database):
        reason = database.write(partial(set_reason_active, pk, is_active, actor))
    click.echo(f"Reason {reason.pk} is {state_of(reason)}.")


def _row(reason: CancellationReason) -> tuple[object, ...]:
    texts = [reason.translations.get(language, {}).get("subject", "") for language in LANGUAGES]
    return (
        reason.pk,
        reason.cancellation_type,
        reason.order,
        state_of(reason),
        "needed" if reason.extra_information_needed else "",
        *texts,
    )
