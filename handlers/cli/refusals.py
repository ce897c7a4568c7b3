"""What a command says when a rule of the domain refuses."""

from collections.abc import Iterator
from contextlib import contextmanager

import click

from domain.errors import Refusal, Unavailable
from domain.readiness import NotReady


@contextmanager
def refusals_shown() -> Iterator[None]:
    """Turns a refusal into a ClickException: one line for the operator, and exit code 1."""
    try:
        yield
    except NotReady as refusal:
        raise click.ClickException(refusal.message % refusal.params) from refusal
    except Unavailable as refusal:
        cause = getattr(refusal.__cause__, "orig", None) or refusal.__cause__
        raise click.ClickException(f"The database can't be used: {cause}") from refusal
    except Refusal as refusal:
        message = refusal.message % refusal.params
        named = f"{refusal.field}: {message}" if refusal.field else message
        raise click.ClickException(named) from refusal
