"""`waybill contract`: the single documents that clients get."""

from typing import BinaryIO

import click

from handlers.contract.bundle import load_contract
from handlers.contract.published import to_json, to_yaml
from handlers.contract.views import client_document, full_document

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
    help="The one for clients and generators, or all that is served. Default: client.",
)
@click.option("--format", "form", type=click.Choice(sorted(_WRITERS)), default="yaml")
@click.option("--output", type=click.File("wb"), default="-", help="A file; default: the screen.")
def bundle(view: str, form: str, output: BinaryIO) -> None:
    """Write the files of openapi/ as one document."""
    output.write(_WRITERS[form](_VIEWS[view](load_contract())))
