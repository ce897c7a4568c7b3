"""`waybill contract`: the single document that clients get."""

from typing import BinaryIO

import click

from handlers.contract.bundle import load_contract
from handlers.contract.published import to_json, to_yaml

_WRITERS = {"json": to_json, "yaml": to_yaml}


@click.group()
def contract() -> None:
    """The OpenAPI document."""


@contract.command()
@click.option("--format", "form", type=click.Choice(sorted(_WRITERS)), default="yaml")
@click.option("--output", type=click.File("wb"), default="-", help="A file; default: the screen.")
def bundle(form: str, output: BinaryIO) -> None:
    """Write the files of openapi/ as one document."""
    output.write(_WRITERS[form](load_contract()))
