"""`waybill contract`: the OpenAPI documents, bundled and compared."""

from typing import BinaryIO

import click

from handlers.contract.diff.comparison import SECONDS, compare_documents
from handlers.contract.diff.documents import DocumentError, read_document
from handlers.contract.diff.references import Document
from handlers.contract.diff.report import FORMATS
from handlers.contract.document.bundle import load_contract
from handlers.contract.document.published import to_json, to_yaml
from handlers.contract.document.views import client_document, full_document

_READABLE = click.Path(exists=True, dir_okay=False, allow_dash=True)
_WRITERS = {"json": to_json, "yaml": to_yaml}
_VIEWS = {"client": client_document, "full": full_document}


@click.group()
def contract() -> None:
    """The OpenAPI documents."""


@contract.command()
@click.option(
    "--document",
    "view",
    type=click.Choice(sorted(_VIEWS)),
    default="client",
    help="client: for clients and generators; full: everything that is served. Default: client.",
)
@click.option("--format", "form", type=click.Choice(sorted(_WRITERS)), default="yaml")
@click.option("--output", type=click.File("wb"), default="-", help="A file; default: the screen.")
def bundle(view: str, form: str, output: BinaryIO) -> None:
    """Write the files of openapi/ as one document."""
    output.write(_WRITERS[form](_VIEWS[view](load_contract())))


@contract.command()
@click.argument("old", type=_READABLE)
@click.argument("new", type=_READABLE)
@click.option("--format", "form", type=click.Choice(list(FORMATS)), default="text")
@click.option(
    "--seconds",
    type=click.FloatRange(min=0, min_open=True),
    default=SECONDS,
    show_default=True,
    help="The longest search for a payload that shows a change.",
)
@click.pass_context
def diff(context: click.Context, old: str, new: str, form: str, seconds: float) -> None:
    """Report what NEW breaks for clients that were written for OLD.

    OLD and NEW are OpenAPI 3.1 documents in JSON or YAML; one may be - for standard input. The exit
    code is 1 where something breaks, 0 where nothing does, and 2 where a document can't be read.
    """
    try:
        documents = [_document(path) for path in (old, new)]
    except DocumentError as error:
        raise click.UsageError(str(error)) from error
    changes = compare_documents(*documents, seconds=seconds)
    click.echo(FORMATS[form](changes), nl=False)
    context.exit(int(any(change.breaking for change in changes)))


def _document(path: str) -> Document:
    with click.open_file(path, "rb") as stream:
        return read_document(stream, path)
